"""Function-like macros with their arguments in place, and the conditions under which they leave a function."""

from __future__ import annotations

import pytest

from caplint.link.functions.callees import FunctionMacro
from caplint.link.handlers.macro_text import expanded, leaving_conditions
from caplint.values.expression_tree import tree_of


@pytest.mark.parametrize(
    ("parameters", "body", "given", "text"),
    [
        (("c",), "((c)->flags & ~VALID)", ("cap",), "((cap)->flags & ~VALID)"),
        (("a", "b"), "a + b", ("b", "a"), "b + a"),
        # A parameter's name within a longer one stays.
        (("a",), "a->ab + ba.a_", ("x",), "x->ab + ba.a_"),
        (("args",), "args->args", ("cap",), "cap->cap"),
        (("v",), "READ_ONCE(v)", ("kvm->x",), "kvm->x"),
        (("v",), "unlikely(v) && z", ("!kvm->x",), "(!kvm->x) && z"),
        ((), "likely(kvm_x)", (), "kvm_x"),
        (("a",), "a", (), None),
        ((), "a", ("x",), None),
        (("a", "b"), "a", ("x",), None),
    ],
)
def test_expanded(parameters: tuple[str, ...], body: str, given: tuple[str, ...], text: str | None) -> None:
    macro = FunctionMacro("a.h", 1, "x86", parameters, body)
    assert expanded(macro, tuple(map(tree_of, given))) == text


@pytest.mark.parametrize(
    ("body", "conditions"),
    [
        ("do { if (c->flags) return -EINVAL; } while (0)", ["c->flags"]),
        ("if ((c)->flags & ~VALID) goto out", ["(c)->flags & ~VALID"]),
        ("if (f(a, (b))) { pr_debug(); return 1; }", ["f(a, (b))"]),
        ("if (a) return 1; if(b)\nreturn 2", ["a", "b"]),
        # Conditions that do not leave, or of which only something nested leaves.
        ("if (a) x = 1; return 0", []),
        ("if (a) { if (b) return 1; }", ["a", "b"]),
        ("if (a) { while (b) { x(); } return 1; }", []),
        ("if (a) return_value = 1", []),
        ("if (a", []),
        ("notif (a) return 1", []),
        ("", []),
    ],
)
def test_conditions_under_which_a_macro_leaves(body: str, conditions: list[str]) -> None:
    assert list(leaving_conditions(body)) == conditions


def test_brackets_that_do_not_close() -> None:
    """As many as a body may have: facts keep 2,000 characters."""
    assert list(leaving_conditions("if (" * 500)) == []
