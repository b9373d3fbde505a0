"""Values of expressions while a handler runs for KVM_CAP_A: signs, integers, elements of arrays, assumptions."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from bodies import LinkedCode, linked

from caplint.c.formula import Formula, text
from caplint.link.functions.abstract_values import DELEGATED, EITHER, UNKNOWN, AbstractValue, number, thing
from caplint.link.handlers.evaluation import Evaluator
from caplint.link.handlers.simulation_state import Run, SimulationState
from caplint.values.expression_tree import Node, text_of

TEXT = """\
#define KVM_CAP_A 1
#define KVM_CAP_B 2
#define KVM_CAP_SELF_MASK 0
#define OTHER_NAME KVM_CAP_A
#define SIXTEEN 16
static const int listed[] = { KVM_CAP_A, KVM_CAP_B };
static const int answers[] = {
	[KVM_CAP_A] = 7,
	[KVM_CAP_B] = -EINVAL,
#ifdef CONFIG_C
	[KVM_CAP_C] = 9,
#endif
};
static const struct pair { int cap; int answer; } pairs[] = { { .cap = KVM_CAP_A, .answer = 3 }, { KVM_CAP_B, 0 } };
int f(struct kvm *kvm, struct kvm_enable_cap *cap, long ext)
{
	int LOUD = 1;

	return LOUD;
}
"""


@pytest.fixture(scope="module")
def code(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LinkedCode]:
    with linked(tmp_path_factory.mktemp("kernel"), TEXT) as found:
        yield found


def _call(_: Evaluator, name: str, values: list[AbstractValue], arguments: list[Node]) -> AbstractValue:
    if name == "first" and values:
        return values[0]
    return number(len(arguments)) if name in {"count", ".count"} else UNKNOWN


def _evaluator(
    code: LinkedCode, capability: str | None = "KVM_CAP_A", row: AbstractValue = UNKNOWN, **more: AbstractValue
) -> Evaluator:
    variables = {
        "ext": thing("selector"), "cap": thing("request"), "three": number(3), "minus": number(-2), "zero": number(0),
        "count": AbstractValue({"z": True, "p": True}), "r": UNKNOWN, "pairs[]": row, **more,
    }  # fmt: skip
    run = Run(code.facts(), "x86", "check", capability)
    return Evaluator(run, code.body("f"), SimulationState(True, variables), _call)


def _told(value: AbstractValue) -> int | str:
    """An integer, else the signs in their order, each with its condition unless it holds everywhere."""
    if isinstance(value.thing, int):
        return value.thing
    return " ".join(sign + _under(value.signs[sign]) for sign in sorted(value.signs) if value.signs[sign] is not False)


def _under(condition: Formula) -> str:
    return "" if condition is True else f"[{text(condition)}]"


INTEGERS = [
    ("7", 7), ("0x10", 16), ("true", 1), ("false", 0), ("NULL", 0), ("SIXTEEN", 16), ("three", 3),
    ("-three", -3), ("+three", 3), ("!three", 0), ("!zero", 1), ("!!three", 1), ("(u8)three", 3),
    ("three + 2", 5), ("three - 5", -2), ("three * minus", -6), ("7 & 3", 3), ("4 | three", 7), ("5 ^ 1", 4),
    ("1 << 4", 16), ("256 >> 4", 16), ("7 / 2", 3), ("-7 / 2", -3), ("7 / -2", -3), ("-1 / 2", 0), ("-7 % 2", -1),
    ("7 % -2", 1), ("three < 4", 1), ("three >= 4", 0), ("three != 3", 0), ("three == 3", 1), ("4 > three", 1),
    ("three && 1", 1), ("zero && f(x)", 0), ("three || f(x)", 1), ("zero || zero", 0), ("(f(x), 4)", 4),
    ("three ? 4 : 5", 4), ("zero ? 4 : 5", 5), ("three ?: 5", 3), ("r ? 6 : 6", 6), ("first(three)", 3),
    ("count(a, b)", 2), ("ops->count(a)", 1), ("r = 5", 5), ("ext == KVM_CAP_A", 1), ("KVM_CAP_B == ext", 0),
    ("ext != KVM_CAP_A", 0), ("ext == OTHER_NAME", 1), ("cap->cap == KVM_CAP_A", 1), ("(*cap).cap != KVM_CAP_B", 1),
    ("(&*cap)->cap == KVM_CAP_A", 1), ("answers[ext]", 7), ("answers[ext] > 5", 1), ("-answers[ext]", -7),
    ("9223372036854775807 * 2", (1 << 64) - 2), ("count * zero", 0),
]  # fmt: skip
SIGNS = [
    ("-EINVAL", "N"), ("EINVAL", "P"), ('"text"', "P"), ("r", "n p z"), ("-count", "n z"), ("~three", "n p z"),
    ("count > 0", "p z"), ("0 < count", "p z"), ("'a'", "P"), ("count < 0", 0), ("count >= 0", 1), ("!count", "p z"),
    ("count == 3", "p z"), ("r | 1", "p z"), ("-EINVAL | 1", "n p z"), ("count & 4", "p z"), ("r + 1", "n p z"),
    ("count * count", "p z"), ("r * r", "n p z"), ("7 / 0", "n p z"), ("7 % zero", "n p z"), ("1 << 64", "n p z"),
    ("1 << -1", "n p z"), ("sizeof(x)", "n p z"), ("unknown(x)", "n p z"), ("x->y", "n p z"), ("a[3]", "n p z"),
    ("cap->flags", "n p z"), ("ext", "n p z"), ("&three", "n p z"), ("*three", "n p z"), ("LOUD", "n p z"),
    ("MISSING", "n p z"), ("1.5", "n p z"), ("@", "n p z"), ("r ? 1 : -EINVAL", "N P"), ("r ? 0 : 2", "P Z"),
    ("r ?: 0", "Z n p"), ("IS_ENABLED(CONFIG_X)", "P[CONFIG_X] Z[!CONFIG_X]"), ("IS_ENABLED(x)", "n p z"),
    ("IS_ENABLED(CONFIG_X) && three", "P[CONFIG_X] Z[!CONFIG_X]"), ("IS_ENABLED(CONFIG_X) || three", 1),
    ("IS_ENABLED(CONFIG_X) ? 4 : -1", "N[!CONFIG_X] P[CONFIG_X]"),
    ("!IS_ENABLED(CONFIG_X)", "P[!CONFIG_X] Z[CONFIG_X]"),
    ("pairs[r].answer", "n p z"), ("r |= count", "p z"), ("r += 1", "n p z"), ("r++", "n p z"),
    ("ext == three", "p z"), ("18446744073709551615 + 1", "n p z"), ("-9223372036854775807 - 2", "n p z"),
]  # fmt: skip


@pytest.mark.parametrize(("expression", "told"), [*INTEGERS, *SIGNS])
def test_value(code: LinkedCode, expression: str, told: int | str) -> None:
    assert _told(_evaluator(code).value(expression)) == told


@pytest.mark.parametrize(
    ("capability", "told"),
    [("KVM_CAP_B", "N"), ("KVM_CAP_C", "P[CONFIG_C] Z[!CONFIG_C]"), ("KVM_CAP_D", 0), (None, 0)],
)
def test_an_array_that_is_indexed_by_the_capability(code: LinkedCode, capability: str | None, told: int | str) -> None:
    """What no element names is 0, as is what is not built."""
    assert _told(_evaluator(code, capability).value("answers[ext]")) == told
    assert _told(_evaluator(code, capability).value("listed[ext]")) == "n p z"


def test_an_element_of_an_array(code: LinkedCode) -> None:
    """A loop is at the element that names the capability; members without a designator are told by what they hold."""
    table = _evaluator(code).value("pairs").thing[1]
    for element, equal, told in zip(table.elements, (1, 0), (3, 0), strict=True):
        evaluator = _evaluator(code, row=thing("row", table, element))
        assert _told(evaluator.value("pairs[i].cap == ext")) == equal
        if equal:
            assert _told(evaluator.value("pairs[i].answer")) == told
            assert _told(evaluator.value("pairs[i].absent")) == 0
            assert _told(evaluator.value("(*pairs).answer")) == told
        else:
            assert _told(evaluator.value("pairs->answer")) == "Z"
    rest = _evaluator(code, row=thing("row", table, None))
    assert _told(rest.value("pairs[i].cap == ext")) == 0
    assert _told(rest.value("pairs[i].cap != ext")) == 1
    assert rest.run.mentioned == {"KVM_CAP_A", "KVM_CAP_B"}


@pytest.mark.parametrize(
    ("condition", "holds", "variable", "signs"),
    [
        ("r", True, "r", "np"), ("r", False, "r", "z"), ("!r", True, "r", "z"), ("!r", False, "r", "np"),
        ("r < 0", True, "r", "n"), ("r < 0", False, "r", "zp"), ("r >= 0", True, "r", "zp"), ("r > 0", True, "r", "p"),
        ("r <= 0", False, "r", "p"), ("r == 0", False, "r", "np"), ("r != 0", False, "r", "z"),
        ("r && count", True, "count", "p"), ("r && count", False, "count", "zp"), ("r || count", False, "count", "z"),
        ("r || count", True, "r", "nzp"), ("(r = f()) < 0", True, "r", "n"), ("r == 3", True, "r", "nzp"),
        ("other", True, "r", "nzp"),
    ],
)  # fmt: skip
def test_what_is_assumed(code: LinkedCode, condition: str, holds: bool, variable: str, signs: str) -> None:
    evaluator = _evaluator(code)
    evaluator.assume(condition, holds)
    assert "".join(sorted(evaluator.state.variables[variable].signs)) == "".join(sorted(signs))


def test_an_assumption_leaves_a_capability_and_a_result_that_is_passed_on(code: LinkedCode) -> None:
    evaluator = _evaluator(code, passed=DELEGATED)
    evaluator.assume("!ext", True)
    evaluator.assume("passed < 0", True)
    assert evaluator.state.variables["ext"] == thing("selector")
    assert evaluator.state.variables["passed"] == DELEGATED


@pytest.mark.parametrize(
    ("expression", "variable", "told"),
    [
        ("r = three + 1", "r", 4), ("new = -EINVAL", "new", "N"), ("s.x = 2", "s.x", 2), ("s->x = 2", "s.x", 2),
        ("three++", "three", "n p z"), ("--three", "three", "n p z"), ("three |= 4", "three", "p z"),
        ("three += 4", "three", "n p z"), ("f(&three)", "three", "n p z"), ("f(&s->x)", "s.x", "n p z"),
        ("f(three)", "three", 3), ("a = b = 5", "a", 5), ("r && (three = 9)", "three", 3), ("a[3] = 1", "three", 3),
    ],
)  # fmt: skip
def test_assignments_change_the_state(code: LinkedCode, expression: str, variable: str, told: int | str) -> None:
    evaluator = _evaluator(code)
    evaluator.value(expression)
    assert _told(evaluator.state.variables[variable]) == told


def test_a_member_that_was_assigned_is_read_back(code: LinkedCode) -> None:
    evaluator = _evaluator(code)
    evaluator.assign("s.x", number(4))
    assert _told(evaluator.value("s->x + s.x")) == 8
    assert _told(evaluator.value("cap->args")) == "n p z"


@pytest.mark.parametrize(
    ("name", "capability"),
    [("KVM_CAP_A", "KVM_CAP_A"), ("OTHER_NAME", "KVM_CAP_A"), ("SIXTEEN", None), ("other", None), ("MISSING", None)],
)
def test_names_of_capabilities(code: LinkedCode, name: str, capability: str | None) -> None:
    assert _evaluator(code).capability(name) == capability


def test_a_watch_sees_what_is_no_variable(code: LinkedCode) -> None:
    seen: list[str] = []

    def watch(_: object, node: Node, value: AbstractValue) -> AbstractValue:
        seen.append(text_of(node))
        return number(1) if text_of(node) == "kvm->ready" else value

    evaluator = _evaluator(code)
    evaluator.run.watch = watch
    assert _told(evaluator.value("kvm->ready && three")) == 1
    assert "kvm->ready" in seen
    assert "three" not in seen


def test_numbers_stay_within_those_of_c(code: LinkedCode) -> None:
    """Squared 100 times, a number would have more digits than there are atoms."""
    evaluator = _evaluator(code)
    for _ in range(100):
        evaluator.value("three = three * three")
    assert _told(evaluator.state.variables["three"]) == "n p z"


@pytest.mark.parametrize("expression", ["(" * 5_000 + "1" + ")" * 5_000, "1 + " * 5_000 + "1", "9" * 5_000, "!" * 990])
def test_what_is_too_long_is_unknown(code: LinkedCode, expression: str) -> None:
    assert _evaluator(code).value(expression) == UNKNOWN


def test_a_spent_run_knows_nothing(code: LinkedCode) -> None:
    evaluator = _evaluator(code)
    evaluator.run.facts.steps = 0
    assert evaluator.value("IS_ENABLED(CONFIG_LONG_ENOUGH_TO_COUNT) && r") == UNKNOWN
    assert evaluator.run.is_stopped
    assert evaluator.value("r > 1") == EITHER
