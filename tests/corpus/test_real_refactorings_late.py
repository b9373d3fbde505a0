"""Refactorings that maintainers make all over a function: workers, casts, copies, logging, order, exits.

They keep what the code does: no finding comes, and none goes.
"""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
import real_trees
from editing import ANSWERS, ENABLES, ENABLES_VCPU, OLD, Edit, Transform, both, inside
from real_trees import Corpus
from refactoring import matching, of_case, renamed
from test_real_refactorings import batch_name, batches, is_silent

pytestmark = [pytest.mark.corpus, pytest.mark.edits]
corpus = real_trees.corpus

X86 = "arch/x86/kvm/x86.c"
ARM64 = "arch/arm64/kvm/arm.c"
S390 = "arch/s390/kvm/kvm-s390.c"
POWERPC = "arch/powerpc/kvm/powerpc.c"
ALL = "accel/kvm/kvm-all.c"
I386 = "target/i386/kvm/kvm.c"
ARM = "target/arm/kvm.c"
PPC = "target/ppc/kvm.c"
Z = "target/s390x/kvm/kvm.c"


def worker(function: str) -> Transform:
    """Leave a function's work to one of the same name with underscores."""

    def apply(text: str) -> str:
        match = re.search(
            rf"^(?P<head>\w[^\n;{{}}#]*?)\b{function}\((?P<given>[^;{{}}]*)\)\s*^\{{.*?^\}}\n",
            text,
            re.MULTILINE | re.DOTALL,
        )
        assert match is not None, f"no definition of {function}"
        head = match["head"] if match["head"].startswith("static") else f"static {match['head']}"
        body = match.group().replace(match["head"], head, 1).replace(f"{function}(", f"__{function}(", 1)
        names = ", ".join(re.findall(r"(\w+)\s*(?:,|\Z)", match["given"]))
        outer = f"\n{match['head']}{function}({match['given']})\n{{\n\treturn __{function}({names});\n}}\n"
        return text[: match.start()] + body + outer + text[match.end() :]

    return apply


def begins(function: str, statement: str) -> Transform:
    """Put a statement behind the declarations of a function."""
    place = re.compile(r"^(?:\t| {4})(?=(?:if|switch|r =|ret =|mutex|trace|assert|vcpu_load)\b)", re.MULTILINE)

    def apply(text: str) -> str:
        match = place.search(text)
        assert match is not None
        return f"{text[: match.start()]}{match.group()}{statement}\n{text[match.start() :]}"

    return inside(function, apply)


def spelt(function: str, pattern: str, new: str) -> Transform:
    """Write something else of the same meaning."""
    return inside(function, matching(pattern, new))


def stacked_labels_reversed(function: str) -> Transform:
    """Turn around the order of labels that follow each other on lines of their own."""
    stack = re.compile(r"(?:^\tcase \w+:\n){2,}", re.MULTILINE)

    def apply(text: str) -> str:
        result, count = stack.subn(lambda match: "".join(reversed(match.group().splitlines(keepends=True))), text)
        assert count
        return result

    return inside(function, apply)


def ends_at_a_label(function: str) -> Transform:
    """Leave the switch of a function, and not only the case, for a label in front of the last return."""

    def apply(text: str) -> str:
        head, switch, rest = text.partition("\tswitch (")
        assert switch
        leaves = re.compile(r"^\t\tbreak;\n(?=\t(?:case|default|#|\}))", re.MULTILINE)
        rest, count = leaves.subn("\t\tgoto answered;\n", rest)
        assert count > 1
        end = rest.rindex("\treturn r;")
        return f"{head}{switch}{rest[:end].rstrip()}\n\nanswered:\n{rest[end:]}"

    return inside(function, apply)


def in_once(function: str, cap: str) -> Transform:
    """Run a case's code in a block that is left by `break`, as macros are written."""

    def wrap(body: str) -> str:
        lines = re.sub(r"^(?=.)", "\t", body, flags=re.MULTILINE)
        return f"\t\tdo {{\n{lines}\t\t}} while (0);\n\t\tbreak;\n"

    return of_case(function, cap, wrap)


def default_first(function: str) -> Transform:
    """Put the default in front of all cases."""

    def apply(text: str) -> str:
        match = re.search(r"^\tdefault:\n(?:\t\t.*\n)+(?=\t\})", text, re.MULTILINE)
        assert match is not None
        rest = text[: match.start()] + text[match.end() :]
        place = re.search(r"^\tswitch \(.*\) \{\n", rest, re.MULTILINE)
        assert place is not None
        left = "" if re.search(r"\t\t(?:break|return\b.*);\n\Z", match.group()) else "\t\tbreak;\n"
        return rest[: place.end()] + match.group() + left + rest[place.end() :]

    return inside(function, apply)


REQUEST = "struct kvm_enable_cap wanted = *cap;"


def copied(function: str, first: str) -> Transform:
    """Look at a copy of the request; `first` is the function's first declaration."""

    def apply(text: str) -> str:
        head, brace, body = text.partition("\n{\n")
        body = re.sub(r"\bcap->", "wanted.", body)
        return head + brace + body.replace(first, f"\t{REQUEST}\n{first}", 1)

    return inside(function, apply)


def of_both(name: str, path: str, make: Callable[[str], Transform], functions: tuple[str, ...]) -> Edit:
    """One edit of several functions of a file."""
    return Edit(name, {path: both(*map(make, functions))})


FLAGS = r"if \(cap->flags\)"


def of_all(function: str) -> Transform:
    """Test the flags by a mask of all."""
    return spelt(function, FLAGS, "if (cap->flags & ~0U)")


def rare(function: str) -> Transform:
    """Tell the compiler that flags are rare."""
    return spelt(function, FLAGS, "if (unlikely(cap->flags))")


def pointed_to(function: str) -> Transform:
    """Read the first argument through the array."""
    return spelt(function, r"cap->args\[0\]", "(*cap->args)")


def traced(function: str) -> Transform:
    """Trace what is enabled."""
    return begins(function, "trace_kvm_enable_cap(cap->cap);")


def sleeps(function: str) -> Transform:
    """Say that enabling may sleep."""
    return begins(function, "might_sleep();")


def negated(function: str) -> Transform:
    """Return nothing as an errno is returned."""
    return spelt(function, r"\br = 0;", "r = -0;")


def usual(arch: str, path: str, enables: tuple[str, ...]) -> list[Edit]:
    """What can be done to the handlers of every architecture."""
    return [
        Edit(f"{arch}: the answers come from a worker", {path: worker(ANSWERS)}),
        of_both(f"{arch}: workers enable", path, worker, enables),
        Edit(f"{arch}: what is asked for is traced", {path: begins(ANSWERS, "trace_kvm_check_extension(kvm, ext);")}),
        of_both(f"{arch}: what is enabled is traced", path, traced, enables),
        of_both(f"{arch}: enabling may sleep", path, sleeps, enables),
        of_both(f"{arch}: flags are rare", path, rare, enables),
        of_both(f"{arch}: the flags are tested by a mask of all", path, of_all, enables),
        *(
            []
            if arch == "s390"
            else [of_both(f"{arch}: the first argument is pointed to", path, pointed_to, enables[:1])]
        ),
        Edit(f"{arch}: the number is cast", {path: spelt(ANSWERS, r"switch \(ext\)", "switch ((u32)ext)")}),
        Edit(f"{arch}: labels stand in another order", {path: stacked_labels_reversed(ANSWERS)}),
        Edit(f"{arch}: one is unsigned", {path: spelt(ANSWERS, r"\br = 1;", "r = 1U;")}),
        of_both(f"{arch}: zero is no error", path, negated, enables[:1]),
        Edit(f"{arch}: answers go to a label", {path: ends_at_a_label(ANSWERS)}),
        of_both(f"{arch}: enablings go to a label", path, ends_at_a_label, enables[:1]),
        Edit(f"{arch}: the default comes first", {path: default_first(ANSWERS)}),
        of_both(f"{arch}: the default of enabling comes first", path, default_first, enables[:1]),
        of_both(f"{arch}: the request is looked at in a copy", path, lambda name: copied(name, "\tint r"), enables[:1]),
    ]


def once(arch: str, path: str, function: str, caps: str) -> list[Edit]:
    """Blocks that are left by `break`."""
    return [Edit(f"{arch}: {cap} is enabled in a block", {path: in_once(function, cap)}) for cap in caps.split()]


EQUAL = "BUILD_BUG_ON(KVM_CAP_{} == KVM_CAP_{});"
LOGGED = 'pr_debug_once("KVM_CAP_{0} is %d\\n", KVM_CAP_{0});'
KERNEL = [
    *usual("x86", X86, (ENABLES, ENABLES_VCPU)),
    *usual("arm64", ARM64, (ENABLES,)),
    *usual("s390", S390, (ENABLES, ENABLES_VCPU)),
    *usual("powerpc", POWERPC, (ENABLES, ENABLES_VCPU)),
    *once("x86", X86, ENABLES, "X2APIC_API PMU_CAPABILITY EXCEPTION_PAYLOAD"),
    *once("arm64", ARM64, ENABLES, "ARM_MTE ARM_SYSTEM_SUSPEND"),
    *once("s390", S390, ENABLES, "S390_RI S390_HPAGE_1M"),
    *once("powerpc", POWERPC, ENABLES, "PPC_NESTED_HV"),
    Edit("x86: numbers are compared when it is built", {X86: begins(ANSWERS, EQUAL.format("INTR_SHADOW", "MIPS_TE"))}),
    Edit("arm64: a number is logged", {ARM64: begins(ANSWERS, LOGGED.format("ARM_MTE"))}),
    Edit("s390: numbers are compared when it is built", {S390: begins(ENABLES, EQUAL.format("S390_GS", "S390_BPB"))}),
    Edit(
        "x86: the enabling of 6.1 is a worker's",
        {X86: both(worker(ENABLES), worker(ANSWERS))},
        pair=OLD,
    ),
    Edit("s390: the handlers of 6.1 are workers'", {S390: both(worker(ENABLES), worker(ANSWERS))}, pair=OLD),
]


def returned_value(function: str, call: str) -> Transform:
    """Keep what a call answers before it is tested."""

    def apply(text: str) -> str:
        match = re.search(rf"^( +)(.*\bif \()(!?){re.escape(call)}(\)? ?.*)$", text, re.MULTILINE)
        assert match is not None, f"{call} is not tested"
        kept = f"{match[1]}int answer_{len(call)} = {call};\n"
        line = f"{match[1]}{match[2]}{match[3]}answer_{len(call)}{match[4]}"
        return text[: match.start()] + kept + line + text[match.end() :]

    return inside(function, apply)


def state_cast(name: str) -> Transform:
    """Ask the state through another name of it."""
    return matching(rf"kvm_check_extension\(s, KVM_CAP_{name}\)", f"kvm_check_extension(KVM_STATE(s), KVM_CAP_{name})")


ABOVE_NOTHING = matching(
    r"kvm_check_extension\((\w+(?:->kvm_state)?), (KVM_CAP_\w+)\) > 0", r"kvm_check_extension(\1, \2) >= 1"
)
TOLD = 'int ret = 0;\n\n    qemu_log_mask(LOG_TRACE, "KVM_CAP_ARM_MTE %d\\\\n", KVM_CAP_ARM_MTE);'
APART = "{\n    QEMU_BUILD_BUG_ON(KVM_CAP_X86_SMM == KVM_CAP_XCRS);\n"
TESTED = "kvm_check_extension(s, KVM_CAP_IRQCHIP)"
QEMU = [
    Edit("qemu: a worker starts KVM", {ALL: worker("kvm_init")}),
    Edit("qemu: a worker asks /dev/kvm", {ALL: worker("kvm_check_extension")}),
    Edit("qemu: a worker asks the VM", {ALL: worker("kvm_vm_check_extension")}),
    Edit("qemu: a worker makes the interrupt controller", {ALL: worker("kvm_irqchip_create")}),
    Edit("qemu: a worker sets up the ring", {ALL: worker("kvm_dirty_ring_init")}),
    Edit("qemu: a worker starts x86", {I386: worker("kvm_arch_init")}),
    Edit("qemu: a worker puts the registers", {I386: worker("kvm_put_msrs")}),
    Edit("qemu: a worker gets the registers", {I386: worker("kvm_get_msrs")}),
    Edit("qemu: a worker starts Arm", {ARM: worker("kvm_arch_init")}),
    Edit("qemu: a worker starts s390", {Z: worker("kvm_arch_init")}),
    Edit("qemu: a worker starts PowerPC", {PPC: worker("kvm_arch_init")}),
    Edit("qemu: answers above nothing are yes", {I386: ABOVE_NOTHING}),
    Edit("qemu: an alias of the state asks", {ARM: inside("kvm_arch_init", state_cast("MP_STATE"))}),
    Edit("qemu: a debug line at the start", {ARM: spelt("kvm_arch_init", r"int ret = 0;", TOLD)}),
    Edit("qemu: the state gets another name on Arm", {ARM: renamed("kvm_arch_init", "s", "state")}),
    Edit("qemu: the state gets another name on s390", {Z: renamed("kvm_arch_init", "s", "state")}),
    Edit("qemu: the state gets another name on PowerPC", {PPC: renamed("kvm_arch_init", "s", "state")}),
    Edit("qemu: the state gets another name on x86", {I386: renamed("kvm_arch_init", "s", "state")}),
    Edit("qemu: the state gets another name in the common code", {ALL: renamed("kvm_init", "s", "state")}),
    Edit("qemu: an answer is kept before it is tested", {ALL: returned_value("kvm_irqchip_create", TESTED)}),
    Edit(
        "qemu: errors are tested by their sign", {ALL: spelt("kvm_irqchip_create", r"if \(ret < 0\)", "if (0 > ret)")}
    ),
    Edit("qemu: a build-time comparison", {I386: spelt("kvm_arch_init", r"^\{\n", APART)}),
]
EDITS = [*KERNEL, *QEMU]


@pytest.mark.parametrize("batch", batches(EDITS), ids=batch_name)
def test_refactorings_bring_and_take_nothing(corpus: Corpus, batch: list[Edit]) -> None:
    if not is_silent(corpus, batch):
        assert [edit.name for edit in batch if not is_silent(corpus, [edit])] == []
        raise AssertionError("each is silent, and together they are not: " + "; ".join(edit.name for edit in batch))
