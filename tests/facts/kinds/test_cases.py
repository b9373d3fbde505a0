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
