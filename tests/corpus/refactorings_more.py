"""Refactorings of kinds that the other lists lack: ioctls, MSRs, attributes, headers, sections, build rules, a VMM's state.

Each keeps what the code does or what the text says.
"""

from __future__ import annotations

import re

from editing import Edit, Transform, before, both, every, inside, swap
from real_trees import API, TOOLS, UAPI, source
from refactoring import definition, matching, renamed, text_of, without

X86 = "arch/x86/kvm/x86.c"
SVM = "arch/x86/kvm/svm/svm.c"
VMX = "arch/x86/kvm/vmx/vmx.c"
S390 = "arch/s390/kvm/kvm-s390.c"
PPC = "arch/powerpc/kvm/powerpc.c"
MAIN = "virt/kvm/kvm_main.c"
KERNEL = "linux-6.12"

Q86 = "target/i386/kvm/kvm.c"
QARM = "target/arm/kvm.c"
QS390 = "target/s390x/kvm/kvm.c"

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
            helper = head.split("(")[0].split()[-1]
            made.append(f"{head}\n{{\n\tint r;\n{inner}}}\n")
            return f"{body[:start]}\tcase {name}:\n\t\tr = {helper}({arguments});\n\t\tbreak;\n{body[end:].lstrip(chr(10))}"

        text = inside(function, move)(text)
        return before(function, made[0])(text)

    return apply


def _range_moves(function: str, first: str, stop: str, head: str, call: str, tail: str) -> Transform:
    """Leave the cases from one label up to another to a function in front, which the switch asks by default."""

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


def section(path: str, title: str) -> str:
    """A section of the documentation with its heading."""
    text = source(KERNEL, path)
    match = re.search(
        rf"^{re.escape(title)}\n[-~=]+\n.*?(?=^\d[.\d]* [^\n]*\n[-~=]{{4,}}\n)", text, re.MULTILINE | re.DOTALL
    )
    assert match is not None, f"no section {title}"
    return match.group()


def sections_exchanged(one: str, other: str) -> Transform:
    """Let two sections change places and numbers."""

    def apply(text: str) -> str:
        first, second = section(API, one), section(API, other)
        number, digit = one.split()[0], other.split()[0]
        assert text.count(first) == text.count(second) == 1
        text = text.replace(first, "\0").replace(second, first.replace(digit, digit, 1).replace(number, digit, 1))
        return text.replace("\0", second.replace(digit, number, 1))

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


KERNEL_EDITS = [
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
            X86: _range_moves(
                "kvm_arch_vm_ioctl",
                "#ifdef CONFIG_KVM_XEN\n",
                "\tcase KVM_SET_CLOCK:\n",
                "static int kvm_xen_vm_ioctl(struct kvm *kvm, unsigned int ioctl, void __user *argp)\n{\n\tint r = -ENOTTY;\n\n"
                "\tswitch (ioctl) {\n",
                "\tcase KVM_XEN_HVM_CONFIG:\n\tcase KVM_XEN_HVM_GET_ATTR:\n\tcase KVM_XEN_HVM_SET_ATTR:\n"
                "\tcase KVM_XEN_HVM_EVTCHN_SEND:\n\t\tr = kvm_xen_vm_ioctl(kvm, ioctl, argp);\n\t\tbreak;\n",
                "\t}\nout:\n\treturn r;\n}\n",
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
        "s390: labels that share a body get a fallthrough",
        {S390: fallthroughs("kvm_vm_ioctl_check_extension")},
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
                    "config KVM_X86_RINGS\n\tbool\n\tselect HAVE_KVM_DIRTY_RING_TSO\n\tselect HAVE_KVM_DIRTY_RING_ACQ_REL\n\nconfig KVM\n",
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
            SVM: _range_moves(
                "svm_get_msr",
                "\tcase MSR_VM_HSAVE_PA:\n",
                "\t}\n\treturn 0;\n",
                "static int svm_get_later_msr(struct kvm_vcpu *vcpu, struct msr_data *msr_info)\n{\n"
                "\tstruct vcpu_svm *svm = to_svm(vcpu);\n\n\tswitch (msr_info->index) {\n",
                "\tdefault:\n\t\treturn svm_get_later_msr(vcpu, msr_info);\n",
                "\t}\n\treturn 0;\n}\n",
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
    Edit(
        "s390: functions tell of the attributes of a group each",
        {
            S390: both(
                inside(
                    "kvm_s390_vm_has_attr",
                    lambda text: re.sub(
                        r"(\tcase KVM_S390_VM_TOD:\n)\t\tswitch \(attr->attr\) \{\n.*?\n\t\t\}\n\t\tbreak;\n",
                        r"\1\t\tret = kvm_s390_has_tod(attr);\n\t\tbreak;\n",
                        text,
                        count=1,
                        flags=re.DOTALL,
                    ),
                ),
                before(
                    "kvm_s390_vm_has_attr",
                    "static int kvm_s390_has_tod(struct kvm_device_attr *attr)\n{\n"
                    "\tif (attr->attr == KVM_S390_VM_TOD_LOW || attr->attr == KVM_S390_VM_TOD_HIGH)\n\t\treturn 0;\n"
                    "\treturn -ENXIO;\n}\n",
                ),
            )
        },
    ),
    Edit(
        "s390: attributes are set in the order of an if chain",
        {
            S390: inside(
                "kvm_s390_vm_set_attr",
                swap(
                    "\tcase KVM_S390_VM_CPU_TOPOLOGY:\n\t\tret = kvm_s390_set_topo_change_indication(kvm, attr);\n\t\tbreak;\n",
                    "",
                ),
                swap(
                    "\tswitch (attr->group) {\n",
                    "\tif (attr->group == KVM_S390_VM_CPU_TOPOLOGY)\n"
                    "\t\treturn kvm_s390_set_topo_change_indication(kvm, attr);\n\n\tswitch (attr->group) {\n",
                ),
            )
        },
    ),
    Edit(
        "arm64: an attribute's early answer is inverted",
        {
            "arch/arm64/kvm/pmu-emul.c": inside(
                "kvm_arm_pmu_v3_has_attr",
                swap(
                    "\t\tif (kvm_vcpu_has_pmu(vcpu))\n\t\t\treturn 0;\n",
                    "\t\treturn kvm_vcpu_has_pmu(vcpu) ? 0 : -ENXIO;\n",
                ),
            )
        },
    ),
    Edit(
        "powerpc: the ioctls of Book3S go to a function of their own",
        {
            PPC: _range_moves(
                "kvm_arch_vm_ioctl",
                "\tcase KVM_PPC_GET_CPU_CHAR: {\n",
                "\tcase KVM_PPC_SVM_OFF: {\n",
                "#ifdef CONFIG_PPC_BOOK3S_64\nstatic int kvm_vm_ioctl_cpu_char(unsigned int ioctl, void __user *argp)\n{\n"
                "\tint r = -ENOTTY;\n\n\tswitch (ioctl) {\n",
                "\tcase KVM_PPC_GET_CPU_CHAR:\n\t\tr = kvm_vm_ioctl_cpu_char(ioctl, argp);\n\t\tbreak;\n",
                "\t}\n\treturn r;\n}\n#endif\n",
            )
        },
    ),
    Edit(
        "generic: the kinds of MIPS's VMs become enumerators",
        {
            path: every(
                r"^#define KVM_VM_MIPS_AUTO\t0\n#define KVM_VM_MIPS_VZ\t\t1\n#define KVM_VM_MIPS_TE\t\t2\n",
                "enum {\n\tKVM_VM_MIPS_AUTO,\n\tKVM_VM_MIPS_VZ,\n\tKVM_VM_MIPS_TE,\n};\n",
            )
            for path in (UAPI,)
        },
    ),
    Edit(
        "generic: the ring of dirty pages moves to a header of its own",
        {
            UAPI: swap(
                "struct kvm_dirty_gfn {\n\t__u32 flags;\n\t__u32 slot;\n\t__u64 offset;\n};\n",
                "#include <linux/kvm_dirty.h>\n",
            ),
            "include/uapi/linux/kvm_dirty.h": lambda _: (
                "#ifndef __LINUX_KVM_DIRTY_H\n#define __LINUX_KVM_DIRTY_H\n\n#include <linux/types.h>\n\n"
                "struct kvm_dirty_gfn {\n\t__u32 flags;\n\t__u32 slot;\n\t__u64 offset;\n};\n\n#endif\n"
            ),
        },
    ),
    Edit(
        "generic: bits are written in hexadecimal",
        {UAPI: every(r"^(#define KVM_BUS_LOCK_DETECTION_EXIT +)\(1 << 1\)", r"\g<1>0x2")},
    ),
    Edit(
        "generic: the copy of the header is made anew with other white space",
        {TOOLS: every(r"^#define (KVM_CAP_\w+) (\d+)$", r"#define \1\t\2")},
    ),
    Edit(
        "documentation: two sections change places and numbers",
        {API: sections_exchanged("4.65 KVM_S390_UCAS_MAP", "4.66 KVM_S390_UCAS_UNMAP")},
    ),
    Edit(
        "documentation: fields stand in another order",
        {API: every(r"^(:Architectures: .*\n)(:Type: .*\n)", r"\2\1")},
    ),
    Edit(
        "documentation: headings are underlined with another character",
        {API: every(r"^(4\.\d+ KVM_\w+\n)-{4,}\n", r"\1~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~\n")},
    ),
    Edit(
        "generic: what asks for the extension is inlined into the ioctl",
        {
            MAIN: inside(
                "kvm_vm_ioctl",
                swap(
                    "r = kvm_vm_ioctl_check_extension_generic(kvm, arg);",
                    "{\n\t\tlong extension = arg;\n\n\t\tr = kvm_vm_ioctl_check_extension_generic(kvm, extension);\n\t}",
                ),
            )
        },
    ),
]

VMM_EDITS = [
    Edit(
        "qemu: a helper hands an address to the VM",
        {
            Q86: both(
                swap(
                    "kvm_vm_ioctl(s, KVM_SET_TSS_ADDR, tss_base)", "kvm_vm_set_address(s, KVM_SET_TSS_ADDR, tss_base)"
                ),
                before(
                    "kvm_vm_set_tss_addr",
                    "static int kvm_vm_set_address(KVMState *s, unsigned long request, uint64_t address)\n{\n"
                    "    return kvm_vm_ioctl(s, request, address);\n}\n",
                ),
            )
        },
    ),
    Edit(
        "qemu: MSRs that are always put come from a table",
        {
            Q86: inside(
                "kvm_put_msrs",
                swap(
                    "    kvm_msr_entry_add(cpu, MSR_IA32_SYSENTER_ESP, env->sysenter_esp);\n"
                    "    kvm_msr_entry_add(cpu, MSR_IA32_SYSENTER_EIP, env->sysenter_eip);\n"
                    "    kvm_msr_entry_add(cpu, MSR_PAT, env->pat);\n",
                    "    const struct {\n        uint32_t index;\n        uint64_t value;\n    } always[] = {\n"
                    "        { MSR_IA32_SYSENTER_ESP, env->sysenter_esp },\n"
                    "        { MSR_IA32_SYSENTER_EIP, env->sysenter_eip },\n"
                    "        { MSR_PAT, env->pat },\n    };\n\n"
                    "    for (i = 0; i < ARRAY_SIZE(always); i++) {\n"
                    "        kvm_msr_entry_add(cpu, always[i].index, always[i].value);\n    }\n",
                ),
            )
        },
    ),
    Edit(
        "qemu: a helper puts the MSRs of machine checks",
        {
            Q86: both(
                inside(
                    "kvm_put_msrs",
                    lambda text: (
                        text[: text.index("    if (env->mcg_cap) {")]
                        + "    kvm_put_mce_msrs(cpu);\n\n"
                        + text[text.index("    return kvm_buf_set_msrs(cpu);") :]
                    ),
                ),
                lambda text: before("kvm_put_msrs", _put_mce())(text),
            )
        },
    ),
    Edit(
        "qemu: a helper takes some MSRs in",
        {
            Q86: both(
                inside(
                    "kvm_get_msrs",
                    swap(
                        "        case MSR_PAT:\n            env->pat = msrs[i].data;\n            break;\n"
                        "        case MSR_STAR:\n            env->star = msrs[i].data;\n            break;\n",
                        "        case MSR_PAT:\n        case MSR_STAR:\n"
                        "            kvm_take_msr(env, &msrs[i]);\n            break;\n",
                    ),
                ),
                before(
                    "kvm_get_msrs",
                    "static void kvm_take_msr(CPUX86State *env, struct kvm_msr_entry *entry)\n{\n"
                    "    if (entry->index == MSR_PAT) {\n        env->pat = entry->data;\n    } else {\n"
                    "        env->star = entry->data;\n    }\n}\n",
                ),
            )
        },
    ),
    Edit(
        "qemu: the number of MSRs is compared by an if",
        {
            Q86: every(
                r"^    assert\(ret == cpu->kvm_msr_buf->nmsrs\);",
                "    if (ret != cpu->kvm_msr_buf->nmsrs) {\n        abort();\n    }",
            )
        },
    ),
    Edit(
        "qemu: the number of MSRs is kept in a local",
        {
            Q86: inside(
                "kvm_buf_set_msrs",
                swap("\n{\n", "\n{\n    int wanted = cpu->kvm_msr_buf->nmsrs;\n"),
                swap("ret < cpu->kvm_msr_buf->nmsrs", "ret < wanted"),
                swap("ret == cpu->kvm_msr_buf->nmsrs", "ret == wanted"),
            )
        },
    ),
    Edit(
        "qemu: the result of an MSR's write is kept in a local",
        {
            Q86: inside(
                "kvm_put_one_msr",
                swap("\n{\n", "\n{\n    int ret;\n\n"),
                swap(
                    "    return kvm_vcpu_ioctl(CPU(cpu), KVM_SET_MSRS, cpu->kvm_msr_buf);\n",
                    "    ret = kvm_vcpu_ioctl(CPU(cpu), KVM_SET_MSRS, cpu->kvm_msr_buf);\n    return ret;\n",
                ),
            )
        },
    ),
    Edit(
        "qemu: features of a vCPU are set with BIT()",
        {QARM: inside("kvm_arch_init_vcpu", every(r"1 << (KVM_ARM_VCPU_\w+)", r"BIT(\1)"))},
    ),
    Edit(
        "qemu: a helper sets a feature of a vCPU",
        {
            QARM: both(
                inside(
                    "kvm_arch_init_vcpu",
                    every(
                        r"cpu->kvm_init_features\[0\] \|= 1 << (KVM_ARM_VCPU_(?:PMU_V3|SVE|EL1_32BIT));",
                        r"kvm_arm_want(cpu, \1);",
                    ),
                ),
                before(
                    "kvm_arch_init_vcpu",
                    "static void kvm_arm_want(ARMCPU *cpu, unsigned int feature)\n{\n"
                    "    cpu->kvm_init_features[0] |= 1u << feature;\n}\n",
                ),
            )
        },
    ),
    Edit(
        "qemu: a request for an attribute is filled member by member",
        {
            QS390: inside(
                "kvm_s390_set_clock_ext",
                swap(
                    "    struct kvm_device_attr attr = {\n        .group = KVM_S390_VM_TOD,\n        .attr = KVM_S390_VM_TOD_EXT,\n"
                    "        .addr = (uint64_t)&gtod,\n    };\n\n",
                    "    struct kvm_device_attr attr = { };\n\n    attr.group = KVM_S390_VM_TOD;\n    attr.attr = KVM_S390_VM_TOD_EXT;\n"
                    "    attr.addr = (uint64_t)&gtod;\n\n",
                ),
            )
        },
    ),
    Edit(
        "qemu: a macro asks for a capability",
        {
            Q86: both(
                before(
                    "kvm_vm_enable_triple_fault_event",
                    "#define KVM_HAS(state, capability) (kvm_check_extension((state), (capability)) > 0)\n",
                ),
                inside(
                    "kvm_vm_enable_triple_fault_event",
                    every(r"\\\n\s+kvm_check_extension\(s,\n\s+(KVM_CAP_\w+)\);", r"KVM_HAS(s, \1);"),
                ),
            )
        },
    ),
    Edit(
        "qemu: the file of the local APIC gets another name",
        {
            "hw/i386/kvm/apic.c": None,
            "hw/i386/kvm/lapic.c": text_of("hw/i386/kvm/apic.c", "qemu-10.0"),
            "hw/i386/kvm/meson.build": swap("'apic.c'", "'lapic.c'"),
        },
    ),
    Edit(
        "qemu: an error leaves through a label",
        {
            Q86: inside(
                "kvm_put_tscdeadline_msr",
                swap(
                    "    if (ret < 0) {\n        return ret;\n    }\n", "    if (ret < 0) {\n        goto out;\n    }\n"
                ),
                swap("    return 0;\n}", "    ret = 0;\nout:\n    return ret;\n}"),
            )
        },
    ),
]


def _put_mce() -> str:
    text = definition(Q86, "kvm_put_msrs", "qemu-10.0")
    body = text[text.index("    if (env->mcg_cap) {") : text.index("    return kvm_buf_set_msrs(cpu);")]
    return (
        "static void kvm_put_mce_msrs(X86CPU *cpu)\n{\n    CPUX86State *env = &cpu->env;\n    int i;\n\n"
        f"{body.rstrip()}\n}}\n"
    )


EDITS = [*KERNEL_EDITS, *VMM_EDITS]
