"""Edits of the real sources for the rules of which few faults were planted so far."""

from __future__ import annotations

import pytest
import real_trees
from editing import ANSWERS, ENABLES, OLD, Edit, Transform, brings_and_takes_exactly, inside, rows, swap
from real_trees import API, Corpus

pytestmark = [pytest.mark.corpus, pytest.mark.edits]
corpus = real_trees.corpus

MAIN = "virt/kvm/kvm_main.c"
X86 = "arch/x86/kvm/x86.c"
X86_HOST = "arch/x86/include/asm/kvm_host.h"
ARM64 = "arch/arm64/kvm/arm.c"
S390 = "arch/s390/kvm/kvm-s390.c"
S390_HOST = "arch/s390/include/asm/kvm_host.h"
POWERPC = "arch/powerpc/kvm/powerpc.c"
RISCV = "arch/riscv/kvm/vm.c"
I386 = "target/i386/kvm/kvm.c"
ARM = "target/arm/kvm.c"


def answered_too(cap: str, beside: str) -> Transform:
    """Put a label beside one that is answered with 1."""
    return inside(ANSWERS, swap(f"\tcase KVM_CAP_{beside}:\n", f"\tcase KVM_CAP_{beside}:\n\tcase KVM_CAP_{cap}:\n"))


# The creation of a vCPU keeps what the VM was told, and reads it again only by its copy.
LATE = [
    Edit(
        "x86: vCPUs keep the format of their APIC's identifiers",
        {
            X86_HOST: swap("\tint last_vmentry_cpu;\n", "\tint last_vmentry_cpu;\n\tbool wide_apic_ids;\n"),
            X86: inside(
                "kvm_arch_vcpu_create",
                swap(
                    "\tvcpu->arch.regs_avail = ~0;\n",
                    "\tvcpu->arch.wide_apic_ids = vcpu->kvm->arch.x2apic_format;\n\tvcpu->arch.regs_avail = ~0;\n",
                ),
            ),
            "arch/x86/kvm/lapic.c": swap(
                "\t\tif (vcpu->kvm->arch.x2apic_format) {\n", "\t\tif (vcpu->arch.wide_apic_ids) {\n"
            ),
        },
        adds=rows("warning", "CAP218", "X2APIC_API", "x86"),
    ),
    Edit(
        "s390: vCPUs remember who stores system information",
        {
            S390: inside(
                "kvm_arch_vcpu_create",
                swap(
                    "\tvcpu->arch.sie_block->mso = 0;\n",
                    "\tif (vcpu->kvm->arch.user_stsi)\n\t\tvcpu->arch.stsi_flags |= 1;\n"
                    "\tvcpu->arch.sie_block->mso = 0;\n",
                ),
            ),
            "arch/s390/kvm/priv.c": swap(
                "\tif (vcpu->kvm->arch.user_stsi) {\n", "\tif (vcpu->arch.stsi_flags & 1) {\n"
            ),
        },
        adds=rows("warning", "CAP218", "S390_USER_STSI", "s390"),
    ),
]
DEVICES = [
    Edit(
        "devices are created everywhere, and x86 does not say so",
        {
            MAIN: inside(ANSWERS + "_generic", swap("\tcase KVM_CAP_DEVICE_CTRL:\n", "")),
            ARM64: answered_too("DEVICE_CTRL", "PTP_KVM"),
            S390: answered_too("DEVICE_CTRL", "S390_DIAG318"),
            POWERPC: answered_too("DEVICE_CTRL", "ONE_REG"),
            RISCV: answered_too("DEVICE_CTRL", "ONE_REG"),
        },
        adds=rows("warning", "CAP212", "KVM_CREATE_DEVICE", "x86"),
    ),
    Edit(
        "riscv creates devices, and does not say so, in 6.1",
        {
            RISCV: inside(ANSWERS, swap("\tcase KVM_CAP_DEVICE_CTRL:\n", "")),
            "arch/riscv/kvm/main.c": swap(
                "int kvm_arch_hardware_enable(void)\n",
                "int kvm_riscv_register_devices(void)\n{\n"
                "\treturn kvm_register_device_ops(&kvm_riscv_plic_ops, KVM_DEV_TYPE_XICS);\n}\n\n"
                "int kvm_arch_hardware_enable(void)\n",
            ),
        },
        adds=rows("warning", "CAP212", "KVM_CREATE_DEVICE", "riscv"),
        pair=OLD,
    ),
]
NARROWER = [
    Edit(
        "x86: events of a vCPU are written where Xen is built only",
        {
            X86: swap(
                "\tcase KVM_SET_VCPU_EVENTS: {\n\t\tstruct kvm_vcpu_events events;\n",
                "\tcase KVM_SET_VCPU_EVENTS: {\n\t\tstruct kvm_vcpu_events events;\n\n"
                "\t\tif (!IS_ENABLED(CONFIG_KVM_XEN))\n\t\t\treturn -ENOTTY;\n",
            )
        },
        adds=rows("warning", "CAP215", "VCPU_EVENTS", "x86"),
    ),
    Edit(
        "s390: storage keys are read where VMs are user controlled only",
        {
            S390: swap(
                "\tcase KVM_S390_GET_SKEYS: {\n\t\tstruct kvm_s390_skeys args;\n",
                "\tcase KVM_S390_GET_SKEYS: {\n\t\tstruct kvm_s390_skeys args;\n\n"
                "\t\tif (!IS_ENABLED(CONFIG_KVM_S390_UCONTROL))\n\t\t\treturn -ENOTTY;\n",
            )
        },
        adds=rows("warning", "CAP215", "S390_SKEYS", "s390"),
    ),
]
ANSWERED = [
    Edit(
        "riscv: the number of slots is an error without a VM",
        {RISCV: inside(ANSWERS, swap("\t\tr = KVM_USER_MEM_SLOTS;\n", "\t\tr = kvm ? KVM_USER_MEM_SLOTS : -ENXIO;\n"))},
        # QEMU asks /dev/kvm for it, which has no VM.
        adds=[
            *rows("note", "CAP219", "NR_MEMSLOTS", "riscv"),
            *rows("warning", "CAP406", "NR_MEMSLOTS", "riscv"),
        ],
    ),
    Edit(
        "s390: a capability that user space enables writes what nothing reads",
        {
            S390: inside(ENABLES, swap("kvm->arch.user_sigp = 1;", "kvm->arch.user_sigp_on = 1;")),
            S390_HOST: swap("\tint user_sigp;\n", "\tint user_sigp;\n\tint user_sigp_on;\n"),
        },
        adds=rows("warning", "CAP209", "S390_USER_SIGP", "s390"),
    ),
]
VMM = [
    Edit(
        "qemu: PSCI's version is set unasked",
        {
            ARM: swap(
                "    if (kvm_check_extension(cs->kvm_state, KVM_CAP_ARM_PSCI_0_2)) {\n        cpu->psci_version",
                "    if (!cs->start_powered_off || cpu->has_pmu) {\n        cpu->psci_version",
            )
        },
        adds=rows("warning", "CAP411", "KVM_ARM_VCPU_PSCI_0_2", "arm64"),
    ),
    Edit(
        "qemu: payloads of exceptions are enabled unasked, and what comes of it is not looked at",
        {
            I386: swap(
                "    has_exception_payload = kvm_check_extension(s, KVM_CAP_EXCEPTION_PAYLOAD);\n"
                "    if (has_exception_payload) {\n        ret = kvm_vm_enable_cap(",
                "    has_exception_payload = true;\n    if (has_exception_payload) {\n        (void)kvm_vm_enable_cap(",
            )
        },
        adds=rows("warning", "CAP402", "EXCEPTION_PAYLOAD", "x86"),
    ),
    Edit(
        "qemu: a number of an MSR is mistyped",
        {
            "target/i386/cpu.h": swap(
                "#define MSR_IA32_TSX_CTRL		0x122\n", "#define MSR_IA32_TSX_CTRL		0x132\n"
            )
        },
        adds=rows("error", "CAP307", "MSR_IA32_TSX_CTRL", "x86"),
    ),
]
TEXT = [
    Edit(
        "documentation: the section of bus locks tells no results",
        {
            API: swap(
                ":Parameters: args[0] defines the policy used when bus locks detected in guest\n"
                ":Returns: 0 on success, -EINVAL when args[0] contains invalid bits\n",
                "",
            )
        },
        adds=rows("note", "CAP505", "X86_BUS_LOCK_EXIT"),
    ),
]
EDITS: list[Edit] = [*LATE, *DEVICES, *NARROWER, *ANSWERED, *VMM, *TEXT]


@pytest.mark.parametrize("edit", EDITS, ids=lambda edit: edit.name)
def test_an_edit_brings_and_takes_exactly(corpus: Corpus, edit: Edit) -> None:
    brings_and_takes_exactly(corpus, edit)
