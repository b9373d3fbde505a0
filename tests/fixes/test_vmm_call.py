"""Calls of a VMM's wrappers: which are read, how they are rewritten, and what is in scope around them."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from bench import bench

from caplint.fixes.vmm_call import (
    LONGEST,
    FunctionAround,
    rewritten_call,
    scope_of,
    wrapper_call,
    wrapper_named,
    wrappers_of,
)

FILE = "target/i386/kvm/kvm.c"
PLACE = ("qemu", FILE)


@pytest.mark.parametrize(
    ("text", "first"),
    [
        ("    f(s, A);", "s"), ("    r = f(KVM_STATE(ms), A);", "KVM_STATE(ms)"), ("    f(a->b->c, A);", "a->b->c"),
        ("    f(s,\n      A);", "s"), ("    if (f(s, g(A), (1 + 2)) < 0) {", "s"), ("    f(&s[1], A);", "&s[1]"),
        # Written otherwise
        ("    f();", None), ("    f(s);", None), ("    f(g(h(s)), A);", None), ("    f(\n      s, A);", None),
        ("    f(s, A) + f(s, B);", None), ('    g("a"); f(s, A);', None), ("    f(s, /* why */ A);", None),
        ("    f(s, A); // why", None), ("    f(s,A);", None), ("    f(s, A", None), ("    f (s, A);", None),
    ],
)  # fmt: skip
def test_a_call_whose_first_argument_is_plain(tmp_path: Path, text: str, first: str | None) -> None:
    made = bench(tmp_path, {FILE: f"{text}\n"}, tree="qemu")
    call = wrapper_call(made, PLACE, 1, max(text.find("f("), 0) + 1, "f")
    assert (call and call.first) == first
    assert call is None or call.lines == text.split("\n")
    assert call is None or call.after == (" < 0) {" if text.endswith("{") else ";")


def test_a_call_at_another_column_is_another(tmp_path: Path) -> None:
    made = bench(tmp_path, {FILE: "    f(s, A);\n"}, tree="qemu")
    assert wrapper_call(made, PLACE, 1, 4, "f") is None
    assert wrapper_call(made, PLACE, 9, 5, "f") is None


def test_a_call_without_an_end_takes_little_time(tmp_path: Path) -> None:
    made = bench(tmp_path, {FILE: "    f(s, (\n" + "((((\n" * 100_000}, tree="qemu")
    begun = time.process_time()
    assert wrapper_call(made, PLACE, 1, 5, "f") is None
    assert time.process_time() - begun < 2


@pytest.mark.parametrize(
    ("text", "callee", "expected"),
    [
        ("    f(s, A);", "longer", ["    longer(t, A);"]),
        ("    f(s,\n      A,\n      B);", "longer", ["    longer(t,", "           A,", "           B);"]),
        ("    longer(s,\n           A);", "f", ["    f(t,", "      A);"]),
        # A line that is not aligned with the arguments stays.
        ("    f(s,\n        A);", "longer", ["    longer(t,", "        A);"]),
        ("    if (f(s, A) &&\n        g()) {", "longer", ["    if (longer(t, A) &&"]),
    ],
)
def test_arguments_below_stay_aligned(tmp_path: Path, text: str, callee: str, expected: list[str]) -> None:
    made = bench(tmp_path, {FILE: f"{text}\n"}, tree="qemu")
    old = "longer" if "longer(" in text else "f"
    call = wrapper_call(made, PLACE, 1, text.index(f"{old}(") + 1, old)
    assert call is not None
    edit = rewritten_call(made, call, callee, "t")
    assert edit is not None
    assert list(edit.new) == expected


@pytest.mark.parametrize(("width", "fits"), [(LONGEST - 1, True), (LONGEST, False), (LONGEST + 9, False)])
def test_lines_become_no_longer_than_is_allowed(tmp_path: Path, width: int, fits: bool) -> None:
    text = f"    f(s, {'A' * (width - len('    f(s, );'))});"
    made = bench(tmp_path, {FILE: f"{text}\n"}, tree="qemu")
    call = wrapper_call(made, PLACE, 1, 5, "f")
    assert call is not None
    assert (rewritten_call(made, call, "ff", "s") is not None) is fits
    assert rewritten_call(made, call, "f", "t") is not None, "it is not longer than it was"


CODE = """\
int other;

static int
f(MachineState *ms,
  KVMState *s)
{
    CPUState *cs = x;
    if (a) {
        CPUState *inner = y;
    }
    call(cs);
    return cs;
}
"""


def test_the_function_around_a_line(tmp_path: Path) -> None:
    found = scope_of(bench(tmp_path, {FILE: CODE}, tree="qemu"), PLACE, 11)
    assert found is not None
    assert found.signature.split() == ["static", "int", "f(MachineState", "*ms,", "KVMState", "*s)"]
    assert found.above[0] == "    CPUState *cs = x;"
    assert found.rest.endswith("    return cs;")
    assert "call(cs)" not in found.rest
    assert (found.variables("KVMState"), found.variables("CPUState"), found.variables("Machine")) == (["s"], ["cs"], [])


@pytest.mark.parametrize("line", [1, 2, 3])
def test_no_function_around_a_line(tmp_path: Path, line: int) -> None:
    assert scope_of(bench(tmp_path, {FILE: "int a;\nint b;\nint c;\n"}, tree="qemu"), PLACE, line) is None
    assert scope_of(bench(tmp_path, {FILE: "}\nint b;\n{\n"}, tree="qemu"), PLACE, line) is None


@pytest.mark.parametrize(
    ("above", "rest", "argument", "unused"),
    [
        (["    CPUState *cs = x;"], "    CPUState *cs = x;", "cs", True),
        (["    CPUState *cs = x;"], "    CPUState *cs = x;\n    g(cs);", "cs", False),
        (["    CPUState *cs = x;"], "    CPUState *cs = x;\n    g(css);", "cs", True),
        (["    X86CPU *cpu;"], "    X86CPU *cpu;", "CPU(cpu)", True),
        ([], "    g();", "cs", False),  # a parameter
        (["    CPUState *cs;"], "    CPUState *cs;\n    cs = x;", "cs", False),
    ],
)
def test_a_variable_without_another_use(above: list[str], rest: str, argument: str, unused: bool) -> None:
    assert FunctionAround("int f(void)", above, rest).leaves_unused(argument) is unused


def test_a_variable_that_the_new_text_has_stays_in_use() -> None:
    around = FunctionAround("int f(void)", ["    CPUState *cs = x;"], "    CPUState *cs = x;")
    assert around.leaves_unused("cs->kvm_state", "s")
    assert not around.leaves_unused("cs->kvm_state", "cs")


def test_wrappers_are_those_of_a_project() -> None:
    found = wrapper_named("kvm_vm_enable_cap", "enable", "qemu")
    assert found is not None
    assert (found.scope, found.request) == ("vm", None)
    assert wrapper_named("kvm_vm_enable_cap", "check", "qemu") is None
    assert wrapper_named("kvm_vm_enable_cap", "enable", "kvmtool") is None
    assert wrapper_named("ioctl", "enable", "qemu") is None
    assert [one.callee for one in wrappers_of(found.projects, "check", "vm")] == ["kvm_vm_check_extension"]
    assert [one.callee for one in wrappers_of(found.projects, "enable", "vcpu")] == ["kvm_vcpu_enable_cap"]
    assert [one.callee for one in wrappers_of(found.projects, "enable", "vcpu", "KVM_ENABLE_CAP")] == ["kvm_vcpu_ioctl"]
