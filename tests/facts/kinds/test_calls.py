"""Calls with their arguments and what is done with the result, and uses of macros, held against exact rows."""

from __future__ import annotations

import pytest
from extracted import in_function, rows

from caplint.facts.extract import extract
from caplint.facts.store.records import Call, MacroUse

# A statement; the use of g's result.
USES = [
    ("g();", "dropped"),
    ("(void)g();", "void"),
    ("g(), a = 1;", "dropped"),
    ("a = (g(), 1);", "dropped"),
    ("a = (1, g());", "assigned"),
    ("if (g(), a) ;", "dropped"),
    ("return g(), 0;", "dropped"),
    ("(void)g(), a = 1;", "void"),
    ("for (g(); a; ) ;", "dropped"),
    ("for (; a; g()) ;", "dropped"),
    ("a && g();", "dropped"),
    ("a ? g() : b;", "dropped"),
    ("g() ? a : b;", "value"),
    ("r = a ? g() : b;", "value"),
    ("return g();", "returned"),
    ("return !g();", "returned"),
    ("r = g();", "assigned"),
    ("r = (long)g();", "assigned"),
    ("int s = g();", "assigned"),
    ("if (g()) ;", "tested"),
    ("if (!g()) ;", "tested"),
    ("if (g() < 0) ;", "tested"),
    ("if (a && (g() || b)) ;", "tested"),
    ("while (g()) ;", "tested"),
    ("do { } while (g());", "tested"),
    ("for (; g(); ) ;", "tested"),
    ("switch (g()) { }", "tested"),
    ("h(g());", "argument"),
    ("r = y + g();", "value"),
    ("r = g() ? 1 : 2;", "value"),
    ("r = g()->a;", "value"),
    ("r = t[g()];", "value"),
]


USED_MACROS = [
    ("KVM_X86_OP(run)\nint g;\n", [MacroUse(None, "KVM_X86_OP", "file", "run", 1, 1, 0, 15, "1")]),
    (
        "void f(int a)\n{\n\tfor_each_x(a,\n\t\t   b)\n\t\tg(a);\n}\n",
        [MacroUse("f", "for_each_x", "loop", "a, b", 3, 2, 17, 38, "1")],
    ),
    (
        "#ifdef A\nDEFINE_MUTEX(m);\n#else\nDEFINE_IDA(n);\n#endif\n",
        [
            MacroUse(None, "DEFINE_MUTEX", "declarator", "m", 2, 1, 9, 24, "defined(A)"),
            MacroUse(None, "DEFINE_IDA", "declarator", "n", 4, 1, 32, 45, "!defined(A)"),
        ],
    ),
]


@pytest.mark.parametrize(("statement", "use"), USES)
def test_use_of_a_call(statement: str, use: str) -> None:
    assert [row.use for row in rows(Call, in_function(statement)) if row.callee == "g"] == [use]


def test_calls() -> None:
    source = (
        'int z = q(1);\nvoid f(int a)\n{\n\tops->get(a, "x, y", (b, c),\n'
        "\t\t/* d */ g(e));\n#if X\n\tg(s);\n#endif\n}\n"
    )
    assert rows(Call, source) == [
        Call(None, "q", '["1"]', "assigned", 1, 9, 8, "1"),
        Call("f", "ops->get", '["a", "\\"x, y\\"", "(b, c)", "g(e)"]', "dropped", 4, 2, 31, "1"),
        Call("f", "g", '["e"]', "argument", 5, 11, source.index("g(e)"), "1"),
        Call("f", "g", '["s"]', "dropped", 7, 2, source.index("g(s"), "X"),
    ]


@pytest.mark.parametrize(
    ("call", "arguments"),
    [
        ("g(v, A, |=, x)", '["v", "A", "|=", "x"]'),
        ("g(v, h(A), &=, ~x)", '["v", "h(A)", "&=", "~x"]'),
        ("g(A, F(B),\n\tF(C),\n\t)", '["A", "F(B)", "F(C)", ""]'),
        ("g(A, F(B),)", '["A", "F(B)"]'),
        ("g(a,)", '["a", ""]'),
    ],
)
def test_arguments_that_are_no_expressions(call: str, arguments: str) -> None:
    assert [row.arguments for row in rows(Call, in_function(f"{call};")) if row.callee == "g"] == [arguments]
    assert not extract(in_function(f"{call};").encode(), "c").damaged


def test_last_entry_of_a_list_is_a_call() -> None:
    found = rows(Call, "struct s t[] = {\n\tDESC(VM, a),\n\tDESC(VM, b)\n};\n")
    assert [(row.callee, row.arguments, row.line) for row in found] == [
        ("DESC", '["VM", "a"]', 2),
        ("DESC", '["VM", "b"]', 3),
    ]


@pytest.mark.parametrize(("source", "expected"), USED_MACROS)
def test_macro_uses(source: str, expected: list[MacroUse]) -> None:
    assert rows(MacroUse, source) == expected
