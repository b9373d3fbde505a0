"""Verdicts on a handler: what it answers for each capability that it tells apart, and for one that it does not name."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from bodies import LinkedCode, linked

from caplint.c.expression import parse
from caplint.c.formula import Formula, negation, text
from caplint.link.functions.abstract_values import AbstractValue, number
from caplint.link.functions.body import Body
from caplint.link.handlers.verdicts import Root, Verdicts, joined_outcomes
from caplint.values.expression_tree import Node, text_of

A, B = parse("CONFIG_A"), parse("CONFIG_B")

# Name → body, capabilities that are told apart, those that it may answer, and whether it is understood.
CHECKS = {
    "switched": ("switch (ext) { case KVM_CAP_A: return 1; case KVM_CAP_B: return 0; } return 0;", "AB", "A", True),
    "by_helper": ("return helper(ext);", "CD", "C", True),
    "all": ("return 1;", "", "", False),
    "all_but_one": ("if (ext == KVM_CAP_A) return 0; return 1;", "A", "", False),
    "unknown": ("if (ext == KVM_CAP_A) return 1; return lookup(ext);", "A", "A", False),
    "none": ("return -EINVAL;", "", "", True),
    "nested": ("if (ext == KVM_CAP_A) { if (ext == KVM_CAP_B) return 1; return kvm->x; } return 0;", "AB", "A", True),
}
HELPER = (
    "static int helper(long n)\n{\nif (n == KVM_CAP_C) return 2; if (n == KVM_CAP_D) return -EINVAL; return 0;\n}\n"
)
HEAD = "int {}(struct kvm *kvm, struct kvm_enable_cap *cap, long ext)\n{{\n{}\n}}\n"
TEXT = HELPER + "".join(HEAD.format(name, body) for name, (body, *_) in CHECKS.items())
TEXT += HEAD.format("watched", "if (ext == KVM_CAP_A && kvm->ready) return 1; return 0;")
TEXT += "int no_parameters(void)\n{\nreturn 0;\n}\n"


@pytest.fixture(scope="module")
def code(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LinkedCode]:
    with linked(tmp_path_factory.mktemp("kernel"), TEXT) as found:
        yield found


def _root(code: LinkedCode, name: str, verb: str = "check", steps: int = 10_000) -> Root:
    body = code.body(name)
    handler = type(body.handler)(**{**vars(body.handler), "verb": verb})
    root = Root(code.facts(steps), Body(code.connection, handler))
    root.explore()
    return root


@pytest.mark.parametrize("name", CHECKS)
def test_capabilities(code: LinkedCode, name: str) -> None:
    _, told_apart, answered, understood = CHECKS[name]
    root = _root(code, name)
    assert [capability.removeprefix("KVM_CAP_") for capability in root.capabilities] == list(told_apart)
    may = [name for name in root.capabilities if root.outcome(name).success() is not False]
    assert "".join(capability.removeprefix("KVM_CAP_") for capability in may) == answered
    assert (root.reason == "") is understood
    assert understood or root.reason.startswith("a check handler that may answer")


def test_functions_that_get_the_capability_are_entered(code: LinkedCode) -> None:
    assert [body.name for body in _root(code, "by_helper").entered.values()] == ["by_helper", "helper"]


def test_statements_that_run(code: LinkedCode) -> None:
    root = _root(code, "switched")
    one, other, none = (root.reached(capability) for capability in ("KVM_CAP_A", "KVM_CAP_B", None))
    assert one is not None
    assert other is not None
    assert none is not None
    assert len(one - other) == len(other - one) == 2
    assert root.reached("KVM_CAP_Z") == none


def test_a_handler_that_refuses_only_is_understood_as_one_that_enables(code: LinkedCode) -> None:
    assert _root(code, "none", "enable").reason == ""
    assert _root(code, "switched", "enable").reason.startswith("an enable handler that may accept")
    assert _root(code, "no_parameters").capabilities == []


def test_a_watch_sets_what_expressions_are(code: LinkedCode) -> None:
    root = _root(code, "watched")

    def watch(_: Body, node: Node, value: AbstractValue) -> AbstractValue:
        return number(0) if text_of(node) == "kvm->ready" else value

    assert root.outcome("KVM_CAP_A").success() is True
    assert root.watched("KVM_CAP_A", watch).success() is False
    assert root.outcome("KVM_CAP_A").success() is True


def test_a_run_that_gives_up_knows_nothing(code: LinkedCode) -> None:
    root = _root(code, "switched", steps=0)
    assert root.reason == "handlers have too many statements"
    assert root.outcome(None).success() is True
    assert root.reached(None) is None


@pytest.mark.parametrize(
    ("verb", "signs", "success", "literal"),
    [
        ("check", {"P": True}, "1", True), ("check", {"p": A}, "CONFIG_A", False), ("check", {"Z": True}, "0", False),
        ("check", {"N": True, "n": True}, "0", False), ("enable", {"Z": A}, "CONFIG_A", True),
        ("enable", {"z": A}, "CONFIG_A", False), ("enable", {"P": A, "z": B}, "CONFIG_A || CONFIG_B", True),
        ("enable", {"N": True}, "0", False), ("check", {}, "0", False),
    ],
)  # fmt: skip
def test_success(verb: str, signs: dict[str, Formula], success: str, literal: bool) -> None:
    verdicts = Verdicts(verb, signs)
    assert text(verdicts.success()) == success
    assert verdicts.literal is literal


def test_results_under_the_condition_of_a_site() -> None:
    verdicts = Verdicts("check", {"P": A, "N": negation(A), "z": B})
    assert text(verdicts.when("N", B)) == "!CONFIG_A && CONFIG_B"
    assert text(verdicts.only("P")) == "CONFIG_A && !CONFIG_B"
    assert text(verdicts.only("P", B)) == "0"
    assert text(verdicts.success(A)) == "CONFIG_A"


def test_several_handlers_of_one_capability() -> None:
    joined = joined_outcomes("check", [Verdicts("check", {"P": A}), Verdicts("check", {"P": B, "Z": True})])
    assert {sign: text(formula) for sign, formula in joined.signs.items()} == {"P": "CONFIG_A || CONFIG_B", "Z": "1"}
    assert joined_outcomes("enable", []).signs == {}
