"""Conclusions from the outcome of a condition about one value of a request."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from bodies import LinkedCode, linked

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
