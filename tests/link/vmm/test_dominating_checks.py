"""checked_before: which check of a capability stands before the place that enables it."""

from __future__ import annotations

from pathlib import Path

import pytest
from conftest import ask, bare_qemu

ALL = "accel/kvm/kvm-all.c"
ARM = "target/arm/kvm.c"
CHECK = "kvm_check_extension(s, KVM_CAP_A)"
ENABLE = "kvm_vm_enable_cap(s, KVM_CAP_A, 0);"


def _function(*lines: str, name: str = "f", static: str = "static ") -> str:
    return "\n".join([f"{static}int {name}(KVMState *s)", "{", *(f"\t{line}" for line in lines), "}", ""])


def _before(root: Path, text: str) -> list[str]:
    query = "SELECT found_by, check_path FROM checked_before"
    found = ask([bare_qemu(root, {ALL: text})], query)
    assert all(path == ALL for _, path in found)
    return [how for how, _ in found]


@pytest.mark.parametrize(
    "text",
    [
        _function(f"if ({CHECK})", ENABLE),
        _function(f"if ({CHECK} > 0) {{", "g();", ENABLE, "}"),
        _function(f"if (!{CHECK})", "return -1;", ENABLE),
        _function("int r;", f"r = {CHECK};", "if (r <= 0)", "return 0;", ENABLE),
        _function(f"bool has = {CHECK} > 0;", "if (x && has)", ENABLE),
        _function(f"int bits = {CHECK};", "bits &= 3;", "kvm_vm_enable_cap(s, KVM_CAP_A, 0, bits);"),
        _function("int c = KVM_CAP_A;", "if (kvm_check_extension(s, c))", "kvm_vm_enable_cap(s, c, 0);"),
        _function(f"return {CHECK} ? {ENABLE[:-1]} : 0;"),
    ],
    ids=["if", "compared", "early exit", "variable", "flag", "part of what is passed", "named by a variable", "choice"],
)
def test_in_the_same_function(tmp_path: Path, text: str) -> None:
    assert _before(tmp_path, text) == ["same function"]


@pytest.mark.parametrize(
    "text",
    [
        "static bool has;\n" + _function(f"has = {CHECK};", name="init") + _function("if (has)", ENABLE),
        _function(f"s->has = {CHECK};", name="init") + _function("if (!s->has)", "return 0;", ENABLE),
        _function("KVMState *t = s;", f"t->has = {CHECK};", name="init") + _function("if (s->has)", ENABLE),
        _function(f"return {CHECK} > 0;", name="has_a") + _function("if (has_a(s))", ENABLE),
        "static bool has;\n"
        + _function(f"has = {CHECK};", name="init")
        + _function("return has;", name="has_a")
        + _function("if (has_a(s))", ENABLE),
        "static bool has;\n" + _function(f"if ({CHECK})", "has = true;", name="init") + _function("if (has)", ENABLE),
    ],
    ids=[
        "variable",
        "member",
        "member through a local",
        "function",
        "function for a variable",
        "set where the check says yes",
    ],
)
def test_in_a_stored_flag(tmp_path: Path, text: str) -> None:
    assert _before(tmp_path, text) == ["stored flag"]


def test_in_every_caller(tmp_path: Path) -> None:
    helper = _function(ENABLE, name="enable")
    one, other = _function(f"if ({CHECK})", "enable(s);"), _function(f"if ({CHECK})", "enable(s);", name="g")
    assert _before(tmp_path / "a", helper + one + other) == ["every caller"]
    assert _before(tmp_path / "b", helper + one + _function("enable(s);", name="g")) == []


def test_in_the_list_of_what_is_required(tmp_path: Path) -> None:
    files = {
        "accel/kvm/kvm-cpus.h": '#define KVM_CAP_INFO(CAP) { "KVM_CAP_" stringify(CAP), KVM_CAP_##CAP }\n',
        ALL: "const KVMCapabilityInfo required[] = {\n\tKVM_CAP_INFO(A),\n};\n",
        ARM: _function(ENABLE),
    }
    query = "SELECT path, found_by, check_path, check_line FROM checked_before"
    assert ask([bare_qemu(tmp_path, files)], query) == [(ARM, "required", ALL, 2)]


@pytest.mark.parametrize(
    "text",
    [
        _function(ENABLE),
        _function("if (kvm_check_extension(s, KVM_CAP_B))", ENABLE),
        _function(ENABLE, f"if ({CHECK})", "g();"),
        _function(f"{CHECK};", ENABLE),
        _function(f"int r = {CHECK};", "g(r);", name="g") + _function("int r = h();", "if (r)", ENABLE),
    ],
    ids=["never", "another capability", "afterwards", "answer dropped", "a variable of another function"],
)
def test_not_at_all(tmp_path: Path, text: str) -> None:
    assert _before(tmp_path, text) == []


def test_whether_callers_have_been_looked_for(tmp_path: Path) -> None:
    text = _function(ENABLE) + _function(ENABLE, name="g", static="") + _function(ENABLE, name="h", static="")
    text += _function("h(s);", name="caller")
    query = "SELECT function, callers_known FROM vmm_enable ORDER BY line"
    assert ask([bare_qemu(tmp_path, {ALL: text})], query) == [("f", 1), ("g", 0), ("h", 1)]
