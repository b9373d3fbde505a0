"""Fixes of findings that edits of the real sources bring: each goes, nothing else comes, and twice is once."""

from __future__ import annotations

from collections import Counter

import pytest
import real_trees
from editing import ANSWERS, ENABLES, ENABLES_VCPU, Transform, append, both, every, inside, laid_over, of_vmm, swap
from real_trees import API, UAPI, Corpus, shipped_rules

from caplint.engine.compare import compare
from caplint.engine.mending import Mended, mend
from caplint.engine.outcome import Outcome
from caplint.findings.finding import Finding
from caplint.fixes.lay import Drafts, laid, overlaid
from caplint.trees.tree import Tree

pytestmark = [pytest.mark.corpus, pytest.mark.edits]
corpus = real_trees.corpus

X86 = "arch/x86/kvm/x86.c"
S390 = "arch/s390/kvm/kvm-s390.c"
MAIN = "virt/kvm/kvm_main.c"
FLAGS = "\tif (cap->flags)\n\t\treturn -EINVAL;\n\n"
HALTS = "\t\tif (cap->flags || cap->args[0] != (unsigned int)cap->args[0])\n"
EXITS = r"\t\tif \(cap->args\[0\] & ~\(?KVM_MSR_EXIT[^;]*;\n"
CALLS = "\t\tif (cap->args[0] & ~KVM_EXIT_HYPERCALL_VALID_MASK) {\n\t\t\tr = -EINVAL;\n\t\t\tbreak;\n\t\t}\n"
COUNT = "\t\tr = min_t(unsigned int, num_online_cpus(), KVM_MAX_VCPUS);\n"
CHAPTER = "9. Known KVM API problems\n"

CHAPTER_5 = "5. The kvm_run structure\n"
GET_PPIN = """\
{} KVM_GET_PPIN
------------------

:Capability: KVM_CAP_PPIN
:Architectures: x86
:Type: vcpu ioctl
:Parameters: __u64 (out)
:Returns: 0 on success, -1 on error

Reads the number of the processor.

"""
BUS_LOCKS = "args[0] defines the policy used when bus locks detected in guest"


def _section(title: str, text: str = "Nobody needs it.") -> Transform:
    """Put a section at the end of chapter 8."""
    return swap(CHAPTER, f"{title}\n{'-' * len(title)}\n\n:Architectures: x86\n\n{text}\n\n{CHAPTER}")


def _capability(last: str, *new: str) -> Transform:
    return swap(last, last + "".join(f"#define KVM_CAP_{line}\n" for line in new))


SIGP = "kvm_vm_enable_cap(s, KVM_CAP_S390_USER_SIGP, 0);"
LISTED = r"^\tMSR_(?:IA32_UCODE_REV|IA32_TSC_ADJUST|K7_HWCR),\n(?=\n\t/\*|\tMSR_)"
FILTERED = r"\tcase MSR_AMD64_VIRT_SPEC_CTRL:\n(?=\tcase MSR_AMD64_TSC_RATIO:\n\t\t/\* This)"
ANSWER = "\tcase KVM_CAP_PPIN:\n\t\tr = KVM_PPIN_READ | KVM_PPIN_LOCK;\n\t\tbreak;\n\tdefault:\n"
ENABLE = """\
	case KVM_CAP_PPIN:
		r = -EINVAL;
		kvm->arch.user_space_msr_mask = cap->args[0];
		r = 0;
		break;
"""
NMI = "\tcase KVM_CAP_USER_NMI:\n"
POLL = "\tcase KVM_CAP_HALT_POLL:\n"
PAYLOAD = "\tcase KVM_CAP_EXCEPTION_PAYLOAD:\n"
LAST = {
    "linux-6.12": "#define KVM_CAP_X86_GUEST_MODE 238\n",
    "linux-6.1": "#define KVM_CAP_DIRTY_LOG_RING_ACQ_REL 223\n",
}
EDITS: dict[str, tuple[str, dict[str, Transform | None], dict[str, int]]] = {
    "6.12, all at once": (
        "linux-6.12",
        {
            UAPI: _capability(LAST["linux-6.12"], "PPIN 238", "PPIN_CTL 241"),
            API: both(
                _section("8.41 KVM_CAP_PPIN", "It is like KVM_CAP_TYPES_VM, and KVM_CAP_X86_GUEST_MOED is not."),
                _section("8.44 KVM_CAP_PPIN_CTL"),
                every(r"^(7\.4 KVM_CAP_S390_USER_STSI\n-+\n\n):Architectures: s390\n", r"\1"),
                every(r"^(7\.2 KVM_CAP_S390_USER_SIGP\n-+\n\n:Architectures: s390)\n", r"\1, x86\n"),
            ),
            X86: inside(ANSWERS, swap(f"{COUNT}\t\tbreak;\n", COUNT)),
        },
        {"CAP102": 1, "CAP105": 2, "CAP502": 2, "CAP503": 2, "CAP504": 1, "CAP505": 1, "CAP217": 1},
    ),
    "6.1, all at once": (
        "linux-6.1",
        {
            UAPI: _capability(LAST["linux-6.1"], "PPIN 223"),
            API: _section("7.3 KVM_CAP_PPIN"),
            X86: inside(ANSWERS, swap(f"{COUNT}\t\tbreak;\n", COUNT)),
        },
        {"CAP102": 1, "CAP105": 1, "CAP503": 1, "CAP217": 1},
    ),
    **{
        f"{version}, tests of the request": (
            f"linux-{version}",
            {
                X86: inside(ENABLES, every(EXITS, ""), swap(CALLS, "")),
                S390: inside(ENABLES_VCPU, swap(FLAGS, "")),
                MAIN: swap(HALTS, "\t\tif (cap->args[0] != (unsigned int)cap->args[0])\n"),
            },
            {"CAP205": 2, "CAP206": 2},
        )
        for version in ("6.12", "6.1")
    },
    **{
        f"{vmm}, wrappers": (
            f"{kernel}+{vmm}",
            {
                "target/s390x/kvm/kvm.c": both(
                    swap(
                        "kvm_vcpu_enable_cap(CPU(cpu), KVM_CAP_S390_CSS",
                        "kvm_vm_enable_cap(kvm_state, KVM_CAP_S390_CSS",
                    ),
                    swap(f"    {SIGP}", f"    (void){SIGP}"),
                ),
                "target/mips/kvm.c": swap(
                    "kvm_vcpu_enable_cap(cs, KVM_CAP_MIPS_FPU", "kvm_vm_enable_cap(kvm_state, KVM_CAP_MIPS_FPU"
                ),
                "target/i386/kvm/kvm.c": every(
                    r"kvm_vm_enable_cap\(s, (KVM_CAP_X86_BUS_LOCK_EXIT, 0,\n +)", r"kvm_vcpu_enable_cap(first_cpu, \1  "
                ),
            },
            {"CAP402": 1, "CAP403": 3},
        )
        for kernel, vmm in (("linux-6.12", "qemu-10.0"), ("linux-6.1", "qemu-7.2"))
    },
    **{
        f"{kernel}, lists of MSRs": (
            f"{kernel}+{vmm}",
            {X86: every(LISTED.replace("IA32_UCODE_REV|", kept), ""), "arch/x86/kvm/vmx/vmx.c": every(FILTERED, "")},
            {"CAP304": 3 if kept else 2, "CAP309": 1},
        )
        # QEMU 7.2 never reads the microcode's revision, so listing it brings CAP312.
        for kernel, vmm, kept in (("linux-6.12", "qemu-10.0", "IA32_UCODE_REV|"), ("linux-6.1", "qemu-7.2", ""))
    },
    **{
        f"{kernel}, sections": (
            kernel,
            {
                UAPI: both(
                    _capability(LAST[kernel], f"PPIN {first}", f"PPIN_CTL {first + 1}", f"PPIN_ALL {first + 2}"),
                    append("#define KVM_PPIN_READ (1 << 0)\n#define KVM_PPIN_LOCK (1 << 1)\n"),
                ),
                X86: both(
                    inside(ANSWERS, swap(NMI, f"{NMI}\tcase KVM_CAP_PPIN_CTL:\n"), swap("\tdefault:\n", ANSWER)),
                    inside(ENABLES, swap(PAYLOAD, f"{ENABLE}{PAYLOAD}")),
                ),
                MAIN: inside(f"{ANSWERS}_generic", swap(POLL, f"{POLL}\tcase KVM_CAP_PPIN_ALL:\n")),
            },
            {"CAP206": 1, "CAP501": 3},
        )
        for kernel, first in (("linux-6.12", 239), ("linux-6.1", 224))
    },
    **{
        f"{version}, a new ioctl and the bits of an argument": (
            f"linux-{version}",
            {
                UAPI: both(
                    _capability(LAST[f"linux-{version}"], f"PPIN {number}"),
                    append("/* Available with KVM_CAP_NR_VCPUS */\n#define KVM_GET_PPIN _IOR(KVMIO, 0xfe, __u64)\n"),
                ),
                API: both(
                    swap(CHAPTER_5, f"{GET_PPIN.format(section)}{CHAPTER_5}"),
                    swap(f":Parameters: {BUS_LOCKS}\n", ":Parameters: none\n"),
                ),
            },
            {"CAP507": 1, "CAP509": 1},
        )
        for version, number, section in (("6.12", 239, "4.144"), ("6.1", 224, "4.138"))
    },
    "what others may refer to stays": (
        "linux-6.12",
        {
            UAPI: _capability(LAST["linux-6.12"], "PPIN (230 + 8)"),
            API: _section("8.41 KVM_CAP_PPIN", "See 8.41 and KVM_CAP_GUEST."),
            X86: inside(ANSWERS, swap(f"{COUNT}\t\tbreak;\n", f"\t\tif (kvm)\n\t{COUNT}")),
        },
        {},
    ),
}


@pytest.mark.parametrize("name", EDITS)
def test_fixes(corpus: Corpus, name: str) -> None:
    names, changes, expected = EDITS[name]
    kernel_or_vmm = {"linux": lambda path: not of_vmm(path), "qemu": of_vmm}
    trees = [laid_over(corpus, tree, changes, kernel_or_vmm[tree.split("-")[0]]) for tree in names.split("+")]

    def check(trees: list[Tree]) -> Outcome:
        return compare(trees, shipped_rules(), corpus.config)

    def fix(trees: list[Tree], outcome: Outcome) -> Mended[Drafts]:
        def lay(drafts: Drafts, findings: list[Finding]) -> tuple[Drafts, list[tuple[Finding, str]]]:
            return laid(trees, drafts, findings), []

        nothing: Drafts = {}
        return mend(nothing, outcome, lay, lambda drafts: check(overlaid(trees, drafts)))

    outcome = check(trees)
    mended = fix(trees, outcome)
    assert not mended.refused
    assert Counter(finding.code for finding in mended.fixed) == +Counter(expected)
    before, after = (
        Counter((found.code, found.subject) for found in run.findings) for run in (outcome, mended.outcome)
    )
    assert before - after == Counter((found.code, found.subject) for found in mended.fixed)
    assert not after - before
    assert mended.outcome.coverage.total("blind_bytes") == outcome.coverage.total("blind_bytes")
    assert not fix(overlaid(trees, mended.state), mended.outcome).state
