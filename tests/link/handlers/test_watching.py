"""Conditions on which a decision depends: which expressions are conditions, what calls need, values that are set."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from bodies import LinkedCode, linked

from caplint.c.expression import parse
from caplint.c.formula import text
from caplint.link.functions.abstract_values import DELEGATED, EITHER, UNKNOWN, AbstractValue, number
from caplint.link.handlers.watching import Needs, Recorder, Requirements, Setting, is_constant, literals, operand_of
from caplint.values.expression_tree import text_of, tree_of

HELPERS = {
    "guarded": "if (!kvm->tea) return -EINVAL; return 0;",
    "guarded_twice": "if (!kvm->tea) return -EINVAL; if (kvm->cups == 0) return -ENOSPC; return 0;",
    "on_one_way": "if (kvm->tea) return 0; return 0;",
    "in_a_branch": "if (kvm->tea && !broken) return 1; return -EINVAL;",
    "on_both_ways": "if (kvm->tea) { if (kvm->cup) return 2; return -EPERM; } if (kvm->pot) return 0; return -ENXIO;",
    "built": "\n#ifdef CONFIG_X\nif (!kvm->tea) return -EINVAL;\n#endif\nreturn 0;",
    "never_fails": "kvm->tea = 1; return 0;",
    "always_fails": "return -EINVAL;",
    "no_value": "kvm->tea = 1;",
}
TEXT = "".join(f"static int {name}(struct kvm *kvm)\n{{\n{body}\n}}\n" for name, body in HELPERS.items())
TEXT += "int handler(struct kvm *kvm, long ext)\n{\n\treturn ext;\n}\nint bare(void)\n{\n\treturn 0;\n}\n"
OTHER = (
    "static int guarded(struct kvm *kvm) { return 0; }\nint shared(struct kvm *kvm) { if (a) return -EIO; return 0; }\n"
)
THIRD = "int shared(struct kvm *kvm) { if (!kvm) return -EIO; if (a) return -EIO; return 1; }\n"


@pytest.fixture(scope="module")
def code(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LinkedCode]:
    files = {"arch/x86/kvm/other.c": OTHER, "arch/x86/kvm/third.c": THIRD}
    with linked(tmp_path_factory.mktemp("kernel"), TEXT, files) as found:
        yield found


@pytest.mark.parametrize(
    ("expression", "constant"),
    [
        ("3", True), ("KVM_X", True), ("true", True), ("A | ~B", True), ("1 << 4", True), ("a", False),
        ("A | b", False),
        ("f(3)", False), ("NULL", True), ("x->y", False), ("@", False), ("sizeof(x)", False), ("Mixed", False),
    ],
)  # fmt: skip
def test_constants(expression: str, constant: bool) -> None:
    assert is_constant(tree_of(expression)) is constant


@pytest.mark.parametrize(
    ("comparison", "operand"),
    [
        ("a == 3", "a"), ("3 < a->b", "a->b"), ("f(x) & BIT", "f(x)"), ("MAX != a", "a"), ("a == b", None),
        ("1 == 2", None), ("a + 1", None), ("a && 1", None), ("a", None), ("!a", None),
    ],
)  # fmt: skip
def test_operand_of_a_comparison(comparison: str, operand: str | None) -> None:
    found = operand_of(tree_of(comparison))
    assert (found and text_of(found)) == operand


def _told(conditions: Needs | list[tuple[object, bool]]) -> str:
    return " ".join(sorted(f"{'' if holds else '!'}{text_of(node)}" for node, holds in conditions))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("expression", "where_it_holds", "where_it_fails"),
    [
        ("a", "a", "!a"),
        ("!a", "!a", "a"),
        ("!!a", "a", "!a"),
        ("a && b", "a b", "!a && b"),
        ("a || b", "a || b", "!a !b"),
        ("!(a || !b)", "!a b", "a || (!b)"),
        ("a == 0", "!a", "a"),
        ("a != NULL", "a", "!a"),
        ("a == false && !b", "!a !b", "!(a == false) && (!b)"),
        ("a == 3", "a == 3", "!a == 3"),
        ("a > 0", "a > 0", "!a > 0"),
        ("0 == a", "0 == a", "!0 == a"),
    ],
)
def test_literals(expression: str, where_it_holds: str, where_it_fails: str) -> None:
    tree = tree_of(expression)
    assert _told(list(literals(tree, True))) == where_it_holds
    assert _told(list(literals(tree, False))) == where_it_fails


@pytest.mark.parametrize(
    ("call", "needs"),
    [
        ("guarded(kvm)", "kvm->tea"),
        ("guarded_twice(kvm)", "kvm->cups kvm->tea"),
        ("on_one_way(kvm)", ""),
        ("in_a_branch(kvm)", "!broken kvm->tea"),
        ("on_both_ways(kvm)", ""),
        ("built(kvm)", ""),
        ("never_fails(kvm)", ""),
        ("always_fails(kvm)", ""),
        ("no_value(kvm)", ""),
        ("shared(kvm)", "!a"),
        ("nowhere(kvm)", ""),
        ("kvm->guarded(kvm)", ""),
        ("guarded", ""),
    ],
)
def test_what_a_call_needs(code: LinkedCode, call: str, needs: str) -> None:
    """The caller's file has a `guarded` of its own; what files share is what all of their definitions need."""
    requirements = Requirements(code.helpers)
    assert _told(requirements.of_call(tree_of(call), code.body("handler"))) == needs
    assert _told(requirements.of_call(tree_of(call), code.body("handler"))) == needs


CANDIDATES = [
    ("kvm->tea", "kvm->tea"), ("vcpu->kvm->tea", "kvm->tea"), ("enable_tea", "enable_tea"), ("TEA", ""), ("4", ""),
    ("boot_cpu_has(X86_TEA)", "boot_cpu_has(X86_TEA)"), ("has_tea(kvm)", "has_tea(kvm)"), ("ready()", "ready()"),
    ("has_tea(&kvm->arch)", "has_tea(&kvm->arch)"), ("has_tea(other)", ""), ("kvm->has(kvm)", ""),
    ("kvm->kind == TEA", "kvm->kind == TEA"), ("kvm->flags & BIT", "kvm->flags & BIT"), ("kvm->x == 0", ""),
    ("kvm->x == y", ""), ("a + b", ""), ("guarded(kvm)", "guarded(kvm) kvm->tea"), ("decides(ext)", ""),
    ("decides((u32)ext)", ""), ("decides(ext->cap)", ""),
]  # fmt: skip


@pytest.mark.parametrize(("expression", "conditions"), CANDIDATES)
def test_conditions_are_recorded(code: LinkedCode, expression: str, conditions: str) -> None:
    recorder, body = Recorder(Requirements(code.helpers)), code.body("handler")
    value = number(7)
    assert recorder(body, tree_of(expression), value) is value
    assert " ".join(sorted(map(text_of, recorder.conditions))) == conditions
    assert recorder.deciders == ({"decides"} if "decides" in expression else set())
    assert all(holder is body for holder in recorder.conditions.values())


def test_a_call_that_passes_the_question_on_decides_nothing(code: LinkedCode) -> None:
    recorder = Recorder(Requirements(code.helpers))
    recorder(code.body("handler"), tree_of("decides(ext)"), DELEGATED)
    recorder(code.body("bare"), tree_of("decides(ext)"), UNKNOWN)
    assert recorder.deciders == set()


def test_conditions_are_bounded(code: LinkedCode) -> None:
    recorder = Recorder(Requirements(code.helpers))
    for number_ in range(1_000):
        recorder(code.body("handler"), tree_of(f"kvm->x{number_}"), UNKNOWN)
    assert len(recorder.conditions) == 64


@pytest.mark.parametrize(
    ("expression", "before", "true", "false"),
    [
        ("kvm->tea", UNKNOWN, "1", "0"),
        ("vcpu->kvm->tea", EITHER, "1", "0"),
        ("kvm->cup", UNKNOWN, "0", "1"),
        ("kvm->cup", number(1), "1", "0"),
        ("kvm->tea", AbstractValue({"P": parse("CONFIG_X"), "Z": True}), "CONFIG_X", "!CONFIG_X"),
        ("kvm->cup", AbstractValue({"P": True, "Z": parse("CONFIG_X")}), "!CONFIG_X", "CONFIG_X"),
        ("kvm->pot", UNKNOWN, "1", "1"),
        ("decides(ext)", UNKNOWN, "0", "1"),
        ("decides(3)", UNKNOWN, "1", "1"),
        ("needs_cup(kvm)", UNKNOWN, "1", "1"),
        ("guarded(kvm)", number(0), "0", "1"),
    ],
)
def test_conditions_are_set(code: LinkedCode, expression: str, before: AbstractValue, true: str, false: str) -> None:
    setting = Setting(
        Requirements(code.helpers), {tree_of("kvm->tea"): True, tree_of("kvm->cup"): False}, {"decides": False}
    )
    value = setting(code.body("handler"), tree_of(expression), before)
    assert (text(value.true), text(value.false)) == (true, false)


@pytest.mark.parametrize(("tea", "fails"), [(True, False), (False, True)])
def test_a_call_whose_need_is_not_met_fails(code: LinkedCode, tea: bool, fails: bool) -> None:
    setting = Setting(Requirements(code.helpers), {tree_of("kvm->tea"): tea})
    value = setting(code.body("handler"), tree_of("guarded(kvm)"), UNKNOWN)
    assert value == (number(-1) if fails else UNKNOWN)
    assert Setting(Requirements(code.helpers))(code.body("handler"), tree_of("guarded(kvm)"), UNKNOWN) == UNKNOWN
