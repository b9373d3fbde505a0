"""Kernels before 5.8: Arm's code in virt/kvm/arm/, plain text as documentation; before 6.0: the Kconfig symbol E500."""

from __future__ import annotations

from pathlib import Path

import pytest
from conftest import UAPI, ask, bare_kernel

ARM = """\
int kvm_vm_ioctl_check_extension(struct kvm *kvm, long ext)
{
	int r;
	switch (ext) {
	case KVM_CAP_A:
		r = 1;
		break;
	default:
		r = kvm_arch_vm_ioctl_check_extension(kvm, ext);
		break;
	}
	return r;
}
"""
RESET = """\
int kvm_arch_vm_ioctl_check_extension(struct kvm *kvm, long ext)
{
	switch (ext) {
	case KVM_CAP_B:
		return 1;
	}
	return 0;
}
"""
MAKE = "KVM=../../../virt/kvm\nobj-$(CONFIG_KVM_ARM_HOST) += kvm.o\nkvm-$(CONFIG_KVM_ARM_HOST) += $(KVM)/arm/arm.o\n"
HEADER = "#define KVM_CAP_A 1\n#define KVM_CAP_B 2\n"


def test_both_arm_architectures_answer_in_virt_kvm_arm(tmp_path: Path) -> None:
    files = {UAPI: HEADER, "virt/kvm/arm/arm.c": ARM, "arch/arm64/kvm/reset.c": RESET, "arch/arm64/kvm/Makefile": MAKE}
    rows = ask([bare_kernel(tmp_path, files)], "SELECT cap, arch, path FROM cap_answer ORDER BY cap")
    assert rows == [("KVM_CAP_A", "arm64", "virt/kvm/arm/arm.c"), ("KVM_CAP_B", "arm64", "arch/arm64/kvm/reset.c")]


def test_an_inline_function_of_a_header_answers_on_32_bit_arm(tmp_path: Path) -> None:
    inline = RESET.replace("int kvm_arch", "static inline int kvm_arch")
    files = {UAPI: HEADER, "virt/kvm/arm/arm.c": ARM, "arch/arm/include/asm/kvm_host.h": inline}
    rows = ask([bare_kernel(tmp_path, files)], "SELECT cap, arch FROM cap_answer ORDER BY cap")
    assert rows == [("KVM_CAP_A", "arm64"), ("KVM_CAP_B", "arm64")]


@pytest.mark.parametrize("folder", ["virt", "virtual"])
def test_plain_text_is_the_documentation_of_the_api(tmp_path: Path, folder: str) -> None:
    text = "4.1 KVM_X\n\nCapability: KVM_CAP_A\nArchitectures: x86\nType: vm ioctl\nParameters: none\n"
    files = {
        UAPI: HEADER,
        f"Documentation/{folder}/kvm/api.txt": text,
        f"Documentation/{folder}/kvm/msr.txt": "KVM_CAP_B\n",
    }
    tree = bare_kernel(tmp_path, files)
    assert ask([tree], "SELECT cap, api, section, type FROM doc_cap ORDER BY cap") == [
        ("KVM_CAP_A", 1, "4.1", "vm ioctl"),
        ("KVM_CAP_B", 0, None, None),
    ]
    assert ask([tree], "SELECT ioctl, cap, type FROM ioctl_capability") == [("KVM_X", "KVM_CAP_A", "vm ioctl")]
    assert ask([tree], "SELECT subject, arch FROM doc_architecture") == [("KVM_X", "x86")]
    assert ask([tree], "SELECT subject, scope FROM doc_type") == [("KVM_X", "vm")]


KCONFIG = """\
config KVM
	bool
config KVM_BOOK3S_64
	bool "64"
	depends on PPC_BOOK3S_64
	select KVM
config KVM_E500V2
	bool "e500"
	depends on {symbol}
	select KVM
"""


@pytest.mark.parametrize("symbol", ["E500", "PPC_E500", "PPC_E500MC"])
def test_e500_by_any_name_is_no_book3s(tmp_path: Path, symbol: str) -> None:
    tree = bare_kernel(tmp_path, {"arch/powerpc/kvm/Kconfig": KCONFIG.format(symbol=symbol)})
    both = "CONFIG_KVM_E500V2 && CONFIG_PPC_BOOK3S_64"
    assert ask([tree], f"SELECT consistent('powerpc', '{both}'), consistent('powerpc', 'CONFIG_{symbol}')") == [(0, 1)]
