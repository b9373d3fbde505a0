"""Macros and includes, held against exact rows."""

from __future__ import annotations

import pytest
from extracted import rows

from caplint.facts.kinds.macros import prose
from caplint.facts.store.records import Include, Macro, Undefinition

MACROS = [
    ('#define K "http://x" // y\n', Macro("K", None, '"http://x"', "y", 1, 9, "1")),
    ("#define A 1 /* one */\n", Macro("A", None, "1", "one", 1, 9, "1")),
    (
        "#define B(x, y...) \\\n\tdo { /* c */ \\\n\t\tx; \\\n\t} while (0) // end\n",
        Macro("B", '["x", "y..."]', "do { x; } while (0)", "c end", 1, 9, "1"),
    ),
    ("#define C\n", Macro("C", None, "", None, 1, 9, "1")),
    ("#define D() 1\n", Macro("D", "[]", "1", None, 1, 9, "1")),
    ("#define E (x) y\n", Macro("E", None, "(x) y", None, 1, 9, "1")),
    ("#define F(...) __VA_ARGS__\n", Macro("F", '["..."]', "__VA_ARGS__", None, 1, 9, "1")),
    ("#if X\n# define G (1 << 2)\r\n#endif\n", Macro("G", None, "(1 << 2)", None, 2, 10, "X")),
    ("#define H 1 /* a\n * b */ + 2\n", Macro("H", None, "1 + 2", "a b", 1, 9, "1")),
    ("#if 0\n#define I 1\n#endif\n", Macro("I", None, "1", None, 2, 9, "0")),
    ('#define J "/* no comment */"\n', Macro("J", None, '"/* no comment */"', None, 1, 9, "1")),
]


INCLUDES = [
    ("#include <linux/kvm.h>\n", [Include("linux/kvm.h", 1, 1, 0, "1")]),
    ('\n#  include "a.h" // x\n', [Include("a.h", 0, 2, 1, "1")]),
    ("#ifdef A\n#include_next <b.h>\n#endif\n", [Include("b.h", 1, 2, 9, "defined(A)")]),
    ("#include MACRO\n", []),
]


@pytest.mark.parametrize(("source", "row"), MACROS)
def test_macros(source: str, row: Macro) -> None:
    assert rows(Macro, source) == [row]


@pytest.mark.parametrize(
    "source", ["#define 3 x\n", "#define\n", "#define (x) y\n", "# 3 define A\n", "#\ndefine A 1;\n"]
)
def test_no_macros(source: str) -> None:
    assert rows(Macro, source) == []


@pytest.mark.parametrize(("source", "expected"), INCLUDES)
def test_includes(source: str, expected: list[Include]) -> None:
    assert rows(Include, source) == expected


def test_undefinitions() -> None:
    source = "#undef A\n#ifdef B\n# undef C // gone\n#endif\n#undef\n#undef 3\n"
    assert rows(Undefinition, source) == [Undefinition("A", 1, "1"), Undefinition("C", 3, "defined(B)")]


def test_a_long_body_is_cut() -> None:
    (macro,) = rows(Macro, "#define A " + "a" * 5000 + "\n")
    assert macro.body == "a" * 2000


@pytest.mark.parametrize(
    ("comment", "text"),
    [
        (b"/* one */", "one"),
        (b"/** two\n * lines **/", "two lines"),
        (b"// a  b", "a b"),
        (b"/*\n * 2 * 3\n */", "2 * 3"),
        (b"/* \xff */", "\ufffd"),
        (b"/**/", ""),
    ],
)
def test_the_text_of_a_comment(comment: bytes, text: str) -> None:
    assert prose(comment) == text
