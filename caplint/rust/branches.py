"""`if` and `match` as C writes them."""

from __future__ import annotations

import tree_sitter

from caplint.rust.expressions import expression, operand, test_of
from caplint.rust.names import safe
from caplint.rust.patterns import SIMPLE, alternatives, bindings, is_variable
from caplint.rust.results import peeled
from caplint.rust.scope import Fate, RustScope, conditioned
from caplint.rust.value_types import name_of

_PLAIN = frozenset({"identifier", "self", "field_expression", "scoped_identifier"})


def write_if(scope: RustScope, node: tree_sitter.Node, fate: Fate) -> None:
    """Write an `if`. A value that a pattern takes apart is kept in a variable."""
    out = scope.out
    for _ in range(500):
        condition, consequence = node.child_by_field_name("condition"), node.child_by_field_name("consequence")
        alternative = node.child_by_field_name("alternative")
        if condition is None or consequence is None:
            return
        bound = _let_of(condition)
        if bound is not None:
            _if_let(scope, bound, consequence, fate)
        else:
            out.put("if (", node.start_byte)
            expression(scope, condition)
            out.put(")\n")
            scope.statement(scope, consequence, fate)
        following = (
            next((child for child in alternative.named_children if "comment" not in child.type), None)
            if alternative
            else None
        )
        if bound is not None:
            out.put("else {\n" if following is not None else "}\n")
        elif following is not None:
            out.put("else\n")
        if following is None:
            return
        if (
            following.type != "if_expression"
            or bound is not None
            or _let_of(following.child_by_field_name("condition")) is not None
        ):
            out.put("{\n" if bound is None else "")
            scope.statement(scope, following, fate)
            out.put("}\n" if bound is None else "}}\n")
            return
        node = following


def _let_of(condition: tree_sitter.Node | None) -> tree_sitter.Node | None:
    return condition if condition is not None and condition.type == "let_condition" else None


def _if_let(scope: RustScope, condition: tree_sitter.Node, consequence: tree_sitter.Node, fate: Fate) -> None:
    """Write `if let`, inside a block that the caller closes."""
    out, file = scope.out, scope.file
    pattern, value = condition.child_by_field_name("pattern"), condition.child_by_field_name("value")
    out.put("{\n", condition.start_byte)
    names = bindings(file, pattern) if pattern is not None else []
    held = None
    if value is not None and peeled(file, value).node.type not in _PLAIN and names:
        held = scope.fresh("held", condition)
        out.put(f"int {held} = ", value.start_byte)
        expression(scope, value)
        out.put(";\n")
    out.put("if (", condition.start_byte)
    _test(scope, pattern, held, value)
    out.put(") {\n")
    known = dict(scope.types)
    _bind(scope, names, held, value)
    scope.statement(scope, consequence, fate)
    scope.types = known
    out.put("}\n")


def _bind(scope: RustScope, names: list[str], held: str | None, value: tree_sitter.Node | None) -> None:
    """Declare the names that a pattern binds. Whoever calls it brings back the types of those that they hide."""
    for name in names:
        scope.types.pop(name, None)
        scope.out.put(f"int {safe(name)} = ")
        _value(scope, held, value)
        scope.out.put(";\n")


def _value(scope: RustScope, held: str | None, value: tree_sitter.Node | None) -> None:
    if held is not None or value is None:
        scope.out.put(held or "0")
    else:
        expression(scope, value)


def _test(scope: RustScope, pattern: tree_sitter.Node | None, held: str | None, value: tree_sitter.Node | None) -> None:
    """Write the test that a pattern makes of a value."""
    kind = test_of(scope, pattern)
    scope.out.put({"is_err": "", "is_ok": "!("}.get(kind, "matches("))
    _value(scope, held, value)
    scope.out.put({"is_err": " < 0", "is_ok": " < 0)"}.get(kind, ")"))


def write_match(scope: RustScope, node: tree_sitter.Node, fate: Fate) -> None:
    """Write a `match`: as a switch if all patterns are values, else as a chain of tests."""
    value, body = node.child_by_field_name("value"), node.child_by_field_name("body")
    if value is None or body is None:
        return
    arms = [
        (conditions, arm)
        for conditions, arm in conditioned(scope.file, body.named_children)
        if arm.type == "match_arm" and not scope.skips(conditions, arm)
    ]
    if all(_is_value(scope, arm) for _, arm in arms):
        _switch(scope, value, arms, fate)
    else:
        _chain(scope, node, arms, fate)


def _pattern(arm: tree_sitter.Node) -> tuple[tree_sitter.Node | None, tree_sitter.Node | None]:
    """Return the pattern of an arm (None for `_`), and its guard."""
    outer = arm.child_by_field_name("pattern")
    if outer is None:
        return None, None
    guard = outer.child_by_field_name("condition")
    inner = next((child for child in outer.named_children if child != guard and "comment" not in child.type), None)
    return inner, guard


def _is_value(scope: RustScope, arm: tree_sitter.Node) -> bool:
    pattern, guard = _pattern(arm)
    if guard is not None:
        return False
    return pattern is None or all(
        one.type in SIMPLE and not is_variable(scope.file, one) and scope.file.plain(one) != "None"
        for one in alternatives(pattern)
    )


_Arms = list[tuple[list[str], tree_sitter.Node]]


def _switch(scope: RustScope, value: tree_sitter.Node, arms: _Arms, fate: Fate) -> None:
    out = scope.out
    out.put("switch (", value.start_byte)
    expression(scope, value)
    out.put(") {\n")
    for conditions, arm in arms:
        for condition in conditions:
            out.directive(f"if {condition}")
        pattern, _ = _pattern(arm)
        if pattern is None:
            out.put("default:\n", arm.start_byte)
        else:
            for one in alternatives(pattern):
                out.put("case ", one.start_byte)
                _label(scope, one)
                out.put(":\n")
        _arm(scope, arm, fate)
        out.put("break;\n")
        for _ in conditions:
            out.directive("endif")
    out.put("}\n")


def _label(scope: RustScope, pattern: tree_sitter.Node) -> None:
    if pattern.type in {"identifier", "scoped_identifier"}:
        scope.out.put(name_of(scope, pattern), pattern.start_byte)
    elif pattern.type == "range_pattern":
        ends = [child for child in pattern.named_children if "comment" not in child.type]
        for index, end in enumerate(ends[:2]):
            scope.out.put(" ... " if index else "")
            _label(scope, end)
    elif pattern.type == "negative_literal":
        scope.out.put(scope.file.plain(pattern), pattern.start_byte)
    else:
        expression(scope, pattern)


def _arm(scope: RustScope, arm: tree_sitter.Node, fate: Fate) -> None:
    value = arm.child_by_field_name("value")
    scope.out.put("{\n")
    if value is not None:
        scope.statement(scope, value, fate)
    scope.out.put("}\n")


def _chain(scope: RustScope, node: tree_sitter.Node, arms: _Arms, fate: Fate) -> None:
    out = scope.out
    value = node.child_by_field_name("value")
    if value is None:
        return
    out.put("{\n", node.start_byte)
    held = None
    if peeled(scope.file, value).node.type not in _PLAIN:
        held = scope.fresh("held", node)
        out.put(f"int {held} = ", value.start_byte)
        expression(scope, value)
        out.put(";\n")
    ended = False
    for index, (conditions, arm) in enumerate(arms):
        pattern, guard = _pattern(arm)
        for condition in conditions:
            out.directive(f"if {condition}")
        takes_all = guard is None and (pattern is None or is_variable(scope.file, pattern))
        ended = takes_all and index == len(arms) - 1 and not conditions
        if not ended:
            out.put("if (", arm.start_byte)
            _tests(scope, pattern, guard, (held, value))
            out.put(")\n")
        out.put("{\n", arm.start_byte)
        known = dict(scope.types)
        _bind(scope, bindings(scope.file, pattern) if pattern is not None else [], held, value)
        _arm(scope, arm, fate)
        scope.types = known
        out.put("}\n" if ended else "} else\n")
        for _ in conditions:
            out.directive("endif")
    out.put("}\n" if ended else "{ }\n}\n")


def _tests(
    scope: RustScope,
    pattern: tree_sitter.Node | None,
    guard: tree_sitter.Node | None,
    tested: tuple[str | None, tree_sitter.Node],
) -> None:
    """Write the test of an arm: of its pattern, and its guard."""
    if pattern is None or is_variable(scope.file, pattern):
        scope.out.put("1")
    else:
        listed = alternatives(pattern)
        is_choice = guard is not None and len(listed) > 1
        scope.out.put("(" if is_choice else "")
        for index, one in enumerate(listed):
            scope.out.put(" || " if index else "")
            if one.type in SIMPLE and scope.file.plain(one) != "None":
                _value(scope, *tested)
                scope.out.put(" == ")
                _label(scope, one) if one.type != "range_pattern" else scope.out.put("range")
            else:
                _test(scope, one, *tested)
        scope.out.put(")" if is_choice else "")
    if guard is not None:
        scope.out.put(" && ")
        operand(scope, guard)
