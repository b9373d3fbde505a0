"""What arrays are initialised with, and what enumerations name."""

from __future__ import annotations

from collections.abc import Iterator

import tree_sitter

from caplint.facts.reading import Reading, name_of
from caplint.facts.records import Element, Enumerator

_MAX_VALUE = 400


def elements(reading: Reading) -> Iterator[Element]:
    """The entries of array initialisers, at their first brace level."""
    seen = reading.seen.setdefault("element", set())
    for node in reading.nodes.get("initialiser", ()):
        declarator, value = node.child_by_field_name("declarator"), node.child_by_field_name("value")
        if value is None or value.type != "initializer_list" or not _is_array(declarator):
            continue
        if (declared := name_of(declarator)) is None:
            continue
        for entry in value.named_children:
            if entry.type != "comment" and entry.start_byte not in seen:
                seen.add(entry.start_byte)
                yield _element(reading, reading.view.plain(declared), entry)


def _is_array(declarator: tree_sitter.Node | None) -> bool:
    while declarator is not None and declarator.type in {"pointer_declarator", "parenthesized_declarator"}:
        declarator = declarator.child_by_field_name("declarator")
    return declarator is not None and declarator.type == "array_declarator"


def _element(reading: Reading, variable: str, entry: tree_sitter.Node) -> Element:
    designators, value = "", entry
    if entry.type == "initializer_pair":
        designators = "".join(map(reading.view.plain, entry.children_by_field_name("designator")))
        value = entry.child_by_field_name("value") or entry
    line, column = reading.position(value.start_byte)
    return Element(
        variable=variable,
        function=reading.place(entry.start_byte)[0],
        designator=designators,
        value=reading.view.plain(value)[:_MAX_VALUE],
        line=line,
        column=column,
        start=entry.start_byte,
        condition=reading.condition(entry.start_byte),
    )


def enumerators(reading: Reading) -> Iterator[Enumerator]:
    """Every name of every enumeration."""
    for node in reading.fresh("enumerator"):
        name, value = node.child_by_field_name("name"), node.child_by_field_name("value")
        if name is None:
            continue
        line, column = reading.position(name.start_byte)
        yield Enumerator(
            owner=_enumeration(reading, node),
            name=reading.view.plain(name),
            value=reading.view.plain(value)[:_MAX_VALUE] if value is not None else "",
            line=line,
            column=column,
            start=name.start_byte,
            condition=reading.condition(name.start_byte),
        )


def _enumeration(reading: Reading, node: tree_sitter.Node) -> str:
    """The tag, or the typedef's name; empty for an enumeration without either."""
    specifier = node.parent.parent if node.parent is not None else None
    if specifier is None:
        return ""
    tag = specifier.child_by_field_name("name")
    if tag is None and specifier.parent is not None and specifier.parent.type == "type_definition":
        tag = name_of(specifier.parent.child_by_field_name("declarator"))
    return reading.view.plain(tag) if tag is not None else ""
