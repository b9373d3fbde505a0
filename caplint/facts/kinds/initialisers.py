"""Designated initialisers: the function tables of the kernel and QEMU."""

from __future__ import annotations

from collections.abc import Iterator

import tree_sitter

from caplint.facts.store.records import TableEntry
from caplint.facts.syntax.ast_view import AstView, name_of

PAIR_NODES = "(initializer_pair) @pair\n"
"""Node kinds that no other extractor asks for."""
_MAX_VALUE = 200


def table_entries(reading: AstView) -> Iterator[TableEntry]:
    """Yield every `.field = value`."""
    for node in reading.fresh("pair"):
        designators = node.children_by_field_name("designator")
        value = node.child_by_field_name("value")
        if not designators or value is None or value.type == "initializer_list":
            continue
        variable, kind = _declared(reading, node)
        line, column = reading.position(node.start_byte)
        yield TableEntry(
            variable=variable,
            type=kind,
            field="".join(reading.view.plain(part) for part in designators).lstrip("."),
            value=reading.view.plain(value)[:_MAX_VALUE],
            line=line,
            column=column,
            condition=reading.condition(node.start_byte),
        )


def _declared(reading: AstView, node: tree_sitter.Node) -> tuple[str | None, str | None]:
    """Return name and type of the variable that the initialiser belongs to; None if unknown."""
    variable: str | None = None
    parent = node.parent
    while parent is not None and parent.type not in {"compound_statement", "translation_unit"}:
        if parent.type == "init_declarator" and (declared := name_of(parent.child_by_field_name("declarator"))):
            variable = reading.view.plain(declared)
        elif parent.type in {"declaration", "compound_literal_expression"}:
            kind = parent.child_by_field_name("type")
            return variable, reading.view.plain(kind) if kind is not None else None
        parent = parent.parent
    return variable, None
