"""Conditions that hold at a place of a handler, and those that decide whether control comes there."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from bodies import LinkedCode, linked

from caplint.link.handlers.conditions import Condition, Conditions, Region
from caplint.link.handlers.sites import Site
from caplint.link.handlers.value_tests import ConditionResult

TEXT = """\
int f(struct kvm *kvm, struct kvm_enable_cap *cap)
{
	int r = -EINVAL;

	if (kvm->above)
		return -EBUSY;
	switch (cap->cap) {
	case KVM_CAP_A:
		if (kvm->left)
			break;
		if (kvm->inside) {
			in_a();
		} else {
			else_a();
		}
		r = kvm->first && second_a();
		switch (kvm->kind) {
		case 1:
			listed();
			break;
		case 2:
			break;
		default:
			return -EPERM;
		}
		behind();
		r = 0;
		break;
	case KVM_CAP_B:
		if (kvm->falls)
			break;
		fallthrough;
	case KVM_CAP_C:
		in_c();
		break;
	}
	if (kvm->below)
		end();
	return r;
}
"""
HOLDS, FAILS = ConditionResult.NONZERO, ConditionResult.ZERO


@pytest.fixture(scope="module")
def code(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LinkedCode]:
    with linked(tmp_path_factory.mktemp("kernel"), TEXT) as found:
        yield found


def _case(code: LinkedCode, cap: str) -> Region:
    body = code.body("f")
    (label,) = (label for label in body.labels if label.text == cap)
    return Region.around(body, label.start, label.stop, "1")


def _texts(conditions: Iterator[Condition]) -> list[tuple[str, ConditionResult]]:
    """Text and outcome, each once."""
    return list(dict.fromkeys((condition.text or condition.selector, condition.outcome) for condition in conditions))


@pytest.mark.parametrize(
    ("cap", "mark", "held"),
    [
        ("KVM_CAP_A", "in_a()", [("kvm->above", FAILS), ("kvm->left", FAILS), ("kvm->inside", HOLDS)]),
        ("KVM_CAP_A", "else_a()", [("kvm->above", FAILS), ("kvm->left", FAILS), ("kvm->inside", FAILS)]),
        ("KVM_CAP_A", "second_a()", [("kvm->above", FAILS), ("kvm->left", FAILS), ("kvm->first", HOLDS)]),
        ("KVM_CAP_A", "listed()", [("kvm->above", FAILS), ("kvm->left", FAILS), ("1", HOLDS)]),
        ("KVM_CAP_A", "behind()", [("kvm->above", FAILS), ("kvm->left", FAILS), ("kvm->kind", HOLDS)]),
        ("KVM_CAP_B", "in_c()", [("kvm->above", FAILS), ("kvm->falls", FAILS)]),
        ("KVM_CAP_C", "in_c()", [("kvm->above", FAILS)]),
    ],
)
def test_conditions_that_hold(code: LinkedCode, cap: str, mark: str, held: list[tuple[str, ConditionResult]]) -> None:
    """On the way through one case; what another case tests is not on the way, unless control falls out of it."""
    conditions = Conditions(code.body("f"))
    region = _case(code, cap)
    if cap == "KVM_CAP_B":  # control falls from B's label into C's
        region = Region(region.head, region.start, _case(code, "KVM_CAP_C").stop, "1")
    assert _texts(conditions.at(code.at(mark), region)) == held


def test_conditions_above_the_switch(code: LinkedCode) -> None:
    conditions = Conditions(code.body("f"))
    assert _texts(conditions.above(code.at("switch (cap->cap)"))) == [
        ("kvm->above", HOLDS), ("kvm->above", FAILS)
    ]  # fmt: skip
    assert _texts(conditions.above(0)) == []


@pytest.mark.parametrize(
    ("mark", "end", "deciding"),
    [
        ("in_a()", "behind()", [("kvm->inside", HOLDS)]), ("else_a()", "behind()", [("kvm->inside", FAILS)]),
        ("listed()", "behind()", [("1", HOLDS)]), ("behind()", "end()", []), ("in_a()", "in_a()", []),
    ],
)  # fmt: skip
def test_conditions_that_decide_on_the_way(
    code: LinkedCode, mark: str, end: str, deciding: list[tuple[str, ConditionResult]]
) -> None:
    """They are closed in front of the end, and that the case was entered decides nothing."""
    conditions = Conditions(code.body("f"))
    assert _texts(conditions.deciding(code.at(mark), code.at(end), _case(code, "KVM_CAP_A"))) == deciding


def test_a_region_is_what_runs_for_a_case(code: LinkedCode) -> None:
    region = _case(code, "KVM_CAP_A")
    assert [region.holds(code.at(mark)) for mark in ("kvm->above", "in_a()", "behind()", "in_c()", "end()")] == [
        True, True, True, False, False
    ]  # fmt: skip
    whole = Region.whole(code.body("f"))
    assert whole.holds(code.at("in_c()"))
    assert whole.holds(code.at("end()"))


def test_a_region_of_a_site(code: LinkedCode) -> None:
    """Of a case it begins with the switch; of a comparison it is the branch."""
    body, start, stop = code.body("f"), code.at("in_a()"), code.at("else_a()")
    compared = Region.of(body, Site("KVM_CAP_A", "comparison", 1, 1, start, stop, "CONFIG_A"), None)
    assert compared == Region(start, start, stop, "CONFIG_A")
    case = _case(code, "KVM_CAP_C")
    site = Site("KVM_CAP_C", "case", 1, 1, case.start, case.stop, "CONFIG_A")
    assert Region.of(body, site, None) == Region(code.at("switch (cap->cap)"), case.start, case.stop, "CONFIG_A")


def test_a_condition_that_is_chosen_by_its_selector(code: LinkedCode) -> None:
    conditions = Conditions(code.body("f"))
    region = _case(code, "KVM_CAP_A")
    (inside,) = (c for c in conditions.at(code.at("listed()"), region) if c.selector)
    (behind,) = (c for c in conditions.at(code.at("behind()"), region) if c.selector)
    (left,) = (c for c in conditions.at(code.at("return -EPERM"), region) if c.selector)
    assert [(c.selector, c.text, c.listed) for c in (inside, behind, left)] == [
        ("kvm->kind", "1", True), ("kvm->kind", "", True), ("kvm->kind", "", False)
    ]  # fmt: skip
