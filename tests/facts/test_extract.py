"""Each extractor of C facts, held against exact rows."""

from __future__ import annotations

from typing import TypeVar

import pytest

from caplint.facts.extract import extract
from caplint.facts.store.records import (
    BlindSpot,
    Call,
    CaseLabel,
    Comparison,
    Function,
    Include,
    Macro,
    MacroUse,
    Record,
    ReturnValue,
    Store,
    TableEntry,
    Token,
)
from caplint.facts.store.records import Test as Condition
from caplint.knowledge.languages import language_of

R = TypeVar("R", bound=Record)


def _rows(kind: type[R], source: str) -> list[R]:
    return [record for record in extract(source.encode(), "c").records if isinstance(record, kind)]


def _in_function(body: str) -> str:
    return f"int f(int x)\n{{\n\t{body}\n}}\n"


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

# The body of a switch; low, high, line and column of each label, the text that runs under it, its condition.
CASES = [
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

# A source that names KVM_X once; what explains it.
TOKENS = [
    ("#define KVM_X 1\n", "definition"),
    ("#define A KVM_X\n", "macro body"),
    ("#define A(x) KVM_X ## x\n", "pasted part"),
    ("#define A(x) x##KVM_X\n", "pasted part"),
    ("#define A(x) x ## \\\n KVM_X\n", "pasted part"),
    ("#if KVM_X\n#endif\n", "condition"),
    ("#ifdef KVM_X\n#endif\n", "condition"),
    ("#undef KVM_X\n", "undefinition"),
    ("#error KVM_X\n", "message"),
    ("#pragma KVM_X\n", "directive"),
    ("#define A 1 /* KVM_X */\n", "comment"),
    ("// KVM_X\n", "comment"),
    ('char *s = "KVM_X";\n', "string"),
    ("#if 0\nint a = KVM_X;\n#endif\n", "disabled"),
    ("int a[] = { KVM_X };\n", "list entry"),
    ("int a[] = { [KVM_X] = 1 };\n", "table entry"),
    ("struct s a = { .b = KVM_X };\n", "table entry"),
    ("int a = KVM_X;\n", "initialiser"),
    ("int a[KVM_X];\n", "array size"),
    ("enum { KVM_X = 1 };\n", "enumerator"),
    ("struct s { int a:KVM_X; };\n", "bit-field"),
    ("KVM_X(a)\n", "macro use (file)"),
    ("DEFINE_MUTEX(KVM_X);\n", "macro use (declarator)"),
    (_in_function("switch (x) { case KVM_X: ; }"), "case"),
    (_in_function("switch (x) { case 1 ... KVM_X: ; }"), "case"),
    (_in_function("g(KVM_X);"), "argument"),
    (_in_function("KVM_X(1);"), "call"),
    (_in_function("if (x == KVM_X) ;"), "comparison"),
    (_in_function("x = y | KVM_X;"), "operand"),
    (_in_function("x = KVM_X;"), "assignment"),
    (_in_function("x = y ? KVM_X : 0;"), "ternary"),
    (_in_function("return KVM_X;"), "return"),
    (_in_function("x = y[KVM_X];"), "index"),
    (_in_function('asm("" : : "i"(KVM_X));'), "macro use (asm)"),
    (_in_function("f(a, == $ KVM_X $ ==);"), None),
    ("int MY_KVM_X, kvm_x, KVM_x;\n", "absent"),
]


@pytest.mark.parametrize(("source", "row"), FUNCTIONS)
def test_functions(source: str, row: Function) -> None:
    assert _rows(Function, source) == [row]


def test_function_under_two_heads() -> None:
    source = "#ifdef A\nint f(int a)\n#else\nint f(void)\n#endif\n{\n\tg();\n}\nint h(void) {}\n"
    rows = _rows(Function, source)
    assert [(row.name, row.line, row.parameters, row.condition) for row in rows] == [
        ("f", 2, '["a"]', "defined(A)"),
        ("h", 9, "[]", "1"),
        ("f", 4, "[]", "!defined(A)"),
    ]
    assert [(row.callee, row.line) for row in _rows(Call, source)] == [("g", 7)]
    facts = extract(source.encode(), "c")
    assert (facts.functions, facts.damaged) == (3, 0)


@pytest.mark.parametrize(("body", "labels"), CASES)
def test_cases(body: str, labels: list[tuple[str | None, str, int, int, str, str]]) -> None:
    source = f"int f(int x)\n{{\n\tswitch (x->y) {{\n{body}}}\nout:\n\treturn 1;\n}}\n"
    rows = _rows(CaseLabel, source)
    assert [
        (row.low, row.high, row.line, row.column, source[row.start : row.stop], row.condition) for row in rows
    ] == labels
    assert {(row.function, row.selector) for row in rows} == {("f", "x->y")}


@pytest.mark.parametrize(("statement", "use"), USES)
def test_use_of_a_call(statement: str, use: str) -> None:
    assert [row.use for row in _rows(Call, _in_function(statement)) if row.callee == "g"] == [use]


def test_calls() -> None:
    source = (
        'int z = q(1);\nvoid f(int a)\n{\n\tops->get(a, "x, y", (b, c),\n'
        "\t\t/* d */ g(e));\n#if X\n\tg(s);\n#endif\n}\n"
    )
    assert _rows(Call, source) == [
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
    assert [row.arguments for row in _rows(Call, _in_function(f"{call};")) if row.callee == "g"] == [arguments]
    assert not extract(_in_function(f"{call};").encode(), "c").damaged


def test_last_entry_of_a_list_is_a_call() -> None:
    rows = _rows(Call, "struct s t[] = {\n\tDESC(VM, a),\n\tDESC(VM, b)\n};\n")
    assert [(row.callee, row.arguments, row.line) for row in rows] == [
        ("DESC", '["VM", "a"]', 2),
        ("DESC", '["VM", "b"]', 3),
    ]


@pytest.mark.parametrize(("body", "stores"), STORES)
def test_stores(body: str, stores: list[tuple[str, str, str, int]]) -> None:
    rows = _rows(Store, _in_function(body))
    assert [(row.target, row.operator, row.value, row.local) for row in rows] == stores
    assert {row.function for row in rows} == {"f"}


def test_initialised_globals_are_no_stores() -> None:
    assert _rows(Store, "int a = 1;\nstruct s b = { .c = 1 };\n") == []


@pytest.mark.parametrize(("body", "tests"), TESTS)
def test_tests(body: str, tests: list[tuple[str, str, int, str]]) -> None:
    source = _in_function(body)
    rows = _rows(Condition, source)
    assert [(row.kind, row.expression, row.leaves, source[row.start : row.stop]) for row in rows] == tests
    assert {(row.function, row.line) for row in rows} == {("f", 3)}


@pytest.mark.parametrize(("body", "values"), RETURNS)
def test_returns(body: str, values: list[str]) -> None:
    assert [row.value for row in _rows(ReturnValue, _in_function(body))] == values


@pytest.mark.parametrize(("expression", "comparisons"), COMPARISONS)
def test_comparisons(expression: str, comparisons: list[tuple[str, str, str, int]]) -> None:
    rows = _rows(Comparison, _in_function(f"if ({expression}) ;"))
    assert [(row.operand, row.operator, row.constant, row.column) for row in rows] == comparisons


def test_facts_that_begin_together_come_from_the_outermost_in() -> None:
    names = [f"AAAA_{number}" for number in range(20)]
    rows = _rows(Comparison, _in_function(f"if (x == {' == '.join(names)}) ;"))
    assert [row.constant for row in rows] == names[::-1]


@pytest.mark.parametrize(("source", "entries"), ENTRIES)
def test_table_entries(source: str, entries: list[tuple[str | None, str | None, str, str, int]]) -> None:
    rows = _rows(TableEntry, source)
    assert [(row.variable, row.type, row.field, row.value, row.line) for row in rows] == entries


@pytest.mark.parametrize(("source", "row"), MACROS)
def test_macros(source: str, row: Macro) -> None:
    assert _rows(Macro, source) == [row]


@pytest.mark.parametrize(
    "source", ["#define 3 x\n", "#define\n", "#define (x) y\n", "# 3 define A\n", "#\ndefine A 1;\n"]
)
def test_no_macros(source: str) -> None:
    assert _rows(Macro, source) == []


@pytest.mark.parametrize(("source", "rows"), INCLUDES)
def test_includes(source: str, rows: list[Include]) -> None:
    assert _rows(Include, source) == rows


@pytest.mark.parametrize(("source", "rows"), USED_MACROS)
def test_macro_uses(source: str, rows: list[MacroUse]) -> None:
    assert _rows(MacroUse, source) == rows


@pytest.mark.parametrize(("source", "kind"), TOKENS)
def test_tokens(source: str, kind: str | None) -> None:
    if kind == "absent":
        assert _rows(Token, source) == []
        return
    offset = source.index("KVM_X")
    line = source.count("\n", 0, offset) + 1
    column = offset - source.rfind("\n", 0, offset)
    assert _rows(Token, source) == [Token("KVM_X", kind, 1, line, column)]


def test_tokens_are_counted_by_kind() -> None:
    source = "/* MSR_A */\nint a = MSR_A;\nint b = MSR_A + HV_X64_MSR_B; // MSR_A KVM_CAP_C\n"
    assert _rows(Token, source) == [
        Token("HV_X64_MSR_B", "operand", 1, 3, 17),
        Token("KVM_CAP_C", "comment", 1, 3, 40),
        Token("MSR_A", "comment", 2, 1, 4),
        Token("MSR_A", "initialiser", 1, 2, 9),
        Token("MSR_A", "operand", 1, 3, 9),
    ]


BLIND = [
    ("int a;\n", []),
    ("#if A\nint a;\n", [BlindSpot(0, 13, 1, "#if without #endif")]),
    ("int a;\n#endif\n", [BlindSpot(7, 13, 2, "#endif without #if")]),
    ("int f(int a)\n{\n\treturn 1\n}\n", [BlindSpot(24, 24, 3, "`;` expected")]),
    ("int f(int a)\n{\n\tg(a, @@, b);\n}\n", [BlindSpot(21, 24, 3, "syntax not understood")]),
]


@pytest.mark.parametrize(("source", "rows"), BLIND)
def test_blind_spots(source: str, rows: list[BlindSpot]) -> None:
    assert _rows(BlindSpot, source) == rows


def test_damaged_functions_are_counted() -> None:
    facts = extract(b"int f(int a)\n{\n\tg(a, @@, b);\n}\nint h(int a)\n{\n\treturn 1;\n}\n", "c")
    assert (facts.functions, facts.damaged) == (2, 1)


@pytest.mark.parametrize(
    ("path", "language"),
    [
        ("a.c", "c"),
        ("d/a.h", "c"),
        ("a.c.inc", "c"),
        ("a.h.inc", "c"),
        ("api.rst", "rst"),
        ("a.S", None),
        ("a.cc", None),
        ("c", None),
    ],
)
def test_language(path: str, language: str | None) -> None:
    assert language_of(path) == language
