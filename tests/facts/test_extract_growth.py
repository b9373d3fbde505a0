"""Extraction takes twice as long for twice the bytes, whatever they are; what cannot be read so is a blind spot."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable, Iterator

import pytest

from caplint.facts.extract import extract

Source = Callable[[int], bytes]


def _repeated(piece: bytes, before: bytes = b"", behind: bytes = b"") -> Source:
    """Some bytes over and over, up to a size."""
    return lambda size: before + piece * (size // len(piece)) + behind


def _numbered(piece: bytes, before: bytes = b"", behind: bytes = b"") -> Source:
    """The same with every `%d` in a piece replaced by its number."""

    def made(size: int) -> bytes:
        pieces = (piece.replace(b"%d", b"%d" % number) for number in range(size // (len(piece) + 3)))
        return before + b"".join(pieces) + behind

    return made


_IN = b"void f(int x)\n{\n"
_FN = b"fn f() {\n"
_CNF = b" && ".join(b"(A%d || B%d)" % (number, number) for number in range(150))
_BLOCKS = b"".join(b"if A%d\n" % number for number in range(60))

SOURCES: list[tuple[str, str, Source]] = [
    ("nested if", "c", lambda size: b"#if A\n" * (size // 13) + b"int a;\n" + b"#endif\n" * (size // 13)),
    ("groups in one function", "c", _repeated(b"#if A\na();\n#else\nb();\n#endif\n", _IN, b"}\n")),
    ("groups of many names in one function", "c", _numbered(b"#ifdef A%d\na();\n#else\nb();\n#endif\n", _IN, b"}\n")),
    ("undecided groups in one function", "c", _numbered(b"#if A%d || B%d\na();\n#else\nb();\n#endif\n", _IN, b"}\n")),
    ("groups that hold each other", "c", _numbered(b"#if X || A%d\na();\n#elif !A%d\nb();\n#endif\n", _IN, b"}\n")),
    ("groups that never close", "c", _numbered(b"#ifdef A%d\n{\n#else\n}\n#endif\n", _IN, b"}\n")),
    ("alternatives in one function", "c", _numbered(b"#elif A%d\na();\n", _IN + b"#if A\n", b"#endif\n}\n")),
    ("alternatives and much beside", "c", _repeated(b"a(b);\n", _IN + b"#if A\n" + b"#elif B\n" * 40 + b"#endif\n")),
    ("many short chains", "c", _repeated(b"#if A\n" + b"#elif B\nint a;\n" * 199 + b"#endif\n")),
    ("many atoms", "c", _numbered(b"#if X%d && " + _CNF + b"\nint a;\n#else\nint b;\n#endif\n")),
    ("many atoms, nested", "c", _numbered(b"#if X%d && " + _CNF + b"\n")),
    ("one long condition", "c", _numbered(b"|| A%d \\\n", b"#if A ", b"\nint a;\n#else\nint b;\n#endif\n")),
    ("definitions", "c", _numbered(b"#define KVM_CAP_A%d %d\n")),
    ("header names like comments", "c", _repeated(b"#include <a/*b>\n")),
    ("open comments", "c", _repeated(b"/*\n")),
    ("open strings", "c", _repeated(b'"\n')),
    ("open characters", "c", _repeated(b"'\n")),
    ("ends without if", "c", _repeated(b"#endif\n")),
    ("open parentheses", "c", _repeated(b"(\n")),
    ("open braces", "c", _repeated(b"{\n", _IN)),
    ("open calls", "c", _repeated(b"f(\n")),
    ("open attributes", "c", _repeated(b"__attribute__((\n")),
    ("open asm", "c", _repeated(b"asm(\n")),
    ("closed and opened", "c", _repeated(b")(\n", _IN + b"a(")),
    ("sum", "c", _repeated(b"a+\n", b"int x = ", b"a;")),
    ("conjunction", "c", _repeated(b"a&&\n", _IN + b"x = ", b"a;}")),
    ("comparisons", "c", _repeated(b"AAAA==\n", _IN + b"x = ", b"a;}")),
    ("calls of calls", "c", _repeated(b"(a)\n", _IN + b"f", b";}")),
    ("tildes", "c", _repeated(b"~\n")),
    ("calls", "c", _repeated(b"f(KVM_CAP_A);\n", _IN, b"}")),
    ("loops", "c", _repeated(b"for_each_a(KVM_CAP_A)\n\tb();\n", _IN, b"}")),
    ("jumps", "c", _numbered(b"l%d: if (a) goto m%d;\n", _IN, b"}")),
    ("jumps to one label", "c", _repeated(b"l: if (a) goto l;\n", _IN, b"}")),
    ("ifs in ifs", "c", _repeated(b"if (a) {\n", _IN)),
    ("else if", "c", _repeated(b"if (a) return; else\n", _IN, b"return; }")),
    ("switches in switches", "c", _repeated(b"switch (x) { case 1:\n", _IN)),
    ("case ranges", "c", _repeated(b"case A ... B:\n", _IN + b"switch (x) {\n", b"}}\n")),
    ("case ranges outside", "c", _repeated(b"case A ...\n")),
    ("initialisers", "c", _repeated(b"{ .a =\n", b"int a[] = ")),
    ("continued lines", "c", _repeated(b"\\\n")),
    ("continued condition", "c", _repeated(b"\\\n", b"#if A ")),
    ("carriage returns", "c", _repeated(b"int a;\r")),
    ("both line ends", "c", _repeated(b"#if A\r\nint a;\r\n#endif\r\n")),
    ("form feeds", "c", _repeated(b"\f\n")),
    ("one long name", "c", lambda size: b"int KVM_CAP_" + b"A" * min(size, 1 << 19) + b";"),
    ("sections", "rst", _numbered(b"4.%d KVM_CAP_A\n=========\n")),
    ("wrapped names", "rst", _repeated(b"A_\n  ", b"KVM_CAP_")),
    ("fields", "rst", _repeated(b":Type a\n")),
    ("blank lines", "rst", _repeated(b"\t\n")),
    ("entries in ifs", "kconfig", _repeated(b"config B\n\tbool\n\tdepends on C\n", _BLOCKS)),
    ("nested ifs", "kconfig", _repeated(b"if A\n")),
    ("selects", "kconfig", _numbered(b"\tselect B%d if C%d\n", b"config A\n\tbool\n")),
    ("dependencies", "kconfig", _numbered(b"\tdepends on B%d\n", b"config A\n\tbool\n")),
    ("open parentheses", "kconfig", _repeated(b"\tselect B if " + b"(" * 4000 + b"\n", b"config A\n")),
    ("continued lines", "kconfig", _repeated(b"\\\n")),
    ("lists in ifs", "make", _repeated(b"obj-y += a.o\n", b"ifdef CONFIG_A\n" * 60)),
    ("alternatives", "make", _numbered(b"else ifdef CONFIG_B%d\nobj-y += a.o\n", b"ifdef A\n")),
    ("lists of lists", "make", _numbered(b"a%d-y += a1%d.o a2%d.o\n")),
    ("open references", "make", _repeated(b"obj-y += " + b"$(A" * 4000 + b"\n")),
    ("continued lines", "make", _repeated(b"\\\n")),
    ("lists in lists", "meson", lambda size: b"x = " + b"[" * (size // 2) + b"]" * (size // 2) + b"\n"),
    ("alternatives", "meson", _numbered(b"elif b%d\ns = files('a.c')\n", b"if a\n")),
    ("open parentheses", "meson", _repeated(b"s.add(\n")),
    ("one long list", "meson", lambda size: _numbered(b"'CONFIG_A%d',", b"s.add(when: [", b"], ")(size // 2)
        + _repeated(b"'a.c',", b"if_true: files(", b"))\n")(size // 2)),
    ("open strings", "meson", _repeated(b"'''a\n")),
    ("continued lines", "meson", _repeated(b"\\\n")),
    ("constants", "rust", _repeated(b"#[cfg(unix)]\npub const KVM_CAP_A: u32 = 1;\n")),
    ("calls", "rust", _repeated(b"a.b(KVM_CAP_A)?;\n", _FN, b"}")),
    ("calls of calls", "rust", _repeated(b".a(b)", _FN + b"x", b";}")),
    ("macros", "rust", _repeated(b"assert!(a.b(c));\n", _FN, b"}")),
    ("macros that are no calls", "rust", _repeated(b"a!(b) ", _FN)),
    ("cases", "rust", _repeated(b"A::B => c(),\n", _FN + b"match x {", b"}}")),
    ("tests", "rust", _repeated(b"Some(b) if k => c(),\n", _FN + b"match x {", b"}}")),
    ("else if", "rust", _repeated(b" else if a {}", _FN + b"if a {}", b"}")),
    ("closures", "rust", _repeated(b"let f = |a| b(a);\n", _FN, b"}")),
    ("open blocks", "rust", _repeated(b"if let Some(x) = a() { ", _FN)),
    ("open strings", "rust", _repeated(b'"')),
    ("open raw strings", "rust", _repeated(b'r#"')),
    ("open comments", "rust", _repeated(b"/*")),
    ("odd attributes", "rust", _repeated(b"#[cfg(a)] b, #", _FN + b"match x { A { ")),
    ("conjunction", "rust", _repeated(b"a && ", _FN + b"x = ", b"a;}")),
    ("variants", "rust", _repeated(b"A = KVM_CAP_A,\n", b"enum X {", b"}")),
    ("imports", "rust", _numbered(b"use a::{b%d, c%d};\n")),
    ("macro definitions", "rust", _repeated(b"macro_rules! m { ($a:expr) => { b($a); } }\n")),
    ("one list", "rust", _repeated(b"KVM_CAP_A,", b"const A: [u32; 1] = [", b"];")),
]  # fmt: skip


@pytest.mark.parametrize(
    ("language", "source"), [row[1:] for row in SOURCES], ids=[" ".join(row[1::-1]) for row in SOURCES]
)
def test_time_grows_with_the_size(language: str, source: Source) -> None:
    """Anything quadratic takes four times as long for twice the bytes, and again for twice those.

    Below a bound of work, time may grow faster once.
    """
    first = next((size for size in _sizes() if _seconds(source(size), language) > 0.05), None)
    if first is not None:
        sizes = [first] * 3 + [2 * first] * 3
        ratios = (_seconds(source(2 * size), language) / _seconds(source(size), language) for size in sizes)
        assert any(ratio < 3 for ratio in ratios), first


def _sizes() -> Iterator[int]:
    return (16_000 << step for step in range(6))


def _seconds(source: bytes, language: str) -> float:
    """Processor time of one extraction, which other processes barely change.

    Without the collector of cycles, whose time is that of all objects that earlier tests have left.
    """
    gc.disable()
    begin = time.process_time()
    extract(source, language)
    seconds = time.process_time() - begin
    gc.enable()
    return seconds
