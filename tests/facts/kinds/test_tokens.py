"""Names of capabilities, ioctls and MSRs, each with what explains it."""

from __future__ import annotations

import pytest
from extracted import in_function, rows

from caplint.facts.store.records import Token

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
    (in_function("switch (x) { case KVM_X: ; }"), "case"),
    (in_function("switch (x) { case 1 ... KVM_X: ; }"), "case"),
    (in_function("g(KVM_X);"), "argument"),
    (in_function("KVM_X(1);"), "call"),
    (in_function("if (x == KVM_X) ;"), "comparison"),
    (in_function("x = y | KVM_X;"), "operand"),
    (in_function("x = KVM_X;"), "assignment"),
    (in_function("x = y ? KVM_X : 0;"), "ternary"),
    (in_function("return KVM_X;"), "return"),
    (in_function("x = y[KVM_X];"), "index"),
    (in_function('asm("" : : "i"(KVM_X));'), "macro use (asm)"),
    (in_function("f(a, == $ KVM_X $ ==);"), None),
    ("int MY_KVM_X, kvm_x, KVM_x;\n", "absent"),
]


@pytest.mark.parametrize(("source", "kind"), TOKENS)
def test_tokens(source: str, kind: str | None) -> None:
    if kind == "absent":
        assert rows(Token, source) == []
        return
    offset = source.index("KVM_X")
    line = source.count("\n", 0, offset) + 1
    column = offset - source.rfind("\n", 0, offset)
    assert rows(Token, source) == [Token("KVM_X", kind, 1, line, column)]


def test_tokens_are_counted_by_kind() -> None:
    source = "/* MSR_A */\nint a = MSR_A;\nint b = MSR_A + HV_X64_MSR_B; // MSR_A KVM_CAP_C\n"
    assert rows(Token, source) == [
        Token("HV_X64_MSR_B", "operand", 1, 3, 17),
        Token("KVM_CAP_C", "comment", 1, 3, 40),
        Token("MSR_A", "comment", 2, 1, 4),
        Token("MSR_A", "initialiser", 1, 2, 9),
        Token("MSR_A", "operand", 1, 3, 9),
    ]
