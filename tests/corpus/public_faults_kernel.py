"""Public faults of the handlers that check and enable capabilities, and of the ioctls behind them."""

from __future__ import annotations

from editing import ANSWERS, ENABLES, Transform, both, every, inside, swap
from public_fault import ARM64, MAIN, POWERPC, RISCV, S390, VGIC, X86, Fault, commit, issue, lore
from real_trees import UAPI

COMPAT = "kvm_arch_vm_compat_ioctl"


def unanswered(cap: str) -> Transform:
    """Drop a label of a check handler; the code below it belongs to others too."""
    return inside(ANSWERS, swap(f"\tcase KVM_CAP_{cap}:\n", ""))


def answered_too(cap: str, beside: str) -> Transform:
    """Let a check handler answer as it does for another capability."""
    return inside(ANSWERS, swap(f"\tcase KVM_CAP_{beside}:\n", f"\tcase KVM_CAP_{cap}:\n\tcase KVM_CAP_{beside}:\n"))


FAULTS = [
    Fault(
        "a capability can be enabled and is never reported",
        "2021-11-22",
        lore("20211123005036.2954379-4-pbonzini@redhat.com"),
        "x86 could move an SEV context between VMs, but a VMM that asked first was told that it cannot.",
        "enabled, not advertised",
        {X86: unanswered("VM_MOVE_ENC_CONTEXT_FROM")},
        "KVM_CAP_VM_MOVE_ENC_CONTEXT_FROM",
        "CAP201 CAP202",
    ),
    Fault(
        "KVM_ENABLE_CAP works and its capability is not reported",
        "2022-02-14",
        commit("127770ac0d04"),
        "x86 served KVM_ENABLE_CAP for years; VMMs that required KVM_CAP_ENABLE_CAP refused to start there.",
        "ioctl without its capability",
        {X86: unanswered("ENABLE_CAP")},
        "KVM_CAP_ENABLE_CAP KVM_ENABLE_CAP",
        "CAP212",
    ),
    Fault(
        "guest debugging works and its capability is not reported",
        "2020-05-07",
        lore("20200507115011.494562-2-pbonzini@redhat.com"),
        "Three architectures served KVM_SET_GUEST_DEBUG and did not say so; debuggers believed it to be missing.",
        "ioctl without its capability",
        {X86: unanswered("SET_GUEST_DEBUG")},
        "KVM_CAP_SET_GUEST_DEBUG KVM_SET_GUEST_DEBUG",
        "CAP212",
    ),
    Fault(
        "devices can be created everywhere, but only some architectures say so",
        "2024-01-04",
        lore("20240104193303.3175844-2-seanjc@google.com"),
        "KVM_CREATE_DEVICE is common code, yet each architecture reported its capability by itself, and some forgot.",
        "ioctl without its capability",
        {
            MAIN: inside(ANSWERS + "_generic", swap("\tcase KVM_CAP_DEVICE_CTRL:\n", "")),
            X86: answered_too("DEVICE_CTRL", "SREGS2"),
            ARM64: answered_too("DEVICE_CTRL", "PTP_KVM"),
            S390: answered_too("DEVICE_CTRL", "S390_DIAG318"),
            POWERPC: answered_too("DEVICE_CTRL", "ONE_REG"),
            RISCV: answered_too("DEVICE_CTRL", "ONE_REG"),
        },
        "KVM_CAP_DEVICE_CTRL KVM_CREATE_DEVICE KVM_SET_DEVICE_ATTR KVM_GET_DEVICE_ATTR KVM_HAS_DEVICE_ATTR",
        "CAP212",
    ),
    Fault(
        "s390 reads through a VM that may be NULL",
        "2024-04-19",
        commit("175f2f5bcdfc"),
        "Asking /dev/kvm on s390 for huge pages read wild memory, because the system descriptor has no VM.",
        "VM dereferenced on /dev/kvm",
        {S390: inside(ANSWERS, swap("!(kvm && kvm_is_ucontrol(kvm))", "!kvm_is_ucontrol(kvm)"))},
        "KVM_CAP_S390_HPAGE_1M",
        "CAP210",
    ),
    Fault(
        "powerpc asks a VM that may be NULL for its kind",
        "2017-11-06",
        "CVE-2017-15306, oss-security 2017-11-06",
        "Any user who may open /dev/kvm on powerpc could crash the host by asking for transactional memory.",
        "VM dereferenced on /dev/kvm",
        {
            POWERPC: inside(
                ANSWERS,
                swap(
                    "(hv_enabled && cpu_has_feature(CPU_FTR_P9_TM_HV_ASSIST))",
                    "(is_kvmppc_hv_enabled(kvm) && cpu_has_feature(CPU_FTR_P9_TM_HV_ASSIST))",
                ),
            )
        },
        "KVM_CAP_PPC_HTM",
        "CAP210",
    ),
    Fault(
        "common code promises resampling for platforms that cannot do it",
        "2022-05-04",
        commit("52882b9c7a76"),
        "POWER9 with XIVE reported the capability, and level interrupts of passed-through devices got stuck.",
        "advertised where it does not work",
        {
            MAIN: inside(
                ANSWERS + "_generic",
                swap("\tcase KVM_CAP_IRQFD:\n", "\tcase KVM_CAP_IRQFD:\n\tcase KVM_CAP_IRQFD_RESAMPLE:\n"),
            ),
            X86: unanswered("IRQFD_RESAMPLE"),
            ARM64: unanswered("IRQFD_RESAMPLE"),
            S390: unanswered("IRQFD_RESAMPLE"),
            POWERPC: inside(
                ANSWERS,
                every(r"^#ifdef CONFIG_HAVE_KVM_IRQCHIP\n\tcase KVM_CAP_IRQFD_RESAMPLE:\n.*\n.*\n#endif\n", ""),
            ),
        },
        "KVM_CAP_IRQFD_RESAMPLE",
    ),
    Fault(
        "read-only memory is promised to VMs that cannot have it",
        "2024-09-02",
        lore("20240902144219.3716974-1-erbse.13@gmx.de"),
        "VMs with encrypted state reported KVM_CAP_READONLY_MEM, and a VMM that relied on it looped on every write.",
        "advertised where it does not work",
        {X86: inside(ANSWERS, swap("r = kvm ? kvm_arch_has_readonly_mem(kvm) : 1;", "r = 1;"))},
        "KVM_CAP_READONLY_MEM",
    ),
    Fault(
        "a case of the check handler lacks its break",
        "2024-09-05",
        lore("20240905-kvm-x86-avoid-clang-implicit-fallthrough-v1-1-f2e785f1aa45@kernel.org"),
        "A new case of x86 fell through; there into the default, here into the case behind it, whose answer it takes.",
        "missing break",
        {
            X86: inside(
                ANSWERS,
                swap("\t\tr = kvm_caps.supported_vm_types;\n\t\tbreak;\n", "\t\tr = kvm_caps.supported_vm_types;\n"),
            )
        },
        "KVM_CAP_VM_TYPES KVM_CAP_READONLY_MEM",
        "CAP217",
    ),
    Fault(
        "an enlightenment is reported where nesting cannot enable it",
        "2020-06-10",
        lore("20200610135847.754289-3-vkuznets@redhat.com"),
        "The enlightened VMCS was probed by tests without nested VMX, where enabling it fails.",
        "enabling refuses what the check promises",
        {X86: inside(ANSWERS, swap("r = kvm_x86_ops.nested_ops->enable_evmcs != NULL;", "r = 1;"))},
        "KVM_CAP_HYPERV_ENLIGHTENED_VMCS",
        "CAP216",
    ),
    Fault(
        "a capability is reported on VMs and hosts that cannot enable it",
        "2025-04-19",
        issue("deepin-community/kernel", 732),
        "An extension for confidential VMs was reported to ordinary ones; here it is VM exits on notification windows.",
        "enabling refuses what the check promises",
        {X86: inside(ANSWERS, swap("r = kvm_caps.has_notify_vmexit;", "r = 1;"))},
        "KVM_CAP_X86_NOTIFY_VMEXIT",
        "CAP216",
    ),
    Fault(
        "an ioctl of one kind of KVM is promised by the other kind",
        "2016-06-23",
        commit("a8acaece5d88"),
        "KVM-PR reported the capability and answered its ioctl with ENOTTY; QEMU carries a workaround to this day.",
        "capability without its ioctl",
        {
            POWERPC: inside(
                ANSWERS,
                swap(
                    "\tcase KVM_CAP_PPC_ALLOC_HTAB:\n\t\tr = hv_enabled;\n",
                    "\tcase KVM_CAP_PPC_ALLOC_HTAB:\n\t\tr = 1;\n",
                ),
            )
        },
        "KVM_CAP_PPC_ALLOC_HTAB KVM_PPC_ALLOCATE_HTAB",
        "CAP215",
    ),
    Fault(
        "a capability can be enabled when vCPUs exist already",
        "2024-11-28",
        lore("20241128013424.4096668-14-seanjc@google.com"),
        "Exits could be disabled after some vCPUs had copied the old setting; here the PMU is taken away that late.",
        "enabled too late",
        {
            X86: inside(
                ENABLES,
                swap(
                    "\t\tif (!kvm->created_vcpus) {\n"
                    "\t\t\tkvm->arch.enable_pmu = !(cap->args[0] & KVM_PMU_CAP_DISABLE);\n\t\t\tr = 0;\n\t\t}\n",
                    "\t\tkvm->arch.enable_pmu = !(cap->args[0] & KVM_PMU_CAP_DISABLE);\n\t\tr = 0;\n",
                ),
            )
        },
        "KVM_CAP_PMU_CAPABILITY",
        "CAP218",
    ),
    Fault(
        "enabling accepts bits that the check does not offer",
        "2024-05-17",
        commit("c829ccd4d9dc"),
        "Bits for exits that the host cannot disable were accepted and dropped; here it is unsupported quirks.",
        "masks differ",
        {
            X86: inside(
                ENABLES,
                swap("if (cap->args[0] & ~kvm_caps.supported_quirks)", "if (cap->args[0] & ~KVM_X86_VALID_QUIRKS)"),
            )
        },
        "KVM_CAP_DISABLE_QUIRKS2",
        "CAP213",
    ),
    Fault(
        "unknown bits of an argument are stored",
        "2022-07-14",
        commit("cf5029d5dd7c"),
        "Any reason for MSR exits was accepted, so a VMM could not find out which ones a kernel knows.",
        "argument not validated",
        {
            X86: inside(
                ENABLES,
                swap(
                    "\t\tr = -EINVAL;\n\t\tif (cap->args[0] & ~KVM_MSR_EXIT_REASON_VALID_MASK)\n\t\t\tbreak;\n"
                    "\t\tkvm->arch.user_space_msr_mask",
                    "\t\tkvm->arch.user_space_msr_mask",
                ),
            )
        },
        "KVM_CAP_X86_USER_SPACE_MSR",
        "CAP206 CAP208 CAP213",
    ),
    Fault(
        "a request's flags are not looked at",
        "2022-10-20",
        lore("Y1Hdc/UVta3A5kHM@google.com"),
        "The dirty ring never required flags to be 0; they can carry no meaning now. Here it is the ring with bitmap.",
        "flags not validated",
        {MAIN: inside(ENABLES + "_generic", swap("!kvm->dirty_ring_size || cap->flags)", "!kvm->dirty_ring_size)"))},
        "KVM_CAP_DIRTY_LOG_RING_WITH_BITMAP",
        "CAP205",
    ),
    Fault(
        "a ring can be enabled where it is not reported",
        "2022-10-20",
        lore("Y1Hdc/UVta3A5kHM@google.com"),
        "Both kinds of dirty ring could be enabled on any architecture that has one, even the kind that it denies.",
        "enabled, not advertised",
        {
            MAIN: inside(
                ENABLES + "_generic",
                swap(
                    "\t\tif (!kvm_vm_ioctl_check_extension_generic(kvm, cap->cap))\n\t\t\treturn -EINVAL;\n\n",
                    "",
                ),
            )
        },
        "KVM_CAP_DIRTY_LOG_RING KVM_CAP_DIRTY_LOG_RING_ACQ_REL",
        "CAP201 CAP203",
    ),
    Fault(
        "a limit may exclude the vCPU that boots",
        "2024-06-14",
        commit("d29bf2ca1404"),
        "The highest vCPU number could be set below the number of the boot processor, and the VM never started.",
        "argument not validated",
        {
            X86: inside(
                ENABLES,
                swap(
                    "\t\tif (kvm->arch.bsp_vcpu_id > cap->args[0]) {\n\t\t\t;\n"
                    "\t\t} else if (kvm->arch.max_vcpu_ids == cap->args[0]) {\n",
                    "\t\tif (kvm->arch.max_vcpu_ids == cap->args[0]) {\n",
                ),
            )
        },
        "KVM_CAP_MAX_VCPU_ID",
    ),
    Fault(
        "the MSR filter has no handler for 32-bit programs",
        "2022-10-17",
        lore("20221017184541.2658-4-graf@amazon.com"),
        "A 32-bit VMM passed bitmaps by pointers of its own size, and the 64-bit kernel did not know the ioctl.",
        "no compat handler",
        {X86: inside(COMPAT, every(r"^\tcase KVM_X86_SET_MSR_FILTER_COMPAT: \{\n(?:.*\n)*?^\t\}\n", ""))},
        "KVM_X86_SET_MSR_FILTER",
        "CAP220",
    ),
    Fault(
        "clearing the dirty log has no handler for 32-bit programs",
        "2021-07-27",
        lore("20210727124901.1466039-1-pbonzini@redhat.com"),
        "The structure holds a pointer; 32-bit programs on big-endian kernels could not clear their log.",
        "no compat handler",
        {
            MAIN: inside(
                "kvm_vm_compat_ioctl",
                every(
                    r"^#ifdef CONFIG_KVM_GENERIC_DIRTYLOG_READ_PROTECT\n"
                    r"\tcase KVM_CLEAR_DIRTY_LOG: \{\n(?:.*\n)*?^#endif\n",
                    "",
                ),
            )
        },
        "KVM_CLEAR_DIRTY_LOG",
        "CAP220",
    ),
    Fault(
        "the answer on /dev/kvm is an error",
        "2020-07-07",
        issue("rust-vmm/kvm", 103),
        "arm64 answers KVM_CAP_MSI_DEVID with EINVAL unless a VM is asked; a library asked the system and failed.",
        "negative answer",
        {ARM64: inside(ANSWERS, swap("\t\t\tr = KVM_ARM_EAGER_SPLIT_CHUNK_SIZE_DEFAULT;\n", "\t\t\tr = -EINVAL;\n"))},
        "KVM_CAP_ARM_EAGER_SPLIT_CHUNK_SIZE",
        "CAP219",
    ),
    Fault(
        "an attribute is promised and reading it cannot work",
        "2021-04-01",
        lore("20210401085238.477270-3-eric.auger@redhat.com"),
        "KVM_HAS_DEVICE_ATTR knew arm64's redistributor regions, and reading one never worked; here it is refused.",
        "device attribute drift",
        {
            VGIC: inside(
                "kvm_vgic_addr",
                swap(
                    "\t\tindex = addr & KVM_VGIC_V3_RDIST_INDEX_MASK;\n",
                    "\t\tif (!write) {\n\t\t\tr = -ENODEV;\n\t\t\tgoto out;\n\t\t}\n\n"
                    "\t\tindex = addr & KVM_VGIC_V3_RDIST_INDEX_MASK;\n",
                ),
            )
        },
        "KVM_VGIC_V3_ADDR_TYPE_REDIST_REGION",
        "CAP222",
    ),
    Fault(
        "an ioctl works on hosts where its capability is denied",
        "2022-02-17",
        lore("20220217180831.288210-2-pbonzini@redhat.com"),
        "KVM_CAP_VAPIC was denied on processors with hardware support, although both of its ioctls are always there.",
        "ioctl without its capability",
        {
            X86: inside(
                ANSWERS,
                swap("\tcase KVM_CAP_VAPIC:\n", ""),
                swap(
                    "\tcase KVM_CAP_NR_VCPUS:\n",
                    "\tcase KVM_CAP_VAPIC:\n\t\tr = !enable_apicv;\n\t\tbreak;\n\tcase KVM_CAP_NR_VCPUS:\n",
                ),
            )
        },
        "KVM_CAP_VAPIC KVM_SET_VAPIC_ADDR KVM_TPR_ACCESS_REPORTING",
    ),
    Fault(
        "a capability can be enabled before anything heeds it",
        "2022-02-25",
        lore("20220224172559.4170192-3-rananta@google.com"),
        "A series reported and accepted a capability of arm64 some patches before the registers that it scopes.",
        "enabled without effect",
        {
            UAPI: every(r"^(#define KVM_CAP_X86_GUEST_MODE 238\n)", r"\1#define KVM_CAP_ARM_REG_SCOPE 239\n"),
            "arch/arm64/include/asm/kvm_host.h": swap(
                "struct kvm_arch {\n\tstruct kvm_s2_mmu mmu;\n",
                "struct kvm_arch {\n\tstruct kvm_s2_mmu mmu;\n\n\tbool reg_scope;\n",
            ),
            ARM64: both(
                answered_too("ARM_REG_SCOPE", "PTP_KVM"),
                inside(
                    ENABLES,
                    swap(
                        "\tcase KVM_CAP_ARM_SYSTEM_SUSPEND:\n",
                        "\tcase KVM_CAP_ARM_REG_SCOPE:\n\t\tr = 0;\n\t\tkvm->arch.reg_scope = true;\n\t\tbreak;\n"
                        "\tcase KVM_CAP_ARM_SYSTEM_SUSPEND:\n",
                    ),
                ),
            ),
        },
        "KVM_CAP_ARM_REG_SCOPE",
        "CAP204 CAP209",
    ),
]
