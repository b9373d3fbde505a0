"""Labels of switches, and the code that runs under each."""

from __future__ import annotations

import pytest

from caplint.facts.extract import extract
from caplint.facts.store.records import CaseLabel


def _labels(source: str) -> list[CaseLabel]:
    return [record for record in extract(source.encode(), "c").records if isinstance(record, CaseLabel)]


# Body of a function; selector, bounds and code of each label. Where nothing leaves, the code ends with the switch.
BODIES = [
    ("switch (a) { case 1: f(); break; }", [("a", "1", "1", "case 1: f(); break;")]),
    ("switch (a) { case 1: f(); return; case 2: g(); }",
     [("a", "1", "1", "case 1: f(); return;"), ("a", "2", "2", "case 2: g(); }")]),
    ("switch (a) { case 1: case 2: f(); break; }",
     [("a", "1", "1", "case 1: case 2: f(); break;"), ("a", "2", "2", "case 2: f(); break;")]),
    ("switch (a) { case 1: f(); case 2: g(); break; case 3: h(); }",
     [("a", "1", "1", "case 1: f(); case 2: g(); break;"), ("a", "2", "2", "case 2: g(); break;"),
      ("a", "3", "3", "case 3: h(); }")]),
    ("switch (a) { case 1: if (x) break; f(); break; case 2: g(); }",
     [("a", "1", "1", "case 1: if (x) break; f(); break;"), ("a", "2", "2", "case 2: g(); }")]),
    ("switch (a) { case 1 ... 5: f(); }", [("a", "1", "5", "case 1 ... 5: f(); }")]),
    ("switch (a) { case A...B: f(); }", [("a", "A", "B", "case A...B: f(); }")]),
    ("switch (a) { case A || B: f(); }", [("a", "A || B", "A || B", "case A || B: f(); }")]),
    ("switch (a) { default: f(); }", [("a", None, "", "default: f(); }")]),
    ("switch (a) { case 1: { f(); break; } case 2: g(); }",
     [("a", "1", "1", "case 1: { f(); break; }"), ("a", "2", "2", "case 2: g(); }")]),
    ("switch (a->b) { case (X): f(); }", [("a->b", "(X)", "(X)", "case (X): f(); }")]),
    ("switch (f(a, b)) { case 1: g(); }", [("f(a, b)", "1", "1", "case 1: g(); }")]),
    ("switch (a) { case 1: switch (b) { case 2: f(); break; } g(); break; }",
     [("a", "1", "1", "case 1: switch (b) { case 2: f(); break; } g(); break;"),
      ("b", "2", "2", "case 2: f(); break;")]),
    ("switch (a) { }", []),
    ("if (a) f();", []),
]  # fmt: skip


@pytest.mark.parametrize(("body", "labels"), BODIES)
def test_labels(body: str, labels: list[tuple[str, str | None, str, str]]) -> None:
    source = f"void w(int a)\n{{\n{body}\n}}\n"
    found = sorted(_labels(source), key=lambda label: label.start)
    assert [(one.selector, one.low, one.high, source[one.start : one.stop]) for one in found] == labels
    assert {label.function for label in found} <= {"w"}


def test_places_and_conditions() -> None:
    source = "void w(int a)\n{\n\tswitch (a) {\n#ifdef A\n\tcase  ONE:\n#endif\n\tdefault:\n\t\tbreak;\n\t}\n}\n"
    found = sorted(_labels(source), key=lambda label: label.start)
    assert [(label.low, label.line, label.column, label.condition) for label in found] == [
        ("ONE", 5, 8, "defined(A)"), (None, 7, 2, "1"),
    ]  # fmt: skip


def test_many_labels_of_one_code() -> None:
    found = _labels("void w(int a) { switch (a) { " + "".join(f"case {n}: " for n in range(2_000)) + "f(); } }")
    assert len(found) == 2_000
    assert len({label.stop for label in found}) == 1


# The body of a switch; low, high, line and column of each label, the text that runs under it, its condition.
BODIES_OF_SWITCHES = [
    (
        "case A: g(); break; case B: h();",
        [("A", "A", 4, 6, "case A: g(); break;", "1"), ("B", "B", 4, 26, "case B: h();}", "1")],
    ),
    (
        "case A: case B: g(); return 1; default: h();",
        [
            ("A", "A", 4, 6, "case A: case B: g(); return 1;", "1"),
            ("B", "B", 4, 14, "case B: g(); return 1;", "1"),
            (None, "", 4, 32, "default: h();}", "1"),
        ],
    ),
    (
        "case A: g(); fallthrough; case B: goto out;",
        [
            ("A", "A", 4, 6, "case A: g(); fallthrough; case B: goto out;", "1"),
            ("B", "B", 4, 32, "case B: goto out;", "1"),
        ],
    ),
    ("case A ... B: g();", [("A", "B", 4, 6, "case A ... B: g();}", "1")]),
    ("case 'a'...'z': ;", [("'a'", "'z'", 4, 6, "case 'a'...'z': ;}", "1")]),
    ("case (A | B): { g(); break; }", [("(A | B)", "(A | B)", 4, 6, "case (A | B): { g(); break; }", "1")]),
    ("case A || B: ;", [("A || B", "A || B", 4, 6, "case A || B: ;}", "1")]),
    (
        "case F(3A): if (x) return 1; else break; case B: ;",
        [
            ("F(3A)", "F(3A)", 4, 6, "case F(3A): if (x) return 1; else break;", "1"),
            ("B", "B", 4, 47, "case B: ;}", "1"),
        ],
    ),
    (
        "case A:\n#ifdef CONFIG_C\ncase C:\n#endif\ncontinue;",
        [
            ("A", "A", 4, 6, "case A:\n#ifdef CONFIG_C\ncase C:\n#endif\ncontinue;", "1"),
            ("C", "C", 6, 6, "case C:\n#endif\ncontinue;", "CONFIG_C"),
        ],
    ),
    (
        "#ifdef A\ncase 1:\n#else\ncase 2:\n#endif\nbreak;",
        [
            ("1", "1", 5, 6, "case 1:\n#else\ncase 2:\n#endif\nbreak;", "defined(A)"),
            ("2", "2", 7, 6, "case 2:\n#endif\nbreak;", "!defined(A)"),
        ],
    ),
]


@pytest.mark.parametrize(("body", "labels"), BODIES_OF_SWITCHES)
def test_the_code_of_each_label(body: str, labels: list[tuple[str | None, str, int, int, str, str]]) -> None:
    source = f"int f(int x)\n{{\n\tswitch (x->y) {{\n{body}}}\nout:\n\treturn 1;\n}}\n"
    found = _labels(source)
    assert [
        (row.low, row.high, row.line, row.column, source[row.start : row.stop], row.condition) for row in found
    ] == labels
    assert {(row.function, row.selector) for row in found} == {("f", "x->y")}
