"""Accesses to a VM's vCPUs in a case: under kvm->lock or not, and whether a vCPU that is created then misses it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from bodies import LinkedCode, linked

from caplint.link.handlers.sites import Site
from caplint.link.handlers.vcpu_lock import walk, writes

HELPERS = """\
static void locked_walk(struct kvm *kvm)
{
	mutex_lock(&kvm->lock);
	kvm_for_each_vcpu(i, vcpu, kvm)
		x();
}
static bool any_vcpus(struct kvm *kvm) { return kvm->created_vcpus; }
"""
LOOP = "\n\tkvm_for_each_vcpu(i, vcpu, kvm)\n\t\tx();\n"
LOCK, UNLOCK = "mutex_lock(&kvm->lock);", "mutex_unlock(&kvm->lock);"
# Name → code above the switch, the case; what is accessed, and whether that is under the lock.
CASES = {
    "nothing": ("", "x();", None, None),
    "count": ("", "if (kvm->created_vcpus) return -EINVAL;", "kvm->created_vcpus", False),
    "loop": ("", LOOP, "kvm_for_each_vcpu", False),
    "locked": ("", f"{LOCK} {LOOP} {UNLOCK}", "kvm_for_each_vcpu", True),
    "locked_above": (LOCK, LOOP, "kvm_for_each_vcpu", True),
    "unlocked_before": ("", f"{LOCK} x(); {UNLOCK} {LOOP}", "kvm_for_each_vcpu", False),
    "unlocked_above": (f"{LOCK} {UNLOCK}", LOOP, "kvm_for_each_vcpu", False),
    "locked_behind": ("", f"{LOOP} {LOCK} {UNLOCK}", "kvm_for_each_vcpu", False),
    "unlocked_where_it_leaves": (
        "", f"{LOCK} if (kvm->x) {{ {UNLOCK} return -EINVAL; }} {LOOP} {UNLOCK}", "kvm_for_each_vcpu", True),
    "guarded": ("", f"guard(mutex)(&kvm->lock); {LOOP}", "kvm_for_each_vcpu", True),
    "other_lock": ("", f"mutex_lock(&kvm->slots_lock); {LOOP}", "kvm_for_each_vcpu", False),
    "locked_in_a_helper": ("", "locked_walk(kvm);", "locked_walk()", True),
    "in_a_helper": ("", "if (any_vcpus(kvm)) return -EINVAL;", "any_vcpus()", False),
    "helper_under_the_lock": (LOCK, "if (any_vcpus(kvm)) return -EINVAL;", "any_vcpus()", True),
    "helper_of_something_else": ("", "if (any_vcpus(vm)) return -EINVAL;", None, None),
    "first_without_the_lock": ("", f"{LOCK} {LOOP} {UNLOCK} if (kvm->created_vcpus) x();", "kvm->created_vcpus", False),
}  # fmt: skip
WRITES = {
    "assigns": ("kvm->arch.x = 1;", True), "counts": ("kvm->x++;", True), "local": ("int r = 1; r = 2;", False),
    "of_a_vcpu": ("vcpu->arch.x = 1;", False), "sets_bit": ("set_bit(3, &kvm->arch.flags);", True),
    "logs": ("pr_debug(kvm->x);", False), "reads": ("if (kvm->x) r();", False), "hands_on": ("x(kvm);", False),
}  # fmt: skip
HEAD = (
    "int {}(struct kvm *kvm, struct kvm_enable_cap *cap)\n{{\n"
    "{} switch (cap->cap) {{ case KVM_CAP_A: {} return 0; }}\n}}\n"
)
TEXT = HELPERS + "".join(HEAD.format(name, above, case) for name, (above, case, *_) in CASES.items())
TEXT += "".join(HEAD.format(name, "", case) for name, (case, _) in WRITES.items())


@pytest.fixture(scope="module")
def code(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LinkedCode]:
    with linked(tmp_path_factory.mktemp("kernel"), TEXT) as found:
        yield found


def _site(code: LinkedCode, name: str) -> Site:
    (label,) = code.body(name).labels
    return Site("KVM_CAP_A", "case", label.line, 1, label.start, label.stop, "1")


@pytest.mark.parametrize("name", CASES)
def test_walk(code: LinkedCode, name: str) -> None:
    *_, text, locked = CASES[name]
    found = walk(code.helpers, code.body(name), _site(code, name))
    assert (found and found.text) == text
    assert (found and found.locked) is locked


@pytest.mark.parametrize("name", WRITES)
def test_writes(code: LinkedCode, name: str) -> None:
    assert writes(code.body(name), _site(code, name)) is WRITES[name][1]
