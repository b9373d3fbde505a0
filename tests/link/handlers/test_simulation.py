"""One call of a function for KVM_CAP_A: which statements run in which configurations, and the signs of its result."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from bodies import LinkedCode, linked

from caplint.c.formula import text
from caplint.link.functions.abstract_values import UNKNOWN, AbstractValue, number, thing
from caplint.link.handlers.evaluation import Evaluator
from caplint.link.handlers.simulation import Simulation
from caplint.link.handlers.simulation_state import Run, SimulationState
from caplint.values.expression_tree import Node

HEAD = """\
#define THREE 3
static const struct pair { int cap; int answer; } pairs[] = { { .cap = KVM_CAP_A, .answer = 3 }, { .cap = KVM_CAP_B } };
"""
WALK = "if (pairs[i].cap == ext) return pairs[i].answer; } return -EINVAL;"
# Only what may decide on a capability has its control flow among the facts.
PARAMETERS = "struct kvm *kvm, struct kvm_enable_cap *cap, long ext"
# Name → body; result for KVM_CAP_A; result for a capability that the code does not name.
BODIES = {
    "assigned": ("int r = -1; r = 2; return r;", "P", "P"),
    "switched": ("switch (ext) { case KVM_CAP_A: return 5; case KVM_CAP_B: return -EINVAL; } return 0;", "P", "Z"),
    "not_switched": ("switch (ext) { case KVM_CAP_B: return 1; default: return -EINVAL; }", "N", "N"),
    "falls_through": (
        "int r = 0; switch (ext) { case KVM_CAP_A: r = 1; case KVM_CAP_B: r = -EPERM; break; } return r;", "N", "Z"),
    "broken": ("int r = 0; switch (ext) { case KVM_CAP_A: r = 1; break; default: r = -EPERM; } return r;", "P", "N"),
    "ranged": ("switch (ext) { case KVM_CAP_A ... KVM_CAP_C: return 5; } return 0;", "P", "Z"),
    "compared": ("if (ext == KVM_CAP_A) return 1; else return -EINVAL;", "P", "N"),
    "refused": ("if (ext != KVM_CAP_A) return 0; return 4;", "P", "Z"),
    "undecided": ("if (kvm->x) return 1; return 0;", "P Z", "P Z"),
    "in_branches": ("int r; if (kvm->x) r = 1; else r = -EINVAL; return r;", "N P", "N P"),
    "error_first": ("int r = ask(kvm); if (r < 0) return r; return 1;", "P n", "P n"),
    "zero_left": ("int r = ask(kvm); if (r) return -EINVAL; return r;", "N z", "N z"),
    "jumps": ("int r = 0; if (ext == KVM_CAP_A) goto out; r = 1; out: return r;", "Z", "P"),
    "jumps_back": ("int r = 0; again: if (r) return r; r = -EINVAL; goto again;", "", ""),
    "jumps_into_a_block": ("goto in; if (kvm->x) { in: return 1; } return 0;", "n p z", "n p z"),
    "breaks": ("int r = 0; while (kvm->x) { r = 1; if (r) break; } return r;", "P Z", "P Z"),
    "continues": ("int r = 0; while (kvm->x) { r = 1; continue; r = -1; } return r;", "P Z", "P Z"),
    "does": ("int r = 0; do { r = 1; } while (kvm->x); return r;", "P Z", "P Z"),
    "counts": ("for (int i = -3; i < 4; i++) { return i; } return 0;", "N Z", "N Z"),
    "dies": ('int r = -EINVAL; if (kvm->x) panic("x"); else r = 1; return r;', "P", "P"),
    "empty": ("return;", "", ""),
    "endless": ("while (1) { }", "", ""),
    "built": ("\n#ifdef CONFIG_X\nreturn 1;\n#else\nreturn -EINVAL;\n#endif\n", "N[!CONFIG_X] P[CONFIG_X]", None),
    "built_or_not": ("int r = 0;\n#ifdef CONFIG_X\nr = 1;\n#endif\nreturn r;", "P[CONFIG_X] Z[!CONFIG_X]", None),
    "case_not_built": (
        "switch (ext) {\n#ifdef CONFIG_X\ncase KVM_CAP_A: return 1;\n#endif\ndefault: return -EINVAL; }",
        "N[!CONFIG_X] P[CONFIG_X]", "N"),
    "if_not_built": ("\n#ifdef CONFIG_X\nif (kvm->x)\n#endif\n\treturn 1;\nreturn 0;", "P Z[CONFIG_X]", None),
    "known": ("int n = 3; switch (n) { case 1: return -EINVAL; case THREE: return 1; } return 0;", "P", "P"),
    "known_range": ("int n = 3; switch (n) { case 4 ... 9: return -1; case 2 ... 3: return 1; } return 0;", "P", "P"),
    "known_default": ("int n = 3; switch (n) { case 1: return -EINVAL; default: return 1; } return 0;", "P", "P"),
    "unknown_label": ("int n = 3; switch (n) { case other: return 1; } return 0;", "P Z", "P Z"),
    "unknown": ("switch (kvm->x) { case 1: return 1; default: return -EINVAL; }", "N P", "N P"),
    "walks": ("int i; for (i = 0; i < 2; i++) { " + WALK, "P", "N"),
    "walks_on": ("int i; while (i++ < 2) { if (!kvm) continue; " + WALK, "N P", "N"),
    "asks": ("int r = ask(kvm); return r ? r : -EINVAL;", "N n p", "N n p"),
}  # fmt: skip
TEXT = HEAD + "".join(f"int {name}({PARAMETERS})\n{{\n{body}\n}}\n" for name, (body, *_) in BODIES.items())


@pytest.fixture(scope="module")
def code(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LinkedCode]:
    with linked(tmp_path_factory.mktemp("kernel"), TEXT) as found:
        yield found


def _call(_: Evaluator, name: str, __: list[AbstractValue], ___: list[Node]) -> AbstractValue:
    return UNKNOWN if name == "ask" else number(1)


def _simulated(code: LinkedCode, name: str, capability: str | None, steps: int = 1_000) -> tuple[Run, AbstractValue]:
    body = code.body(name)
    run = Run(code.facts(steps), "x86", "check", capability)
    sequence = run.facts.flow(body)
    assert sequence is not None
    return run, Simulation(run, body, _call).result(sequence, SimulationState(True, {"ext": thing("selector")}))


def _told(value: AbstractValue) -> str:
    conditions = {sign: text(value.signs[sign]) for sign in sorted(value.signs) if value.signs[sign] is not False}
    return " ".join(sign + ("" if condition == "1" else f"[{condition}]") for sign, condition in conditions.items())


@pytest.mark.parametrize("name", BODIES)
def test_result(code: LinkedCode, name: str) -> None:
    _, named, other = BODIES[name]
    run, value = _simulated(code, name, "KVM_CAP_A")
    assert _told(value) == named
    assert not run.gave_up
    if other is not None:
        assert _told(_simulated(code, name, None)[1]) == other


def test_what_runs_and_what_is_compared_is_noted(code: LinkedCode) -> None:
    run, _ = _simulated(code, "falls_through", "KVM_CAP_B")
    assert run.mentioned == {"KVM_CAP_A", "KVM_CAP_B"}
    sequence = run.facts.flow(code.body("falls_through"))
    assert sequence is not None
    _, switch, returned = sequence.steps
    ran = [step.start for step in switch.body.steps if id(step) in run.reached]
    assert ran == [code.at(text, "falls_through") for text in ("case KVM_CAP_B", "r = -EPERM", "break")]
    assert id(returned) in run.reached


def test_labels_of_a_switch_over_a_known_integer(code: LinkedCode) -> None:
    run, _ = _simulated(code, "known", None)
    assert [(label.switched, label.value, label.text) for label in run.labels.values()] == [
        (3, 1, "1"),
        (3, 3, "THREE"),
    ]
    assert not run.unknown_labels
    assert _simulated(code, "unknown_label", None)[0].unknown_labels


@pytest.mark.parametrize("name", ["walks", "in_branches", "known", "jumps"])
def test_a_run_ends_with_its_budget(code: LinkedCode, name: str) -> None:
    run, value = _simulated(code, name, "KVM_CAP_A", steps=1)
    assert run.is_stopped
    assert run.gave_up
    assert value.signs == {}
