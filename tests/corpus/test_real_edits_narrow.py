"""Edits of the real sources in which an answer promises more than the kernel does: exactly these findings follow."""

from __future__ import annotations

import pytest
import real_trees
from editing import ANSWERS, ENABLES, Edit, Transform, before, both, brings_and_takes_exactly, inside, rows, swap
from real_trees import Corpus

pytestmark = [pytest.mark.corpus, pytest.mark.edits]
corpus = real_trees.corpus

X86 = "arch/x86/kvm/x86.c"
S390 = "arch/s390/kvm/kvm-s390.c"
ARM64 = "arch/arm64/kvm/arm.c"
NESTED = "kvm_x86_ops.nested_ops->enable_evmcs"
HELPER = f"static bool has_evmcs(struct kvm *kvm)\n{{\n\treturn {NESTED};\n}}\n"

ENABLING = [
    Edit(
        "eVMCS is answered on AMD too",
        {X86: swap(f"r = {NESTED} != NULL;", "r = 1;")},
        adds=rows("warning", "CAP216", "HYPERV_ENLIGHTENED_VMCS", "x86"),
    ),
    Edit(
        "eVMCS is answered on AMD too, and refused by a helper",
        {
            X86: both(
                swap(f"r = {NESTED} != NULL;", "r = 1;"),
                swap(f"if (!{NESTED})", "if (!has_evmcs(vcpu->kvm))"),
                before("kvm_vcpu_ioctl_enable_cap", HELPER),
            )
        },
        adds=rows("warning", "CAP216", "HYPERV_ENLIGHTENED_VMCS", "x86"),
    ),
    Edit(
        "both vendors have eVMCS",
        {
            X86: swap(f"r = {NESTED} != NULL;", "r = 1;"),
            "arch/x86/kvm/svm/nested.c": swap(
                "\t.get_state = svm_get_nested_state,",
                "\t.get_state = svm_get_nested_state,\n\t.enable_evmcs = svm_evmcs,",
            ),
        },
    ),
    Edit(
        "the answers ask for the functions",
        {
            X86: inside(
                ANSWERS,
                swap("\tcase KVM_CAP_VM_COPY_ENC_CONTEXT_FROM:\n\tcase KVM_CAP_VM_MOVE_ENC_CONTEXT_FROM:\n", ""),
                swap(
                    "\tcase KVM_CAP_EXIT_HYPERCALL:\n",
                    "\tcase KVM_CAP_VM_COPY_ENC_CONTEXT_FROM:\n"
                    "\t\tr = !!kvm_x86_ops.vm_copy_enc_context_from;\n\t\tbreak;\n"
                    "\tcase KVM_CAP_VM_MOVE_ENC_CONTEXT_FROM:\n\t\tr = kvm_x86_ops.vm_move_enc_context_from ? 1 : 0;\n"
                    "\t\tbreak;\n\tcase KVM_CAP_EXIT_HYPERCALL:\n",
                ),
            )
        },
        removes=rows("warning", "CAP216", "VM_COPY_ENC_CONTEXT_FROM VM_MOVE_ENC_CONTEXT_FROM", "x86"),
    ),
    Edit(
        "the PMU is answered although the module parameter is off",
        {X86: swap("r = enable_pmu ? KVM_CAP_PMU_VALID_MASK : 0;", "r = KVM_CAP_PMU_VALID_MASK;")},
        adds=rows("warning", "CAP216", "PMU_CAPABILITY", "x86"),
    ),
    Edit(
        "the processor's feature is asked for by enabling alone",
        {X86: swap("r = kvm_caps.has_notify_vmexit;", "r = 1;")},
        adds=rows("warning", "CAP216", "X86_NOTIFY_VMEXIT", "x86"),
    ),
    Edit(
        "huge pages are answered to VMs that user space controls",
        {S390: swap("if (hpage && !(kvm && kvm_is_ucontrol(kvm)))", "if (hpage)")},
        adds=rows("warning", "CAP216", "S390_HPAGE_1M", "s390"),
    ),
    Edit(
        "a facility that the answer does not ask for",
        {S390: swap("r = test_facility(133);", "r = 1;")},
        adds=rows("warning", "CAP216", "S390_GS", "s390"),
    ),
    Edit(
        "tags are answered on every processor, by a chain of tests",
        {ARM64: swap("r = system_supports_mte();", "r = 1;")},
        adds=rows("warning", "CAP216", "ARM_MTE", "arm64"),
    ),
    Edit(
        "a further condition of order",
        {
            X86: inside(
                ENABLES,
                swap(
                    "\tcase KVM_CAP_EXCEPTION_PAYLOAD:\n",
                    "\tcase KVM_CAP_EXCEPTION_PAYLOAD:\n\t\tr = -EBUSY;\n"
                    "\t\tif (irqchip_in_kernel(kvm))\n"
                    "\t\t\tbreak;\n",
                ),
            )
        },
    ),
]


SYMBOL = "config KVM_IOAPIC\n\tbool{}\n\tdepends on KVM\n\tdefault y\n\nconfig KVM_HYPERV\n"
KCONFIG = "arch/x86/kvm/Kconfig"


def under(symbol: str, first: str, behind: str) -> Transform:
    """Put the lines from one label to the next under a symbol."""
    return both(
        swap(f"\tcase {first}:", f"#ifdef {symbol}\n\tcase {first}:"),
        swap(f"\tcase {behind}:", f"#endif\n\tcase {behind}:"),
    )


PITS = under("CONFIG_KVM_IOAPIC", "KVM_CREATE_PIT", "KVM_SET_BOOT_CPU_ID")

IOCTLS = [
    Edit(
        "timer and interrupt controller are answered in kernels without them",
        {X86: PITS, KCONFIG: swap("config KVM_HYPERV\n", SYMBOL.format(' "Timer and interrupt controller"'))},
        adds=rows("warning", "CAP215", "IRQCHIP", "x86"),
    ),
    Edit(
        "every kernel has timer and interrupt controller",
        {X86: PITS, KCONFIG: swap("config KVM_HYPERV\n", SYMBOL.format(""))},
    ),
    Edit(
        "an ioctl refuses in its own case",
        {
            X86: swap(
                "\tcase KVM_SET_BOOT_CPU_ID:\n",
                "\tcase KVM_SET_BOOT_CPU_ID:\n\t\tif (!IS_ENABLED(CONFIG_KVM_SMM))\n\t\t\treturn -ENOTTY;\n",
            )
        },
        adds=rows("warning", "CAP215", "SET_BOOT_CPU_ID", "x86"),
    ),
    Edit(
        "the answers of powerpc follow their ioctls",
        {
            "arch/powerpc/kvm/powerpc.c": swap(
                "\tcase KVM_CAP_SPAPR_TCE:\n\t\tfallthrough;\n\tcase KVM_CAP_SPAPR_TCE_64:\n",
                "#ifdef CONFIG_SPAPR_TCE_IOMMU\n\tcase KVM_CAP_SPAPR_TCE:\n\tcase KVM_CAP_SPAPR_TCE_64:\n#endif\n",
            )
        },
        removes=rows("warning", "CAP215", "SPAPR_TCE", "powerpc"),
    ),
    Edit(
        "an errno for want of a VM, and the one that was there is gone",
        {
            ARM64: inside(
                ANSWERS,
                swap("r = -EINVAL;", "r = 0;"),
                swap("r = kvm_supported_block_sizes();", "r = kvm ? kvm_supported_block_sizes() : -EINVAL;"),
            )
        },
        adds=rows("note", "CAP219", "ARM_SUPPORTED_BLOCK_SIZES", "arm64"),
        removes=rows("note", "CAP219", "MSI_DEVID", "arm64"),
    ),
]


@pytest.mark.parametrize("edit", [*ENABLING, *IOCTLS], ids=lambda edit: edit.name)
def test_edits(corpus: Corpus, edit: Edit) -> None:
    brings_and_takes_exactly(corpus, edit)
