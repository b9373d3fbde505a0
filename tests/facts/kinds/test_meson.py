"""Source sets of meson.build files: which file is built under which condition."""

from __future__ import annotations

import pytest

from caplint.c.syntax import UnreadableError
from caplint.facts.kinds.meson import meson_rules
from caplint.facts.store.records import BuildRule
from caplint.facts.syntax.logical_lines import MAX_BYTES, MAX_NESTING


def _rules(text: str) -> list[tuple[str, str, int]]:
    found = list(meson_rules(text.encode()))
    assert all(isinstance(row, BuildRule) for row in found)
    return sorted((row.object, row.condition, row.line) for row in found if isinstance(row, BuildRule))


FILES = [
    ("s.add(files('a.c'))", ["a.c 1 1"]),
    ("s.add(files('a.c', 'b.c'))", ["a.c 1 1", "b.c 1 1"]),
    ("s.add(files(\n'a.c',\n'b.c',\n))", ["a.c 1 2", "b.c 1 3"]),
    ("s.add(when: 'CONFIG_KVM', if_true: files('a.c'))", ["a.c CONFIG_KVM 1"]),
    ("s.add(if_true: files('a.c'), when: 'CONFIG_KVM')", ["a.c CONFIG_KVM 1"]),
    (
        "s.add(when: 'CONFIG_KVM', if_true: files('a.c'), if_false: files('b.c'))",
        ["a.c CONFIG_KVM 1", "b.c !CONFIG_KVM 1"],
    ),
    ("s.add(when: ['CONFIG_KVM', 'TARGET_X86_64'], if_true: files('a.c'))", ["a.c CONFIG_KVM && TARGET_X86_64 1"]),
    ("s.add(when: 'CONFIG_KVM', if_true: [files('a.c'), dep])", ["a.c CONFIG_KVM 1"]),
    ("s.add(files('a.c') + files('b.c'))", ["a.c 1 1", "b.c 1 1"]),
    ("s.add(files('a.h'))", ["a.h 1 1"]),
    ("s.add(when: gnutls, if_true: files('a.c'))", ['a.c "gnutls" 1']),
    ("t = files('a.c')\ns.add_all(when: 'CONFIG_KVM', if_true: t)", ["a.c CONFIG_KVM 1"]),
    ("t.add(files('a.c'))\ns.add_all(when: 'CONFIG_KVM', if_true: t)", ["a.c CONFIG_KVM 1"]),
    ("if x\ns.add(files('a.c'))\nendif\ns.add(files('b.c'))", ['a.c "x" 2', "b.c 1 4"]),
    ("if x\n  s.add(files('a.c'))\nelse\n  s.add(files('b.c'))\nendif", ['a.c "x" 2', 'b.c !("x") 4']),
    ("foreach n : l\ns.add(files('a.c'))\nendforeach", ['a.c "n : l" 2']),
    ("s.add(custom('gen.c'))", []),
    ("s.add(genh)\nx.add(files())", []),
    ("s.other(files('a.c'))", []),
    ("# s.add(files('a.c'))\ns.add(files('b.c')) # 'c.c'", ["b.c 1 2"]),
    ("s.add(files('a.c')) \\\n", ["a.c 1 1"]),
    ("'''s.add(files('a.c'))\n'''\ns.add(files('b.c'))", ["b.c 1 3"]),
    ("", []),
    ("endif\nelse\nendif\ns.add(files('a.c'))", ["a.c 1 4"]),
]


@pytest.mark.parametrize(("text", "rules"), FILES)
def test_rules(text: str, rules: list[str]) -> None:
    assert [" ".join(map(str, rule)) for rule in _rules(text)] == rules


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("#" * (MAX_BYTES + 1), "larger than 1024 KiB"),
        ("if x\n" * (MAX_NESTING + 1), f"nests deeper than {MAX_NESTING}"),
        ("if x\n" + "elif y\n" * 100, "has more than 64 alternatives of one if"),
    ],
)
def test_limits(text: str, reason: str) -> None:
    with pytest.raises(UnreadableError, match=reason):
        list(meson_rules(text.encode()))


@pytest.mark.parametrize(
    "text",
    ["s.add(" * 20_000, "(" * 100_000, ")" * 100_000, "'" * 1_001, "\0\xff s.add(", "s.add("],
)
def test_malformed_files_end(text: str) -> None:
    assert list(meson_rules(text.encode("latin-1"))) == []
