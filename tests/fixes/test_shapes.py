"""Shapes that the pages' examples do not show: what is fixed, and what is left as it is."""

from __future__ import annotations

import pytest
from mended import Change, mend_edited

UAPI = "include/uapi/linux/kvm.h"
QEMU_UAPI = "linux-headers/linux/kvm.h"
API = "Documentation/virt/kvm/api.rst"
X86 = "arch/x86/kvm/x86.c"
I386 = "target/i386/kvm/kvm.c"
LAST = "#define KVM_CAP_DIRTY_LOG_RING_ACQ_REL 223\n"
CHECKED = """\
        ret = kvm_vm_enable_cap(s, KVM_CAP_MSR_PLATFORM_INFO, 0, 1);
        if (ret < 0) {
            return ret;
        }
"""
ASKED = "    if (kvm_check_extension(s, KVM_CAP_MSR_PLATFORM_INFO)) {\n"
DROPPED = "        kvm_vm_enable_cap(s, KVM_CAP_MSR_PLATFORM_INFO, 0, 1);\n"
INCLUDED = '#include "qemu/error-report.h"\n'
BREAK = "\t\tanswer = KVM_EXIT_HYPERCALL_VALID_MASK;\n\t\tbreak;\n"
LOST = "\t\tanswer = KVM_EXIT_HYPERCALL_VALID_MASK;\n"
ACQ_REL = "7.2 KVM_CAP_SPLIT_IRQCHIP\n-------------------------\n"


def _added(number: str, path: str = UAPI) -> Change:
    return path, LAST, f"{LAST}#define KVM_CAP_PPIN {number}\n"


FIXED: dict[str, tuple[str, tuple[Change, ...], str]] = {
    "both headers of a pair": (
        "CAP102",
        (_added("223"), _added("223", QEMU_UAPI)),
        "#define KVM_CAP_PPIN 224\n#define KVM_CAP_PPIN 224",
    ),
    "a comment behind the number": ("CAP105", (_added("300 /* ours */"),), "#define KVM_CAP_PPIN 224 /* ours */"),
    "a number with a suffix stays": ("CAP105", (_added("300u"),), ""),
    "a number in brackets stays": ("CAP105", (_added("(300)"),), ""),
    "a released capability keeps its number": (
        "CAP102",
        ((UAPI, LAST, f"{LAST}#define KVM_CAP_GUEST_MEMFD 223\n"),),
        "",
    ),
    "a break behind an empty line": ("CAP217", ((X86, BREAK, f"{LOST}\n"),), "\t\tbreak;"),
    "no break behind a comment": ("CAP217", ((X86, BREAK, f"{LOST}\t\t/* Go on. */\n"),), ""),
    "no break behind a fallthrough": ("CAP217", ((X86, BREAK, f"{LOST}\t\tfallthrough;\n"),), ""),
    "no break behind a branch": ("CAP217", ((X86, BREAK, f"\t\tif (kvm)\n\t{LOST}"),), ""),
    "a dropped result": (
        "CAP401",
        ((I386, CHECKED, DROPPED), (I386, "", INCLUDED)),
        "        if (kvm_vm_enable_cap(s, KVM_CAP_MSR_PLATFORM_INFO, 0, 1) < 0) {\n"
        '            warn_report("KVM_CAP_MSR_PLATFORM_INFO cannot be enabled");\n'
        "        }",
    ),
    "a dropped result of a feature that nobody has asked for": (
        "CAP401",
        ((I386, f"{ASKED}{CHECKED}    }}\n", DROPPED[4:]), (I386, "", INCLUDED)),
        "",
    ),
    "a dropped result in a file that reports nothing": ("CAP401", ((I386, CHECKED, DROPPED),), ""),
    "a name in a title takes its underline along": (
        "CAP502",
        ((API, ACQ_REL, "7.2 KVM_CAP_SPLIT_IRQCHIPS\n--------------------------\n"),),
        ACQ_REL.strip(),
    ),
    "another digit is another name": ("CAP502", ((API, "KVM_CAP_SPLIT_IRQCHIP", "KVM_CAP_SPLIT_IRQCHIP2"),), ""),
}


@pytest.mark.parametrize("name", FIXED)
def test_shape(name: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    _, changes, added = FIXED[name]
    store = str(tmp_path_factory.getbasetemp().parent / "shapes")
    assert mend_edited(changes, True, store) == (added, [])


def test_without_a_patch_no_number_is_new(tmp_path_factory: pytest.TempPathFactory) -> None:
    store = str(tmp_path_factory.getbasetemp().parent / "shapes")
    added, refused = mend_edited((_added("223"),), False, store)
    numbered = [line for line in added.splitlines() if "KVM_CAP_" in line]
    assert (numbered, refused) == (["#define KVM_CAP_PPIN 223"], [])  # in QEMU's copy, by CAP103's fix
