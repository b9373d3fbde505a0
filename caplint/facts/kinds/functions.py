"""Function definitions and their local names."""

from __future__ import annotations

from collections.abc import Iterator

import tree_sitter

from caplint.facts.store.records import Function
from caplint.facts.syntax.ast_view import AstView, FunctionScope, declared_by, json_list, name_of

_BOOL = frozenset({b"bool", b"_Bool"})


def functions(reading: AstView) -> Iterator[Function]:
    """Enter every function into the view; yield those that no earlier view has shown."""
    heads: dict[int, tuple[str, int, list[str]]] = {}
    bools: dict[int, set[str]] = {}
    for node in reading.nodes.get("function", ()):
        declared = name_of(node.child_by_field_name("declarator"))
        if declared is None:
            continue
        name, offset = _name(reading, node, declared)
        parameters = _parameters(reading, node)
        heads[node.start_byte] = (name, offset, parameters)
        reading.enter(FunctionScope(name, node.start_byte, node.end_byte, set(parameters), set()))
        bools[node.start_byte] = {
            parameter for declaration in parameter_nodes(node) for parameter in _bools(reading, declaration)
        }
    _add_locals(reading, bools)
    for node in reading.fresh("function"):
        if node.start_byte not in heads:
            continue
        name, offset, parameters = heads[node.start_byte]
        yield Function(
            name=name,
            line=reading.line(offset),
            start=node.start_byte,
            stop=node.end_byte,
            static=int(_is_static(reading, node, offset)),
            parameters=json_list(parameters),
            bools=json_list(sorted(bools[node.start_byte])),
            condition=reading.condition(node.start_byte),
        )


def _name(reading: AstView, function: tree_sitter.Node, declared: tree_sitter.Node) -> tuple[str, int]:
    """Return the function's name and its offset; for a macro-generated function, the invocation."""
    head = reading.view.repaired.heads.get(declared.start_byte)
    if head is not None:
        return reading.view.span(head.start, head.end), head.start
    declarator = function.child_by_field_name("declarator")
    while declarator is not None and declarator.type != "function_declarator":
        declarator = declarator.child_by_field_name("declarator")
    inner = declarator.child_by_field_name("declarator") if declarator is not None else None
    if inner is not None and inner.type == "function_declarator":
        # glue(load, SUFFIX)(int a): glue is not the function's name
        return reading.view.plain(inner), declared.start_byte
    return reading.view.plain(declared), declared.start_byte


def _is_static(reading: AstView, function: tree_sitter.Node, name: int) -> bool:
    return b"static" in reading.view.text[function.start_byte : name] and any(
        child.type == "storage_class_specifier" and reading.view.plain(child) == "static" for child in function.children
    )


def _parameters(reading: AstView, function: tree_sitter.Node) -> list[str]:
    names = []
    for parameter in parameter_nodes(function):
        declared = name_of(parameter.child_by_field_name("declarator"))
        if declared is not None:
            names.append(reading.view.plain(declared))
    return names


def parameter_nodes(function: tree_sitter.Node) -> list[tree_sitter.Node]:
    """Return the declarations of a function's parameters."""
    declarator = function.child_by_field_name("declarator")
    while declarator is not None and declarator.type != "function_declarator":
        declarator = declarator.child_by_field_name("declarator")
    parameter_list = declarator.child_by_field_name("parameters") if declarator is not None else None
    return parameter_list.named_children if parameter_list is not None else []


def _bools(reading: AstView, declaration: tree_sitter.Node) -> Iterator[str]:
    """Yield the names that a declaration of type bool declares, except pointers, arrays and functions."""
    declared_type = declaration.child_by_field_name("type")
    if declared_type is None or declared_type.text not in _BOOL:
        return
    for declarator in declaration.children_by_field_name("declarator"):
        declared = declarator.child_by_field_name("declarator") if declarator.type == "init_declarator" else declarator
        if declared is not None and declared.type == "identifier":
            yield reading.view.plain(declared)


def _add_locals(reading: AstView, bools: dict[int, set[str]]) -> None:
    for node in reading.nodes.get("declaration", ()):
        scope = reading.scope(node.start_byte)
        if scope is None:
            continue
        bools.setdefault(scope.start, set()).update(_bools(reading, node))
        for declarator in node.children_by_field_name("declarator"):
            declared, holder = declared_by(declarator)
            if declared is not None:
                name = reading.view.plain(declared)
                scope.locals.add(name)
                if holder == "array_declarator":
                    scope.arrays.add(name)
