"""Facts inside one function: each has an extent, and the expression that is evaluated there."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import pytest
from bodies import linked

from caplint.link.functions.function_facts import (
    Assignment,
    CallSite,
    FunctionFact,
    GuardRange,
    JumpSite,
    MemberAccess,
    ReturnedValue,
    SwitchLabel,
)

TEXT = """\
int f(struct kvm *kvm, long ext)
{
	int r = kvm->tea;

	if (ext > 3)
		brew(kvm, ext + 1);
	switch (ext) {
	case KVM_CAP_A ... KVM_CAP_C:
		goto out;
	default:
		return -EINVAL;
	}
out:
	return r;
}
"""
POINTS = {
    "call": (CallSite, "brew", "kvm, ext + 1"),
    "assignment": (Assignment, "r = kvm->tea", "kvm->tea"),
    "return": (ReturnedValue, "return -EINVAL", "-EINVAL"),
    "jump": (JumpSite, "goto out", "out"),
    "access": (MemberAccess, "kvm->tea", "kvm->tea"),
}


@pytest.fixture(scope="module")
def facts(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[FunctionFact]]:
    with linked(tmp_path_factory.mktemp("kernel"), TEXT) as code:
        body = code.body("f")
        kinds: tuple[Sequence[FunctionFact], ...] = (
            body.calls, body.stores, body.returns, body.jumps, body.accesses, body.guards, body.tests, body.labels
        )  # fmt: skip
        yield [fact for facts in kinds for fact in facts]


@pytest.mark.parametrize(("kind", "written", "text"), POINTS.values(), ids=POINTS)
def test_a_fact_that_is_a_point(facts: list[FunctionFact], kind: type, written: str, text: str) -> None:
    (fact,) = (fact for fact in facts if isinstance(fact, kind) and fact.text == text)
    assert fact.start == fact.stop == TEXT.index(written)
    assert fact.line == TEXT.count("\n", 0, fact.start) + 1


def test_facts_with_an_extent(facts: list[FunctionFact]) -> None:
    """A guard's is where it is known, a label's the code that runs for it."""
    (guard,) = (fact for fact in facts if isinstance(fact, GuardRange) and fact.kind == "enclosing")
    assert (guard.text, TEXT[guard.start : guard.stop].strip()) == ("ext > 3", "brew(kvm, ext + 1);")
    labels = [fact for fact in facts if isinstance(fact, SwitchLabel)]
    assert [(label.text, label.is_default, label.selector) for label in labels] == [
        ("KVM_CAP_A", False, "ext"), ("", True, "ext")
    ]  # fmt: skip
    assert "goto out" in TEXT[labels[0].start : labels[0].stop]
    assert "goto out" not in TEXT[labels[1].start : labels[1].stop]
