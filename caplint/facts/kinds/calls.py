"""Calls with their arguments and the use of their result."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise

import tree_sitter

from caplint.c.syntax import folded
from caplint.facts.store.records import Call, MacroUse
from caplint.facts.syntax.ast_view import AstView, json_list

# Kind of the parent node → use of the value; other kinds pass the value on unchanged.
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
# Without any of these between a call's parentheses, every comma separates two arguments.
_NESTED = re.compile(rb"[(\[{\"']")


def calls(reading: AstView) -> Iterator[Call]:
    """Yield every call expression."""
    for node in reading.fresh("call"):
        callee = node.child_by_field_name("function")
        argument_list = node.child_by_field_name("arguments")
        if callee is None or argument_list is None:
            continue
        start = node.start_byte
        function, line, condition = reading.place(start)
        yield Call(
            function=function,
            callee=reading.view.plain(callee),
            arguments=json_list(arguments_of(reading, argument_list)),
            use=_use(reading, node),
            line=line,
            column=reading.column(line, start),
            start=start,
            condition=condition,
        )


def arguments_of(reading: AstView, argument_list: tree_sitter.Node) -> list[str]:
    """Return the arguments as written, including types, which the repair has rewritten as names."""
    view = reading.view
    start, stop = argument_list.start_byte + 1, argument_list.end_byte - 1
    if argument_list.has_error or _NESTED.search(view.text, start, stop):
        separators = [child for child in argument_list.children if child.type in {"(", ",", ")"}]
        # A comma before the last parenthesis may be missing from the tree.
        raw = [view.span(before.end_byte, after.start_byte).removesuffix(",") for before, after in pairwise(separators)]
    else:
        raw = [folded(text) for text in view.text[start:stop].decode("utf-8", "replace").split(",")]
    texts = [text.strip()[:_MAX_ARGUMENT] for text in raw]
    return [] if texts == [""] else texts


def _use(reading: AstView, node: tree_sitter.Node) -> str:
    parent, child = node.parent, node
    negated = False
    while parent is not None:
        kind = parent.type
        if _is_discarded(parent, child):
            return "dropped"
        if kind == "cast_expression":
            target = parent.child_by_field_name("type")
            if target is not None and reading.view.plain(target) == "void":
                return "void"
        elif kind == "unary_expression":
            negated = True
        elif use := _USES.get(kind):
            if use == "value" and (negated or kind == "binary_expression") and _is_tested(parent):
                return "tested"
            return "dropped" if use == "value" and _decides_nothing(parent, child) else use
        child, parent = parent, parent.parent
    return "value"


_PASSING = frozenset({"conditional_expression", "binary_expression", "parenthesized_expression"})


def _is_discarded(parent: tree_sitter.Node, child: tree_sitter.Node) -> bool:
    """Tell whether C discards the value of a child: before a comma, or beside the condition of `for`."""
    if parent.type == "comma_expression":
        return parent.child_by_field_name("left") == child
    return parent.type == "for_statement" and child in {
        parent.child_by_field_name("initializer"), parent.child_by_field_name("update")
    }  # fmt: skip


def _decides_nothing(parent: tree_sitter.Node, child: tree_sitter.Node) -> bool:
    """Tell whether a child is the last operand of `?:`, `&&` or `||`, and the whole expression a statement."""
    above: tree_sitter.Node | None = parent
    while above is not None and above.type in _PASSING:
        operator = above.child_by_field_name("operator")
        if operator is not None and operator.type not in {"&&", "||"}:
            return False
        if child in {above.child_by_field_name("condition"), above.child_by_field_name("left")}:
            return False
        child, above = above, above.parent
    return above is not None and (above.type == "expression_statement" or _is_discarded(above, child))


def _is_tested(node: tree_sitter.Node) -> bool:
    """Tell whether the expression, with the operators and parentheses around it, is a statement's condition."""
    parent = node.parent
    while parent is not None and parent.type in {
        "binary_expression",
        "parenthesized_expression",
        "unary_expression",
    }:
        parent = parent.parent
    return parent is not None and _USES.get(parent.type) == "tested"


def macro_uses(reading: AstView) -> Iterator[MacroUse]:
    """Yield the macro invocations that the repair has rewritten."""
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
