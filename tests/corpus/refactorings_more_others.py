"""Refactorings of kinds that the other lists lack: attributes, headers, sections, and a VMM's state."""

from __future__ import annotations

import re

from editing import Edit, Transform, before, both, every, inside, swap
from real_trees import API, TOOLS, UAPI, source
from refactoring import definition, text_of
from refactorings_more import fallthroughs, range_moves

S390 = "arch/s390/kvm/kvm-s390.c"
PPC = "arch/powerpc/kvm/powerpc.c"
MAIN = "virt/kvm/kvm_main.c"
KERNEL = "linux-6.12"
Q86 = "target/i386/kvm/kvm.c"
QARM = "target/arm/kvm.c"
QS390 = "target/s390x/kvm/kvm.c"


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
        number, digit = one.split(maxsplit=1)[0], other.split(maxsplit=1)[0]
        assert text.count(first) == text.count(second) == 1
        text = text.replace(first, "\0").replace(second, first.replace(digit, digit, 1).replace(number, digit, 1))
        return text.replace("\0", second.replace(digit, number, 1))

    return apply


KERNEL_EDITS = [
    Edit(
        "s390: labels that share a body get a fallthrough",
        {S390: fallthroughs("kvm_vm_ioctl_check_extension")},
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
                    "\tcase KVM_S390_VM_CPU_TOPOLOGY:\n"
                    "\t\tret = kvm_s390_set_topo_change_indication(kvm, attr);\n\t\tbreak;\n",
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
            PPC: range_moves(
                "kvm_arch_vm_ioctl",
                ("\tcase KVM_PPC_GET_CPU_CHAR: {\n", "\tcase KVM_PPC_SVM_OFF: {\n"),
                (
                    "#ifdef CONFIG_PPC_BOOK3S_64\n"
                    "static int kvm_vm_ioctl_cpu_char(unsigned int ioctl, void __user *argp)\n{\n"
                    "\tint r = -ENOTTY;\n\n\tswitch (ioctl) {\n",
                    "\t}\n\treturn r;\n}\n#endif\n",
                ),
                "\tcase KVM_PPC_GET_CPU_CHAR:\n\t\tr = kvm_vm_ioctl_cpu_char(ioctl, argp);\n\t\tbreak;\n",
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
                    "{\n\t\tlong extension = arg;\n\n"
                    "\t\tr = kvm_vm_ioctl_check_extension_generic(kvm, extension);\n\t}",
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
                lambda text: before("kvm_put_msrs", _put_mce(text))(text),
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
                    "    struct kvm_device_attr attr = {\n        .group = KVM_S390_VM_TOD,\n"
                    "        .attr = KVM_S390_VM_TOD_EXT,\n"
                    "        .addr = (uint64_t)&gtod,\n    };\n\n",
                    "    struct kvm_device_attr attr = { };\n\n    attr.group = KVM_S390_VM_TOD;\n"
                    "    attr.attr = KVM_S390_VM_TOD_EXT;\n"
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


def _put_mce(_: str) -> str:
    text = definition(Q86, "kvm_put_msrs", "qemu-10.0")
    body = text[text.index("    if (env->mcg_cap) {") : text.index("    return kvm_buf_set_msrs(cpu);")]
    return (
        "static void kvm_put_mce_msrs(X86CPU *cpu)\n{\n    CPUX86State *env = &cpu->env;\n    int i;\n\n"
        f"{body.rstrip()}\n}}\n"
    )


EDITS = [*KERNEL_EDITS, *VMM_EDITS]
