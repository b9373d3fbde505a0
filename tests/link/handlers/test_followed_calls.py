"""Results of calls while a handler runs: what is simulated, what is summed up, and what is not followed."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from bodies import LinkedCode, linked

from caplint.link.functions.abstract_values import AbstractValue, thing
from caplint.link.handlers.followed_calls import MOST_DEFINITIONS, simulate
from caplint.link.handlers.simulation_state import Run

MANY = {f"arch/x86/kvm/many{n}.c": f"int many(long ext) {{ return {n}; }}\n" for n in range(MOST_DEFINITIONS + 1)}
FEW = {
    f"arch/x86/kvm/few{n}.c": f"int few(long ext) {{ return {n} ?: -EINVAL; }}\nint own(long ext) {{ return 0; }}\n"
    for n in range(2)
}
HELPERS = """\
#define ADDED(a, b) ((a) + (b))
#define SAME(n) (n == KVM_CAP_A)
#define both(ext) 1
#define NOTHING() 7
static int both(long ext) { return 2; }
static int own(long ext) { return 1; }
static int decides(struct kvm *kvm, long n) { if (n == KVM_CAP_A) return 1; return -EINVAL; }
static int asks(struct kvm_enable_cap *c) { return c->cap == KVM_CAP_A ? 3 : 0; }
static int states(struct kvm *kvm) { if (kvm->x) return -EPERM; return 1; }
static int again(long n) { return again(n); }
static int deep8(long n) { return n == KVM_CAP_A; }
static int deep7(long n) { return deep8(n); }
static int deep6(long n) { return deep7(n); }
static int deep5(long n) { return deep6(n); }
static int deep4(long n) { return deep5(n); }
static int deep3(long n) { return deep4(n); }
static int deep2(long n) { return deep3(n); }
static int deep1(long n) { return deep2(n); }
static int through(struct kvm *kvm, long n) { return n == KVM_CAP_A ? 1 : -EINVAL; }
static int handler(struct kvm *kvm, long ext) { return 1; }
static struct kvm_x86_ops ops = { .has = through, .none = nowhere };
"""
# Name → returned call; its result for KVM_CAP_A; functions that are entered.
CALLS = {
    "passed_on": ("handler(kvm, ext)", "D", []),
    "not_passed_on": ("handler(kvm, 3)", "P", []),
    "decided": ("decides(kvm, ext)", "P", ["decides"]),
    "not_given": ("decides(kvm, 3)", "N P", []),
    "of_the_request": ("asks(cap)", "P", ["asks"]),
    "of_a_member": ("decides(kvm, cap->cap)", "P", ["decides"]),
    "summed_up": ("states(kvm)", "N P", []),
    "macro": ("ADDED(1, 2)", "P", []),
    "macro_of_the_capability": ("SAME(ext)", "P", []),
    "macro_without_parameters": ("NOTHING()", "P", []),
    "macro_with_others": ("ADDED(1)", "n p z", []),
    "macro_and_function": ("both(ext)", "n p z", []),
    "elsewhere": ("nowhere(ext)", "n p z", []),
    "itself": ("again(ext)", "n p z", ["again"]),
    "deep": ("deep1(ext)", "n p z", [f"deep{n}" for n in range(1, 9)]),
    "less_deep": ("deep3(ext)", "P", [f"deep{n}" for n in range(3, 9)]),
    "member": ("ops.has(kvm, ext)", "P", ["through"]),
    "pointer": ("kvm->ops->has(kvm, ext)", "P", ["through"]),
    "member_not_given": ("ops.has(kvm, 3)", "n p z", []),
    "member_of_nobody": ("ops.none(kvm, ext)", "n p z", []),
    "several": ("few(ext)", "N P", ["few", "few"]),
    "own_file": ("own(ext)", "P", ["own"]),
    "too_many": ("many(ext)", "n p z", []),
}
TEXT = HELPERS + "".join(
    f"int {name}(struct kvm *kvm, struct kvm_enable_cap *cap, long ext) {{ return {call}; }}\n"
    for name, (call, *_) in CALLS.items()
)


@pytest.fixture(scope="module")
def code(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LinkedCode]:
    with linked(tmp_path_factory.mktemp("kernel"), TEXT, {**MANY, **FEW}) as found:
        yield found


def _simulated(code: LinkedCode, name: str, capability: str | None = "KVM_CAP_A") -> tuple[Run, AbstractValue]:
    run = Run(code.facts(check=frozenset({"handler"})), "x86", "check", capability)
    return run, simulate(run, code.body(name), {"ext": thing("selector"), "cap": thing("request")})


@pytest.mark.parametrize("name", CALLS)
def test_result_of_a_call(code: LinkedCode, name: str) -> None:
    _, told, entered = CALLS[name]
    run, value = _simulated(code, name)
    assert " ".join(sorted(value.signs)) == told
    assert sorted(body.name for body in run.entered.values()) == sorted(entered)
    assert run.stack == []


@pytest.mark.parametrize(
    ("name", "told"), [("decided", "N"), ("of_the_request", "Z"), ("macro_of_the_capability", "Z")]
)
def test_result_for_another_capability(code: LinkedCode, name: str, told: str) -> None:
    run, value = _simulated(code, name, None)
    assert " ".join(sorted(value.signs)) == told
    assert run.mentioned == {"KVM_CAP_A"}


def test_a_sum_is_computed_once(code: LinkedCode) -> None:
    run, first = _simulated(code, "summed_up")
    ((key, kept),) = run.facts.summaries.items()
    assert key[:2] == ("states", "x86")
    assert kept == first
    run.facts.summaries[key] = AbstractValue({"Z": True})
    assert set(simulate(run, code.body("summed_up"), {}).signs) == {"Z"}


def test_a_function_does_not_enter_itself(code: LinkedCode) -> None:
    body = code.body("decided")
    run = Run(code.facts(), "x86", "check", "KVM_CAP_A", stack=[(body.handler.blob, body.handler.start)])
    assert set(simulate(run, body, {}).signs) == set("nzp")
