"""Refactorings of kinds that the other lists lack, on x86: ioctls, MSRs, files and build rules.

Each keeps what the code does or what the text says.
"""

from __future__ import annotations

import re

from editing import Edit, Transform, before, both, every, inside, swap
from real_trees import source
from refactoring import definition, matching, renamed, text_of, without

X86 = "arch/x86/kvm/x86.c"
SVM = "arch/x86/kvm/svm/svm.c"
VMX = "arch/x86/kvm/vmx/vmx.c"
KERNEL = "linux-6.12"
IOCTL = "\tcase {name}: {{\n"


def _block(text: str, name: str) -> tuple[int, int]:
    """Where a case with braces of its own begins and ends."""
    start = text.index(IOCTL.format(name=name))
    return start, text.index("\n\t}\n", start) + 3


def served_by(function: str, head: str, name: str, arguments: str) -> Transform:
    """Move an ioctl's case into a function in front, whose result is returned."""

    def apply(text: str) -> str:
        made: list[str] = []

        def move(body: str) -> str:
            start, end = _block(body, name)
            lines = body[start:end].splitlines(keepends=True)[1:-1]
            inner = re.sub(r"^\t(?=\t)", "", "".join(lines), flags=re.MULTILINE)
            inner = re.sub(r"^(\t+)(?:break|goto out);$", r"\1return r;", inner, flags=re.MULTILINE)
            helper = head.split("(", maxsplit=1)[0].rsplit(maxsplit=1)[-1]
            made.append(f"{head}\n{{\n\tint r;\n{inner}}}\n")
            call = f"\tcase {name}:\n\t\tr = {helper}({arguments});\n\t\tbreak;\n"
            return body[:start] + call + body[end:].lstrip("\n")

        text = inside(function, move)(text)
        return before(function, made[0])(text)

    return apply


def range_moves(function: str, labels: tuple[str, str], moved: tuple[str, str], call: str) -> Transform:
    """Leave the cases from one label up to another to a function in front, given its head and its tail, and call it."""
    (first, stop), (head, tail) = labels, moved

    def apply(text: str) -> str:
        made: list[str] = []

        def move(body: str) -> str:
            start, end = body.index(first), body.index(stop)
            assert start < end
            made.append(f"{head}{body[start:end]}{tail}")
            return f"{body[:start]}{call}{body[end:]}"

        text = inside(function, move)(text)
        return before(function, made[0])(text)

    return apply


def _as_list(text: str) -> str:
    """The labels of the MSRs that are saved, one a line."""
    start = text.index("static const u32 msrs_to_save_base[] = {")
    end = text.index("};\n", start)
    return text[start : end + 3]


def lists_apart(text: str) -> str:
    """Take the lists of MSRs to save out of a file."""
    listed = _as_list(text)
    return text.replace(listed, "").replace('#include "x86.h"\n', '#include "x86.h"\n#include "msr_lists.h"\n', 1)


def case_first(function: str, label: str, of: str, leave: str) -> Transform:
    """Ask for one MSR in front of the switch; its case must return or set the data and leave."""

    def apply(text: str) -> str:
        match = re.search(rf"^\tcase {label}:\n((?:\t\t.*\n|\n)+?)\t\tbreak;\n", text, re.MULTILINE)
        assert match is not None, f"no case of {label}"
        test = f"\tif ({of} == {label}) {{\n{match[1]}\t\t{leave}\n\t}}\n\n"
        text = text[: match.start()] + text[match.end() :]
        place = text.index("\tswitch (")
        return text[:place] + test + text[place:]

    return inside(function, apply)


def read_by(function: str, label: str, name: str) -> Transform:
    """Let a function of its own read one MSR."""

    def apply(text: str) -> str:
        made: list[str] = []

        def move(body: str) -> str:
            match = re.search(rf"^\tcase {label}:\n((?:\t\t.*\n|\n)+?)\t\tbreak;\n", body, re.MULTILINE)
            assert match is not None, f"no case of {label}"
            inner = re.sub(r"^\t(?=\t)", "", match[1], flags=re.MULTILINE)
            made.append(
                f"static int {name}(struct kvm_vcpu *vcpu, struct msr_data *msr_info)\n{{\n{inner}\n\treturn 0;\n}}\n"
            )
            call = f"\tcase {label}:\n\t\treturn {name}(vcpu, msr_info);\n"
            return body[: match.start()] + call + body[match.end() :]

        text = inside(function, move)(text)
        return before(function, made[0])(text)

    return apply


def fallthroughs(function: str) -> Transform:
    """Write `fallthrough;` between labels that share a body."""
    return inside(function, matching(r"^(\tcase KVM_CAP_\w+:\n)(?=\tcase KVM_CAP_)", r"\1\t\tfallthrough;\n"))


EDITS = [
    Edit(
        "x86: a function of its own serves an ioctl for memory encryption",
        {
            X86: served_by(
                "kvm_arch_vm_ioctl",
                "static int kvm_vm_ioctl_mem_enc_reg(struct kvm *kvm, void __user *argp)",
                "KVM_MEMORY_ENCRYPT_REG_REGION",
                "kvm, argp",
            )
        },
    ),
    Edit(
        "x86: a function of its own reinjects interrupts",
        {
            X86: served_by(
                "kvm_arch_vm_ioctl",
                "static int kvm_vm_ioctl_reinject_control(struct kvm *kvm, void __user *argp)",
                "KVM_REINJECT_CONTROL",
                "kvm, argp",
            )
        },
    ),
    Edit(
        "x86: the ioctls of Xen go to a function of their own",
        {
            X86: range_moves(
                "kvm_arch_vm_ioctl",
                ("#ifdef CONFIG_KVM_XEN\n", "\tcase KVM_SET_CLOCK:\n"),
                (
                    "static int kvm_xen_vm_ioctl(struct kvm *kvm, unsigned int ioctl, void __user *argp)\n{\n"
                    "\tint r = -ENOTTY;\n\n\tswitch (ioctl) {\n",
                    "\t}\nout:\n\treturn r;\n}\n",
                ),
                "\tcase KVM_XEN_HVM_CONFIG:\n\tcase KVM_XEN_HVM_GET_ATTR:\n\tcase KVM_XEN_HVM_SET_ATTR:\n"
                "\tcase KVM_XEN_HVM_EVTCHN_SEND:\n\t\tr = kvm_xen_vm_ioctl(kvm, ioctl, argp);\n\t\tbreak;\n",
            )
        },
    ),
    Edit(
        "x86: the ioctls of the PIT are asked for in a second switch",
        {
            X86: inside(
                "kvm_arch_vm_ioctl",
                swap(
                    "\tcase KVM_SET_BOOT_CPU_ID:\n",
                    "\t}\n\n\tswitch (ioctl) {\n\tcase KVM_SET_BOOT_CPU_ID:\n",
                ),
                swap("\tdefault:\n", "\tdefault:\n\t\tif (r != -ENOTTY)\n\t\t\tbreak;\n"),
            )
        },
    ),
    Edit(
        "x86: the ioctls' preprocessor conditions become #if IS_ENABLED()",
        {
            X86: both(
                inside(
                    "kvm_arch_vm_ioctl",
                    every(r"^#ifdef (CONFIG_KVM_XEN|CONFIG_KVM_HYPERV)$", r"#if IS_ENABLED(\1)"),
                ),
                inside(
                    "kvm_arch_vcpu_ioctl",
                    every(r"^#ifdef (CONFIG_KVM_XEN|CONFIG_KVM_HYPERV|CONFIG_KVM_SMM)$", r"#if IS_ENABLED(\1)"),
                ),
            )
        },
    ),
    Edit(
        "x86: labels that share a body get a fallthrough",
        {X86: fallthroughs("kvm_vm_ioctl_check_extension")},
    ),
    Edit(
        "x86: the answers stand in a file of their own",
        {
            X86: without("kvm_vm_ioctl_check_extension"),
            "arch/x86/kvm/answers.c": lambda _: (
                '#include <linux/kvm_host.h>\n#include "x86.h"\n#include "xen.h"\n#include "hyperv.h"\n\n'
                + definition(X86, "kvm_vm_ioctl_check_extension")
            ),
            "arch/x86/kvm/Makefile": swap("kvm-y\t\t\t+= x86.o", "kvm-y\t\t\t+= answers.o x86.o"),
        },
    ),
    Edit(
        "x86: objects stand one a line in the Makefile",
        {
            "arch/x86/kvm/Makefile": every(
                r"^kvm-intel-y\t\t\+= vmx/vmx\.o vmx/vmenter\.o",
                "kvm-intel-y += vmx/vmx.o\nkvm-intel-y += vmx/vmenter.o\nkvm-intel-y +=",
            )
        },
    ),
    Edit(
        "x86: hyperv.c gets another name",
        {
            "arch/x86/kvm/hyperv.c": None,
            "arch/x86/kvm/hv.c": text_of("arch/x86/kvm/hyperv.c"),
            "arch/x86/kvm/Makefile": swap("kvm-$(CONFIG_KVM_HYPERV) += hyperv.o", "kvm-$(CONFIG_KVM_HYPERV) += hv.o"),
        },
    ),
    Edit(
        "x86: pmu.c moves to a directory of its own",
        {
            "arch/x86/kvm/pmu.c": None,
            "arch/x86/kvm/pmu/pmu.c": text_of("arch/x86/kvm/pmu.c"),
            "arch/x86/kvm/Makefile": swap(" pmu.o mtrr.o", " pmu/pmu.o mtrr.o"),
        },
    ),
    Edit(
        "x86: an option selects what all of KVM needs",
        {
            "arch/x86/kvm/Kconfig": both(
                every(r"^\tselect HAVE_KVM_DIRTY_RING_(TSO|ACQ_REL)\n", ""),
                swap("\tselect KVM_COMMON\n", "\tselect KVM_COMMON\n\tselect KVM_X86_RINGS\n"),
                swap(
                    "config KVM\n",
                    "config KVM_X86_RINGS\n\tbool\n"
                    "\tselect HAVE_KVM_DIRTY_RING_TSO\n\tselect HAVE_KVM_DIRTY_RING_ACQ_REL\n\nconfig KVM\n",
                ),
            )
        },
    ),
    Edit(
        "x86: the list of MSRs to save moves to a header",
        {
            X86: lists_apart,
            "arch/x86/kvm/msr_lists.h": lambda _: _as_list(source(KERNEL, X86)),
        },
    ),
    Edit(
        "x86: one MSR is read in front of the switch",
        {X86: case_first("kvm_get_msr_common", "MSR_KVM_STEAL_TIME", "msr_info->index", "return 0;")},
    ),
    Edit(
        "svm: one MSR is read in front of the switch",
        {SVM: case_first("svm_get_msr", "MSR_AMD64_VIRT_SPEC_CTRL", "msr_info->index", "return 0;")},
    ),
    Edit(
        "x86: a function of its own reads an MSR of the guest's interface",
        {X86: read_by("kvm_get_msr_common", "MSR_KVM_ASYNC_PF_INT", "kvm_get_async_pf_int")},
    ),
    Edit(
        "svm: a function of its own reads the ratio of the TSC",
        {
            SVM: both(
                read_by("svm_get_msr", "MSR_AMD64_TSC_RATIO", "svm_get_tsc_ratio"),
                inside("svm_get_tsc_ratio", swap("\n{\n", "\n{\n\tstruct vcpu_svm *svm = to_svm(vcpu);\n\n")),
            )
        },
    ),
    Edit(
        "svm: the later MSRs are read by a second function",
        {
            SVM: range_moves(
                "svm_get_msr",
                ("\tcase MSR_VM_HSAVE_PA:\n", "\t}\n\treturn 0;\n"),
                (
                    "static int svm_get_later_msr(struct kvm_vcpu *vcpu, struct msr_data *msr_info)\n{\n"
                    "\tstruct vcpu_svm *svm = to_svm(vcpu);\n\n\tswitch (msr_info->index) {\n",
                    "\t}\n\treturn 0;\n}\n",
                ),
                "\tdefault:\n\t\treturn svm_get_later_msr(vcpu, msr_info);\n",
            )
        },
    ),
    Edit(
        "x86: a helper says whether the guest has a feature for steal time",
        {
            X86: both(
                every(r"guest_pv_has\(vcpu, KVM_FEATURE_STEAL_TIME\)", "guest_has_steal_time(vcpu)"),
                before(
                    "kvm_get_msr_common",
                    "static bool guest_has_steal_time(struct kvm_vcpu *vcpu)\n{\n"
                    "\treturn guest_pv_has(vcpu, KVM_FEATURE_STEAL_TIME);\n}\n",
                ),
            )
        },
    ),
    Edit(
        "x86: the index of an MSR is kept in a local",
        {
            X86: inside(
                "kvm_get_msr_common",
                every(r"\bmsr_info->index\b", "msr"),
                swap("\n{\n", "\n{\n\tu32 msr = msr_info->index;\n\n"),
            )
        },
    ),
    Edit(
        "vmx: msr_info gets another name",
        {VMX: both(renamed("vmx_get_msr", "msr_info", "info"), renamed("vmx_set_msr", "msr_info", "info"))},
    ),
    Edit(
        "vmx: two refusals of an MSR become one",
        {
            VMX: inside(
                "vmx_get_msr",
                swap(
                    "\t\tif (!msr_info->host_initiated && !vmx_has_waitpkg(vmx))\n\t\t\treturn 1;\n",
                    "\t\tif (!(msr_info->host_initiated || vmx_has_waitpkg(vmx)))\n\t\t\treturn 1;\n",
                ),
            )
        },
    ),
]
