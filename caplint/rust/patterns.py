"""Patterns: the names that they bind, and the tests that they make."""

from __future__ import annotations

import re
from collections.abc import Iterator

import tree_sitter

from caplint.rust.syntax import RustFile

_VARIABLE = re.compile(r"(?:r#)?[a-z_][a-z0-9_]*\Z")
SIMPLE = frozenset(
    {
        "identifier",
        "scoped_identifier",
        "integer_literal",
        "negative_literal",
        "boolean_literal",
        "char_literal",
        "range_pattern",
    }
)
"""Kinds of patterns that are values."""


def bindings(file: RustFile, pattern: tree_sitter.Node) -> list[str]:
    """Return the variables that a pattern binds, without those that begin with `_`."""
    return [name for name in dict.fromkeys(_bound(file, pattern)) if not name.startswith("_")]


def _bound(file: RustFile, pattern: tree_sitter.Node) -> Iterator[str]:
    pending = [pattern]
    while pending:
        node = pending.pop(0)
        if node.type in {"identifier", "shorthand_field_identifier"}:
            name = file.plain(node)
            if _VARIABLE.match(name):
                yield name.removeprefix("r#")
            continue
        if node.type in {"scoped_identifier", "integer_literal", "range_pattern"}:
            continue
        outer = node.child_by_field_name("type")
        inner = node.child_by_field_name("pattern")
        condition = node.child_by_field_name("condition")
        if node.type in {"parameter", "field_pattern"} and inner is not None:
            pending.append(inner)
        else:
            pending += [child for child in node.named_children if child not in (outer, condition)]


def is_variable(file: RustFile, node: tree_sitter.Node) -> bool:
    """Tell whether a pattern is a name that gets the value."""
    return node.type == "identifier" and _VARIABLE.match(file.plain(node)) is not None


def alternatives(node: tree_sitter.Node) -> list[tree_sitter.Node]:
    """Return the patterns of `A | B`."""
    found: list[tree_sitter.Node] = []
    pending = [node]
    while pending:
        one = pending.pop()
        if one.type == "or_pattern":
            pending += reversed(one.named_children)
        else:
            found.append(one)
    return found
