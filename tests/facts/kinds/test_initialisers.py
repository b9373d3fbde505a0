"""Entries of tables that an initialiser designates, held against exact rows."""

from __future__ import annotations

import pytest
from extracted import rows

from caplint.facts.store.records import TableEntry

# An initialiser at file scope; variable, type, field, value and line of each entry.
ENTRIES = [
    (
        "static const struct ops o = {\n\t.get = f,\n\t.set = g(1),\n};",
        [("o", "struct ops", "get", "f", 2), ("o", "struct ops", "set", "g(1)", 3)],
    ),
    (
        "struct ops o = { .sub = { .deep = h }, .arr[3] = k };",
        [("o", "struct ops", "deep", "h", 1), ("o", "struct ops", "arr[3]", "k", 1)],
    ),
    ("int o[] = { [MSR_A] = 1 };", [("o", "int", "[MSR_A]", "1", 1)]),
    ("int f(int x) { y = (struct s){ .a = x }; }", [(None, "struct s", "a", "x", 1)]),
    ("u32 __user *o[2] = { [0] = &v };", [("o", "u32", "[0]", "&v", 1)]),
]


@pytest.mark.parametrize(("source", "entries"), ENTRIES)
def test_table_entries(source: str, entries: list[tuple[str | None, str | None, str, str, int]]) -> None:
    found = rows(TableEntry, source)
    assert [(row.variable, row.type, row.field, row.value, row.line) for row in found] == entries


def test_a_table_inside_a_function_and_its_condition() -> None:
    source = "void f(void)\n{\n\tstatic struct ops o = {\n#ifdef A\n\t\t.get = g,\n#endif\n\t};\n}\n"
    assert rows(TableEntry, source) == [TableEntry("o", "struct ops", "get", "g", 5, 3, "defined(A)")]


def test_a_nested_list_has_no_value_of_its_own() -> None:
    assert rows(TableEntry, "struct ops o = { .a = { 1, 2 }, .b = (struct s){ .c = 3 } };\n") == [
        TableEntry("o", "struct ops", "b", "(struct s){ .c = 3 }", 1, 33, "1"),
        TableEntry(None, "struct s", "c", "3", 1, 50, "1"),
    ]
