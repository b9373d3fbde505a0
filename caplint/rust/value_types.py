"""Names, numbers, types and choices that the text of an expression tells."""

from __future__ import annotations

import re

import tree_sitter

from caplint.rust.names import joined, last_words, type_name
from caplint.rust.results import only_expression
from caplint.rust.scope import RustScope
from caplint.rust.words import words

SKIPPED = frozenset({"line_comment", "block_comment", "attribute_item"})
"""Kinds of children that are no part of an expression."""
_INTEGER = re.compile(r"(0[xXbBoO][0-9a-fA-F_]+?|[0-9][0-9_]*)((?:u|i)(?:8|16|32|64|128|size))?\Z")
_SUFFIXES = {"u64": "ull", "i64": "ll", "u32": "u", "usize": "ul"}


def number_text(text: str) -> str:
    """Return a number or truth value as C writes it; 1.0 for any other."""
    if match := _INTEGER.match(text):
        digits, suffix = match.group(1).replace("_", ""), match.group(2) or ""
        if digits.startswith(("0o", "0O")):
            digits = f"0{digits[2:]}"
        elif digits.isdigit():
            digits = digits.lstrip("0") or "0"
        return digits + _SUFFIXES.get(suffix, "")
    return text if text in {"true", "false"} else "1.0"


def name_of(scope: RustScope, node: tree_sitter.Node) -> str:
    """Return the name that a path or identifier is in C; a variant, an associated constant has its type in front."""
    text = scope.file.plain(node)
    if node.type == "self" or text == "self":
        return "self"
    segments = last_words(text)
    if len(segments) == 1 and segments[0] not in scope.types:
        segments = scope.imports.get(segments[0], segments)
    elif len(segments) > 1 and (path := scope.imports.get(segments[0])):
        segments = [*path, *segments[1:]]
    return "NULL" if segments == ["None"] else joined(segments, scope.own_type)


def first_inside(node: tree_sitter.Node) -> tree_sitter.Node | None:
    """Return the first child that is an expression."""
    return next((child for child in node.named_children if child.type not in {*SKIPPED, "mutable_specifier"}), None)


def static_type(scope: RustScope, node: tree_sitter.Node) -> str:
    """Return the type of a chain of members that the file tells, else ''."""
    if node.type in {"self", "identifier"}:
        name = scope.file.plain(node)
        return scope.own_type if name == "self" else scope.types.get(name, "")
    if node.type in {"reference_expression", "parenthesized_expression", "try_expression"}:
        inner = first_inside(node)
        return static_type(scope, inner) if inner is not None else ""
    value = node.child_by_field_name("value")
    if node.type == "field_expression" and value is not None:
        field = node.child_by_field_name("field")
        owner = static_type(scope, value)
        return scope.members.get((owner, scope.file.plain(field)), "") if field is not None else ""
    if node.type == "call_expression":
        function = node.child_by_field_name("function")
        inner = function.child_by_field_name("value") if function is not None else None
        method = function.child_by_field_name("field") if function is not None else None
        if inner is not None and method is not None and scope.file.plain(method) in words().transparent:
            return static_type(scope, inner)
    return ""


def type_of_value(scope: RustScope, node: tree_sitter.Node) -> str:
    """Return the type that an initial value tells: of a structure, or of `Type::new(…)`."""
    if node.type == "struct_expression":
        return type_name(scope.file, node.child_by_field_name("name"))
    if node.type in {"try_expression", "reference_expression", "parenthesized_expression", "unsafe_block"}:
        inner = first_inside(node)
        return type_of_value(scope, inner) if inner is not None else ""
    function = node.child_by_field_name("function") if node.type == "call_expression" else None
    if function is not None and function.type == "scoped_identifier":
        segments = last_words(scope.file.plain(function))
        if len(segments) > 1 and segments[-1] in {"new", "default", "open"} and segments[-2][:1].isupper():
            return scope.own_type if segments[-2] == "Self" else segments[-2]
    value = function.child_by_field_name("value") if function is not None else None
    field = function.child_by_field_name("field") if function is not None else None
    if value is not None and field is not None and scope.file.plain(field) in words().transparent | words().fatal:
        return type_of_value(scope, value)
    return static_type(scope, node)


def choice_of(node: tree_sitter.Node) -> list[tree_sitter.Node] | None:
    """Return condition and values of an `if` of two expressions, else None."""
    condition, first = node.child_by_field_name("condition"), node.child_by_field_name("consequence")
    clause = node.child_by_field_name("alternative")
    if node.type != "if_expression" or condition is None or first is None or clause is None or "let" in condition.type:
        return None
    second = next((child for child in clause.named_children if child.type == "block"), None)
    values = [only_expression(block) for block in (first, second) if block is not None]
    if len(values) != 2 or values[0] is None or values[1] is None:
        return None
    return [condition, values[0], values[1]]
