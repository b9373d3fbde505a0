"""Single edits to the real UAPI headers: exactly the findings that follow come and go."""

from __future__ import annotations

import pytest
import real_trees
from editing import OLD, Edit, Row, Transform, both, brings_and_takes_exactly, rows, swap
from real_trees import QEMU, TOOLS, UAPI, Corpus

pytestmark = [pytest.mark.corpus, pytest.mark.edits]
corpus = real_trees.corpus

QEMU_X86 = "linux-headers/asm-x86/kvm.h"
QEMU_ARM64 = "linux-headers/asm-arm64/kvm.h"
QEMU_S390 = "linux-headers/asm-s390/kvm.h"
X86 = "arch/x86/include/uapi/asm/kvm.h"


def breaks(name: str, arch: str | None = None, times: int = 1) -> list[Row]:
    return [("error", "CAP107", name, arch)] * times


def notes(name: str, arch: str | None = None) -> list[Row]:
    return [("note", "CAP107", name, arch)]


def member(struct: str, old: str, new: str) -> Transform:
    """Replace a text within the definition of a structure."""

    def apply(text: str) -> str:
        begin = text.index(f"\nstruct {struct} {{\n") + 1
        end = text.index("\n};", begin) + 3
        return text[:begin] + swap(old, new)(text[begin:end]) + text[end:]

    return apply


CLOCK = member("kvm_clock_data", "\t__u32 flags;\n", "\t__u32 flags;\n\t__u64 tea;\n")
# api.rst prints it with two ioctls.
PRINTED = rows("note", "CAP508", "kvm_clock_data kvm_clock_data")
# On i386 its last member stands elsewhere, and nothing converts it.
UNCONVERTED = [*rows("note", "CAP220", "KVM_GET_CLOCK", "x86"), *rows("note", "CAP220", "KVM_SET_CLOCK", "x86")]
PACKED_TLB = swap(
    "\t__u64 bitmap;\n\t__u32 num_dirty;\n};", "\t__u64 bitmap;\n\t__u32 num_dirty;\n} __attribute__((packed));"
)

INCOMPATIBLE = [
    Edit(
        "a member is inserted",
        {QEMU: member("kvm_enable_cap", "\t__u32 flags;\n", "\t__u32 flags;\n\t__u32 tea;\n")},
        breaks("kvm_enable_cap"),
    ),
    Edit(
        "a member is inserted in 7.2's header",
        {QEMU: member("kvm_enable_cap", "\t__u32 flags;\n", "\t__u32 flags;\n\t__u32 tea;\n")},
        breaks("kvm_enable_cap"),
        pair=OLD,
    ),
    Edit("a member is wider", {QEMU: member("kvm_irqfd", "__u32 gsi", "__u64 gsi")}, breaks("kvm_irqfd")),
    Edit(
        "an array is longer",
        {QEMU_ARM64: swap("__u32 features[7]", "__u32 features[8]")},
        breaks("kvm_vcpu_init", "arm64"),
    ),
    Edit(
        "two members change places",
        {QEMU: member("kvm_msi", "\t__u32 data;\n\t__u32 flags;\n", "\t__u32 flags;\n\t__u32 data;\n")},
        breaks("kvm_msi"),
    ),
    Edit("a structure is packed", {QEMU: PACKED_TLB}, breaks("kvm_dirty_tlb")),
    Edit(
        "the attribute is dropped in the VMM's copy",
        {UAPI: PACKED_TLB, TOOLS: PACKED_TLB},
        breaks("kvm_dirty_tlb", times=2),
    ),
    Edit(
        "padding at the end is dropped, which 32-bit x86 does not have by itself",
        {QEMU: member("kvm_translation", "\t__u8  pad[5];\n", "")},
        breaks("kvm_translation", "x86"),
    ),
    Edit(
        "a member of a union outgrows it",
        {QEMU: swap("\t\t/* Fix the size of the union. */\n", "\t\tchar tea[300];\n")},
        breaks("kvm_run"),
    ),
    Edit(
        "a bit-field is wider",
        {QEMU_X86: swap("delivery_mode:3", "delivery_mode:4")},
        breaks("kvm_ioapic_state", "x86"),
    ),
    Edit(
        "two members become one",
        {QEMU: member("kvm_device_attr", "__u64\tattr;", "__u32\tlow, high;")},
        breaks("kvm_device_attr"),
    ),
    Edit(
        "the kernel's header changes, and no copy",
        {UAPI: CLOCK},
        [*breaks("kvm_clock_data", times=2), *notes("kvm_clock_data"), *PRINTED, *UNCONVERTED],
    ),
    Edit(
        "6.1's header changes, and no copy",
        {UAPI: CLOCK},
        [*breaks("kvm_clock_data", times=2), *notes("kvm_clock_data"), *PRINTED, *UNCONVERTED],
        pair=OLD,
    ),
    Edit(
        "the kernel's header changes with all copies",
        {UAPI: CLOCK, TOOLS: CLOCK, QEMU: CLOCK},
        [*breaks("kvm_clock_data"), *PRINTED, *UNCONVERTED],
    ),
    Edit(
        "an architecture's header changes in the kernel",
        {X86: member("kvm_debugregs", "__u64 dr6", "__u32 dr6")},
        [
            *breaks("kvm_debugregs", "x86", times=2),
            *notes("kvm_debugregs", "x86"),
            *rows("note", "CAP508", "kvm_debugregs", "x86"),
            *rows("note", "CAP220", "KVM_GET_DEBUGREGS", "x86"),
            *rows("note", "CAP220", "KVM_SET_DEBUGREGS", "x86"),
        ],
    ),
]

IOCTLS = [
    Edit(
        "an ioctl reads instead of writing",
        {QEMU: swap("KVM_GET_CLOCK             _IOR(", "KVM_GET_CLOCK             _IOW(")},
        breaks("KVM_GET_CLOCK"),
    ),
    Edit("an ioctl has another number", {QEMU: swap("_IO(KVMIO,   0xb7)", "_IO(KVMIO,   0xb8)")}, breaks("KVM_SMI")),
    Edit(
        "an ioctl has another argument",
        {QEMU: swap("_IOW(KVMIO,  0x48, __u64)", "_IOW(KVMIO,  0x48, __u32)")},
        breaks("KVM_SET_IDENTITY_MAP_ADDR"),
    ),
    Edit(
        "an ioctl has another structure",
        {QEMU: swap("_IOR(KVMIO,  0x98, struct kvm_mp_state)", "_IOR(KVMIO,  0x98, struct kvm_clock_data)")},
        breaks("KVM_GET_MP_STATE"),
    ),
    Edit(
        "an ioctl takes an argument",
        {QEMU: swap("_IO(KVMIO,   0xb7)", "_IOW(KVMIO,   0xb7, int)")},
        breaks("KVM_SMI"),
    ),
]

COMPATIBLE = [
    Edit(
        "a member takes reserved space",
        {QEMU: member("kvm_pit_config", "__u32 pad[15]", "__u32 tea;\n\t__u32 pad[14]")},
        notes("kvm_pit_config"),
    ),
    Edit(
        "a union has a further member",
        {QEMU: swap("\t\t/* Fix the size of the union. */\n", "\t\tstruct {\n\t\t\t__u16 leaves[7];\n\t\t} tea;\n")},
        notes("kvm_run"),
    ),
    Edit(
        "a reserved bit-field gets a name",
        {QEMU_S390: swap("__u8 reserved2 : 7;", "__u8 tea : 1;\n\t__u8 reserved2 : 6;")},
        notes("kvm_sync_regs", "s390"),
    ),
    Edit(
        "a structure that is passed by address grows at its end",
        {
            QEMU_X86: member(
                "kvm_sev_dbg", "\t__u32 len;\n\t__u32 pad0;\n", "\t__u32 len;\n\t__u32 pad0;\n\t__u64 tea;\n"
            )
        },
        notes("kvm_sev_dbg", "x86"),
    ),
    Edit(
        "a structure asks for more alignment than it needs",
        {QEMU: member("kvm_msi", "__u32 devid;", "__u32 devid __attribute__((aligned(16)));")},
        notes("kvm_msi"),
    ),
    Edit(
        "only the kernel's copy in tools/ differs",
        {TOOLS: member("kvm_irqfd", "__u32 gsi", "__u64 gsi")},
        notes("kvm_irqfd"),
    ),
]

HARMLESS = [
    Edit("a member is renamed in place", {QEMU: member("kvm_irqfd", "__u32 gsi", "__u32 tea")}),
    Edit("a member is signed", {QEMU: member("kvm_irqfd", "__u32 gsi", "__s32 gsi")}),
    Edit("a length is computed", {QEMU: member("kvm_enable_cap", "pad[64]", "pad[8 * sizeof(__u64)]")}),
    Edit(
        "a flexible array is written as it used to be",
        {QEMU: swap("__u64 reg[];", "__u64 reg[0];")},
    ),
    Edit(
        "members stand in a group",
        {QEMU_X86: member("kvm_debugregs", "__u64 dr6;", "__struct_group(, tea, , __u64 dr6;);")},
    ),
    Edit(
        "an attribute says nothing of the layout",
        {QEMU: swap("} s;\n};\n", "} s;\n} __attribute__((may_alias));\n")},
    ),
    Edit(
        "a structure is defined that nobody else has",
        {QEMU: swap("struct kvm_one_reg {", "struct kvm_tea {\n\t__u64 leaves;\n};\n\nstruct kvm_one_reg {")},
    ),
    Edit(
        "an ioctl is spelt in full",
        {QEMU: swap("_IO(KVMIO,   0xb7)", "_IOC(_IOC_NONE, 0xae, 0xb0 + 7, 0)")},
    ),
    Edit(
        "a definition is switched off",
        {QEMU: swap("\t__u32 flags;\n\t__u32 pad0;\n", "\t__u32 flags;\n#if 0\n\t__u64 tea;\n#endif\n\t__u32 pad0;\n")},
    ),
]

BLIND = [
    Edit(
        "a header includes what is not there",
        {QEMU_X86: swap("#include <linux/bits.h>\n", "#include <linux/bits.h>\n#include <linux/tea.h>\n")},
        notes("<linux/tea.h>"),
    ),
    Edit(
        "an attribute is not understood",
        {QEMU: member("kvm_irqfd", "__u32 gsi;", "__u32 gsi __attribute__((vector_size(16)));")},
        notes("kvm_irqfd"),
    ),
    Edit(
        "all structures are packed by a pragma",
        {QEMU_S390: swap("#include <linux/types.h>\n", "#include <linux/types.h>\n#pragma pack(1)\n")},
        notes(QEMU),
        notes("kvm_s390_vm_cpu_subfunc", "s390"),
    ),
    Edit(
        "a type is not known",
        {QEMU: both(member("kvm_irqfd", "__u32 gsi", "size_t gsi"), member("kvm_msi", "__u32 data", "pid_t data"))},
        [*notes("kvm_irqfd"), *notes("kvm_msi")],
    ),
]

EDITS = [*INCOMPATIBLE, *IOCTLS, *COMPATIBLE, *HARMLESS, *BLIND]


@pytest.mark.parametrize("edit", EDITS, ids=lambda edit: edit.name)
def test_an_edit_brings_and_takes_exactly(corpus: Corpus, edit: Edit) -> None:
    brings_and_takes_exactly(corpus, edit)


@pytest.mark.parametrize(("kernel", "vmm"), real_trees.PAIRS)
def test_the_real_pairs_have_no_break(corpus: Corpus, kernel: str, vmm: str) -> None:
    found = [finding for finding in corpus.pair(kernel, vmm).findings if finding.code == "CAP107"]
    assert {finding.severity for finding in found} == {"note"}
    assert not [finding for finding in found if "not known" in finding.message]


def test_what_a_lagging_header_lacks(corpus: Corpus) -> None:
    found = {f.subject: f.message for f in corpus.pair("linux-6.12", "qemu-10.0").findings if f.code == "CAP107"}
    assert set(found) == {"kvm_s390_vm_cpu_subfunc"}
    assert "has also pfcr" in found["kvm_s390_vm_cpu_subfunc"]
