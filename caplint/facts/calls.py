"""Calls with their arguments and what becomes of the result."""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import pairwise

import tree_sitter

from caplint.facts.reading import Reading
from caplint.facts.records import Call, MacroUse

# What a node's parent says of the value; kinds not named here pass it on unchanged.
_USES = {
    "expression_statement": "dropped",
    "return_statement": "returned",
    "assignment_expression": "assigned",
    "init_declarator": "assigned",
    "argument_list": "argument",
    "if_statement": "tested",
    "while_statement": "tested",
    "do_statement": "tested",
    "for_statement": "tested",
    "switch_statement": "tested",
    "binary_expression": "value",
    "conditional_expression": "value",
    "initializer_list": "value",
    "initializer_pair": "value",
    "field_expression": "value",
    "subscript_expression": "value",
    "compound_statement": "value",
}
_MAX_ARGUMENT = 400


def calls(reading: Reading) -> Iterator[Call]:
    """Every call expression."""
    for node in reading.fresh("call"):
        callee = node.child_by_field_name("function")
        found = node.child_by_field_name("arguments")
        if callee is None or found is None:
            continue
        line, column = reading.position(node.start_byte)
        yield Call(
            function=reading.function(node.start_byte),
            callee=reading.view.plain(callee),
            arguments=json.dumps(_arguments(reading, found)),
            use=_use(reading, node),
            line=line,
            column=column,
            start=node.start_byte,
            condition=reading.condition(node.start_byte),
        )


def _arguments(reading: Reading, found: tree_sitter.Node) -> list[str]:
    """What stands between the commas, as written: types too, which the repair has made names of."""
    separators = [child for child in found.children if child.type in {"(", ",", ")"}]
    texts = [
        reading.view.span(before.end_byte, after.start_byte).strip()[:_MAX_ARGUMENT]
        for before, after in pairwise(separators)
    ]
    return [] if texts == [""] else texts


def _use(reading: Reading, node: tree_sitter.Node) -> str:
    parent = node.parent
    negated = False
    while parent is not None:
        if parent.type == "cast_expression":
            kind = parent.child_by_field_name("type")
            if kind is not None and reading.view.plain(kind) == "void":
                return "void"
        elif parent.type == "unary_expression":
            negated = True
        elif use := _USES.get(parent.type):
            if use == "value" and (negated or parent.type == "binary_expression") and _is_tested(parent):
                return "tested"
            return use
        parent = parent.parent
    return "value"


def _is_tested(node: tree_sitter.Node) -> bool:
    """Whether the expression, as far as operators and parentheses reach, is a statement's condition."""
    parent = node.parent
    while parent is not None and parent.type in {
        "binary_expression",
        "parenthesized_expression",
        "unary_expression",
    }:
        parent = parent.parent
    return parent is not None and _USES.get(parent.type) == "tested"


def macro_uses(reading: Reading) -> Iterator[MacroUse]:
    """Macro invocations that the repair had to rewrite."""
    for use in sorted(reading.view.repaired.uses, key=lambda use: use.start):
        if ("macro_use", use.start) in reading.seen:
            continue
        reading.seen.add(("macro_use", use.start))
        line, column = reading.position(use.start)
        yield MacroUse(
            function=reading.function(use.start),
            name=reading.view.span(use.start, use.opening).strip(),
            kind=use.kind,
            arguments=reading.view.span(use.opening + 1, use.end - 1)[:_MAX_ARGUMENT],
            line=line,
            column=column,
            start=use.start,
            stop=use.end,
            condition=reading.condition(use.start),
        )
