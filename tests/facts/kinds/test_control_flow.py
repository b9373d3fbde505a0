"""Statements of functions that may decide on a capability, an attribute or an MSR, and which functions these are."""

from __future__ import annotations

import time

import pytest

from caplint.facts.extract import extract
from caplint.facts.kinds.control_flow import Statement


def _statements(source: str) -> list[Statement]:
    return [record for record in extract(source.encode(), "c").records if isinstance(record, Statement)]


def _deciding(source: str) -> list[str]:
    return sorted({statement.function for statement in _statements(source)})


FUNCTIONS = [
    ("int f(int e) { return e == KVM_CAP_A; }", "f"),
    ("int f(struct kvm_enable_cap *c) { return 0; }", "f"),
    ("int kvm_vm_ioctl_check_extension(int e) { return 0; }", "kvm_vm_ioctl_check_extension"),
    ("int f(struct kvm_device_attr *a) { return 0; }", "f"),
    ("int f(struct msr_data *m) { return 0; }", "f"),
    ("int f(struct kvm_vcpu *v) { return guest_cpuid_has(v, X); }", "f"),
    ("int f(struct kvm_vcpu *v, u32 msr) { return 0; }", "f"),
    ("int f(int e) { return 0; }", ""),
    ("int f(int e) { return e == KVM_CAP_A; } int g(int e) { return 0; }", "f"),
    ("int f(int e) { return e == KVM_CAP_A; } int g(int e) { return f(e); }", "f g"),
    ("int g(int e) { return f(e); } int f(int e) { return e == KVM_CAP_A; }", "f g"),
    ("int h(int e) { return g(e); } int g(int e) { return f(e); } int f(int e) { return e == KVM_CAP_A; }", "f g h"),
    ("int f(int e) { return e == KVM_CAP_A; } int g(int e) { return ff(e) + f1(e); }", "f"),
    ("int f(int e) { return e == KVM_CAP_A; } struct t t = { .f = f }; int g(int e) { return t.f(e); }", "f g"),
    ("static int caps[] = { KVM_CAP_A }; int f(int e) { return caps[e]; }", "f"),
    ("static int caps[] = { 1 }; int x = KVM_CAP_A; int f(int e) { return caps[e]; }", ""),
    ("#define LIST KVM_CAP_A\nint f(int e) { return e == LIST; }", "f"),
    ("#define LIST 1\n#define OTHER KVM_CAP_A\nint f(int e) { return e == LIST; }", ""),
    ("int f(int e) { return e == KVM_CAP_A; } int g(int e) { f(e); " + "x(); " * 500 + "}", "f"),
    ("int g(int e) { if (e == KVM_CAP_A) x(); " + "x(); " * 500 + "}", "g"),
    ("int itself(int e) { return e == KVM_CAP_A ? itself(e) : 0; }", "itself"),
]


@pytest.mark.parametrize(("source", "functions"), FUNCTIONS)
def test_functions_that_may_decide(source: str, functions: str) -> None:
    """A long function is one only if it names the subject itself."""
    assert _deciding(source) == functions.split()


BODIES = [
    ("return 1;", ["return 1 "]),
    ("return;", ["return  "]),
    ("int r = 1, *p = &r, s;", ["init 1 r", "init &r p"]),
    ("f(); r = 2; r++;", ["expression f() ", "expression r = 2 ", "expression r++ "]),
    ("if (a) f(); else g();", ["if (a) ", "then  ", "expression f() ", "else  ", "expression g() "]),
    ("if (a) { f(); }", ["if (a) ", "then  ", "expression f() "]),
    ("while (a) break;", ["while (a) ", "break  "]),
    ("do continue; while (a);", ["do (a) ", "continue  "]),
    ("for (i = 0; i < 3; i++) f();", ["for i < 3 i = 0", "expression f() "]),
    ("for (;;) f();", ["for  ", "expression f() "]),
    ("switch (a) { case 1: f(); case 2 ... 4: break; default: g(); }",
     ["switch (a) ", "case 1 1", "expression f() ", "case 2 4", "break  ", "default  ", "expression g() "]),
    ("goto out; out: f();", ["goto out ", "label out ", "expression f() "]),
    ("{ { f(); } }", ["expression f() "]),
    (";", ["expression  "]),
]  # fmt: skip


@pytest.mark.parametrize(("body", "statements"), BODIES)
def test_statements(body: str, statements: list[str]) -> None:
    found = sorted(
        _statements(f"void f(struct kvm_enable_cap *c)\n{{\n{body}\n}}\n"), key=lambda row: (row.start, -row.stop)
    )
    assert sorted(f"{row.kind} {row.text} {row.extra}" for row in found) == sorted(statements)
    assert {row.line for row in found} == {3}


def test_conditions_and_views() -> None:
    """What stands under no condition is given once, though every variant shows it."""
    source = "int f(int e)\n{\n#ifdef A\n\treturn KVM_CAP_A;\n#else\n\tx();\n#endif\n\treturn e;\n}\n"
    found = [(row.kind, row.text, row.line, row.condition) for row in _statements(source)]
    assert sorted(found, key=lambda row: row[2]) == [
        ("return", "KVM_CAP_A", 4, "defined(A)"), ("expression", "x()", 6, "!defined(A)"), ("return", "e", 8, "1"),
    ]  # fmt: skip


def test_a_chain_of_functions_takes_time_in_proportion() -> None:
    source = "int f0(int e) { return e == KVM_CAP_A; }\n"
    source += "".join(f"int f{number}(int e) {{ return f{number - 1}(e); }}\n" for number in range(1, 3_000))
    begun = time.process_time()
    assert len(_deciding(source)) == 3_000
    assert time.process_time() - begun < 2


def test_long_texts_are_cut() -> None:
    (found,) = _statements("int f(int e) { return KVM_CAP_A" + " + 1" * 100 + " + " + "x" * 2_000 + "; }")
    assert len(found.text) == 1_000
