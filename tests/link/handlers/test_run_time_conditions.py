"""Conditions that hold for a host, or for a VM as long as it exists."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from bodies import LinkedCode, linked

from caplint.link.handlers.run_time_conditions import RunTimeConditions
from caplint.values.expression_tree import tree_of

HEADER = """\
struct kvm_x86_ops { int (*enable_tea)(struct kvm *kvm); int (*enable_cup)(struct kvm *kvm); int plain; };
struct kvm_arch { bool fixed; bool changed; bool both; struct kvm_x86_ops *ops; };
"""
TEXT = """\
static bool enable_pot;
module_param(enable_pot, bool, 0444);
static struct kvm_x86_ops kvm_x86_ops;
static const struct kvm_x86_ops vmx_ops = { .enable_tea = vmx_tea, .enable_cup = vmx_cup };
static const struct kvm_x86_ops svm_ops = { .enable_cup = svm_cup };
int kvm_arch_init_vm(struct kvm *kvm) { kvm->arch.fixed = true; kvm->arch.both = true; return 0; }
int ioctl(struct kvm *kvm) { kvm->arch.changed = true; kvm->arch.both = false; return 0; }
static bool has_pot(void) { return enable_pot; }
static bool is_fixed(struct kvm *kvm) { return kvm->arch.fixed; }
static bool deep(void) { return has_pot() && boot_cpu_has(3); }
static bool acts(struct kvm *kvm) { kvm->arch.changed = 1; return enable_pot; }
static bool around(void) { return around(); }
int handler(struct kvm *kvm, struct kvm_vcpu *vcpu, struct kvm_enable_cap *cap)
{
	bool local = enable_pot;
	struct kvm_arch *ka = &kvm->arch;
	struct kvm_arch *moved = &kvm->arch;
	struct kvm *vm = vcpu->kvm;

	moved = next(moved);
	return local;
}
"""


@pytest.fixture(scope="module")
def code(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LinkedCode]:
    files = {"arch/x86/include/asm/kvm_host.h": HEADER}
    with linked(tmp_path_factory.mktemp("kernel"), TEXT, files) as found:
        yield found


@pytest.mark.parametrize(
    ("condition", "kind", "lacking"),
    [
        # The host: variables outside functions, and tests of the processor with constant arguments
        ("enable_pot", "host", ()), ("!enable_pot", "host", ()), ("boot_cpu_has(X86_FEATURE_TEA)", "host", ()),
        ("boot_cpu_has(cap->args)", None, ()), ("has_pot()", "host", ()), ("deep()", "host", ()),
        ("enable_pot && has_pot()", "host", ()), ("(bool)enable_pot == 1", "host", ()),
        # A local copy stands for what it is a copy of.
        ("local", "host", ()), ("ka->fixed", None, ()), ("vm->arch.fixed", "vm", ()),
        # The VM: members that its creation writes and nothing else, and tests of such
        ("kvm->arch.fixed", "vm", ()), ("is_fixed(kvm)", "vm", ()), ("vcpu->kvm->arch.fixed", "vm", ()),
        ("kvm_is_ucontrol(kvm)", "vm", ()), ("kvm->arch.fixed || enable_pot", "vm", ()),
        # State that an ioctl changes, alone or too; one that nothing writes
        ("kvm->arch.changed", None, ()), ("kvm->arch.both", None, ()), ("kvm->arch.nowhere", None, ()),
        ("kvm->arch.fixed && kvm->arch.changed", None, ()),
        # Functions that some table lacks
        ("kvm_x86_ops.enable_tea", "operation", ("svm_ops",)), ("!kvm_x86_ops.enable_tea", "operation", ("svm_ops",)),
        ("kvm_x86_ops.enable_cup", None, ()), ("kvm_x86_ops.enable_tea && kvm->arch.fixed", "operation", ("svm_ops",)),
        # The request, local variables, calls that do something or are not in view
        ("cap->flags", None, ()), ("moved->fixed", None, ()), ("acts(kvm)", None, ()), ("nowhere()", None, ()),
        ("around()", None, ()), ("unknown", None, ()), ("enable_pot++", None, ()), ("*kvm", None, ()),
        ("1", None, ()),
    ],
)  # fmt: skip
def test_kind(code: LinkedCode, condition: str, kind: str | None, lacking: tuple[str, ...]) -> None:
    found = RunTimeConditions(code.helpers).of(tree_of(condition), code.body("handler"))
    assert (found and (found.kind, found.lacking)) == (kind and (kind, lacking))


@pytest.mark.parametrize(
    ("condition", "maybe"),
    [
        ("enable_pot", True), ("kvm->arch.changed", True), ("has_pot()", True), ("boot_cpu_has(x)", True),
        ("nowhere()", False), ("moved", False), ("local", True), ("cap->flags", False),
        ("kvm->lock", False), ("has_pot() == 0", True),
    ],
)  # fmt: skip
def test_a_cheap_question_leaves_none_out(code: LinkedCode, condition: str, maybe: bool) -> None:
    assert RunTimeConditions(code.helpers).may_be(tree_of(condition), code.body("handler")) is maybe


def test_too_many_parts_are_not_understood(code: LinkedCode) -> None:
    conditions, body = RunTimeConditions(code.helpers), code.body("handler")
    assert conditions.of(tree_of(" && ".join(["enable_pot"] * 10)), body) is not None
    assert conditions.of(tree_of(" && ".join(["enable_pot"] * 40)), body) is None
