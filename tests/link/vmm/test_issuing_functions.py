"""vmm_check and vmm_enable of programs whose functions around the ioctls have names of their own."""

from __future__ import annotations

from pathlib import Path

import pytest
from conftest import ask, bare_qemu

ALL = "accel/kvm/kvm-all.c"
ISSUERS = """
int our_sys(KVMState *s, unsigned long type, ...)
{
    void *arg = next();
    return ioctl(s->fd, type, arg);
}
int our_vm(KVMState *s, int type, ...)
{
    int ret;
    ret = ioctl(s->vmfd, (unsigned long)type, next());
    return ret == -1 ? -errno : ret;
}
"""
SYSTEM = """
int ask_system(KVMState *s, unsigned int what)
{
    int ret = our_sys(s, KVM_CHECK_EXTENSION, what);
    return ret < 0 ? 0 : ret;
}
"""


def _vm(*lines: str) -> str:
    return "\n".join(["int ask_vm(KVMState *s, unsigned int what)", "{", *(f"    {line}" for line in lines), "}", ""])


USE = "static int f(KVMState *s)\n{\n    return %s(s, KVM_CAP_A);\n}\n"


@pytest.mark.parametrize(
    "asking",
    [
        _vm("int ret = our_vm(s, KVM_CHECK_EXTENSION, what);", "if (ret < 0) {", "ret = ask_system(s, what);", "}",
            "return ret;"),
        _vm("int ret = our_vm(s, KVM_CHECK_EXTENSION, what);", "return ret < 0 ? ask_system(s, what) : ret;"),
        _vm("if (s->old) {", "return ask_system(s, what);", "}", "return our_vm(s, KVM_CHECK_EXTENSION, what);"),
        _vm("if (s->old)", "return our_sys(s, KVM_CHECK_EXTENSION, what);",
            "return our_vm(s, KVM_CHECK_EXTENSION, what);"),
        _vm("return ioctl(s->vmfd, KVM_CHECK_EXTENSION, what);"),
        _vm("int ret = ioctl(s->vmfd, KVM_CHECK_EXTENSION, what);", "if (ret == -1)", "ret = ask_system(s, what);",
            "return ret;"),
        "static int inner(KVMState *s, int cap)\n{\n    return our_vm(s, KVM_CHECK_EXTENSION, cap);\n}\n"
        + _vm("int ret = inner(s, what);", "if (ret < 0)", "ret = ask_system(s, what);", "return ret;"),
        "#define inner(s, cap) our_vm(s, KVM_CHECK_EXTENSION, cap)\n"
        + _vm("int ret = inner(s, what);", "if (ret < 0)", "ret = ask_system(s, what);", "return ret;"),
        _vm("switch (s->kind) {", "case 1:", "return our_vm(s, KVM_CHECK_EXTENSION, what);", "default:",
            "return ask_system(s, what);", "}"),
    ],
)  # fmt: skip
def test_a_function_that_falls_back_on_the_system_asks_the_vm(tmp_path: Path, asking: str) -> None:
    tree = bare_qemu(tmp_path, {ALL: ISSUERS + SYSTEM + asking + USE % "ask_vm"})
    assert ask([tree], "SELECT function, cap, scope FROM vmm_check") == [("f", "KVM_CAP_A", "vm")]


@pytest.mark.parametrize("name", ["ask_system", "our_query"])
def test_a_function_that_asks_the_system_alone_asks_the_system(tmp_path: Path, name: str) -> None:
    asking = SYSTEM.replace("ask_system", name)
    tree = bare_qemu(
        tmp_path, {ALL: ISSUERS + asking + _vm("return our_vm(s, KVM_CHECK_EXTENSION, what);") + USE % name}
    )
    assert ask([tree], "SELECT function, cap, scope FROM vmm_check") == [("f", "KVM_CAP_A", "system")]


def test_functions_of_one_name_with_other_descriptors_tell_nothing(tmp_path: Path) -> None:
    other = ISSUERS.replace("s->vmfd", "s->fd")
    files = {ALL: ISSUERS + USE.replace("%s(s, ", "our_vm(s, KVM_CHECK_EXTENSION, "), "target/i386/kvm/kvm.c": other}
    assert ask([bare_qemu(tmp_path, files)], "SELECT scope FROM vmm_check") == []


MACRO = (
    "#define our_enable(s, what, with, ...) ({ struct kvm_enable_cap request = { .cap = what, .flags = with, }; %s"
    " our_vm(s, KVM_ENABLE_CAP, &request); })\n"
)
COPY = "uint64_t list[] = { __VA_ARGS__ }; memcpy(request.args, list, sizeof(list));"


@pytest.mark.parametrize(
    ("body", "arguments", "written"),
    [
        (COPY, "KVM_CAP_A, 0, 7, x", '["7", "x"]'),
        (COPY, "KVM_CAP_A, 0", "[]"),
        ("fill(&request, __VA_ARGS__); memcpy(request.args, from, 8);", "KVM_CAP_A, 0, 7", None),
        ("", "KVM_CAP_A, 0", "[]"),
    ],
)
def test_arguments_of_a_macro_that_enables(tmp_path: Path, body: str, arguments: str, written: str | None) -> None:
    use = f"static int f(KVMState *s)\n{{\n    return our_enable(s, {arguments});\n}}\n"
    tree = bare_qemu(tmp_path, {ALL: ISSUERS + MACRO % body + use})
    query = "SELECT function, cap, scope, arguments_written FROM vmm_enable"
    assert ask([tree], query) == [("f", "KVM_CAP_A", "vm", written)]


@pytest.mark.parametrize(
    "fill",
    ["memcpy(request.args, from, sizeof(from));", "for (; i < n; i++) {\n        request.args[i] = from[i];\n    }"],
)
def test_arguments_that_a_function_copies_are_not_known(tmp_path: Path, fill: str) -> None:
    request = "struct kvm_enable_cap request = { .cap = KVM_CAP_A };"
    lines = f"    {request}\n    {fill}\n    return our_vm(s, KVM_ENABLE_CAP, &request);"
    tree = bare_qemu(tmp_path, {ALL: f"{ISSUERS}static int f(KVMState *s)\n{{\n{lines}\n}}\n"})
    assert ask([tree], "SELECT cap, arguments_written FROM vmm_enable") == [("KVM_CAP_A", None)]
