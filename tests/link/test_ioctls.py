"""ioctl_case and ioctl_capability: which ioctls an architecture handles, and with what api.rst says they are there."""

from __future__ import annotations

from pathlib import Path

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
