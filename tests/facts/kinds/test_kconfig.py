"""Kconfig files: symbols, selects and defaults with their conditions."""

from __future__ import annotations

import time

import pytest

from caplint.c.formula import text as formula_text
from caplint.c.syntax import UnreadableError
from caplint.facts.extract import extract
from caplint.facts.kinds.kconfig import formula, kconfig
from caplint.facts.store.records import BlindSpot, KconfigDefault, KconfigSelect, KconfigSymbol, Record
from caplint.knowledge.languages import language_of

PATHS = [
    ("virt/kvm/Kconfig", "kconfig"),
    ("arch/x86/kvm/Kconfig.debug", "kconfig"),
    ("Kconfig", "kconfig"),
    ("Makefile", "make"),
    ("virt/kvm/Makefile.kvm", "make"),
    ("arch/x86/Kbuild", "make"),
    ("target/i386/meson.build", "meson"),
    ("MyKconfig", None),
    ("meson.build.in", None),
    ("meson_options.txt", None),
    ("Makefile/readme", None),
    ("Makefile.c", "c"),
]


@pytest.mark.parametrize(("path", "language"), PATHS)
def test_language(path: str, language: str | None) -> None:
    assert language_of(path) == language


EXPRESSIONS = [
    ("X86", "CONFIG_X86"),
    ("!X86", "!CONFIG_X86"),
    ("A && B || C", "(CONFIG_A && CONFIG_B) || CONFIG_C"),
    ("A&&!(B||C)", "CONFIG_A && !CONFIG_B && !CONFIG_C"),
    ("y", "1"),
    ("m", "1"),
    ("n", "0"),
    ('"y"', "1"),
    ("A=n", "!CONFIG_A"),
    ("A != n", "CONFIG_A"),
    ("!A=n", "CONFIG_A"),
    ("A=y", "CONFIG_A && !CONFIG_A_MODULE"),
    ("A=m", "CONFIG_A && CONFIG_A_MODULE"),
    ("A!=y", "!CONFIG_A || CONFIG_A_MODULE"),
    ("A && !(A=y && B=m)", "CONFIG_A && (CONFIG_A_MODULE || !CONFIG_B || !CONFIG_B_MODULE)"),
    ("A = B", '"A = B"'),
    ('A = "text"', "\"A = 'text'\""),
    ("GCC_VERSION >= 50000 && A", '"GCC_VERSION >= 50000" && CONFIG_A'),
    ("$(cc-option,-mfoo) && A", '"$(cc-option,-mfoo)" && CONFIG_A'),
    ("64BIT", "CONFIG_64BIT"),
]


@pytest.mark.parametrize(("expression", "canonical"), EXPRESSIONS)
def test_expression(expression: str, canonical: str) -> None:
    assert formula_text(formula(expression)) == canonical


def records(text: str) -> list[Record]:
    return extract(text.encode(), "kconfig").records


ENTRIES: list[tuple[str, list[Record]]] = [
    ("config A\n\tbool\n", [KconfigSymbol("A", "bool", 0, "1", 1)]),
    ('config A\n\tbool "Text"\n', [KconfigSymbol("A", "bool", 1, "1", 1)]),
    ('menuconfig A\n\ttristate\n\tprompt "Text"\n', [KconfigSymbol("A", "tristate", 1, "1", 1)]),
    ('config A\n  bool "if X" if EXPERT\n', [KconfigSymbol("A", "bool", 1, "1", 1)]),
    (
        "config A\n\tdef_tristate B if (C != n || D != n)\n",
        [KconfigSymbol("A", "tristate", 0, "1", 1), KconfigDefault("A", "CONFIG_B", "CONFIG_C || CONFIG_D", 2)],
    ),
    (
        "config A\n\tint\n\tdefault 4096 if BIG\n\tdefault 1024\n",
        [
            KconfigSymbol("A", "int", 0, "1", 1),
            KconfigDefault("A", "4096", "CONFIG_BIG", 3),
            KconfigDefault("A", "1024", "1", 4),
        ],
    ),
    (
        "config A\n\tdefault n\n\tbool\n",
        [KconfigSymbol("A", "bool", 0, "1", 1), KconfigDefault("A", "0", "1", 2)],
    ),
    (
        "config A\n\tbool\n\tselect B\n\tselect C if D && \\\n\t\tE\n\timply F\n",
        [
            KconfigSymbol("A", "bool", 0, "1", 1),
            KconfigSelect("A", "B", "select", "1", 3),
            KconfigSelect("A", "C", "select", "CONFIG_D && CONFIG_E", 4),
            KconfigSelect("A", "F", "imply", "1", 6),
        ],
    ),
    (
        'if X\nmenu "M"\n\tdepends on Y\nconfig A\n\tbool\n\tdepends on Z\n\tdepends on !W\nendmenu\nendif\nconfig B\n',
        [
            KconfigSymbol("A", "bool", 0, "!CONFIG_W && CONFIG_X && CONFIG_Y && CONFIG_Z", 4),
            KconfigSymbol("B", "", 0, "1", 10),
        ],
    ),
    (
        'choice\n\tprompt "One"\n\tdepends on X\n\tdefault A\nconfig A\n\tbool "A"\nendchoice\n',
        [KconfigSymbol("A", "bool", 1, "CONFIG_X", 5)],
    ),
    (
        'comment "c"\n\tdepends on X\nsource "virt/kvm/Kconfig"\nconfig A\n\tbool # config B\n',
        [KconfigSymbol("A", "bool", 0, "1", 4)],
    ),
    (
        "config A\n\tbool\n\thelp\n\t  config B\n\n\t  select C\n\t    if D\n\n\tdepends on E\nconfig F\n\tbool\n",
        [KconfigSymbol("A", "bool", 0, "CONFIG_E", 1), KconfigSymbol("F", "bool", 0, "1", 10)],
    ),
    (
        "config A\n\tbool\n\t---help---\n\n        Some text.\nconfig B\n",
        [KconfigSymbol("A", "bool", 0, "1", 1), KconfigSymbol("B", "", 0, "1", 6)],
    ),
    (
        "config A\n\tbool\n\thelp\nconfig B\n",
        [KconfigSymbol("A", "bool", 0, "1", 1), KconfigSymbol("B", "", 0, "1", 4)],
    ),
    ("config\nconfig A B\nselect X\nendif\nendmenu\n", []),
    ("", []),
]


@pytest.mark.parametrize(("text", "expected"), ENTRIES)
def test_entry(text: str, expected: list[Record]) -> None:
    assert records(text) == expected


HOSTILE = [
    ("if A\n" * 10_000 + "config B\n", "nests deeper than 64"),
    ("#" * (1 << 21), "larger than 1024 KiB"),
    ("config A" * 20_000, "has a line longer than 64 KiB"),
    ("config A\n" + "\tdepends on B\\\n" * 20_000, "has a line longer than 64 KiB"),
    ("config A\n\tdepends on " + "(" * 3000 + "\n", None),
    ("config A\n\tdepends on " + "!" * 3000 + "B\n", None),
    ("config A\n\tdepends on " + "$(" * 3000 + "\n", None),
    ('config A\n\tdefault "' + '"' * 9000 + " if\n", None),
    ("config A\n" + "".join(f"\tdepends on A{n} || !A{n + 1}\n" for n in range(20_000)), None),
    ("config A\n" + "\tselect B if C\n" * 50_000, None),
    ("\0config A\xff\x1b\n" * 100, None),
    ("config A\\", None),
]


@pytest.mark.parametrize(("text", "reason"), HOSTILE, ids=[text[:20].encode().hex() for text, _ in HOSTILE])
def test_hostile(text: str, reason: str | None) -> None:
    begun = time.process_time()
    spots = [record.reason for record in records(text) if isinstance(record, BlindSpot)]
    assert spots == ([reason] if reason else [])
    assert time.process_time() - begun < 5


def test_no_dependency_is_dropped_however_many_there_are() -> None:
    source = b"config A\n\tbool\n" + b"".join(b"\tdepends on B%03d\n" % number for number in range(100))
    (symbol,) = (row for row in kconfig(source) if isinstance(row, KconfigSymbol))
    assert symbol.depends.count(" && ") == 99


def test_conditions_that_are_too_long_to_go_on() -> None:
    around = b"".join(b"if A%d || B%d\n" % (number, number) for number in range(60))
    assert len(list(kconfig(around + b"config C\n\tbool\n" * 100))) == 100
    with pytest.raises(UnreadableError, match="conditions are too long"):
        list(kconfig(around + b"config C\n\tbool\n\tdepends on D\n" * 10_000))


def test_a_line_ends_at_a_newline_and_nowhere_else() -> None:
    records = extract('\f\n\x85# \u2028\r\nconfig A\r\n\tbool \\\r\n\t"a"\r\n'.encode(), "kconfig").records
    assert records == [KconfigSymbol("A", "bool", 1, "1", 3)]
