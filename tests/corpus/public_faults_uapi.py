"""Public faults of the headers that user space sees, and of their documentation."""

from __future__ import annotations

from editing import every, swap
from public_fault import Fault, commit, lore, qemu_list
from real_trees import API, QEMU, TOOLS, UAPI

FAULTS = [
    Fault(
        "two maintainers give away one number",
        "2021-06-22",
        lore("20210622152544.74e01567@canb.auug.org.au"),
        "The powerpc tree and the KVM tree both took 199; programs built against one meant the other's capability.",
        "number collides",
        {UAPI: swap("#define KVM_CAP_PPC_RPT_INVALIDATE 202\n", "#define KVM_CAP_PPC_RPT_INVALIDATE 199\n")},
        "KVM_CAP_PPC_RPT_INVALIDATE KVM_CAP_HYPERV_ENFORCE_CPUID",
        "CAP101 CAP102",
    ),
    Fault(
        "the copy for tools keeps a number that a merge has changed",
        "2022-01-19",
        lore("20220119183056.1627675-1-pbonzini@redhat.com"),
        "Self-tests asked for 207 and meant the size of the XSAVE area, which the kernel had moved to 208.",
        "header out of sync",
        {TOOLS: swap("#define KVM_CAP_XSAVE2 208\n", "#define KVM_CAP_XSAVE2 207\n")},
        "KVM_CAP_XSAVE2",
        "CAP101 CAP102 CAP106",
    ),
    Fault(
        "an exit moves while VMMs have its old number",
        "2023-10-16",
        lore("811dbc6f7345c43219daf8d682fe092b734fe416.1697471314.git.isaku.yamahata@intel.com"),
        "Pending series had memory faults at 38 and TDX at 39; 38 went to LoongArch, and VMMs read wrong exits.",
        "constant drifts",
        {UAPI: swap("#define KVM_EXIT_MEMORY_FAULT     39\n", "#define KVM_EXIT_MEMORY_FAULT     38\n")},
        "KVM_EXIT_MEMORY_FAULT KVM_EXIT_LOONGARCH_IOCSR",
        "CAP109 CAP110",
    ),
    Fault(
        "several series take the same exit number",
        "2024-02-21",
        lore("20240221195125.102479-2-shivam.kumar1@nutanix.com"),
        "Dirty quotas, LINT0 accesses and TDX were all posted as exit 40; here the newcomer takes one that is in use.",
        "number collides",
        {
            UAPI: swap(
                "#define KVM_EXIT_MEMORY_FAULT     39\n",
                "#define KVM_EXIT_MEMORY_FAULT     39\n#define KVM_EXIT_DIRTY_QUOTA_EXHAUSTED 39\n",
            )
        },
        "KVM_EXIT_DIRTY_QUOTA_EXHAUSTED KVM_EXIT_MEMORY_FAULT",
        "CAP110",
    ),
    Fault(
        "a member of an exit's structure vanishes",
        "2022-04-22",
        commit("d495f942f40a"),
        "5.18 replaced the flags of system events by data elsewhere; VMMs no longer built, or read something else.",
        "structure changes",
        {
            UAPI: swap(
                "\t\t\tunion {\n#ifndef __KERNEL__\n\t\t\t\t__u64 flags;\n#endif\n\t\t\t\t__u64 data[16];\n\t\t\t};\n",
                "\t\t\t__u64 data[16];\n",
            )
        },
        "kvm_run system_event",
        "CAP107",
    ),
    Fault(
        "a self-test names what its header does not define",
        "2022-12-20",
        lore("Y6H3b1Q4Msjy5Yz3@kernel.org"),
        "The self-tests did not build, because the copy of the header for tools had not caught up.",
        "header out of sync",
        {TOOLS: swap("#define KVM_CAP_DIRTY_LOG_RING_ACQ_REL 223\n", "")},
        "KVM_CAP_DIRTY_LOG_RING_ACQ_REL",
        "CAP106 CAP221",
    ),
    Fault(
        "QEMU uses a capability before its header has it",
        "2021-06-01",
        qemu_list("20210601201051.keixbycislhcsgkc@habkost.net"),
        "The code for bus lock exits came without the update of linux-headers, and the maintainer's build broke.",
        "header out of sync",
        {QEMU: swap("#define KVM_CAP_X86_BUS_LOCK_EXIT 193\n", "")},
        "KVM_CAP_X86_BUS_LOCK_EXIT",
        "CAP221 CAP602",
    ),
    Fault(
        "a section is named after a capability that does not exist",
        "2021-07-22",
        commit("0e691ee7b503"),
        "Whoever copied the documented name of the paravirtual CPUID filter got a compiler error.",
        "documentation: wrong name",
        {
            API: swap(
                "8.28 KVM_CAP_ENFORCE_PV_FEATURE_CPUID\n-------------------------------------\n",
                "8.28 KVM_CAP_ENFORCE_PV_CPUID\n-----------------------------\n",
            )
        },
        "KVM_CAP_ENFORCE_PV_CPUID",
        "CAP502",
    ),
    Fault(
        "the text speaks of a capability by a name that it never had",
        "2022-03-22",
        commit("cde363ab7ca7"),
        "The list of known problems told VMMs to enable a capability whose name it had turned around.",
        "documentation: wrong name",
        {
            API: swap(
                "This capability can be used to check / enable 2nd DAWR feature provided\n",
                "This capability (and KVM_CAP_PPC_1DAWR) can be used to check / enable 2nd DAWR feature provided\n",
            )
        },
        "KVM_CAP_PPC_1DAWR",
        "CAP502",
    ),
    Fault(
        "two sections have one number",
        "2021-02-26",
        commit("7d2cdad0da9d"),
        "The section on the second watchpoint of POWER10 repeated the number of the section on bus locks.",
        "documentation: section numbers",
        {API: swap("7.23 KVM_CAP_PPC_DAWR1\n", "7.22 KVM_CAP_PPC_DAWR1\n")},
        "KVM_CAP_PPC_DAWR1 KVM_CAP_X86_BUS_LOCK_EXIT 7.22",
        "CAP503 CAP604",
    ),
    Fault(
        "a new section gets a number that is taken",
        "2025-06-18",
        lore("20250618042424.330664-15-jthoughton@google.com"),
        "Three releases in a row merged sections of the same number; here it is the two newest ones of x86.",
        "documentation: section numbers",
        {API: swap("7.36 KVM_CAP_X86_GUEST_MODE\n", "7.35 KVM_CAP_X86_GUEST_MODE\n")},
        "KVM_CAP_X86_GUEST_MODE KVM_CAP_X86_APIC_BUS_CYCLES_NS 7.35",
        "CAP503 CAP604",
    ),
    Fault(
        "a VM's ioctl is documented as one of vCPUs",
        "2021-01-08",
        lore("20210108165349.747359-1-qperret@google.com"),
        "KVM_ENABLE_CAP on a VM was described as a call on a vCPU, which fails.",
        "documentation: scope or type",
        {
            API: swap(
                ":Capability: KVM_CAP_ENABLE_CAP_VM\n:Architectures: all\n:Type: vm ioctl\n",
                ":Capability: KVM_CAP_ENABLE_CAP_VM\n:Architectures: all\n:Type: vcpu ioctl\n",
            )
        },
        "KVM_CAP_ENABLE_CAP_VM KVM_ENABLE_CAP",
        "CAP504",
    ),
    Fault(
        "the documentation knows one of two descriptors",
        "2020-09-29",
        lore("20200929150944.1235688-2-vkuznets@redhat.com"),
        "Hyper-V's CPUID can be asked of the system if that has a capability of its own, which the text must name.",
        "documentation: scope or type",
        {
            API: swap(
                ":Capability: KVM_CAP_HYPERV_CPUID (vcpu), KVM_CAP_SYS_HYPERV_CPUID (system)\n"
                ":Architectures: x86\n:Type: system ioctl, vcpu ioctl\n",
                ":Capability: KVM_CAP_HYPERV_CPUID\n:Architectures: x86\n:Type: vcpu ioctl\n",
            )
        },
        "KVM_GET_SUPPORTED_HV_CPUID KVM_CAP_SYS_HYPERV_CPUID KVM_CAP_HYPERV_CPUID",
        "CAP504 CAP507",
    ),
    Fault(
        "a register's number is wrong in the documentation",
        "2024-08-05",
        commit("7fef1eb0b013"),
        "The list of arm64's registers gave SPSR_FIQ an encoding with one digit too many.",
        "documentation: register number",
        {API: swap("  0x6030 0000 0010 0050 SPSR_FIQ ", "  0x6030 0000 0010 0060 SPSR_FIQ ")},
        "SPSR_FIQ",
    ),
    Fault(
        "a section speaks of another ioctl's structure",
        "2025-08-24",
        lore("20250824075455.602185-1-alok.a.tiwari@oracle.com"),
        "The ioctls that resize a hash table were documented with the structure of the timer's reinjection.",
        "documentation: structure",
        {
            API: every(
                r"(?s)(4\.103 KVM_PPC_RESIZE_HPT_COMMIT\n.*?:Parameters: struct )kvm_ppc_resize_hpt \(in\)",
                r"\1kvm_reinject_control (in)",
            )
        },
        "KVM_PPC_RESIZE_HPT_COMMIT kvm_reinject_control kvm_ppc_resize_hpt",
    ),
    Fault(
        "a printed structure has not followed the header",
        "2022-04-22",
        commit("d495f942f40a"),
        "With the fix of the system event's layout the text had to change too; whoever reads an old text reads flags.",
        "documentation: structure",
        {
            API: swap(
                "\t\t\t__u32 type;\n                        __u32 ndata;\n                        __u64 data[16];\n",
                "\t\t\t__u32 type;\n                        __u64 flags;\n",
            )
        },
        "kvm_run system_event",
        "CAP508",
    ),
]
