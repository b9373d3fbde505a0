"""Members of the VM that only the creation of a vCPU reads."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from bodies import LinkedCode, linked

from caplint.link.handlers.creation_reads import Caller, CreationReads

ENABLE = "kvm_vm_ioctl_enable_cap"
TEXT = """\
#define HAS_MACRO(kvm) ((kvm)->arch.in_macro)
int kvm_vm_ioctl_enable_cap(struct kvm *kvm, struct kvm_enable_cap *cap)
{
	kvm->arch.copied = 1;
	kvm->arch.in_macro = 1;
	return kvm->arch.copied;
}
static void init(struct kvm_vcpu *vcpu) { vcpu->arch.x = vcpu->kvm->arch.by_helper; }
static bool has_shared(struct kvm *kvm) { return kvm->arch.shared; }
static int v_create(struct kvm_vcpu *vcpu) { return vcpu->kvm->arch.by_callback; }
static void v_load(struct kvm_vcpu *vcpu) { vcpu->arch.x = vcpu->kvm->arch.by_load; }
static struct kvm_x86_ops ops = { .vcpu_create = v_create, .vcpu_load = v_load };
static void first_reset(struct kvm_vcpu *vcpu) { vcpu->arch.x = vcpu->kvm->arch.at_reset; }
static void each_reset(struct kvm_vcpu *vcpu) { vcpu->arch.x = vcpu->kvm->arch.at_each_reset; }
void kvm_vcpu_reset(struct kvm_vcpu *vcpu, bool init_event)
{
	if (!init_event)
		first_reset(vcpu);
	each_reset(vcpu);
}
int kvm_arch_vcpu_create(struct kvm_vcpu *vcpu)
{
	struct kvm_arch *ka = &vcpu->kvm->arch;

	vcpu->arch.a = vcpu->kvm->arch.copied;
	vcpu->arch.b = ka->by_pointer;
	vcpu->arch.c = vcpu->kvm->arch.also_at_run;
	vcpu->arch.d = vcpu->kvm->arch.in_macro;
	vcpu->arch.e = vcpu->kvm->arch.counted++;
	vcpu->arch.f = vcpu->own;
	vcpu->arch.h = vcpu->kvm->arch.also_of_vcpu;
	vcpu->arch.g = vcpu->kvm->arch.table[vcpu->id].inner;
	if (has_shared(vcpu->kvm))
		init(vcpu);
	v->other = list->not_of_a_vm;
	recursive(vcpu);
	return 0;
}
static void recursive(struct kvm_vcpu *vcpu) { recursive(vcpu); vcpu->arch.x = vcpu->kvm->arch.in_recursion; }
int kvm_arch_vcpu_ioctl_run(struct kvm_vcpu *vcpu)
{
	kvm_vcpu_reset(vcpu, true);
	kvm_x86_call(vcpu_load)(vcpu);
	return vcpu->kvm->arch.also_at_run + has_shared(vcpu->kvm) + vcpu->arch.also_of_vcpu;
}
bool nobody_calls(struct kvm *kvm) { return kvm->arch.exported; }
"""
ARM = "int kvm_arch_vcpu_ioctl_run(struct kvm_vcpu *vcpu) { return vcpu->kvm->arch.by_helper; }\n"
# Member → function that reads it, if only the creation does.
MEMBERS = {
    "copied": "kvm_arch_vcpu_create", "by_pointer": "kvm_arch_vcpu_create", "also_of_vcpu": "kvm_arch_vcpu_create",
    "by_helper": "init",
    "by_callback": "v_create", "at_reset": "first_reset", "in_recursion": "", "table": "",
    "also_at_run": "", "shared": "", "by_load": "", "at_each_reset": "", "in_macro": "", "counted": "", "exported": "",
    "own": "", "not_of_a_vm": "", "nothing": "",
}  # fmt: skip


@pytest.fixture(scope="module")
def code(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LinkedCode]:
    with linked(tmp_path_factory.mktemp("kernel"), TEXT, {"arch/arm64/kvm/arm.c": ARM}) as found:
        yield found


@pytest.fixture
def reads(code: LinkedCode) -> CreationReads:
    return CreationReads(code.helpers, frozenset({ENABLE}), frozenset({"copied", "by_helper"}))


@pytest.mark.parametrize("member", MEMBERS)
def test_only_in_creation(reads: CreationReads, member: str) -> None:
    use = reads.only_in_creation(member, "x86", frozenset())
    assert (use.function if use else "") == MEMBERS[member]


def test_functions_that_enable_do_not_count(reads: CreationReads) -> None:
    assert reads.only_in_creation("also_at_run", "x86", frozenset({"kvm_arch_vcpu_ioctl_run"})) is not None
    assert reads.only_in_creation("counted", "x86", frozenset({"kvm_arch_vcpu_create"})) is None


def test_code_of_another_architecture_does_not_count(reads: CreationReads) -> None:
    """Shared code does not know whose machine it runs on, so that it counts both."""
    assert reads.only_in_creation("by_helper", "x86", frozenset()) is not None
    assert reads.only_in_creation("by_helper", "generic", frozenset()) is None


@pytest.mark.parametrize(
    ("member", "function"),
    [
        ("copied", "kvm_arch_vcpu_create"), ("also_at_run", "kvm_arch_vcpu_create"), ("shared", "kvm_arch_vcpu_create"),
        ("by_helper", "init"), ("by_load", ""), ("exported", ""), ("own", ""), ("nothing", ""),
    ],
)  # fmt: skip
def test_a_function_of_the_creation_that_reads(reads: CreationReads, member: str, function: str) -> None:
    """Itself or in a helper; it does not matter who else reads."""
    assert reads.read_in_creation(member, "x86") == function


def test_uses_with_their_modes(reads: CreationReads) -> None:
    """A member on the way to another is none that is read whole."""
    assert [(use.function, use.mode) for use in reads.uses("copied")] == [
        (ENABLE, "write"), (ENABLE, "read"), ("kvm_arch_vcpu_create", "read")
    ]  # fmt: skip
    assert [use.mode for use in reads.uses("table")] == ["inner"]
    assert [use.mode for use in reads.uses("counted")] != ["read"]


def test_calls_of_a_function(reads: CreationReads) -> None:
    assert [call.caller for call in reads.calls("has_shared", "x86")] == [
        "kvm_arch_vcpu_create",
        "kvm_arch_vcpu_ioctl_run",
    ]
    assert reads.calls("has_shared", "arm64") == reads.calls("nobody_calls", "x86") == []


def test_more_calls_than_are_followed_stand_for_any(tmp_path_factory: pytest.TempPathFactory) -> None:
    calls = "".join(f"static void c{at}(struct kvm_vcpu *vcpu) {{ helper(vcpu); }}\n" for at in range(65))
    text = "static void helper(struct kvm_vcpu *vcpu) { vcpu->arch.x = vcpu->kvm->arch.y; }\n" + calls
    with linked(tmp_path_factory.mktemp("kernel"), text) as many:
        reads = CreationReads(many.helpers, frozenset())
        assert reads.calls("helper", "x86") == [Caller("", "", "x86", 0, 0)]
        assert not reads.is_creation("helper", "x86")


@pytest.mark.parametrize(("calls", "creates"), [(11, True), (12, False)])
def test_calls_are_followed_to_a_depth(tmp_path_factory: pytest.TempPathFactory, calls: int, creates: bool) -> None:
    chain = "".join(f"static void c{at}(struct kvm_vcpu *vcpu) {{ c{at + 1}(vcpu); }}\n" for at in range(calls))
    text = f"int kvm_arch_vcpu_create(struct kvm_vcpu *vcpu) {{ c0(vcpu); return 0; }}\n{chain}"
    with linked(tmp_path_factory.mktemp("kernel"), text) as deep:
        assert CreationReads(deep.helpers, frozenset()).is_creation(f"c{calls}", "x86") is creates
