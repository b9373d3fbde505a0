"""Architectures and descriptors that api.rst gives to capabilities and ioctls, and those that the code has."""

from __future__ import annotations

from pathlib import Path

import pytest
from conftest import X86, ask, bare_kernel

from caplint.link.docs.doc_scopes import documented_architectures, documented_scopes

API = "Documentation/virt/kvm/api.rst"
EVERYWHERE = ["arm64", "x86"]

# As written; canonical, nothing where a word is not known.
ARCHITECTURES = [
    ("x86", ["x86"]),
    ("x86, arm64 and ppc", ["x86", "arm64", "powerpc"]),
    ("x86 s390 arm64", ["x86", "s390", "arm64"]),
    ("mips/x86_64; i386.", ["mips", "x86"]),
    ("all", ["arm64", "x86"]),
    ("All except arm64", ["x86"]),
    ("all except x86 and arm64", []),
    ("none", ["none"]),
    ("x86 (since 2.6)", ["x86"]),
    ("x86 SEV enabled", []),
    ("Any that implement pvclocks (currently x86 only)", []),
    ("", []),
]


@pytest.mark.parametrize(("text", "expected"), ARCHITECTURES)
def test_documented_architectures(text: str, expected: list[str]) -> None:
    assert documented_architectures(text, EVERYWHERE) == expected


SCOPES = [
    ("vm ioctl", ["vm"]),
    ("VM", ["vm"]),
    ("vcpu ioctl / vm ioctl", ["vcpu", "vm"]),
    ("device ioctl, vm ioctl, vcpu ioctl", ["device", "vm", "vcpu"]),
    ("vcpu ioctl, vm ioctl (with KVM_CAP_X)", ["vcpu", "vm"]),
    ("system", ["system"]),
    ("s390: always enabled, x86: vcpu", []),
]


@pytest.mark.parametrize(("text", "expected"), SCOPES)
def test_documented_scopes(text: str, expected: list[str]) -> None:
    assert documented_scopes(text) == expected


RST = """\
4. The API
==========

4.1 KVM_GET_A/KVM_SET_A
-----------------------

:Architectures: x86
:Type: vcpu ioctl

7. Capabilities that can be enabled on VMs
==========================================

7.1 KVM_CAP_A
-------------

:Architectures: all

7.2 KVM_CAP_B
-------------

:Target: vcpu

7.2.1 More of KVM_GET_A
-----------------------
"""
CODE = """\
int kvm_vm_ioctl_check_extension(struct kvm *kvm, long ext)
{
	switch (ext) {
	case KVM_CAP_A:
		return 1;
	}
	return 0;
}
static int kvm_vm_ioctl_enable_cap(struct kvm *kvm, struct kvm_enable_cap *cap)
{
	switch (cap->cap) {
	case KVM_CAP_A:
		return 0;
	}
	return -1;
}
long kvm_arch_vcpu_ioctl(struct file *filp, unsigned int ioctl, unsigned long arg)
{
	if (ioctl == KVM_GET_A)
		return 0;
	return -1;
}
"""


def test_what_sections_say(tmp_path: Path) -> None:
    trees = [bare_kernel(tmp_path, {API: RST, X86: CODE})]
    assert ask(trees, "SELECT subject, scope, text, line FROM doc_type ORDER BY subject") == [
        ("KVM_CAP_A", "vm", "Capabilities that can be enabled on VMs", 13),
        ("KVM_CAP_B", "vcpu", "vcpu", 21),
        ("KVM_GET_A", "vcpu", "vcpu ioctl", 8),
        ("KVM_SET_A", "vcpu", "vcpu ioctl", 8),
    ]
    assert ask(trees, "SELECT subject, arch, text, section FROM doc_architecture ORDER BY subject") == [
        ("KVM_CAP_A", "x86", "all", "7.1"),
        ("KVM_GET_A", "x86", "x86", "4.1"),
        ("KVM_SET_A", "x86", "x86", "4.1"),
    ]


def test_numbered_sections(tmp_path: Path) -> None:
    trees = [bare_kernel(tmp_path, {API: RST})]
    assert ask(trees, "SELECT number, chapter, ordinal, line FROM api_section ORDER BY line") == [
        ("4", "", 4, 1),
        ("4.1", "4", 1, 4),
        ("7", "", 7, 10),
        ("7.1", "7", 1, 13),
        ("7.2", "7", 2, 18),
        ("7.2.1", "7.2", 1, 23),
    ]


def test_what_the_code_has(tmp_path: Path) -> None:
    trees = [bare_kernel(tmp_path, {API: RST, X86: CODE})]
    assert ask(trees, "SELECT DISTINCT subject, arch, shared FROM available_on ORDER BY subject") == [
        ("KVM_CAP_A", "x86", 0),
        ("KVM_GET_A", "x86", 0),
    ]
    assert ask(trees, "SELECT subject, scope, function FROM handled_on ORDER BY subject") == [
        ("KVM_CAP_A", "vm", "kvm_vm_ioctl_enable_cap"),
        ("KVM_GET_A", "vcpu", "kvm_arch_vcpu_ioctl"),
    ]
