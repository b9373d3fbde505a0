"""Copies of a VM's state that the creation of a vCPU makes and nothing renews."""

# ruff: noqa: E501 - each shape of code is one line
from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from bodies import linked
from conftest import UAPI, X86, ask, bare_kernel

from caplint.link.handlers.creation_reads import CreationReads
from caplint.link.handlers.stale_copies import stale_copy

ENABLE = (
    "int kvm_vm_ioctl_enable_cap(struct kvm *kvm, struct kvm_enable_cap *cap)\n{{\n\tint r = -EINVAL;\n\t{above}\n"
    "\tswitch (cap->cap) {{\n\tcase KVM_CAP_A:\n\t\t{case}\n\t\tr = 0;\n\t\tbreak;\n\tdefault:\n\t\tbreak;\n\t}}\n\treturn r;\n}}\n"
)


CREATE = "int kvm_arch_vcpu_create(struct kvm_vcpu *vcpu)\n{{\n\t{}\n\treturn 0;\n}}\n"


SET = "kvm->arch.x = cap->args[0];"


RUN = "int kvm_arch_vcpu_ioctl_run(struct kvm_vcpu *vcpu)\n{{\n\t{}\n\treturn 0;\n}}\n"


def enable(case: str = SET, above: str = "") -> str:
    return ENABLE.format(case=case, above=above)


def function(head: str, *lines: str) -> str:
    body = "\n\t".join(lines)
    return f"{head}\n{{\n\t{body}\n}}\n"


BOTH = RUN.format("return vcpu->kvm->arch.x ? vcpu->arch.y : 0;")


KEPT = {
    "copied": CREATE.format("vcpu->arch.y = vcpu->kvm->arch.x;") + BOTH + enable(),
    "in a branch": CREATE.format("if (vcpu->kvm->arch.x)\n\t\tvcpu->arch.y = 1;") + BOTH + enable(),
    "chosen": CREATE.format("vcpu->arch.y = vcpu->kvm->arch.x ? 3 : 4;") + BOTH + enable(),
    "a flag": CREATE.format("if (READ_ONCE(vcpu->kvm->arch.x))\n\t\tvcpu->arch.y |= 8;") + BOTH + enable(),
    "returned by a helper": function("static bool has_x(struct kvm *kvm)", "return kvm->arch.x;")
    + CREATE.format("vcpu->arch.y = has_x(vcpu->kvm);") + RUN.format("return has_x(vcpu->kvm) ? vcpu->arch.y : 0;") + enable(),
    "in the vendor's part": function("static int v_create(struct kvm_vcpu *vcpu)", "struct vcpu_v *v = to_v(vcpu);", "v->y = vcpu->kvm->arch.x;", "return 0;")
    + "static struct kvm_x86_ops ops = { .vcpu_create = v_create };\n" + CREATE.format("kvm_x86_call(vcpu_create)(vcpu);")
    + RUN.format("struct vcpu_v *v = to_v(vcpu);\n\treturn vcpu->kvm->arch.x && v->y;") + enable(),
    "set by a helper": CREATE.format("vcpu->arch.y = vcpu->kvm->arch.x;") + BOTH
    + function("static void set(struct kvm *kvm, u64 v)", "kvm->arch.x = v;") + enable("set(kvm, 1);"),
    "read by the ioctl that saves": CREATE.format("vcpu->arch.y = vcpu->kvm->arch.x;")
    + function("void save(struct kvm_vcpu *vcpu, u64 *to)", "*to = vcpu->arch.y + vcpu->kvm->arch.x;") + enable(),
}  # fmt: skip


@pytest.mark.parametrize("text", KEPT.values(), ids=KEPT)
def test_copies_that_nothing_renews(tmp_path: Path, text: str) -> None:
    tree = bare_kernel(tmp_path, {UAPI: "#define KVM_CAP_A 1\n", X86: text})
    assert ask([tree], "SELECT cap, substr(copy, -1) FROM cap_late") == [("KVM_CAP_A", "y")]


RENEWED = {
    "written at run time": CREATE.format("vcpu->arch.y = vcpu->kvm->arch.x;") + RUN.format("if (vcpu->kvm->arch.x)\n\t\tvcpu->arch.y = 1;\n\treturn vcpu->arch.y;"),
    "its address is given away": CREATE.format("vcpu->arch.y = vcpu->kvm->arch.x;") + RUN.format("renew(&vcpu->arch.y, vcpu->kvm->arch.x);"),
    "counted up": CREATE.format("vcpu->arch.y = vcpu->kvm->arch.x;") + RUN.format("vcpu->arch.y++;\n\treturn vcpu->kvm->arch.x;"),
    "by both": function("static void load(struct kvm_vcpu *vcpu)", "vcpu->arch.y = vcpu->kvm->arch.x;") + CREATE.format("load(vcpu);") + RUN.format("load(vcpu);\n\treturn vcpu->arch.y;"),
    "part of a structure": CREATE.format("vcpu->arch.y = vcpu->kvm->arch.x;") + RUN.format("vcpu->arch.y.z = vcpu->kvm->arch.x;"),
    "read by nothing": CREATE.format("vcpu->arch.y = vcpu->kvm->arch.x;") + RUN.format("return vcpu->kvm->arch.x;"),
    "from something else": CREATE.format("vcpu->arch.y = vcpu->kvm->arch.z;") + RUN.format("return vcpu->kvm->arch.x + vcpu->arch.y;"),
    "in a macro": "#define SET_Y(vcpu) ((vcpu)->arch.y = 1)\n" + CREATE.format("vcpu->arch.y = vcpu->kvm->arch.x;") + RUN.format("SET_Y(vcpu);\n\treturn vcpu->arch.y + vcpu->kvm->arch.x;"),
}  # fmt: skip


@pytest.mark.parametrize("text", RENEWED.values(), ids=RENEWED)
def test_copies_that_are_renewed_or_unused(tmp_path: Path, text: str) -> None:
    tree = bare_kernel(tmp_path, {UAPI: "#define KVM_CAP_A 1\n", X86: text + enable()})
    assert ask([tree], "SELECT cap, copy FROM cap_late") == []


SHARED = """\
int kvm_vm_ioctl_enable_cap(struct kvm *kvm, struct kvm_enable_cap *cap)
{
	vcpu->arch.by_handler = kvm->arch.handled;
	return 0;
}
int kvm_arch_vcpu_create(struct kvm_vcpu *vcpu)
{
	vcpu->arch.of_plain = vcpu->kvm->arch.plain;
	if (vcpu->kvm->arch.flag)
		vcpu->arch.of_flag = 1;
	vcpu->arch.of_own = vcpu->arch.own;
	vcpu->arch.of_renewed = vcpu->kvm->arch.renewed;
	vcpu->arch.of_unread = vcpu->kvm->arch.unread;
	vcpu->arch.of_returned = get_returned(vcpu->kvm);
	vcpu->kvm->arch.of_vm = vcpu->kvm->arch.kept_in_vm;
	local = vcpu->kvm->arch.only_local;
	other->of_other = vcpu->kvm->arch.in_other;
	return 0;
}
static int get_returned(struct kvm *kvm) { return kvm->arch.returned; }
int kvm_arch_vcpu_ioctl_run(struct kvm_vcpu *vcpu)
{
	vcpu->arch.of_renewed = 3;
	return vcpu->arch.of_plain + vcpu->arch.of_flag + vcpu->arch.of_own + vcpu->arch.of_renewed
		+ vcpu->arch.of_returned + vcpu->kvm->arch.of_vm + other->of_other + vcpu->arch.by_handler;
}
"""
ARM = """\
int kvm_arch_vcpu_create(struct kvm_vcpu *vcpu)
{
	vcpu->arch.of_arm = vcpu->kvm->arch.arm;
	return 0;
}
void run_arm(struct kvm_vcpu *vcpu)
{
	vcpu->arch.of_plain = vcpu->arch.of_arm;
}
"""
COPIES = {
    "plain": ("vcpu->arch.of_plain", "kvm_arch_vcpu_create"), "flag": ("vcpu->arch.of_flag", "kvm_arch_vcpu_create"),
    "returned": ("vcpu->arch.of_returned", "kvm_arch_vcpu_create"), "own": None, "renewed": None, "unread": None,
    "kept_in_vm": None, "only_local": None, "in_other": None, "handled": None, "arm": None, "nothing": None,
}  # fmt: skip
"""Member of the VM → the stale copy on x86, and the function that makes it."""


@pytest.fixture(scope="module")
def reads(tmp_path_factory: pytest.TempPathFactory) -> Iterator[CreationReads]:
    with linked(tmp_path_factory.mktemp("kernel"), SHARED, {"arch/arm64/kvm/arm.c": ARM}) as code:
        yield CreationReads(code.helpers, frozenset({"kvm_vm_ioctl_enable_cap"}))


@pytest.mark.parametrize("member", COPIES)
def test_the_copy_of_a_member(reads: CreationReads, member: str) -> None:
    """Only a member of the vCPU is one, which nothing but the creation writes on the same architecture."""
    found = stale_copy(reads, member, "x86", frozenset())
    assert (found and (found.target, found.use.function)) == COPIES[member]


def test_each_architecture_has_copies_of_its_own(reads: CreationReads) -> None:
    found = stale_copy(reads, "arm", "arm64", frozenset())
    assert found is not None
    assert (found.target, found.use.path) == ("vcpu->arch.of_arm", "arch/arm64/kvm/arm.c")
    assert stale_copy(reads, "plain", "arm64", frozenset()) is None


def test_what_enables_the_capability_makes_no_stale_copy(reads: CreationReads) -> None:
    assert stale_copy(reads, "plain", "x86", frozenset({"kvm_arch_vcpu_create"})) is None
