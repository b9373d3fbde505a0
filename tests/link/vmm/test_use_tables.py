"""Rows of a VMM's checks and enables: each wrapper with its scope, its arguments, and what becomes of the result."""

from __future__ import annotations

from pathlib import Path

import pytest
from conftest import ask, bare_qemu, lay

from caplint.trees.detect import directory_tree


def _body(*lines: str) -> str:
    return "\n".join(["int f(KVMState *s)", "{", *(f"\t{line}" for line in lines), "}", ""])


USE = "cap, verb, scope, callee, function, line, result"


@pytest.mark.parametrize(
    ("line", "row"),
    [
        ("x = kvm_check_extension(s, KVM_CAP_A);", ("check", "system", "kvm_check_extension", "assigned")),
        ("return kvm_vm_check_extension(s, KVM_CAP_A);", ("check", "vm", "kvm_vm_check_extension", "returned")),
        ("if (kvm_vm_check_extension(s, KVM_CAP_A)) g();", ("check", "vm", "kvm_vm_check_extension", "tested")),
        ("kvm_vm_enable_cap(s, KVM_CAP_A, 0);", ("enable", "vm", "kvm_vm_enable_cap", "dropped")),
        ("(void)kvm_vcpu_enable_cap(cs, KVM_CAP_A, 0, 1);", ("enable", "vcpu", "kvm_vcpu_enable_cap", "void")),
        ("x = kvm_ioctl(s, KVM_CHECK_EXTENSION, KVM_CAP_A);", ("check", "system", "kvm_ioctl", "assigned")),
        ("x = kvm_vm_ioctl(s, KVM_CHECK_EXTENSION, KVM_CAP_A);", ("check", "vm", "kvm_vm_ioctl", "assigned")),
        ("g(ioctl(fd, KVM_CHECK_EXTENSION, KVM_CAP_A));", ("check", "unknown", "ioctl", "argument")),
    ],
)
def test_a_wrapper(tmp_path: Path, line: str, row: tuple[str, ...]) -> None:
    verb, scope, callee, result = row
    trees = [bare_qemu(tmp_path, {"accel/kvm/kvm-all.c": _body(line)})]
    query = f"SELECT {USE} FROM %s"
    expected = [("KVM_CAP_A", verb, scope, callee, "f", 3, result)]
    assert ask(trees, query % "vmm_check") == ([] if verb == "enable" else expected)
    assert ask(trees, query % "vmm_enable") == (expected if verb == "enable" else [])


@pytest.mark.parametrize(
    "line",
    [
        "kvm_check_extension(s, cap);",
        "kvm_ioctl(s, KVM_GET_API_VERSION, KVM_CAP_A);",
        "other(s, KVM_CAP_A);",
        "kvm_check_extension(KVM_CAP_A);",
        "/* kvm_check_extension(s, KVM_CAP_A); */",
        'g("kvm_check_extension(s, KVM_CAP_A)");',
    ],
)
def test_what_asks_for_nothing(tmp_path: Path, line: str) -> None:
    trees = [bare_qemu(tmp_path, {"accel/kvm/kvm-all.c": _body(line)})]
    assert ask(trees, f"SELECT {USE} FROM vmm_check UNION ALL SELECT {USE} FROM vmm_enable") == []


def test_arguments_and_architectures(tmp_path: Path) -> None:
    text = _body("kvm_vm_enable_cap(s, KVM_CAP_A, 0, f(1, 2));")
    files = dict.fromkeys(["accel/kvm/kvm-all.c", "target/ppc/kvm.c", "target/i386/kvm/kvm.c", "hw/s390x/x.c"], text)
    assert ask([bare_qemu(tmp_path, files)], "SELECT path, arch, arguments FROM vmm_enable ORDER BY path") == [
        ("accel/kvm/kvm-all.c", None, '["s", "KVM_CAP_A", "0", "f(1, 2)"]'),
        ("hw/s390x/x.c", "s390", '["s", "KVM_CAP_A", "0", "f(1, 2)"]'),
        ("target/i386/kvm/kvm.c", "x86", '["s", "KVM_CAP_A", "0", "f(1, 2)"]'),
        ("target/ppc/kvm.c", "powerpc", '["s", "KVM_CAP_A", "0", "f(1, 2)"]'),
    ]


def test_a_pasted_name_is_a_requirement(tmp_path: Path) -> None:
    files = {
        "accel/kvm/kvm-cpus.h": '#define KVM_CAP_INFO(CAP) { "KVM_CAP_" stringify(CAP), KVM_CAP_##CAP }\n',
        "accel/kvm/kvm-all.c": (
            "const KVMCapabilityInfo kvm_required_capabilites[] = {\n"
            "\tKVM_CAP_INFO(USER_MEMORY),\n\tKVM_CAP_INFO(HLT),\n\tKVM_CAP_LAST_INFO\n};\n"
        ),
    }
    trees = [bare_qemu(tmp_path, files)]
    assert ask(trees, f"SELECT {USE} FROM vmm_check ORDER BY line") == [
        ("KVM_CAP_USER_MEMORY", "require", "system", "KVM_CAP_INFO", None, 2, "value"),
        ("KVM_CAP_HLT", "require", "system", "KVM_CAP_INFO", None, 3, "value"),
    ]


def test_kvmtool(tmp_path: Path) -> None:
    files = {
        "include/kvm/kvm.h": "",
        "kvm-cpu.c": _body("return kvm__supports_extension(kvm, KVM_CAP_A);"),
        "arm/kvm.c": _body("return kvm__supports_vm_extension(kvm, KVM_CAP_B);"),
    }
    tree = directory_tree(str(lay(tmp_path, files)))
    assert ask([tree], "SELECT cap, scope, arch, path FROM vmm_check ORDER BY cap") == [
        ("KVM_CAP_A", "system", None, "kvm-cpu.c"),
        ("KVM_CAP_B", "vm", "arm64", "arm/kvm.c"),
    ]
