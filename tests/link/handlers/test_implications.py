"""Conclusions from the outcome of a condition about one value of a request."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from bodies import LinkedCode, linked

from caplint.link.functions.call_sites import Budget
from caplint.link.handlers.conditions import Place, Region
from caplint.link.handlers.request_names import Part
from caplint.link.handlers.request_tests import Readers, RequestTests
from caplint.link.handlers.value_tests import ConditionResult, Level
from caplint.values.expression_tree import tree_of

FLAGS: Part = ("flags",)


HELPERS = """\
#define NO_FLAGS(c) do { if ((c)->flags) return -EINVAL; } while (0)
#define UNKNOWN(c) ((c)->flags & ~VALID)
#define VALID 3
static int check(struct kvm_enable_cap *req) { if (req->flags) return -EINVAL; return 0; }
static bool bad(u32 flags) { return flags & ~VALID; }
static int looks(u32 flags) { if (flags == 7) log(); return 0; }
static int ignores(struct kvm_enable_cap *req) { return 0; }
static int checks_deep(struct kvm_enable_cap *req) { return check(req); }
static int itself(struct kvm_enable_cap *req) { return itself(req); }
static bool takes(u32 cap) { return cap == KVM_CAP_B; }
"""


HEAD = "int {}(struct kvm *kvm, struct kvm_enable_cap *cap)\n{{\n"


# Name → what happens to a copy of the flags; whether it is cut to a range that any value may have become.
RESTRAINED = {
    "kept": ("", False), "masked_copy": ("f &= VALID;", True), "cleared_copy": ("f &= ~VALID;", False),
    "wrapped_copy": ("f %= 8;", True), "capped": ("if (f > 4) f = 4;", True), "replaced": ("if (kvm->x) f = 4;", False),
    "widened": ("f |= 1;", False), "truth_of_it": ("f = !!f;", True), "added_to": ("f = f + 1;", False),
}  # fmt: skip


TEXT = HELPERS + "".join(
    f"{HEAD.format(name)}u32 f = cap->flags; {body} HERE(); return 0; }}\n" for name, (body, _) in RESTRAINED.items()
)
TEXT += HEAD.format("untested") + "switch (cap->cap) { case KVM_CAP_A: HERE(); return 0; } return -EINVAL; }\n"
TEXT += HEAD.format("tells") + "if (cap->cap == KVM_CAP_B) return 0; HERE(); return 1; }\n"
TEXT += HEAD.format("looped") + "while (kvm->x) { if (cap->flags == 4) kvm->y = 1; } HERE(); return 0; }\n"
TEXT += HEAD.format("behind") + "HERE(); while (kvm->x) { if (cap->flags == 4) kvm->y = 1; } return 0; }\n"
TEXT += HEAD.format("judged") + "if (fdget(cap->args[0])) return 0; HERE(); return 1; }\n"
TEXT += HEAD.format("judged_later") + "HERE(); if (fdget(cap->args[0])) return 0; return 1; }\n"


@pytest.fixture(scope="module")
def code(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LinkedCode]:
    with linked(tmp_path_factory.mktemp("kernel"), TEXT) as found:
        yield found


def _readers(code: LinkedCode) -> Readers:
    return Readers(code.helpers, code.constants, lambda _, __: None)


def _at(code: LinkedCode, name: str, mark: str = "HERE()") -> tuple[int, Region]:
    body, offset = code.body(name), code.at(mark, name)
    labels = [label for label in body.labels if label.start <= offset < label.stop]
    return offset, Region.around(body, labels[0].start, labels[0].stop, "1") if labels else Region.whole(body)


def _reader(code: LinkedCode, name: str, value: Part = FLAGS) -> RequestTests:
    return _readers(code).at_handler(code.body(name), value, "KVM_CAP_A")


@pytest.mark.parametrize(
    ("expression", "outcome", "level"),
    [
        ("0", ConditionResult.ZERO, Level.UNTESTED), ("0", ConditionResult.NONZERO, Level.UNREACHED),
        ("-EINVAL", ConditionResult.GOOD, Level.UNREACHED), ("cap->flags", ConditionResult.ZERO, Level.TESTED),
        ("!cap->flags", ConditionResult.NONZERO, Level.TESTED), ("check(cap)", ConditionResult.GOOD, Level.TESTED),
        ("check(cap)", ConditionResult.BAD, Level.UNTESTED), ("kvm->x", ConditionResult.ZERO, Level.UNTESTED),
        ("check(cap) == 0", ConditionResult.NONZERO, Level.TESTED),
        ("(kvm->x, check(cap))", ConditionResult.ZERO, Level.TESTED),
        ("PTR_ERR_OR_ZERO(check(cap))", ConditionResult.ZERO, Level.TESTED),
        ("ERR_PTR(cap->flags)", ConditionResult.ZERO, Level.UNREACHED),
        ("cap->flags @", ConditionResult.ZERO, Level.UNKNOWN), ("kvm @", ConditionResult.ZERO, Level.UNTESTED),
    ],
)  # fmt: skip
def test_outcome_of_an_expression(code: LinkedCode, expression: str, outcome: ConditionResult, level: Level) -> None:
    place = Place(*_at(code, "untested"))
    assert _reader(code, "untested").implied(tree_of(expression), outcome, place) is level


@pytest.mark.parametrize("name", RESTRAINED)
def test_copies_that_are_cut_to_a_range(code: LinkedCode, name: str) -> None:
    reader, place = _reader(code, name), Place(*_at(code, name))
    assert reader.restrained(tree_of("f"), place) is RESTRAINED[name][1]
    assert not reader.restrained(tree_of("f + 1"), place)
    assert not reader.restrained(tree_of("kvm"), place)


@pytest.mark.parametrize(
    ("expression", "level"),
    [
        ("cap->cap == KVM_CAP_A", Level.UNTESTED), ("cap->cap == KVM_CAP_B", Level.UNREACHED),
        ("cap->cap != KVM_CAP_A", Level.UNREACHED), ("KVM_CAP_B != cap->cap", Level.UNTESTED), ("kvm->x == 1", None),
        ("cap->cap < KVM_CAP_A", None), ("cap->cap == n", None),
    ],
)  # fmt: skip
def test_a_comparison_of_the_requests_capability(code: LinkedCode, expression: str, level: Level | None) -> None:
    reader, node = _reader(code, "tells"), tree_of(expression)
    offset = code.at("HERE()", "tells")
    assert reader.on_capability(node, ConditionResult.NONZERO, offset) is level
    opposite = {Level.UNTESTED: Level.UNREACHED, Level.UNREACHED: Level.UNTESTED, None: None}[level]
    assert reader.on_capability(node, ConditionResult.ZERO, offset) is opposite
    unnamed = _readers(code).at_handler(code.body("tells"), FLAGS, "")
    assert unnamed.on_capability(node, ConditionResult.NONZERO, offset) is (None if level is None else Level.UNKNOWN)


def test_tests_that_are_not_followed_to_a_place(code: LinkedCode) -> None:
    """In a loop, or in a condition that sets what is read later; behind the place none counts."""
    for name, unexplained in (("looped", True), ("kept", False), ("behind", False)):
        assert _reader(code, name).is_unexplained(Place(*_at(code, name))) is unexplained, name


def test_a_function_that_finds_out_itself_if_a_value_is_good(code: LinkedCode) -> None:
    argument = ("args", "0")
    assert _reader(code, "judged", argument).is_judged(Place(*_at(code, "judged")))
    assert not _reader(code, "judged").is_judged(Place(*_at(code, "judged")))
    assert not _reader(code, "judged_later", argument).is_judged(Place(*_at(code, "judged_later")))


def test_nesting_without_end_is_not_followed(code: LinkedCode) -> None:
    place = Place(*_at(code, "untested"))
    for depth, level in ((5, Level.TESTED), (40, Level.UNKNOWN)):
        nested = "(kvm->x, " * depth + "cap->flags" + ")" * depth
        assert _reader(code, "untested").implied(tree_of(nested), ConditionResult.ZERO, place) is level


def test_nothing_is_concluded_once_the_budget_is_spent(code: LinkedCode) -> None:
    readers = _readers(code)
    readers.budget = Budget(0)
    reader, place = readers.at_handler(code.body("untested"), FLAGS, "KVM_CAP_A"), Place(*_at(code, "untested"))
    assert reader.implied(tree_of("cap->flags"), ConditionResult.ZERO, place) is Level.UNKNOWN
    assert reader.conditions_level(place) is Level.UNKNOWN
    assert reader.is_unexplained(place)
    reader.body.cuts.clear()


VARIABLES = {
    "set": ("int r = cap->flags; HERE();", Level.TESTED),
    "set_later": ("int r = kvm->x; HERE(); r = cap->flags;", Level.UNTESTED),
    "set_in_a_branch": ("int r = kvm->x; if (kvm->y) r = cap->flags != 0; HERE();", Level.UNTESTED),
    "set_in_both": ("int r; if (kvm->y) r = cap->flags; else r = !!cap->flags; HERE();", Level.TESTED),
    "gathered": ("int r = kvm->x; r |= cap->flags; HERE();", Level.TESTED),
    "filled_in": ("int r = 0; get(cap, &r); HERE();", Level.UNKNOWN),
    "filled_in_from_elsewhere": ("int r = 0; get(kvm, &r); HERE();", Level.UNTESTED),
    "filled_in_and_set": ("int r = 0; get(cap, &r); r = cap->flags; HERE();", Level.TESTED),
}  # fmt: skip
"""Name → body; what is known of the flags at HERE() where `r` is 0."""


def test_a_variable_that_holds_the_result_of_a_test(tmp_path_factory: pytest.TempPathFactory) -> None:
    text = "".join(f"{HEAD.format(name)}{body} return 0; }}\n" for name, (body, _) in VARIABLES.items())
    with linked(tmp_path_factory.mktemp("kernel"), text) as code:
        found = {
            name: _reader(code, name).implied(tree_of("r"), ConditionResult.ZERO, Place(*_at(code, name)))
            for name in VARIABLES
        }  # fmt: skip
    assert found == {name: level for name, (_, level) in VARIABLES.items()}
