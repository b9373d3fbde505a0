"""Single edits of the constants and names of the real sources: exactly the findings that follow come and go."""

from __future__ import annotations

import pytest
import real_trees
from editing import OLD, Edit, Row, append, both, brings_and_takes_exactly, every, swap
from real_trees import QEMU, TOOLS, UAPI, Corpus

pytestmark = [pytest.mark.corpus, pytest.mark.edits]
corpus = real_trees.corpus

X86, TOOLS_X86 = "arch/x86/include/uapi/asm/kvm.h", "tools/arch/x86/include/uapi/asm/kvm.h"
ARM64 = "arch/arm64/include/uapi/asm/kvm.h"
QEMU_X86, QEMU_ARM64 = "linux-headers/asm-x86/kvm.h", "linux-headers/asm-arm64/kvm.h"
QEMU_S390, QEMU_RISCV = "linux-headers/asm-s390/kvm.h", "linux-headers/asm-riscv/kvm.h"
TESTS = "tools/testing/selftests/kvm"
PLATFORM = f"{TESTS}/x86_64/platform_info_test.c"
HEADER_END = "\n#endif /* __LINUX_KVM_H */\n"


def drift(name: str, arch: str | None = None) -> list[Row]:
    return [("error", "CAP109", name, arch)]


def collision(name: str, arch: str | None = None) -> list[Row]:
    return [("error", "CAP110", name, arch)]


def undefined(name: str, arch: str | None = None) -> list[Row]:
    return [("error", "CAP221", name, arch)]


DRIFTS = [
    Edit(
        "an exit reason in the VMM's copy",
        {QEMU: swap("KVM_EXIT_MEMORY_FAULT     39", "KVM_EXIT_MEMORY_FAULT     40")},
        drift("KVM_EXIT_MEMORY_FAULT"),
    ),
    Edit(
        "an exit reason in 7.2's copy",
        {QEMU: swap("KVM_EXIT_NOTIFY           37", "KVM_EXIT_NOTIFY           0x26")},
        drift("KVM_EXIT_NOTIFY"),
        pair=OLD,
    ),
    Edit(
        "a flag in the copy in tools",
        {TOOLS: swap("#define KVM_MEM_GUEST_MEMFD\t(1UL << 2)", "#define KVM_MEM_GUEST_MEMFD\t(1UL << 3)")},
        drift("KVM_MEM_GUEST_MEMFD"),
    ),
    Edit(
        "an enumerator is inserted in the VMM's copy",
        {QEMU_X86: swap("\tKVM_SEV_SEND_CANCEL,\n", "\tKVM_SEV_TEA,\n\tKVM_SEV_SEND_CANCEL,\n")},
        [*drift("KVM_SEV_SEND_CANCEL", "x86"), *drift("KVM_SEV_INIT2", "x86")],
    ),
    Edit(
        "two enumerators change places",
        {QEMU_S390: swap("\tKVM_PV_ENABLE,\n\tKVM_PV_DISABLE,\n", "\tKVM_PV_DISABLE,\n\tKVM_PV_ENABLE,\n")},
        [*drift("KVM_PV_ENABLE", "s390"), *drift("KVM_PV_DISABLE", "s390")],
    ),
    Edit(
        "an attribute of one architecture",
        {QEMU_ARM64: every(r"KVM_DEV_ARM_VGIC_GRP_NR_IRQS\t3", "KVM_DEV_ARM_VGIC_GRP_NR_IRQS\\t(1 + 1 + 2)")},
        drift("KVM_DEV_ARM_VGIC_GRP_NR_IRQS", "arm64"),
    ),
    Edit(
        "a value of one ABI alone",
        {QEMU_RISCV: every(r"(KVM_INTERRUPT_UNSET\t)-2U", r"\1(-1U - (sizeof(long) == 8))")},
        drift("KVM_INTERRUPT_UNSET", "riscv"),
    ),
    Edit(
        "a macro that others are made of",
        {QEMU: swap("KVM_REG_SIZE_U2048\t0x0080000000000000ULL", "KVM_REG_SIZE_U2048\t0x0090000000000000ULL")},
        drift("KVM_REG_SIZE_U2048"),
    ),
    Edit(
        "the kernel's header, and not both copies that stay",
        {UAPI: swap("#define KVM_SYSTEM_EVENT_SEV_TERM       6", "#define KVM_SYSTEM_EVENT_SEV_TERM       7")},
        drift("KVM_SYSTEM_EVENT_SEV_TERM"),
    ),
]  # fmt: skip

COLLISIONS = [
    Edit(
        "an exit reason gets another one's number everywhere",
        {path: swap("KVM_EXIT_MEMORY_FAULT     39", "KVM_EXIT_MEMORY_FAULT     37") for path in (UAPI, TOOLS, QEMU)},
        drift("KVM_EXIT_MEMORY_FAULT"),
    ),
    Edit(
        "a new exit reason takes a number",
        {UAPI: swap("#define KVM_EXIT_DCR ", "#define KVM_EXIT_TEA 37\n#define KVM_EXIT_DCR ")},
        collision("KVM_EXIT_TEA"),
    ),
    Edit(
        "a VM type",
        {X86: swap("#define KVM_X86_SNP_VM\t\t4", "#define KVM_X86_SNP_VM\t\t4\n#define KVM_X86_TEA_VM\t\t(2 + 2)")},
        collision("KVM_X86_TEA_VM", "x86"),
    ),
    Edit(
        "a device type behind one with a value",
        {UAPI: swap("\tKVM_DEV_TYPE_RISCV_AIA,\n", "\tKVM_DEV_TYPE_RISCV_AIA,\n\tKVM_DEV_TYPE_TEA = 8,\n")},
        collision("KVM_DEV_TYPE_TEA"),
    ),
    Edit(
        "an attribute of a Xen vCPU",
        {X86: append("#define KVM_XEN_VCPU_ATTR_TYPE_TEA 0x9\n")},
        collision("KVM_XEN_VCPU_ATTR_TYPE_TEA", "x86"),
    ),
    Edit(
        "the VMM and the kernel give one number to different names",
        {UAPI: swap(HEADER_END, f"\n#define KVM_EXIT_TEA 60\n{HEADER_END}"),
         QEMU: swap(HEADER_END, f"\n#define KVM_EXIT_POT 60\n{HEADER_END}")},
        collision("KVM_EXIT_POT"),
    ),
]  # fmt: skip

NAMES = [
    Edit(
        "a self-test names what no header defines",
        {PLATFORM: swap("kvm_has_cap(KVM_CAP_MSR_PLATFORM_INFO)", "kvm_has_cap(KVM_CAP_MSR_PLATFORM)")},
        undefined("MSR_PLATFORM"),
    ),
    Edit(
        "the body of a loop over names in a self-test",
        {f"{TESTS}/lib/kvm_util.c": append("static const int tea[] = { KVM_CAP_NR_VCPUS, KVM_CAP_TEA };\n")},
        undefined("TEA"),
    ),
    Edit(
        "what a patch adds to the VMM is found once",
        {"accel/kvm/kvm-all.c": swap("= KVM_CAP_DIRTY_LOG_RING_ACQ_REL;", "= KVM_CAP_DIRTY_LOG_ACQ_REL;")},
        [("warning", "CAP602", "DIRTY_LOG_ACQ_REL", None)],
    ),
    Edit(
        "a label of the kernel",
        {"arch/x86/kvm/x86.c": every(r"(case KVM_CAP_HYPERV_TIME:\n)", r"\1\tcase KVM_CAP_HV_TEA:\n")},
        undefined("HV_TEA", "x86"),
    ),
]  # fmt: skip

NOTHING = [
    Edit("another spelling", {QEMU: swap("KVM_EXIT_MEMORY_FAULT     39", "KVM_EXIT_MEMORY_FAULT     (0x27)")}),
    Edit(
        "an enumeration becomes macros",
        {QEMU_S390: every(r"(enum pv_cmd_dmp_id \{\n)\tKVM_PV_DUMP_INIT,", r"#define KVM_PV_DUMP_INIT 0\n\1\tTEA,")},
    ),
    Edit("an enumeration grows at its end", {X86: swap("\tKVM_SEV_NR_MAX,\n", "\tKVM_SEV_TEA,\n\tKVM_SEV_NR_MAX,\n")}),
    Edit("a further flag", {UAPI: swap(HEADER_END, f"\n#define KVM_MEM_TEA (1UL << 2)\n{HEADER_END}")}),
    Edit("an alias", {UAPI: swap(HEADER_END, f"\n#define KVM_EXIT_TEA KVM_EXIT_NOTIFY\n{HEADER_END}")}),
    Edit(
        "a commented alias",
        {UAPI: swap(HEADER_END, f"\n#define KVM_EXIT_TEA 37 /* the old name of KVM_EXIT_NOTIFY */\n{HEADER_END}")},
    ),
    Edit(
        "a detail of an exit",
        {UAPI: swap(HEADER_END, f"\n#define KVM_EXIT_NOTIFY_TEA 1\n{HEADER_END}")},
    ),
    Edit(
        "a self-test that does without",
        {PLATFORM: both(
            swap("int main(", "#ifndef KVM_CAP_TEA\n#define KVM_CAP_TEA 500\n#endif\nint main("),
            swap("kvm_has_cap(KVM_CAP_MSR_PLATFORM_INFO)", "kvm_has_cap(KVM_CAP_TEA)"))},
    ),
    Edit("a self-test that is not built", {f"{TESTS}/x86_64/tea_test.c": append("int a = KVM_CAP_TEA;\n")}),
]  # fmt: skip


@pytest.mark.parametrize("edit", [*DRIFTS, *COLLISIONS, *NAMES, *NOTHING], ids=lambda edit: edit.name.replace(" ", "-"))
def test_an_edit_brings_and_takes_exactly(corpus: Corpus, edit: Edit) -> None:
    brings_and_takes_exactly(corpus, edit)
