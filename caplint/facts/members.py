"""Members of structures and unions, those of nested unnamed ones by their path from the owner."""

from __future__ import annotations

from collections.abc import Iterator

import tree_sitter

from caplint.facts.reading import Reading, name_of
from caplint.facts.records import Member

_AGGREGATES = frozenset({"struct_specifier", "union_specifier"})
_MAX_DEPTH = 40


def members(reading: Reading) -> Iterator[Member]:
    """Every member of every definition that has a name."""
    for node in reading.nodes.get("aggregate", ()):
        if (owner := _owner(reading, node)) and (body := node.child_by_field_name("body")):
            yield from _listed(reading, body, owner, "", 0)


def _owner(reading: Reading, node: tree_sitter.Node) -> str:
    """The tag, or the name of the typedef that defines it; nothing for what is nested and unnamed."""
    if tag := node.child_by_field_name("name"):
        return reading.view.plain(tag)
    parent = node.parent
    if parent is not None and parent.type == "type_definition":
        declared = name_of(parent.child_by_field_name("declarator"))
        return reading.view.plain(declared) if declared is not None else ""
    return ""


def _listed(reading: Reading, body: tree_sitter.Node, owner: str, prefix: str, depth: int) -> Iterator[Member]:
    for node in body.named_children:
        if node.type != "field_declaration" or depth > _MAX_DEPTH:
            continue
        kind = node.child_by_field_name("type")
        inner = kind.child_by_field_name("body") if kind is not None and kind.type in _AGGREGATES else None
        unnamed = inner is not None and kind is not None and kind.child_by_field_name("name") is None
        declarators = node.children_by_field_name("declarator")
        for declarator in declarators:
            if (declared := name_of(declarator)) is None:
                continue
            name = prefix + reading.view.plain(declared)
            seen = reading.seen.setdefault("member", set())
            if declared.start_byte not in seen:
                seen.add(declared.start_byte)
                yield _member(reading, (owner, name), node, declarator)
            if unnamed and inner is not None:
                yield from _listed(reading, inner, owner, f"{name}.", depth + 1)
        if unnamed and inner is not None and not declarators:
            yield from _listed(reading, inner, owner, prefix, depth + 1)


def _member(reading: Reading, named: tuple[str, str], node: tree_sitter.Node, declarator: tree_sitter.Node) -> Member:
    declared = name_of(declarator) or declarator
    line, column = reading.position(declared.start_byte)
    bits = next((child for child in node.children if child.type == "bitfield_clause"), None)
    array = reading.view.span(declared.end_byte, declarator.end_byte) if declarator.type == "array_declarator" else ""
    return Member(
        owner=named[0],
        name=named[1],
        type=_type(reading, node, declarator, declared),
        array=array,
        bits=reading.view.plain(bits).lstrip(": ") if bits is not None else "",
        line=line,
        column=column,
        start=declared.start_byte,
        condition=reading.condition(declared.start_byte),
    )


def _type(reading: Reading, node: tree_sitter.Node, declarator: tree_sitter.Node, declared: tree_sitter.Node) -> str:
    """The type as written, without qualifiers and without the body of a nested structure."""
    kind = node.child_by_field_name("type")
    if kind is None:
        return ""
    for use in reading.view.repaired.uses:
        if use.start == kind.start_byte:  # DECLARE_BITMAP and its kind, which the repair made a declaration
            return reading.view.span(use.start, use.opening)
    body = kind.child_by_field_name("body") if kind.type in _AGGREGATES else None
    base = reading.view.span(kind.start_byte, body.start_byte if body is not None else kind.end_byte).strip()
    if declarator.type == "function_declarator":
        around = reading.view.span(declarator.start_byte, declared.start_byte)
        return f"{base} {around}{reading.view.span(declared.end_byte, declarator.end_byte)}"
    stars = reading.view.span(declarator.start_byte, declared.start_byte).count("*")
    return f"{base} {'*' * stars}" if stars else base
