"""Assignments, conditions, returns and comparisons, held against exact rows."""

from __future__ import annotations

import pytest
from extracted import in_function, rows

from caplint.facts.store.records import Comparison, Jump, ReturnValue, Store
from caplint.facts.store.records import Test as Condition

# A statement; target, operator, value and local of each store.
STORES = [
    ("x = 2;", [("x", "=", "2", 1)]),
    ("x += 1;", [("x", "+=", "1", 1)]),
    ("x++;", [("x", "++", "", 1)]),
    ("--other;", [("other", "--", "", 0)]),
    ("p->b |= 3;", [("p->b", "|=", "3", 0)]),
    ("*x = 4;", [("*x", "=", "4", 0)]),
    ("int y = g(1), z;", [("y", "init", "g(1)", 1)]),
    ("int y; y = z = 1;", [("y", "=", "z = 1", 1), ("z", "=", "1", 0)]),
    ("struct s y; y.a.b = 1;", [("y.a.b", "=", "1", 1)]),
    ("struct s *y; y->a.b = 1;", [("y->a.b", "=", "1", 0)]),
    ("int y[2]; y[0] = 1;", [("y[0]", "=", "1", 1)]),
    ("global.a = 1;", [("global.a", "=", "1", 0)]),
    ("vcpu->arch\n\t\t.a = b /* c */ + 1;", [("vcpu->arch .a", "=", "b + 1", 0)]),
]


# A statement; kind, expression, whether control leaves, and the whole statement.
TESTS = [
    ("if (x) return 1;", [("if", "(x)", 1, "if (x) return 1;")]),
    ("if (x > 1) { g(); goto out; }", [("if", "(x > 1)", 1, "if (x > 1) { g(); goto out; }")]),
    ("if (x) g(); else return 1;", [("if", "(x)", 0, "if (x) g(); else return 1;")]),
    (
        "if (x) { if (y) return 1; else return 2; }",
        [
            ("if", "(x)", 1, "if (x) { if (y) return 1; else return 2; }"),
            ("if", "(y)", 1, "if (y) return 1; else return 2;"),
        ],
    ),
    ("while (x) break;", [("while", "(x)", 0, "while (x) break;")]),
    ("do { } while (x);", [("do", "(x)", 0, "do { } while (x);")]),
    ("for (i = 0; i < x; i++) g();", [("for", "i < x", 0, "for (i = 0; i < x; i++) g();")]),
    ("switch (x) { }", [("switch", "(x)", 0, "switch (x) { }")]),
    ("y = x ? 1 : 2;", [("ternary", "x", 0, "x ? 1 : 2")]),
]


RETURNS = [
    ("return;", [""]),
    ("return x ?: 1;", ["x ?: 1"]),
    ("return -EINVAL; return f(a,\n\t\tb);", ["-EINVAL", "f(a, b)"]),
]


# An expression; operand, operator, constant and column of each comparison.
COMPARISONS = [
    ("x == KVM_CAP_X", [("x", "==", "KVM_CAP_X", 11)]),
    ("KVM_CAP_X != p->cap", [("p->cap", "!=", "KVM_CAP_X", 6)]),
    ("x == MSR_A || x == MSR_B", [("x", "==", "MSR_A", 11), ("x", "==", "MSR_B", 25)]),
    ("x == a && x < KVM_CAP_X && x == A", []),
]


@pytest.mark.parametrize(("body", "stores"), STORES)
def test_stores(body: str, stores: list[tuple[str, str, str, int]]) -> None:
    found = rows(Store, in_function(body))
    assert [(row.target, row.operator, row.value, row.local) for row in found] == stores
    assert {row.function for row in found} == {"f"}


def test_initialised_globals_are_no_stores() -> None:
    assert rows(Store, "int a = 1;\nstruct s b = { .c = 1 };\n") == []


@pytest.mark.parametrize(("body", "tests"), TESTS)
def test_tests(body: str, tests: list[tuple[str, str, int, str]]) -> None:
    source = in_function(body)
    found = rows(Condition, source)
    assert [(row.kind, row.expression, row.leaves, source[row.start : row.stop]) for row in found] == tests
    assert {(row.function, row.line) for row in found} == {("f", 3)}


@pytest.mark.parametrize(("body", "values"), RETURNS)
def test_returns(body: str, values: list[str]) -> None:
    assert [row.value for row in rows(ReturnValue, in_function(body))] == values


@pytest.mark.parametrize(("expression", "comparisons"), COMPARISONS)
def test_comparisons(expression: str, comparisons: list[tuple[str, str, str, int]]) -> None:
    found = rows(Comparison, in_function(f"if ({expression}) ;"))
    assert [(row.operand, row.operator, row.constant, row.column) for row in found] == comparisons


def test_facts_that_begin_together_come_from_the_outermost_in() -> None:
    names = [f"AAAA_{number}" for number in range(20)]
    found = rows(Comparison, in_function(f"if (x == {' == '.join(names)}) ;"))
    assert [row.constant for row in found] == names[::-1]


def test_jumps() -> None:
    body = "if (x)\n\t\tgoto out;\n#ifdef A\n\tgoto again;\n#endif\n\tx = 1; goto *table[x];\nout: again: ;"
    source = in_function(body)
    assert rows(Jump, source) == [
        Jump("f", "out", 4, source.index("goto out"), "1"),
        Jump("f", "again", 6, source.index("goto again"), "defined(A)"),
    ]


def test_long_texts_are_cut() -> None:
    long = "a" * 1000
    (stored,) = rows(Store, in_function(f"x = {long};"))
    assert stored.value == long[:400]
    (tested,) = rows(Condition, in_function(f"if ({long}) ;"))
    assert tested.expression == f"({long}"[:400]


@pytest.mark.parametrize(
    ("body", "local"),
    [
        ("int a[2]; *a = 1;", 0),
        ("int *a; a[0] = 1;", 0),
        ("struct s a; (a).b = 1;", 1),
        ("struct s a; (&a)->b = 1;", 0),
        ("x = 1;", 1),
        ("*&x = 1;", 0),
    ],
)
def test_what_a_pointer_leads_to_is_not_local(body: str, local: int) -> None:
    assert [row.local for row in rows(Store, in_function(body))] == [local]
