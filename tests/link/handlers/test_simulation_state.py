"""States of a simulated handler: narrowed by conditions, merged, and counted against a budget."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from bodies import LinkedCode, linked

from caplint.c.expression import parse
from caplint.c.formula import Literal, negation, text
from caplint.link.functions.abstract_values import UNKNOWN, AbstractValue, number
from caplint.link.handlers.capability_tables import Table, TableElement
from caplint.link.handlers.simulation_state import Run, SimulationState

A, B = parse("CONFIG_A"), parse("CONFIG_B")
STATE = SimulationState(A, {"r": number(1)})
SOURCE = """\
int f(struct kvm_enable_cap *cap)
{
	return 0;
}
#ifdef CONFIG_B
int g(int a)
{
	if (a)
		return 1;
	return 0;
}
#endif
"""


@pytest.fixture(scope="module")
def code(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LinkedCode]:
    with linked(tmp_path_factory.mktemp("kernel"), SOURCE) as found:
        yield found


@pytest.fixture
def run(code: LinkedCode) -> Run:
    return Run(code.facts(100), "x86", "check", "KVM_CAP_A")


def _reached(state: SimulationState | None) -> str | None:
    return None if state is None else text(state.reached)


def test_a_state_within_and_outside_of_a_condition() -> None:
    assert STATE.within(True) is STATE
    assert _reached(STATE.within(B)) == "CONFIG_A && CONFIG_B"
    assert _reached(STATE.within(negation(A))) is None
    assert _reached(STATE.outside(B)) == "CONFIG_A && !CONFIG_B"
    assert STATE.outside(True) is None
    assert STATE.outside(False) is STATE
    assert _reached(STATE.outside(A)) is None


def test_another_value_leaves_the_state_as_it_was() -> None:
    later = STATE.having("r", number(2)).having("s", UNKNOWN)
    assert later.variables == {"r": number(2), "s": UNKNOWN}
    assert STATE.variables == {"r": number(1)}
    assert later.reached == A


def test_states_are_merged(run: Run) -> None:
    """A variable that one of them lacks is unknown, and so left out; the others may have any of their values."""
    one = SimulationState(A, {"same": number(1), "other": number(2), "lacking": number(3)})
    two = SimulationState(negation(A), {"same": number(1), "other": number(-2)})
    merged = run.merged([one, None, two])
    assert merged is not None
    assert merged.reached is True
    assert set(merged.variables) == {"same", "other"}
    assert merged.variables["same"] == number(1)
    assert {sign: text(formula) for sign, formula in merged.variables["other"].signs.items()} == {
        "P": "CONFIG_A", "N": "!CONFIG_A",
    }  # fmt: skip
    assert run.merged([None, one, None]) is one
    assert run.merged([]) is None
    assert run.merged([None]) is None


@pytest.mark.parametrize(
    ("spent", "stopped", "left"),
    [([], False, 100), ([100], False, 0), ([101], True, -1), ([60, 60], True, -20)],
)
def test_budget(run: Run, spent: list[int], stopped: bool, left: int) -> None:
    for steps in spent:
        run.spend(steps)
    assert (run.is_stopped, run.facts.steps) == (stopped, left)
    assert run.gave_up == ("handlers have too many statements" if stopped else "")


def test_long_conditions_cost_and_end_a_run(run: Run) -> None:
    run.spend(0, [Literal("A" * 400), True, False])
    assert run.facts.steps < 81
    assert not run.is_stopped
    run.facts.steps = 10_000
    run.spend(0, [Literal("A" * 5_000)])
    assert run.gave_up == "a presence condition of more than 4,096 characters"
    assert run.merged([STATE, SimulationState(B, {})]) is None


def test_comparisons_are_noted(run: Run) -> None:
    assert run.mention("KVM_CAP_A")
    assert not run.mention("KVM_CAP_B")
    assert run.mentioned == {"KVM_CAP_A", "KVM_CAP_B"}


@pytest.mark.parametrize(("value", "reason"), [("KVM_CAP_C", ""), ("KVM_CAP_C" + " " * 400, "an element of an array")])
def test_arrays_are_noted_once(run: Run, value: str, reason: str) -> None:
    table = Table(
        "t", 1, "a.c", (TableElement("", value, 1, 1, 0, True), TableElement("[KVM_CAP_D]", "1", 1, 1, 0, True))
    )
    run.touch(table)
    run.touch(Table("t", 1, "a.c", ()))
    assert list(run.tables.values()) == [table]
    assert run.mentioned == {"KVM_CAP_C", "KVM_CAP_D"}
    assert run.gave_up.startswith(reason)
    assert bool(run.gave_up) is bool(reason)


def test_facts_of_functions_are_read_once(code: LinkedCode) -> None:
    facts = code.facts()
    facts.conditions = {"arch/x86/kvm/x86.c": "CONFIG_KVM"}
    assert facts.flow(code.body("f")) is facts.flow(code.body("f"))
    assert facts.flow(code.body("g")) is None
    assert text(facts.condition(code.body("f"))) == "CONFIG_KVM"
    assert text(facts.condition(code.body("g"))) in {"CONFIG_KVM && defined(CONFIG_B)", "CONFIG_B && CONFIG_KVM"}


def test_members_of_a_request(run: Run) -> None:
    assert set(run.members) == {"cap"}
    assert run.members["cap"] == AbstractValue(UNKNOWN.signs, ("selector",))
