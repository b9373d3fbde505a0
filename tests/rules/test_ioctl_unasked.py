"""CAP409: which ioctls want a question, and what it says where only another architecture asks."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from conftest import QEMU_UAPI, UAPI, Caplint, kernel, qemu

HEADER = """\
#define KVM_CAP_IRQCHIP 0
#define KVM_CAP_HLT 1
#define KVM_CAP_NR_VCPUS 9
#define KVM_CAP_TEA 250
/* Available with KVM_CAP_TEA */
#define KVM_BREW_TEA _IO(KVMIO, 0xa0)
#define KVM_CREATE_DEVICE _IO(KVMIO, 0xa1)
/* Available with KVM_CAP_TEA */
#define KVM_SET_DEVICE_ATTR _IO(KVMIO, 0xa2)
/* Available with KVM_CAP_TEA */
#define KVM_HAS_DEVICE_ATTR _IO(KVMIO, 0xa3)
"""
ARM = """\
int kvm_vm_ioctl_check_extension(struct kvm *kvm, long ext)
{
	switch (ext) {
	case KVM_CAP_TEA:
		return has_tea();
	}
	return 0;
}
"""
SET = "\tioctl(fd, KVM_SET_DEVICE_ATTR, attr);\n"
HAS = "\tif (ioctl(fd, KVM_HAS_DEVICE_ATTR, attr))\n\t\treturn;\n"
MADE = "\tfd = ioctl(fd, KVM_CREATE_DEVICE, attr);\n"
BREW = "\tioctl(fd, KVM_BREW_TEA, 0);\n"
ASK = "\tif (kvm_check_extension(fd, KVM_CAP_TEA))\n\t\tg();\n"


def code(lines: str) -> str:
    """Return a function."""
    return f"void f(int fd, void *attr)\n{{\n{lines}}}\n"


# Code for arm and for riscv, and what of the message says who does not ask.
TREES = {
    "nobody asks": (code(BREW), "", "nothing in qemu asks"),
    "another architecture asks": (code(BREW), code(ASK), "nothing in qemu asks on arm64"),
    "it asks": (code(ASK + BREW), "", None),
    "attribute": (code(SET), "", "nothing in qemu asks"),
    "attribute that is asked about": (code(HAS + SET), "", None),
    "attribute of a device that is made": (code(MADE + SET), "", None),
    "attribute that another architecture asks about": (code(SET), code(HAS), "nothing in qemu asks"),
    "only the question": (code(HAS), "", None),
}


@pytest.mark.parametrize(("arm", "riscv", "who"), TREES.values(), ids=TREES)
def test_who_does_not_ask(tmp_path: Path, caplint: Caplint, arm: str, riscv: str, who: str | None) -> None:
    trees = [
        kernel(tmp_path / "kernel", {UAPI: HEADER, "arch/arm64/kvm/arm.c": ARM}),
        qemu(tmp_path / "qemu", {QEMU_UAPI: HEADER, "target/arm/kvm.c": arm, "target/riscv/kvm/kvm-cpu.c": riscv}),
    ]
    done = caplint("check", "--select", "CAP409", "--output-format", "json", *map(str, trees))
    ends = [finding["message"].split("for which ")[1] for finding in json.loads(done.out)["findings"]]
    assert ends == ([who] if who else [])
