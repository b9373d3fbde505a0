"""A VMM in C that includes the system's headers: what its rules leave out, and what they make a note."""

from __future__ import annotations

from pathlib import Path

import pytest
from conftest import Caplint, lay

from caplint.util.shipped_files import FIXTURES

_ARM = """\
#include <linux/kvm.h>
int start(int vm_fd, int vcpu_fd)
{
	struct kvm_vcpu_init init = { 0 };
	init.features[0] |= 1 << %s;
	return ioctl(vcpu_fd, KVM_ARM_VCPU_INIT, &init);
}
/* KVM_CAP_HLT */
"""
_X86 = """\
#include <linux/kvm.h>
int start(int vcpu_fd)
{
	struct { struct kvm_msrs head; struct kvm_msr_entry entries[1]; } msrs = { 0 };
	msrs.entries[0].index = MSR_STAR;
	if (ioctl(vcpu_fd, %s, &msrs) != 1)
		return -1;
	return ioctl(vcpu_fd, KVM_SET_MSRS, &msrs) == 1 ? 0 : -1;
}
/* KVM_CAP_HLT */
"""


def _said(caplint: Caplint, root: Path, name: str, text: str) -> str:
    tree = lay(root, {name: text})
    return str(caplint("check", "--kernel", FIXTURES / "linux", "--tree", f"tea=vmm:{tree}").out)


@pytest.mark.parametrize(("bit", "severity"), [("KVM_ARM_VCPU_PSCI_0_2", "note"), ("KVM_ARM_VCPU_HAS_EL2", "warning")])
def test_a_capability_that_every_kernel_has_is_a_note(
    caplint: Caplint, tmp_path: Path, bit: str, severity: str
) -> None:
    assert f"{severity} CAP411 {bit} on arm64" in _said(caplint, tmp_path, "src/arm64/vm.c", _ARM % bit)


def test_a_vmm_that_reads_no_register_saves_none(caplint: Caplint, tmp_path: Path) -> None:
    assert "CAP306" not in _said(caplint, tmp_path / "one", "src/x86/vm.c", _X86 % "KVM_SET_MSRS")
    assert "CAP306" in _said(caplint, tmp_path / "two", "src/x86/vm.c", _X86 % "KVM_GET_MSRS")
