"""Tests of the request that fixes put into enable handlers, and cases that get none."""

from __future__ import annotations

import pytest
from mended import Change, mend_edited

UAPI = "include/uapi/linux/kvm.h"
X86 = "arch/x86/kvm/x86.c"
ARM = "arch/arm64/kvm/arm.c"
S390 = "arch/s390/kvm/kvm-s390.c"
MAIN = "virt/kvm/kvm_main.c"

FLAGS = "\tif (cap->flags)\n\t\treturn -EINVAL;\n"
ABOVE = f"{FLAGS}\n\tswitch (cap->cap) {{\n\tcase KVM_CAP_DISABLE_QUIRKS2:\n"
LOCKED = "\tmutex_lock(&kvm->lock);\n\tswitch (cap->cap) {\n\tcase KVM_CAP_DISABLE_QUIRKS2:\n"
HALT = "\tcase KVM_CAP_HALT_POLL: {\n\t\tif (cap->flags)\n\t\t\treturn -EINVAL;\n"
FALLEN = "\tcase KVM_CAP_IRQFD:\n\t\tkvm->created_vcpus = 0;\n\t\tfallthrough;\n\tcase KVM_CAP_HALT_POLL: {\n"
QUIRKS = "\t\tif (cap->args[0] & ~KVM_X86_QUIRKS_MASK)\n\t\t\treturn -EINVAL;\n"
LAST = "#define KVM_CAP_DIRTY_LOG_RING_ACQ_REL 223\n"
BITS = f"{LAST}#define KVM_CAP_PPIN 224\n#define KVM_PPIN_READ (1 << 0)\n#define KVM_PPIN_LOCK (1 << 1)\n"
ANSWER = "\tcase KVM_CAP_DISABLE_QUIRKS2:\n\t\tanswer = KVM_X86_QUIRKS_MASK;\n\t\tbreak;\n"
ANSWERED = f"{ANSWER}\tcase KVM_CAP_PPIN:\n\t\tanswer = KVM_PPIN_READ | KVM_PPIN_LOCK;\n\t\tbreak;\n"
COUNTED = f"{ANSWER}\tcase KVM_CAP_PPIN:\n\t\tanswer = 1;\n\t\tbreak;\n"
ENABLE = "\tcase KVM_CAP_MSR_PLATFORM_INFO:\n\t\tkvm->arch.guest_can_read_msr_platform_info = cap->args[0];\n"
STORE = "\t\tkvm->arch.user_space_msr_mask |= cap->args[0];\n\t\tanswer = 0;\n\t\tbreak;\n"
APART = """\
		if (cap->args[0] & KVM_PPIN_READ)
			kvm->arch.hlt_in_guest = true;
		if (cap->args[0] & KVM_PPIN_LOCK)
			kvm->arch.pause_in_guest = true;
		answer = 0;
		break;
"""
REFUSED = "\t\tif (cap->args[0] & ~(KVM_PPIN_READ | KVM_PPIN_LOCK))\n\t\t\treturn -EINVAL;"
TEST = "\t\tif (cap->flags)\n\t\t\treturn -EINVAL;"


def _new(answer: str, body: str, label: str = "\tcase KVM_CAP_PPIN:\n") -> tuple[Change, ...]:
    """A new capability of x86."""
    return ((UAPI, LAST, BITS), (X86, ANSWER, answer), (X86, ENABLE, f"{label}{body}{ENABLE}"))


FIXED: dict[str, tuple[tuple[Change, ...], str]] = {
    "one test above the switch for all cases": (
        ((X86, ABOVE, ABOVE.removeprefix(f"{FLAGS}\n")),), FLAGS,
    ),
    "none where code above the switch locks": (((X86, ABOVE, LOCKED),), ""),
    "in the case, where the others test for themselves": (
        ((MAIN, HALT, "\tcase KVM_CAP_HALT_POLL: {\n"),), TEST,
    ),
    "behind the declarations of a block": (
        ((MAIN, HALT, "\tcase KVM_CAP_HALT_POLL: {\n\t\tu64 most = UINT_MAX;\n\n"),), TEST,
    ),
    "in place of the test of one bit": (
        ((MAIN, HALT, HALT.replace("flags", "flags & 1")),), "\t\tif (cap->flags)",
    ),
    "in a case that falls into another one, but not in that": (
        ((MAIN, HALT, FALLEN),),
        TEST,
    ),
    "the bits that were tested before": (((X86, QUIRKS, ""),), QUIRKS.rstrip()),
    "the bits that the check answers": (_new(ANSWERED, STORE), REFUSED),
    "the bits that the case takes apart": (_new(COUNTED, APART), REFUSED),
    "no bits are known": (_new(COUNTED, STORE), ""),
    "none in a macro's case": (_new(ANSWERED, STORE, "\tcase (KVM_CAP_PPIN):\n"), ""),
}  # fmt: skip


@pytest.mark.parametrize("name", FIXED)
def test_shape(name: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    changes, added = FIXED[name]
    lines, refused = mend_edited(changes, True, str(tmp_path_factory.getbasetemp().parent / "shapes"))
    tests, _, _ = lines.partition("\n\n7.")  # a new capability gets a section too
    assert (tests.rstrip(), refused) == (added.rstrip(), [])


def test_released_code_goes_on_accepting(tmp_path_factory: pytest.TempPathFactory) -> None:
    store = str(tmp_path_factory.getbasetemp().parent / "shapes")
    for changes in (((X86, QUIRKS, ""),), ((MAIN, HALT, "\tcase KVM_CAP_HALT_POLL: {\n"),)):
        assert mend_edited(changes, False, store) == ("", [])
