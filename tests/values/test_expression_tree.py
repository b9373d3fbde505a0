"""Syntax trees of expressions, against the text that they give."""

from __future__ import annotations

import pytest

from caplint.values.expression_tree import Node, text_of, tree_of


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a + b * c", "a + (b * c)"),
        ("a || b && !c", "a || (b && (!c))"),
        ("a - b - c", "a - b - c"),
        ("x = y = z", "x = (y = z)"),
        ("a ? b : c ? d : e", "a ? b : (c ? d : e)"),
        ("(kvm->arch.x[i + 1])", "kvm->arch.x[i + 1]"),
        ("f(a, b)(c)", "f(a, b)(c)"),
        ("*p++", "*(++p)"),
        ("(u64)x & mask", "((u64)x) & mask"),
        ("(struct kvm *)p->q", "(struct kvm *)p->q"),
        ("(__force u64)cpu_to_be64(x)", "(__force u64)cpu_to_be64(x)"),
        ("(name)(x)", "name(x)"),
        ("(name) - x", "name - x"),
        ("(unsigned long)&x", "(unsigned long)(&x)"),
        ("f(struct kvm, x)", "f(struct kvm, x)"),
        ("g(sizeof(struct kvm) + 1)", "g(sizeof + 1)"),
    ],
)
def test_text(text: str, shown: str) -> None:
    assert text_of(tree_of(text)) == shown


def test_a_choice_without_a_middle_repeats_the_condition() -> None:
    condition, first, second = tree_of("a() ?: b").parts
    assert first is condition
    assert second == Node("name", "b")


@pytest.mark.parametrize("text", ["", "a +", "a b", "(a", "#", "x" + "+x" * 3_000, "(" * 70 + "x" + ")" * 70])
def test_what_is_not_understood_is_one_leaf(text: str) -> None:
    assert tree_of(text) == Node("opaque", text)
