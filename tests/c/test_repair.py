"""Repair: what the grammar cannot read is rewritten in place, and remembered."""

from __future__ import annotations

import re
import time

import pytest

from caplint.c.repair import repair
from caplint.c.syntax import parse
from caplint.c.tables import tables

# Source that must parse without an error; its repaired text where that says more.
READABLE: list[tuple[str, str | None]] = [
    ("void f(void) { switch (x) { case 1 ... 5: g(); } }", "void f(voiD) { switch (x) { case 1  || 5: g(); } }"),
    ("void f(void) { switch (x) { case 'a'...'z': g(); } }", "void f(voiD) { switch (x) { case 'a' ||'z': g(); } }"),
    ("void f(void)\n{\n\td(a, b)\n\t\tg();\n}\n", None),
    ("MAKES(x\n)\n{\n}\n", None),
    ("int __user *p;", "int        *p;"),
    ("u32 __percpu *a;", "u32          *a;"),
    ("static int __init f(int a) { return 0; }", "static int        f(int a) { return 0; }"),
    ("void coroutine_fn f(int a) { }", "void              f(int a) { }"),
    ("static void G_GNUC_UNUSED f(int a) { }", "static void               f(int a) { }"),
    ("int x __attribute__((x)) = 1;", "int x                    = 1;"),
    ("struct s { int a; } __attribute__((packed, aligned(4)));", None),
    ("struct s { int a; } __packed;", "struct s { int a; }         ;"),
    ("struct s { int n; int a[] __counted_by(n); };", "struct s { int n; int a[]                ; };"),
    ("struct x *a __free(kfree) = b();", "struct x *a               = b();"),
    ("void *f(int a) __acquires(x) { return 0; }", "void *f(int a)               { return 0; }"),
    (
        "void f(int a) { p = container_of(q, struct kvm, arch); }",
        "void f(int a) { p = container_of(q,        kvM, arch); }",
    ),
    ("void f(int a) { b = min_t(unsigned int, b, c); }", "void f(int a) { b = min_t(         inT, b, c); }"),
    ("void f(int a) { b = max_t(u64, b, c); }", "void f(int a) { b = max_t(u64, b, c); }"),
    ("void f(int a) { p = va_arg(ap, void *); }", "void f(int a) { p = va_arg(ap, voiD  ); }"),
    ("void f(int a) { p = va_arg(ap, struct x **); }", "void f(int a) { p = va_arg(ap,        X   ); }"),
    ("void f(int a) { p = container_of(q, u64 *, m); }", "void f(int a) { p = container_of(q, u64  , m); }"),
    ("void f(int a) { rmw(v, A, |=, x); }", "void f(int a) { rmw(v, A, 0 , x); }"),
    ("void f(int a) { if (cmp(a, <, b)) g(a, <<=, 1, ==); }", "void f(int a) { if (cmp(a, 0, b)) g(a, 0  , 1, 0 ); }"),
    ("void f(int a) { g(a, -1, !b, *c, ~0, &d); }", "void f(int a) { g(a, -1, !b, *c, ~0, &d); }"),
    (
        "void f(int a)\n{\n\tinit(A, F(B),\n\t\tF(C),\n\t);\n}\n",
        "void f(int a)\n{\n\tinit(A, F(B),\n\t\tF(C),\n0);\n}\n",
    ),
    ("void f(int a) { g(a,); g(b, ); g(c,\n); }", "void f(int a) { g(a ); g(b,0); g(c \n); }"),
    ("enum e {\n\tA,\n\n\t/* x */\n\n\tM(B),\n\tC };", "enum e {\n\tA,\n\n\t       \n\n\tM   ,\n\tC };"),
    ("struct s { struct_group(g, int a; int b;); int c; };", "struct s {                 int a; int b;   int c; };"),
    ("struct s {\n\t__TRAILING_OVERLAP(struct v, w, f, __packed,\n\t\tu64 l[];\n\t);\n} __packed;", None),
    ("struct s { __struct_group(t, g, , int a;) int b; };", "struct s {                        int a;  int b; };"),
    ("int a = sizeof(struct x) + sizeof (int);", "int a = sizeof(struct x) + sizeof (int);"),
    ("void f(int a) { b = READ_ONCE(*(unsigned long *)p); }", "void f(int a) { b = READ_ONCE(*(unsigned long *)p); }"),
    ("int a = offsetof(struct x, a.b[1]);", "int a = offsetoF(       X, a.b[1]);"),
    (
        "void f(int a) { typeof(a) b = a; __typeof__(*a) *c = &b; }",
        "void f(int a) { typeof    b = a; __typeof__     *c = &b; }",
    ),
    ("void f(int a) { g_autofree char *s = g(); }", "void f(int a) {            char *s = g(); }"),
    ("void f(int a) { g_autoptr(Error) e = NULL; }", None),
    ("struct s { unsigned : 3; int b:1; u32 : 4; };", "struct s {               int b:1;          };"),
    (
        "int a[] = { F(3DNOW), F(3DNOWEXT), F(1), F(0x1), F(2UL) };",
        "int a[] = { F(_DNOW), F(_DNOWEXT), F(1), F(0x1), F(2UL) };",
    ),
    ("int a = HAS(x, 48_47);", "int a = HAS(x, _8_47);"),
    ("QLIST_HEAD(, KVMSlot) head;", "QLIST_HEAD            head;"),
    ("struct s { QTAILQ_ENTRY(KVMSlot) next; };", "struct s { QTAILQ_ENTRY          next; };"),
    ("void f(int a) { switch (a) { case 1: g(); fallthrough; case 2: break; } }", None),
    ("int a[] = { [0 ... 5] = 1 };", "int a[] = { [0 ... 5] = 1 };"),
    ("void f(int a) { x = (struct s){ .a = 1 }; y = ({ int b = 1; b; }); }", None),
    ("int f(int a) { return a ?: b; }", None),
    ("void f(int a)\n{\n\tif (likely(a))\n\t\tg();\n\telse if (b)\n\t\th();\n}\n", None),
    ("void f(int a)\n{\n\tg(a,\n\t  b);\n\tguard(mutex)(&l);\n}\n", None),
    ("struct s a = {\n\t.b = c,\n\tF(x),\n\tF(y)\n};\n", "struct s a = {\n\t.b = c,\n\tF(x),\n\tF(y)\n};\n"),
    ("int f(int a)\n{\n\treturn (a +\n\t\tg(b) *\n\t\t2);\n}\n", None),
    ("x->__init = 1;\ny.__user = 2;\n", "x->__init = 1;\ny.__user = 2;\n"),
    ("struct s { u8:5; u8 b:3; };", "struct s {       u8 b:3; };"),
    ("struct s a = {\n\t.b = c |\n\t     F(d)\n};\n", "struct s a = {\n\t.b = c |\n\t     F(d)\n};\n"),
    ("enum e { A, B = F(1, G(2), 3), C };", "enum e { A, B = F(1, G(2), 3), C };"),
    ('int a[] = {\n"b",\n"c"\n};\n', 'int a[] = {\n"b",\n"c"\n};\n'),
]

# Source; the macro uses remembered: kind, name, arguments; the repaired text with runs of blanks folded.
REMEMBERED = [
    (
        "KVM_X86_OP(run)\nKVM_X86_OP(x)\nint g(int a) { return 0; }\n",
        [("file", "KVM_X86_OP", "run"), ("file", "KVM_X86_OP", "x")],
        "int g(int a) { return 0; }",
    ),
    ('MODULE_LICENSE("GPL");\nint g;\n', [("file", "MODULE_LICENSE", '"GPL"')], "; int g;"),
    ("type_init(f)\n", [("file", "type_init", "f")], ""),
    ("EXPORT_SYMBOL_GPL(f)\nint g(int a)\n{\n}\n", [("file", "EXPORT_SYMBOL_GPL", "f")], "int g(int a) { }"),
    (
        "SYSCALL_DEFINE3(x, int, a, int, b)\n{\n\treturn a;\n}\n",
        [("head", "SYSCALL_DEFINE3", "x, int, a, int, b")],
        "a b() { return a; }",
    ),
    (
        "static DEFINE_PER_CPU(struct v *, cur);\n",
        [("declarator", "DEFINE_PER_CPU", "struct v *, cur")],
        "static int cur ;",
    ),
    ("DEFINE_PER_CPU(int, x) = 1;\n", [("declarator", "DEFINE_PER_CPU", "int, x")], "int x = 1;"),
    (
        "struct s { DECLARE_BITMAP(map, N); int a; };",
        [("declarator", "DECLARE_BITMAP", "map, N")],
        "struct s { int map ; int a; };",
    ),
    ("static DEFINE_MUTEX(lock);\n", [("declarator", "DEFINE_MUTEX", "lock")], "static int lock ;"),
    (
        'void f(int a) { asm volatile("x" : "=r"(a)); }',
        [("asm", "asm volatile", '"x" : "=r"(a)')],
        "void f(int a) { ; }",
    ),
    (
        'void f(int a) { asm goto("x" : : : : l); l: ; }',
        [("asm", "asm goto", '"x" : : : : l')],
        "void f(int a) { ; l: ; }",
    ),
    ('void f(int a) { __asm__ __volatile__ ("x"); }', [("asm", "__asm__ __volatile__", '"x"')], "void f(int a) { ; }"),
    ('asm(".globl x");\nint a;', [("asm", "asm", '".globl x"')], "; int a;"),
    (
        "void f(int a)\n{\n\tlist_for_each(b, &c)\n\t\tg(b);\n}\n",
        [("loop", "list_for_each", "b, &c")],
        "void f(int a) { while (b, &c) g(b); }",
    ),
    (
        "void f(int a)\n{\n\tkvm_for_each_vcpu(i, v, k) {\n\t\tg(v);\n\t}\n}\n",
        [("loop", "kvm_for_each_vcpu", "i, v, k")],
        "void f(int a) { while (i, v, k) { g(v); } }",
    ),
    ("void f(int a)\n{\n\tMY_LOOP(b)\n\t\tg(b);\n}\n", [("loop", "MY_LOOP", "b")], "void f(int a) { while (b) g(b); }"),
    ("void f(int a)\n{\n\tFOO(b)\n\tg(b);\n}\n", [("statement", "FOO", "b")], "void f(int a) { g(b); }"),
    ("void f(int a)\n{\n\tg(a);\n\tFOO(b)\n}\n", [("statement", "FOO", "b")], "void f(int a) { g(a); }"),
    (
        "enum e {\n\tA,\n\tREG(X),\n\tREG(Y, 1)\n};\n",
        [("enumerator", "REG", "X"), ("enumerator", "REG", "Y, 1")],
        "enum e { A, REG , REG };",
    ),
    (
        "struct s a[] = {\n\tCOMMON(1)\n\t{ 2 },\n\tCOMMON(3)\n\t{ 4 },\n};\n",
        [("entries", "COMMON", "1"), ("entries", "COMMON", "3")],
        "struct s a[] = { { 2 }, { 4 }, };",
    ),
    (
        "struct s a[] = {\n\tFIRST_ONES\n\tMORE_ONES\n\t{ 2 },\n};\n",
        [("entries", "FIRST_ONES", ""), ("entries", "MORE_ONES", "")],
        "struct s a[] = { { 2 }, };",
    ),
    (
        'void f(int a) { b = asm_safe("x %[y]", , [y] "+m"(a)); }',
        [("asm", "asm_safe", '"x %[y]", , [y] "+m"(a)')],
        "void f(int a) { b = asm_safe( ); }",
    ),
    ('START(a)\n"pushf"\nEND;\nint b;\n', [("file", "START", "a")], "END; int b;"),
]


@pytest.mark.parametrize(("source", "repaired"), READABLE, ids=[source[:40] for source, _ in READABLE])
def test_readable(source: str, repaired: str | None) -> None:
    unit = parse(source.encode(), tables())
    assert unit.problems == []
    text = unit.views[0].repaired.text
    assert len(text) == len(source)
    assert repaired is None or text == repaired.encode()


@pytest.mark.parametrize(("source", "uses", "words"), REMEMBERED, ids=[source[:30] for source, _, _ in REMEMBERED])
def test_remembered(source: str, uses: list[tuple[str, str, str]], words: str) -> None:
    unit = parse(source.encode(), tables())
    assert unit.problems == []
    result = unit.views[0].repaired
    assert [
        (use.kind, source[use.start : use.opening].strip(), source[use.opening + 1 : use.end - 1])
        for use in result.uses
    ] == uses
    assert " ".join(result.text.decode().split()) == words
    assert (len(result.text), result.text.count(b"\n")) == (len(source), source.count("\n"))


def test_ranges_are_remembered() -> None:
    source = b"void f(int a) { switch (a) { case 1 ... 2: case 3: case A...B: g(1, 2); } }"
    assert repair(source, tables()).ranges == {match.start() for match in re.finditer(rb"\.\.\.", source)}


def test_heads_are_remembered_by_their_stand_in() -> None:
    result = repair(b"HEAD(a, int)\n{\n}\n", tables())
    assert result.text == b"       a b()\n{\n}\n"
    assert {offset: (use.start, use.end) for offset, use in result.heads.items()} == {9: (0, 12)}


def test_functions_after_a_macro_line_are_seen() -> None:
    root = parse(b"FOO(a, b)\n\nstatic int f(void)\n{\n}\nFOO(c)\nint g(void)\n{\n}\n", tables()).views[0].root
    assert [child.type for child in root.named_children] == ["function_definition", "function_definition"]


@pytest.mark.parametrize(
    "source", ["void f(int a)\n{\n\tRETRY\n\t{\n\t}\n}\n", 'int a = f(b,\n"c"\n, d);\n', "int a[] = {\n\tB,\n\tC\n};"]
)
def test_what_is_no_list_of_entries_is_left_alone(source: str) -> None:
    result = repair(source.encode(), tables())
    assert (result.text, result.uses) == (source.encode(), [])


@pytest.mark.parametrize(
    "statement",
    ["if (a) g();", "if (a) { g(); }", "for (;;) g();", "while (a) { }", "switch (a) { case 1: g(); }", "return (a);"],
)
def test_a_statement_without_indentation_is_no_macro(statement: str) -> None:
    source = f"void f(int a)\n{{\ng(1);\n{statement}\n}}\n".encode()
    result = repair(source, tables())
    assert (result.text, result.uses, result.heads) == (source, [], {})


def test_user_tables() -> None:
    own = tables(("my_attribute", "our_*"), (r"my_loop\d",))
    assert repair(b"int my_attribute our_thing a;", own).text == b"int                        a;"
    assert repair(b"void f(int a)\n{\n\tmy_loop1(a)\n\tg(a);\n}\n", own).uses[0].kind == "loop"
    assert repair(b"void f(int a)\n{\n\tmy_loop1(a)\n\tg(a);\n}\n", tables()).uses[0].kind == "statement"
    assert own.identity != tables().identity


def test_what_stands_behind_a_long_comment() -> None:
    comment = f"\t/* {'x' * 150}\n\t */\n"
    source = f"{comment}FOO(a)\nvoid f(int a)\n{{\n{comment}\tlist_for_each(b, &c)\n{comment}\t\tg(b);\n}}\n"
    unit = parse(source.encode(), tables())
    assert unit.problems == []
    assert [(use.kind, use.start) for use in unit.views[0].repaired.uses] == [
        ("file", source.index("FOO")),
        ("loop", source.index("list_for_each")),
    ]
    (function,) = unit.views[0].root.named_children
    assert (function.start_byte, function.end_byte) == (source.index("void"), len(source) - 1)
    assert function.start_point == (3, 0)


@pytest.mark.parametrize("piece", [b"f(\n", b"asm(", b"__attribute__((", b"case ", b"\n\tg(a)", b"int, ", b"3A, "])
def test_malformed_text_keeps_its_length(piece: bytes) -> None:
    source = piece * 300
    begin = time.process_time()
    result = repair(source, tables())
    assert time.process_time() - begin < 2
    assert (len(result.text), result.text.count(b"\n")) == (len(source), source.count(b"\n"))
