"""Variables outside functions, held against exact rows."""

from __future__ import annotations

import pytest

from caplint.facts.extract import extract
from caplint.facts.kinds.file_variables import FileVariable

VARIABLES = [
    ("static const int a = X;", [("a", 1, "X")]),
    ("int a = 1, *b = &c;", [("a", 0, "1"), ("b", 0, "&c")]),
    ("const struct row a = { .cap = X };", [("a", 0, "{ .cap = X }")]),
    ("static const struct row *const a = &rows[1];", [("a", 1, "&rows[1]")]),
    ("int a[] = { X };", []),
    ("int a;", []),
    ("void f(void)\n{\n\tstatic int a = X;\n}", []),
]


@pytest.mark.parametrize(("source", "rows"), VARIABLES)
def test_variables(source: str, rows: list[tuple[str, int, str]]) -> None:
    records = extract(f"{source}\n".encode(), "c").records
    assert [record[:3] for record in records if isinstance(record, FileVariable)] == rows


def test_condition_and_place() -> None:
    records = extract(b"#ifdef A\nint a = 1;\n#endif\n", "c").records
    (variable,) = (record for record in records if isinstance(record, FileVariable))
    assert (variable.line, variable.start, variable.condition) == (2, 13, "defined(A)")
