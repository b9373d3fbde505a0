"""Conditions that hold at a place of a handler, and those that decide whether control comes there."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from bodies import LinkedCode, linked

from caplint.link.functions.abstract_values import thing
from caplint.link.handlers.conditions import Condition, Conditions, Region
from caplint.link.handlers.followed_calls import simulate
from caplint.link.handlers.reach import ReachedCode
from caplint.link.handlers.simulation_state import Run
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
int wrapped(struct kvm *kvm, long ext)
{
	if (kvm->outer) {
		switch (ext) {
		case KVM_CAP_B:
			if (kvm->falls)
				break;
			fallthrough;
		case KVM_CAP_C:
			wrapped_c();
			break;
		case KVM_CAP_D:
			if (kvm->near) {
				if (kvm->inner)
					break;
			}
			fallthrough;
		case KVM_CAP_E:
			wrapped_e();
		}
	}
	return 0;
}
int tells(struct kvm *kvm, long ext)
{
	if (ext == KVM_CAP_A)
		only_a();
	else
		others();
	both();
	return 0;
}
"""
HOLDS, FAILS = ConditionResult.NONZERO, ConditionResult.ZERO


@pytest.fixture(scope="module")
def code(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LinkedCode]:
    with linked(tmp_path_factory.mktemp("kernel"), TEXT) as found:
        yield found


def _case(code: LinkedCode, cap: str, function: str = "f") -> Region:
    body = code.body(function)
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


@pytest.mark.parametrize(
    ("cap", "following", "mark", "held"),
    [
        ("KVM_CAP_B", "KVM_CAP_C", "wrapped_c()", [("kvm->outer", HOLDS), ("kvm->falls", FAILS)]),
        ("KVM_CAP_D", "KVM_CAP_E", "wrapped_e()", [("kvm->outer", HOLDS)]),
    ],
)
def test_early_exits_of_a_case_that_falls_into_the_next(
    code: LinkedCode, cap: str, following: str, mark: str, held: list[tuple[str, ConditionResult]]
) -> None:
    """One in a branch that may not be taken says nothing behind the branch."""
    first, second = (_case(code, name, "wrapped") for name in (cap, following))
    region = Region(first.head, first.start, second.stop, "1")
    assert _texts(Conditions(code.body("wrapped")).at(code.at(mark), region)) == held


def test_a_condition_is_evaluated_in_front_of_its_branch(code: LinkedCode) -> None:
    """Also one that is known where the branch was not taken."""
    conditions = Conditions(code.body("f"))
    found = {(c.text, c.outcome): c.offset for c in conditions.at(code.at("else_a()"), _case(code, "KVM_CAP_A"))}
    begins = {text: code.text[offset:].split(maxsplit=1)[0] for (text, _), offset in found.items()}
    assert begins == {"kvm->above": "return", "kvm->left": "break;", "kvm->inside": "{"}
    assert code.text[found["kvm->inside", FAILS] :].split()[1] == "in_a();"


def test_what_does_not_run_for_the_capability_is_outside_of_its_region(code: LinkedCode) -> None:
    body, facts = code.body("tells"), code.facts()
    run, flow = Run(facts, "x86", "check", "KVM_CAP_A"), facts.flow(body)
    simulate(run, body, {"ext": thing("selector")})
    assert flow is not None
    region = Region.whole(body, ReachedCode(flow, frozenset(run.reached)))
    assert [region.holds(code.at(mark)) for mark in ("only_a()", "others()", "both()")] == [True, False, True]
    assert Region.whole(body).holds(code.at("others()"))
