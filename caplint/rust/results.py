"""Error handling around an expression: errors are returned, dropped or expected, or end the program."""

from __future__ import annotations

from typing import NamedTuple

import tree_sitter

from caplint.rust.syntax import RustFile
from caplint.rust.words import words

BLOCKS = frozenset(
    {"block", "unsafe_block", "if_expression", "match_expression", "loop_expression", "while_expression",
     "for_expression", "async_block", "const_block", "try_block"}
)  # fmt: skip
"""Kinds of expressions that hold statements."""
_SKIPPED = frozenset({"line_comment", "block_comment", "attribute_item"})


class Peeled(NamedTuple):
    """Expression without its error handling."""

    node: tree_sitter.Node
    kind: str
    """`try` (an error leaves the function), `fatal` (ends the program), `expected` (only an error is right), `dropped`,
    or ''."""


def peeled(file: RustFile, node: tree_sitter.Node) -> Peeled:
    """Return the expression inside operators and methods that handle errors or convert; the outermost ones decide."""
    kind = ""
    while True:
        inner, found = _one(file, node)
        if inner is None:
            return Peeled(node, kind)
        kind, node = kind or found, inner


def _one(file: RustFile, node: tree_sitter.Node) -> tuple[tree_sitter.Node | None, str]:
    match node.type:
        case "try_expression":
            return _first(node), "try"
        case "await_expression" | "parenthesized_expression":
            return _first(node), ""
        case "type_cast_expression":
            return node.child_by_field_name("value"), ""
        case "unsafe_block":
            return only_expression(node), ""
        case "call_expression":
            return _call(file, node)
    return None, ""


def _call(file: RustFile, node: tree_sitter.Node) -> tuple[tree_sitter.Node | None, str]:
    function, arguments = node.child_by_field_name("function"), node.child_by_field_name("arguments")
    if function is None or arguments is None:
        return None, ""
    table = words()
    if function.type == "field_expression":
        field = function.child_by_field_name("field")
        name = file.plain(field) if field is not None else ""
        kinds = (
            (table.fatal, "fatal"),
            (table.expecting, "expected"),
            (table.dropping, "dropped"),
            (table.transparent, ""),
        )
        for names, kind in kinds:
            if name in names:
                return function.child_by_field_name("value"), kind
        return None, ""
    name = file.plain(function)
    given = [child for child in arguments.named_children if child.type not in _SKIPPED]
    if len(given) == 1 and given[0].type != "unit_expression":
        if name in {"Ok", "Some"}:
            return given[0], ""
        if name in {"drop", "mem::drop", "std::mem::drop"}:
            return given[0], "dropped"
    return None, ""


def _first(node: tree_sitter.Node) -> tree_sitter.Node | None:
    return next((child for child in node.named_children if child.type not in _SKIPPED), None)


def only_expression(node: tree_sitter.Node) -> tree_sitter.Node | None:
    """Return the expression that is all of a block; None for other nodes."""
    if node.type not in {"block", "unsafe_block"}:
        return None
    block = (
        node if node.type == "block" else next((child for child in node.named_children if child.type == "block"), None)
    )
    inside = [child for child in block.named_children if child.type not in _SKIPPED] if block is not None else []
    if (
        len(inside) != 1
        or inside[0].type in {"expression_statement", "let_declaration"}
        or inside[0].type.endswith("_item")
    ):
        return None
    return inside[0]
