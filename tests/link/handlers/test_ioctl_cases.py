"""ioctl_case and ioctl_capability: which ioctls an architecture handles, and with what api.rst says they are there."""

from __future__ import annotations

from pathlib import Path

import pytest
from conftest import X86, ask, bare_kernel

API = "Documentation/virt/kvm/api.rst"
RST = """\
4.1 KVM_RUN
-----------

:Capability: basic
:Type: vcpu ioctl

4.2 KVM_ENABLE_CAP
------------------

:Capability: KVM_CAP_A or KVM_CAP_B
:Type: vcpu ioctl

:Capability: KVM_CAP_C
:Type: vm ioctl
"""
HANDLER = """\
long kvm_arch_vcpu_ioctl(struct file *filp, unsigned int ioctl, unsigned long arg)
{
	switch (ioctl) {
	case KVM_ENABLE_CAP:
		return 0;
	case KVM_CAP_A:
	case 3:
		return 1;
	}
}
"""


def test_capabilities_of_ioctls(tmp_path: Path) -> None:
    trees = [bare_kernel(tmp_path, {API: RST})]
    assert ask(trees, "SELECT ioctl, cap, type, line FROM ioctl_capability ORDER BY line, cap") == [
        ("KVM_ENABLE_CAP", "KVM_CAP_A", "vcpu ioctl", 10),
        ("KVM_ENABLE_CAP", "KVM_CAP_B", "vcpu ioctl", 10),
        ("KVM_ENABLE_CAP", "KVM_CAP_C", "vm ioctl", 13),
    ]


def test_documents_without_fields_say_nothing(tmp_path: Path) -> None:
    assert ask([bare_kernel(tmp_path, {API: "KVM_CAP_A\n"})], "SELECT * FROM ioctl_capability") == []


def test_cases_for_ioctls(tmp_path: Path) -> None:
    trees = [bare_kernel(tmp_path, {X86: HANDLER})]
    query = "SELECT ioctl, arch, function, scope, line FROM ioctl_case"
    assert ask(trees, query) == [("KVM_ENABLE_CAP", "x86", "kvm_arch_vcpu_ioctl", "vcpu", 4)]


# A function; the descriptor whose ioctls it gets.
SCOPES = [
    ("kvm_arch_vcpu_ioctl", "vcpu"),
    ("kvm_vcpu_ioctl_device_attr", "vcpu"),
    ("kvm_arch_vm_ioctl", "vm"),
    ("kvm_vm_ioctl", "vm"),
    ("kvm_arch_dev_ioctl", "system"),
    ("kvm_device_ioctl", "device"),
    ("kvmppc_ioctl", None),
]


@pytest.mark.parametrize(("function", "scope"), SCOPES)
def test_the_descriptor_is_told_from_the_name(tmp_path: Path, function: str, scope: str | None) -> None:
    trees = [bare_kernel(tmp_path, {X86: HANDLER.replace("kvm_arch_vcpu_ioctl", function)})]
    assert ask(trees, "SELECT scope FROM ioctl_case") == [(scope,)]


# What stands before the switch; lines of the ioctl's places.
COMPARISONS = [
    ("if (ioctl == KVM_INTERRUPT)\n\t\treturn 1;", [("KVM_INTERRUPT", 3), ("KVM_ENABLE_CAP", 5)]),
    ("if (ioctl != KVM_INTERRUPT)\n\t\treturn 1;", [("KVM_ENABLE_CAP", 5)]),
    ("if (ioctl == KVM_ENABLE_CAP)\n\t\treturn 1;", [("KVM_ENABLE_CAP", 5)]),
    ("if (ext == KVM_INTERRUPT)\n\t\treturn 1;", [("KVM_ENABLE_CAP", 5)]),
]


@pytest.mark.parametrize(("before", "expected"), COMPARISONS)
def test_comparisons_with_ioctls(tmp_path: Path, before: str, expected: list[tuple[str, int]]) -> None:
    trees = [bare_kernel(tmp_path, {X86: HANDLER.replace("{\n\tswitch", f"{{\n\t{before}\n\tswitch", 1)})]
    found = [(name, line) for name, line in ask(trees, "SELECT ioctl, line FROM ioctl_case ORDER BY line")]
    assert found == [(name, line + (name == "KVM_ENABLE_CAP")) for name, line in expected]
