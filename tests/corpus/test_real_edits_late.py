"""Edits of the real sources: answers that are lost, enabling that comes too late, bits that are refused at run time."""

from __future__ import annotations

import pytest
import real_trees
from editing import ANSWERS, ENABLES, OLD, Edit, before, both, brings_and_takes_exactly, inside, rows, swap
from real_trees import Corpus

pytestmark = [pytest.mark.corpus, pytest.mark.edits]
corpus = real_trees.corpus

X86 = "arch/x86/kvm/x86.c"
ARM = "arch/arm64/kvm/arm.c"

OVERWRITTEN = [
    Edit(
        "x86: the answer of VM_TYPES has no break",
        {
            X86: inside(
                ANSWERS,
                swap("\t\tr = kvm_caps.supported_vm_types;\n\t\tbreak;\n", "\t\tr = kvm_caps.supported_vm_types;\n"),
            )
        },
        # its answer depends on the VM then, and QEMU asks the system
        adds=rows("warning", "CAP217", "VM_TYPES", "x86") + rows("warning", "CAP406", "VM_TYPES", "x86"),
    ),
    Edit(
        "x86: enabling X2APIC_API has no break",
        {
            X86: inside(
                ENABLES,
                swap(
                    "\t\t\tkvm->arch.x2apic_broadcast_quirk_disabled = true;\n\n\t\tr = 0;\n\t\tbreak;\n",
                    "\t\t\tkvm->arch.x2apic_broadcast_quirk_disabled = true;\n\n\t\tr = 0;\n",
                ),
            )
        },
        adds=rows("warning", "CAP217", "X2APIC_API", "x86"),
    ),
    Edit(
        "x86: a lost answer is said to be meant, in 6.1",
        {
            X86: inside(
                ANSWERS,
                swap(
                    "\t\tr = KVM_X86_VALID_QUIRKS;\n\t\tbreak;\n",
                    "\t\tr = KVM_X86_VALID_QUIRKS;\n\t\tfallthrough;\n",
                ),
            )
        },
        adds=rows("warning", "CAP217", "DISABLE_QUIRKS2", "x86"),
        pair=OLD,
    ),
    Edit(
        "arm64: SYSTEM_SUSPEND goes on to the split chunk size",
        {
            ARM: inside(
                ENABLES,
                swap(
                    "\t\tr = 0;\n\t\tset_bit(KVM_ARCH_FLAG_SYSTEM_SUSPEND_ENABLED, &kvm->arch.flags);\n\t\tbreak;\n",
                    "\t\tset_bit(KVM_ARCH_FLAG_SYSTEM_SUSPEND_ENABLED, &kvm->arch.flags);\n",
                ),
            )
        },
        adds=rows("warning", "CAP217", "ARM_SYSTEM_SUSPEND", "arm64"),
    ),
]

# In 6.12 and 6.1, X86_DISABLE_EXITS is accepted after vCPUs have been created.
LATE = [
    Edit(
        "x86: DISABLE_EXITS is refused once a vCPU exists",
        {
            X86: inside(
                ENABLES,
                swap(
                    "\t\tif (cap->args[0] & ~KVM_X86_DISABLE_VALID_EXITS)\n\t\t\tbreak;\n",
                    "\t\tif ((cap->args[0] & ~KVM_X86_DISABLE_VALID_EXITS) || kvm->created_vcpus)\n\t\t\tbreak;\n",
                ),
            )
        },
        adds=rows("note", "CAP211", "X86_DISABLE_EXITS", "x86"),
        removes=rows("warning", "CAP218", "X86_DISABLE_EXITS", "x86"),
    ),
    Edit(
        "x86: DISABLE_EXITS is refused by a helper, in 6.1",
        {
            X86: both(
                inside(
                    ENABLES,
                    swap(
                        "\t\tif (cap->args[0] & ~KVM_X86_DISABLE_VALID_EXITS)\n\t\t\tbreak;\n",
                        "\t\tif (cap->args[0] & ~KVM_X86_DISABLE_VALID_EXITS)\n\t\t\tbreak;\n"
                        "\t\tif (!kvm_still_empty(kvm))\n\t\t\tbreak;\n",
                    ),
                ),
                before(
                    ENABLES,
                    "static bool kvm_still_empty(struct kvm *kvm)\n{\n\tguard(mutex)(&kvm->lock);\n"
                    "\treturn !kvm->created_vcpus;\n}\n",
                ),
            )
        },
        removes=rows("warning", "CAP218", "X86_DISABLE_EXITS", "x86"),
        pair=OLD,
    ),
    Edit(
        "x86: the C-state intercepts are chosen anew at run time",
        {
            "arch/x86/kvm/vmx/vmx.c": before(
                "vmx_vcpu_load",
                "static bool vmx_guest_counts_cstates(struct kvm_vcpu *vcpu)\n{\n"
                "\treturn kvm_cstate_in_guest(vcpu->kvm);\n}\n\n"
                "void vmx_choose_intercepts(struct kvm_vcpu *vcpu)\n{\n\tvmx_guest_counts_cstates(vcpu);\n}\n",
            )
        },
        removes=rows("warning", "CAP218", "X86_DISABLE_EXITS", "x86"),
    ),
]

_REFUSES = "\t\tif (cap->args[0] & ~{})\n\t\t\tbreak;\n"
_ALLOWED = (
    "static u64 kvm_exits_allowed(void)\n{\n\tu64 allowed = KVM_X86_DISABLE_EXITS_PAUSE;\n\n"
    "\tif (!mitigate_smt_rsb) {\n"
    "\t\tallowed |= KVM_X86_DISABLE_EXITS_HLT | KVM_X86_DISABLE_EXITS_CSTATE;\n"
    "\t\tif (kvm_can_mwait_in_guest())\n\t\t\tallowed |= KVM_X86_DISABLE_EXITS_MWAIT;\n\t}\n\treturn allowed;\n}\n"
)
# Enabling takes MWAIT, HLT and CSTATE in 6.12 and 6.1 where the check does not name them.
SUBSETS = [
    Edit(
        "x86: enabling asks what may be disabled",
        {
            X86: both(
                inside(
                    ENABLES,
                    swap(_REFUSES.format("KVM_X86_DISABLE_VALID_EXITS"), _REFUSES.format("kvm_exits_allowed()")),
                ),
                before(ANSWERS, _ALLOWED),
            )
        },
        removes=rows("warning", "CAP213", "X86_DISABLE_EXITS", "x86"),
    ),
    Edit(
        "x86: the check asks a function, enabling takes a constant, in 6.1",
        {
            X86: both(
                inside(
                    ANSWERS,
                    swap(
                        "\t\tr = KVM_X86_DISABLE_EXITS_PAUSE;\n\n\t\tif (!mitigate_smt_rsb) {\n"
                        "\t\t\tr |= KVM_X86_DISABLE_EXITS_HLT |\n\t\t\t     KVM_X86_DISABLE_EXITS_CSTATE;\n\n"
                        "\t\t\tif (kvm_can_mwait_in_guest())\n\t\t\t\tr |= KVM_X86_DISABLE_EXITS_MWAIT;\n\t\t}\n",
                        "\t\tr = kvm_exits_allowed();\n",
                    ),
                ),
                before(ANSWERS, _ALLOWED),
            )
        },
        pair=OLD,
    ),
    Edit(
        "x86: enabling refuses what the machine lacks",
        {
            X86: inside(
                ENABLES,
                swap(
                    _REFUSES.format("KVM_X86_DISABLE_VALID_EXITS"),
                    _REFUSES.format("KVM_X86_DISABLE_VALID_EXITS")
                    + "\t\tif (mitigate_smt_rsb && (cap->args[0] & ~KVM_X86_DISABLE_EXITS_PAUSE))\n\t\t\tbreak;\n",
                ),
            )
        },
        removes=rows("warning", "CAP213", "X86_DISABLE_EXITS", "x86"),
    ),
    Edit(
        "x86: quirks are taken by a constant, and advertised as the host has them",
        {
            X86: inside(
                ENABLES,
                swap("cap->args[0] & ~kvm_caps.supported_quirks)", "cap->args[0] & ~KVM_X86_VALID_QUIRKS)"),
            )
        },
        adds=rows("warning", "CAP213", "DISABLE_QUIRKS2", "x86"),
    ),
]

EDITS = [*OVERWRITTEN, *LATE, *SUBSETS]


@pytest.mark.parametrize("edit", EDITS, ids=lambda edit: edit.name)
def test_an_edit_brings_and_takes_exactly(corpus: Corpus, edit: Edit) -> None:
    brings_and_takes_exactly(corpus, edit)
