"""Assignments, conditions, returns, jumps and comparisons."""

from __future__ import annotations

import re
from collections.abc import Iterator

import tree_sitter

from caplint.c.guards import leaves
from caplint.facts.store.records import Comparison, Jump, ReturnValue, Store, Test
from caplint.facts.syntax.ast_view import AstView, FunctionScope, name_of

_MAX_VALUE = 400
_CONSTANT = re.compile(r"[A-Z][A-Z0-9_]{3,}\w*\Z")
_ROOT = re.compile(r"\(*\**&?([A-Za-z_]\w*)\s*\)*(.*)", re.DOTALL)
_CONDITIONS = ("if", "while", "do", "for", "switch", "ternary")


def stores(reading: AstView) -> Iterator[Store]:
    """Yield assignments, increments, and initialised locals."""
    for node in reading.fresh("assignment"):
        left, right = node.child_by_field_name("left"), node.child_by_field_name("right")
        operator = node.child_by_field_name("operator")
        if left is not None and right is not None and operator is not None:
            yield _store(reading, node, left, operator.type, reading.view.plain(right))
    for node in reading.fresh("update"):
        argument, operator = (
            node.child_by_field_name("argument"),
            node.child_by_field_name("operator"),
        )
        if argument is not None and operator is not None:
            yield _store(reading, node, argument, operator.type, "")
    for node in reading.fresh("initialiser"):
        declared, value = (
            name_of(node.child_by_field_name("declarator")),
            node.child_by_field_name("value"),
        )
        if declared is not None and value is not None and reading.scope(node.start_byte):
            yield _store(reading, node, declared, "init", reading.view.plain(value))


def _store(reading: AstView, node: tree_sitter.Node, target: tree_sitter.Node, operator: str, value: str) -> Store:
    name = reading.view.plain(target)
    start = node.start_byte
    scope = reading.scope(start)
    function, line, condition = reading.place(start)
    return Store(
        function=function,
        target=name[:_MAX_VALUE],
        operator=operator,
        value=value[:_MAX_VALUE],
        local=int(scope is not None and _is_local(name, scope)),
        line=line,
        start=start,
        condition=condition,
    )


def _is_local(target: str, scope: FunctionScope) -> bool:
    """Tell whether an assignment changes only local variables, without dereferencing a pointer."""
    match = _ROOT.match(target)
    if match is None or "->" in target or target.lstrip("(").startswith("*"):
        return False
    names = scope.arrays if match.group(2).startswith("[") else scope.locals
    return match.group(1) in names


def tests(reading: AstView) -> Iterator[Test]:
    """Yield the conditions of statements and of `?:`."""
    for kind in _CONDITIONS:
        for node in reading.fresh(kind):
            expression = node.child_by_field_name("condition")
            if expression is None:
                continue
            consequence = node.child_by_field_name("consequence") if kind == "if" else None
            start = node.start_byte
            function, _, condition = reading.place(start)
            yield Test(
                function=function,
                kind=kind,
                expression=reading.view.plain(expression)[:_MAX_VALUE],
                leaves=int(consequence is not None and leaves(consequence)),
                line=reading.line(expression.start_byte),
                start=start,
                stop=node.end_byte,
                condition=condition,
            )


def returns(reading: AstView) -> Iterator[ReturnValue]:
    """Yield every `return`."""
    for node in reading.fresh("return"):
        value = next(iter(node.named_children), None)
        start = node.start_byte
        function, line, condition = reading.place(start)
        yield ReturnValue(
            function=function,
            value=reading.view.plain(value)[:_MAX_VALUE] if value is not None else "",
            line=line,
            start=start,
            condition=condition,
        )


def jumps(reading: AstView) -> Iterator[Jump]:
    """Yield every `goto`."""
    for node in reading.fresh("goto", "jump"):
        label = node.child_by_field_name("label")
        if label is not None:
            function, line, condition = reading.place(node.start_byte)
            yield Jump(function, reading.view.plain(label), line, node.start_byte, condition)


def comparisons(reading: AstView) -> Iterator[Comparison]:
    """Yield every `==` and `!=` with a constant-like name on one side."""
    for node in reading.fresh("comparison"):
        left, right = node.child_by_field_name("left"), node.child_by_field_name("right")
        operator = node.child_by_field_name("operator")
        if left is None or right is None or operator is None:
            continue
        for constant, operand in ((right, left), (left, right)):
            if constant.type == "identifier" and _CONSTANT.match(reading.view.plain(constant)):
                line, column = reading.position(constant.start_byte)
                function, _, condition = reading.place(node.start_byte)
                yield Comparison(
                    function=function,
                    operand=reading.view.plain(operand)[:_MAX_VALUE],
                    operator=operator.type,
                    constant=reading.view.plain(constant),
                    line=line,
                    column=column,
                    start=node.start_byte,
                    condition=condition,
                )
                break
