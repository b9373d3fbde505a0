"""Variables outside functions with their initial values, except the entries of arrays (`element`)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import tree_sitter

from caplint.facts.syntax.ast_view import AstView, declared_by

_MAX_VALUE = 400
_LISTED_ELSEWHERE = "array_declarator"


class FileVariable(NamedTuple):
    """Variable outside functions that has an initial value."""

    name: str
    static: int
    value: str
    line: int
    start: int
    condition: str


def file_variables(reading: AstView) -> Iterator[FileVariable]:
    """Yield every initialised variable at file scope that is no array."""
    for node in reading.fresh("initialiser", "file"):
        value = node.child_by_field_name("value")
        if value is None or reading.scope(node.start_byte) is not None:
            continue
        declared, holder = declared_by(node.child_by_field_name("declarator"))
        if declared is None or holder == _LISTED_ELSEWHERE:
            continue
        _, line, condition = reading.place(node.start_byte)
        yield FileVariable(
            name=reading.view.plain(declared),
            static=int(_is_static(reading, node)),
            value=reading.view.plain(value)[:_MAX_VALUE],
            line=line,
            start=node.start_byte,
            condition=condition,
        )


def _is_static(reading: AstView, node: tree_sitter.Node) -> bool:
    declaration = node.parent
    return declaration is not None and any(
        child.type == "storage_class_specifier" and reading.view.plain(child) == "static"
        for child in declaration.children
    )
