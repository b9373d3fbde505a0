"""Ordered lists: array initialisers and enumerations, merged from all variants of a file."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import count
from typing import NamedTuple

import tree_sitter

from caplint.facts.kinds.members import owner_of
from caplint.facts.syntax.ast_view import AstView, name_of

ELEMENT_NODES = """
(init_declarator value: (initializer_list)) @listing
(compound_literal_expression type: (type_descriptor declarator: (abstract_array_declarator))) @listing
(enum_specifier body: (_)) @enumeration
"""
"""Node kinds that no other extractor asks for."""
_MAX_VALUE = 400
_INDEX = frozenset({"subscript_designator", "subscript_range_designator"})

_Entry = tuple[AstView, tree_sitter.Node, tree_sitter.Node]
"""View in which an entry was found first, the owner of its list, and the entry's node."""


class Element(NamedTuple):
    """Entry of an array's initialiser."""

    function: str | None
    variable: str | None
    position: int
    designator: str
    value: str
    line: int
    column: int
    start: int
    condition: str


class Enumerator(NamedTuple):
    """Name that an enumeration defines."""

    owner: str
    name: str
    value: str
    position: int
    line: int
    column: int
    start: int
    condition: str


def elements(views: list[AstView]) -> Iterator[Element]:
    """Yield every entry without a field name at the first brace level of every array initialiser."""
    for position, (reading, owner, node) in _in_order(_entries(views)):
        declared = name_of(owner.child_by_field_name("declarator"))
        value = node.child_by_field_name("value") if node.type == "initializer_pair" else node
        designators = node.children_by_field_name("designator") if node.type == "initializer_pair" else []
        line, column = reading.position(node.start_byte)
        yield Element(
            function=reading.place(node.start_byte)[0],
            variable=reading.view.plain(declared) if declared is not None else None,
            position=position,
            designator="".join(reading.view.plain(part) for part in designators)[:_MAX_VALUE],
            value=reading.view.plain(value)[:_MAX_VALUE] if value is not None else "",
            line=line,
            column=column,
            start=node.start_byte,
            condition=reading.condition(node.start_byte),
        )


def enumerators(views: list[AstView]) -> Iterator[Enumerator]:
    """Yield every name that an enumeration defines."""
    for position, (reading, owner, node) in _in_order(_enumerators(views)):
        name, value = node.child_by_field_name("name"), node.child_by_field_name("value")
        line, column = reading.position(node.start_byte)
        yield Enumerator(
            owner=owner_of(reading, owner),
            name=reading.view.plain(name) if name is not None else "",
            value=reading.view.plain(value)[:_MAX_VALUE] if value is not None else "",
            position=position,
            line=line,
            column=column,
            start=node.start_byte,
            condition=reading.condition(node.start_byte),
        )


def _entries(views: list[AstView]) -> Iterator[tuple[int, _Entry]]:
    for reading in views:
        for owner in reading.nodes.get("listing", ()):
            if owner.type == "init_declarator" and not _is_array(owner.child_by_field_name("declarator")):
                continue
            initializer = owner.child_by_field_name("value")
            if initializer is not None:
                entries = (node for node in initializer.named_children if not node.is_error and not _is_field(node))
                yield from ((initializer.start_byte, (reading, owner, node)) for node in entries)


def _enumerators(views: list[AstView]) -> Iterator[tuple[int, _Entry]]:
    for reading in views:
        for owner in reading.nodes.get("enumeration", ()):
            list_node = owner.child_by_field_name("body")
            if list_node is not None:
                entries = (node for node in list_node.named_children if node.type == "enumerator")
                yield from ((list_node.start_byte, (reading, owner, node)) for node in entries)


def _in_order(entries: Iterable[tuple[int, _Entry]]) -> Iterator[tuple[int, _Entry]]:
    """Yield each entry once, in file order, with its ordinal in its list. The brace's offset identifies a list."""
    first: dict[int, tuple[int, _Entry]] = {}
    for opening, entry in entries:
        first.setdefault(entry[2].start_byte, (opening, entry))
    ordinals: dict[int, count[int]] = {}
    for _, (opening, entry) in sorted(first.items()):
        yield next(ordinals.setdefault(opening, count())), entry


def _is_array(declarator: tree_sitter.Node | None) -> bool:
    declared = name_of(declarator)
    parent = declared.parent if declared is not None else None
    return parent is not None and parent.type == "array_declarator"


def _is_field(node: tree_sitter.Node) -> bool:
    """Tell whether an entry is `.field = value`."""
    if node.type != "initializer_pair":
        return False
    designator = node.child_by_field_name("designator")
    return designator is None or designator.type not in _INDEX
