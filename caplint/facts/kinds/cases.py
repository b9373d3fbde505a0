"""Case labels with the extent of the code that runs under them."""

from __future__ import annotations

from collections.abc import Iterator

import tree_sitter

from caplint.c.guards import leaves
from caplint.facts.store.records import CaseLabel
from caplint.facts.syntax.ast_view import AstView


def cases(reading: AstView) -> Iterator[CaseLabel]:
    """Yield every label of every switch."""
    stops = _stops(reading)
    for node in reading.fresh("case"):
        value = node.child_by_field_name("value")
        low, high = label_bounds(reading, value) if value is not None else (None, "")
        line, column = reading.position(value.start_byte if value is not None else node.start_byte)
        function, _, condition = reading.place(node.start_byte)
        yield CaseLabel(
            function=function,
            selector=_selector(reading, node),
            low=low,
            high=high,
            line=line,
            column=column,
            start=node.start_byte,
            stop=stops.get(node.start_byte, node.end_byte),
            condition=condition,
        )


def label_bounds(reading: AstView, value: tree_sitter.Node) -> tuple[str, str]:
    """Return both bounds of a label; the repair has rewritten the `...` of a range as ` ||`."""
    operator = value.child_by_field_name("operator")
    if operator is not None and operator.start_byte - 1 in reading.view.repaired.ranges:
        left, right = value.child_by_field_name("left"), value.child_by_field_name("right")
        if left is not None and right is not None:
            return reading.view.plain(left), reading.view.plain(right)
    text = reading.view.plain(value)
    return text, text


def _selector(reading: AstView, label: tree_sitter.Node) -> str:
    node = label.parent
    while node is not None and node.type != "switch_statement":
        node = node.parent
    condition = node.child_by_field_name("condition") if node is not None else None
    return reading.view.plain(condition).removeprefix("(").removesuffix(")") if condition else ""


def _stops(reading: AstView) -> dict[int, int]:
    """Return offset of each label → offset where control leaves the code under it."""
    return {label.start_byte: stop for label, stop in label_extents(reading)}


def label_extents(reading: AstView) -> Iterator[tuple[tree_sitter.Node, int]]:
    """Yield every label with the offset where control leaves the code under it; per switch in reverse order."""
    for switch in reading.nodes.get("switch", ()):
        body = switch.child_by_field_name("body")
        stop = body.end_byte if body is not None else switch.end_byte
        labels = [child for child in body.named_children if child.type == "case_statement"] if body else []
        for label in reversed(labels):
            if leaves(label):
                stop = label.end_byte
            yield label, stop
