"""Function definitions and what is local to each."""

from __future__ import annotations

import json
from collections.abc import Iterator

import tree_sitter

from caplint.facts.reading import Reading, Scope, name_of
from caplint.facts.records import Function


def functions(reading: Reading) -> Iterator[Function]:
    """Enter every function into the reading; the new ones are facts."""
    names: dict[int, tuple[tree_sitter.Node, str]] = {}
    for node in sorted(reading.nodes.get("function", ()), key=lambda node: node.start_byte):
        declared = name_of(node.child_by_field_name("declarator"))
        if declared is None:
            continue
        name = _name(reading, declared)
        names[node.start_byte] = (declared, name)
        parameters = _parameters(reading, node)
        reading.enter(Scope(name, node.start_byte, node.end_byte, set(parameters), set()))
    _add_locals(reading)
    for node in reading.fresh("function"):
        if node.start_byte not in names:
            continue
        declared, name = names[node.start_byte]
        made = reading.view.repaired.heads.get(declared.start_byte)
        yield Function(
            name=name,
            line=reading.line(made.start if made else declared.start_byte),
            start=node.start_byte,
            stop=node.end_byte,
            static=int(any(_is_static(reading, child) for child in node.children)),
            parameters=json.dumps(_parameters(reading, node)),
            condition=reading.condition(node.start_byte),
        )


def _name(reading: Reading, declared: tree_sitter.Node) -> str:
    """The function's name; the invocation itself where a macro makes it."""
    made = reading.view.repaired.heads.get(declared.start_byte)
    if made is None:
        return reading.view.plain(declared)
    return reading.view.span(made.start, made.end)


def _is_static(reading: Reading, node: tree_sitter.Node) -> bool:
    return node.type == "storage_class_specifier" and reading.view.plain(node) == "static"


def _parameters(reading: Reading, function: tree_sitter.Node) -> list[str]:
    declarator = function.child_by_field_name("declarator")
    while declarator is not None and declarator.type != "function_declarator":
        declarator = declarator.child_by_field_name("declarator")
    found = declarator.child_by_field_name("parameters") if declarator is not None else None
    names = []
    for parameter in found.named_children if found is not None else ():
        declared = name_of(parameter.child_by_field_name("declarator"))
        if declared is not None:
            names.append(reading.view.plain(declared))
    return names


def _add_locals(reading: Reading) -> None:
    for node in reading.nodes.get("declaration", ()):
        scope = reading.scope(node.start_byte)
        if scope is None:
            continue
        for declarator in node.children_by_field_name("declarator"):
            if (declared := name_of(declarator)) is not None:
                scope.locals.add(reading.view.plain(declared))
                if declared.parent is not None and declared.parent.type == "array_declarator":
                    scope.arrays.add(reading.view.plain(declared))
