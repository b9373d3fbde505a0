"""Calls with their arguments and what becomes of the result."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise

import tree_sitter

from caplint.c.syntax import folded
from caplint.facts.store.records import Call, MacroUse
from caplint.facts.syntax.ast_view import AstView, json_list

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
# Where none of these stands between a call's parentheses, every comma separates two arguments.
_NESTED = re.compile(rb"[(\[{\"']")


def calls(reading: AstView) -> Iterator[Call]:
    """Every call expression."""
    for node in reading.fresh("call"):
        callee = node.child_by_field_name("function")
        found = node.child_by_field_name("arguments")
        if callee is None or found is None:
            continue
        start = node.start_byte
        function, line, condition = reading.place(start)
        yield Call(
            function=function,
            callee=reading.view.plain(callee),
            arguments=json_list(arguments_of(reading, found)),
            use=_use(reading, node),
            line=line,
            column=reading.column(line, start),
            start=start,
            condition=condition,
        )


def arguments_of(reading: AstView, found: tree_sitter.Node) -> list[str]:
    """What stands between the commas, as written: types too, which the repair has made names of."""
    view = reading.view
    start, stop = found.start_byte + 1, found.end_byte - 1
    if found.has_error or _NESTED.search(view.text, start, stop):
        separators = [child for child in found.children if child.type in {"(", ",", ")"}]
        # A comma before the last parenthesis may be none in the tree.
        raw = [view.span(before.end_byte, after.start_byte).removesuffix(",") for before, after in pairwise(separators)]
    else:
        raw = [folded(text) for text in view.text[start:stop].decode("utf-8", "replace").split(",")]
    texts = [text.strip()[:_MAX_ARGUMENT] for text in raw]
    return [] if texts == [""] else texts


def _use(reading: AstView, node: tree_sitter.Node) -> str:
    parent = node.parent
    negated = False
    while parent is not None:
        kind = parent.type
        if kind == "cast_expression":
            target = parent.child_by_field_name("type")
            if target is not None and reading.view.plain(target) == "void":
                return "void"
        elif kind == "unary_expression":
            negated = True
        elif use := _USES.get(kind):
            if use == "value" and (negated or kind == "binary_expression") and _is_tested(parent):
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


def macro_uses(reading: AstView) -> Iterator[MacroUse]:
    """Macro invocations that the repair had to rewrite."""
    seen = reading.seen.setdefault("macro_use", set())
    for use in sorted(reading.view.repaired.uses, key=lambda use: use.start):
        if use.start in seen:
            continue
        seen.add(use.start)
        function, line, condition = reading.place(use.start)
        yield MacroUse(
            function=function,
            name=reading.view.span(use.start, use.opening).strip(),
            kind=use.kind,
            arguments=reading.view.span(use.opening + 1, use.end - 1)[:_MAX_ARGUMENT],
            line=line,
            column=reading.column(line, use.start),
            start=use.start,
            stop=use.end,
            condition=condition,
        )
