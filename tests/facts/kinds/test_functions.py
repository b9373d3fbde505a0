"""Functions: their heads, parameters, extents and conditions, held against exact rows."""

from __future__ import annotations

import pytest
from extracted import rows

from caplint.facts.extract import extract
from caplint.facts.store.records import Call, Function

FUNCTIONS = [
    (
        "static int f(struct kvm *kvm, int a[2], int (*cb)(int), ...)\n{\n}\n",
        Function("f", 1, 0, 64, 1, '["kvm", "a", "cb"]', "[]", "1"),
    ),
    ("void\nf(void)\n{\n}\n", Function("f", 2, 0, 16, 0, "[]", "[]", "1")),
    ("static inline __init int *f(int)\n{\n}\n", Function("f", 1, 0, 36, 1, "[]", "[]", "1")),
    ("#ifdef A\nint f(int a) {}\n#endif\n", Function("f", 2, 9, 24, 0, '["a"]', "[]", "defined(A)")),
    ("\nHEAD(x, int,\n     a)\n{\n}\n", Function("HEAD(x, int, a)", 2, 16, 25, 0, "[]", "[]", "1")),
    ("KVM_OP(x)\nint f(u32 __user *p)\n{\n}\n", Function("f", 2, 10, 34, 0, '["p"]', "[]", "1")),
    (
        "static int f(bool on, bool *p, bool a[2], _Bool b)\n{\n\tbool x = on, *q;\n\tconst bool y = 0;\n}\n",
        Function("f", 1, 0, 91, 1, '["on", "p", "a", "b"]', '["b", "on", "x", "y"]', "1"),
    ),
]


@pytest.mark.parametrize(("source", "row"), FUNCTIONS)
def test_functions(source: str, row: Function) -> None:
    assert rows(Function, source) == [row]


def test_function_under_two_heads() -> None:
    source = "#ifdef A\nint f(int a)\n#else\nint f(void)\n#endif\n{\n\tg();\n}\nint h(void) {}\n"
    found = rows(Function, source)
    assert [(row.name, row.line, row.parameters, row.condition) for row in found] == [
        ("f", 2, '["a"]', "defined(A)"),
        ("h", 9, "[]", "1"),
        ("f", 4, "[]", "!defined(A)"),
    ]
    assert [(row.callee, row.line) for row in rows(Call, source)] == [("g", 7)]
    facts = extract(source.encode(), "c")
    assert (facts.functions, facts.damaged) == (3, 0)
