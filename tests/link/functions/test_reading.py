"""Queries for the facts of one function, and of all functions of a tree at once: the same facts either way."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from bodies import LinkedCode, linked
from conftest import X86

from caplint.c.formula import text
from caplint.link.functions.function_facts import (
    Assignment,
    CallSite,
    ConditionTest,
    GuardRange,
    JumpSite,
    MacroInvocation,
    MemberAccess,
    ReturnedValue,
    SwitchLabel,
)
from caplint.link.functions.reading import as_written, function_condition, read, read_all

TEXT = """\
int first(struct kvm *kvm, long ext)
{
	int r = READ_ONCE(kvm->seen);

	if (r > 3)
		goto out;
	switch (ext) {
	case KVM_CAP_A:
		kvm->max += probe(kvm, READ_ONCE(kvm->a));
		break;
	case 4 ... 7:
	default:
		r = 1;
	}
out:
	return r;
}
#ifdef CONFIG_TEA
int second(void)
{
#ifdef CONFIG_CUP
	probe(0, 1);
#endif
	kvm_for_each_vcpu(i, vcpu, kvm)
		probe(i, 2);
	return 2;
}
#endif
int between;
int last(void) { return probe(3, 3); }
"""
OTHER = "int first(int x) { return probe(4, x); }\nint later(void) { return 5; }\n"
KINDS = (CallSite, Assignment, ReturnedValue, GuardRange, ConditionTest, SwitchLabel, JumpSite)


@dataclass
class Place:
    """Function by name and extent."""

    path: str
    blob: int
    name: str
    start: int
    stop: int
    facts: dict[type, list[Any]] = field(default_factory=dict)


@pytest.fixture(scope="module")
def code(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LinkedCode]:
    with linked(tmp_path_factory.mktemp("kernel"), TEXT, {"arch/arm64/kvm/arm.c": OTHER}) as found:
        yield found


def _places(code: LinkedCode) -> dict[tuple[str, str], Place]:
    rows = code.connection.execute("SELECT path, blob, name, start, stop FROM code_function WHERE side = 'now'")
    return {(row[0], row[2]): Place(*row) for row in rows}


def _seen_through(expression: str) -> str:
    return expression.replace("READ_ONCE", "")


def _read(code: LinkedCode, kind: type[Any], name: str = "first") -> list[Any]:
    return read(code.connection, kind, _places(code)[X86, name], as_written)


def test_calls(code: LinkedCode) -> None:
    calls = _read(code, CallSite)
    assert [(call.callee, call.arguments, call.use) for call in calls] == [
        ("READ_ONCE", ("kvm->seen",), "assigned"), ("probe", ("kvm", "READ_ONCE(kvm->a)"), "assigned"),
        ("READ_ONCE", ("kvm->a",), "argument"),
    ]  # fmt: skip
    assert [(call.line, call.column) for call in calls][:2] == [(3, 10), (9, 15)]
    assert calls[1].text == "kvm, READ_ONCE(kvm->a)"
    assert all(TEXT.startswith(call.callee, call.start) and call.stop == call.start for call in calls)


def test_assignments(code: LinkedCode) -> None:
    stores = [(row.target, row.operator, row.local, row.line) for row in _read(code, Assignment)]
    assert stores == [("r", "init", True, 3), ("kvm->max", "+=", False, 9), ("r", "=", True, 13)]


def test_labels(code: LinkedCode) -> None:
    """A range is known by its lower end; `default` has no value."""
    labels = [(row.value, row.selector, row.is_default, row.line) for row in _read(code, SwitchLabel)]
    assert labels == [("KVM_CAP_A", "ext", False, 8), ("4", "ext", False, 11), ("", "ext", True, 12)]


def test_conditions_that_decide(code: LinkedCode) -> None:
    tests = [(row.kind, row.text, row.leaves) for row in _read(code, ConditionTest)]
    assert tests == [("if", "(r > 3)", True), ("switch", "(ext)", False)]
    enclosing, early = [row for row in _read(code, GuardRange) if row.text == "r > 3"]
    assert (enclosing.kind, enclosing.negated, TEXT[enclosing.start : enclosing.stop].strip()) == (
        "enclosing", False, "goto out;"
    )  # fmt: skip
    assert (early.kind, early.negated) == ("early_exit", True)
    assert TEXT[early.start : early.stop].strip().startswith("switch (ext)")


def test_jumps_returns_accesses_and_macros(code: LinkedCode) -> None:
    assert [(row.label, row.line, row.text) for row in _read(code, JumpSite)] == [("out", 6, "out")]
    assert [(row.value, row.line) for row in _read(code, ReturnedValue)] == [("r", 16)]
    assert [(row.chain, row.mode) for row in _read(code, MemberAccess)] == [
        ("kvm->seen", "read"), ("kvm->max", "update"), ("kvm->a", "read")
    ]  # fmt: skip
    (loop,) = _read(code, MacroInvocation, "second")
    assert (loop.name, loop.arguments, loop.line) == ("kvm_for_each_vcpu", "i, vcpu, kvm", 24)
    assert TEXT[loop.start : loop.stop] == "kvm_for_each_vcpu(i, vcpu, kvm)"


def test_conditions_of_presence_are_those_of_the_fact(code: LinkedCode) -> None:
    assert {"CONFIG_TEA" in row.condition for row in _read(code, CallSite, "second")} == {True}
    assert ["CONFIG_CUP" in row.condition for row in _read(code, CallSite, "second")] == [True, False]
    assert {row.condition for row in _read(code, CallSite)} == {"1"}


def test_expressions_are_rewritten(code: LinkedCode) -> None:
    place = _places(code)[X86, "first"]
    assert read(code.connection, Assignment, place, _seen_through)[0].value == "(kvm->seen)"
    arguments = [row.arguments for row in read(code.connection, CallSite, place, _seen_through)]
    assert arguments[1] == ("kvm", "(kvm->a)")


def test_all_functions_at_once(code: LinkedCode) -> None:
    """Each fact goes to the function that holds it: the one of its own file, if two have a name."""
    places = _places(code)
    read_all(
        code.connection, list(places.values()),
        "(SELECT path, blob FROM temp.all_file WHERE side = ? AND path GLOB ?)", ("now", "arch/*"),
    )  # fmt: skip
    assert sorted(name for _, name in places) == ["first", "first", "last", "later", "second"]
    for place in places.values():
        assert set(place.facts) == set(KINDS)
        for kind in KINDS:
            assert place.facts[kind] == read(code.connection, kind, place, as_written), (place.name, kind)
    assert [row.arguments for row in places["arch/arm64/kvm/arm.c", "first"].facts[CallSite]] == [("4", "x")]
    assert [row.value for row in places[X86, "last"].facts[ReturnedValue]] == ["probe(3, 3)"]


def test_facts_of_other_functions_are_left_out(code: LinkedCode) -> None:
    """Facts before, between and behind the functions that are asked for go to none."""
    places = _places(code)
    chosen = [places[X86, "second"]]
    read_all(code.connection, chosen, "(SELECT path, blob FROM temp.all_file WHERE side = ?)", ("now",))
    assert [row.arguments for row in chosen[0].facts[CallSite]] == [("0", "1"), ("i", "2")]
    assert [row.value for row in chosen[0].facts[ReturnedValue]] == ["2"]


def test_a_file_that_is_not_named_has_no_facts(code: LinkedCode) -> None:
    chosen = list(_places(code).values())
    read_all(code.connection, chosen, "(SELECT path, blob FROM temp.all_file WHERE path = ?)", ("missing",))
    assert all(place.facts == {kind: [] for kind in KINDS} for place in chosen)


@pytest.mark.parametrize(("name", "condition"), [("first", "1"), ("second", "CONFIG_TEA")])
def test_condition_of_a_function(code: LinkedCode, name: str, condition: str) -> None:
    place = _places(code)[X86, name]
    assert text(function_condition(code.connection, place.blob, place.start)) == condition
    assert function_condition(code.connection, place.blob, place.start + 1) is True
