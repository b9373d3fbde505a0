"""Extents over which conditions are known to hold, for rules that ask for a preceding test."""

from __future__ import annotations

from collections.abc import Iterator

import tree_sitter

from caplint.c.guards import Jumps, guards, jumps
from caplint.facts.store.records import GuardExtent
from caplint.facts.syntax.ast_view import AstView
from caplint.values.expression_text import closing

_KINDS = ("if", "while", "for", "ternary", "logic")
_MAX_EXPRESSION = 400


def guard_extents(reading: AstView) -> Iterator[GuardExtent]:
    """Yield the extents in which each condition of a function is known to hold, or not to hold."""
    jumps_by_function: dict[int, Jumps] = {}
    labels, gotos = _by_function(reading, "label"), _by_function(reading, "goto")
    for kind in _KINDS:
        for node in reading.fresh(kind, "guard"):
            scope = reading.scope(node.start_byte)
            if scope is None:
                continue
            if scope.start not in jumps_by_function:
                jumps_by_function[scope.start] = jumps(labels.get(scope.start, []), gotos.get(scope.start, []))
            node_guards = [guard for guard in guards(node, jumps_by_function[scope.start]) if guard.start < guard.stop]
            if not node_guards:
                continue
            # All guards of one node have the same expression.
            tested = node_guards[0].expression
            expression = _bare(reading.view.plain(tested))[:_MAX_EXPRESSION]
            _, line, condition = reading.place(tested.start_byte)
            for guard in node_guards:
                yield GuardExtent(
                    function=scope.name,
                    kind=guard.kind,
                    negated=int(guard.negated),
                    expression=expression,
                    line=line,
                    start=guard.start,
                    stop=guard.stop,
                    condition=condition,
                )


def _by_function(reading: AstView, kind: str) -> dict[int, list[tree_sitter.Node]]:
    """Return the nodes of a kind by the offset of the function that contains them."""
    by_offset: dict[int, list[tree_sitter.Node]] = {}
    for node in reading.nodes.get(kind, ()):
        if (scope := reading.scope(node.start_byte)) is not None:
            by_offset.setdefault(scope.start, []).append(node)
    return by_offset


def _bare(expression: str) -> str:
    """Return the expression without the parentheses of `if (…)`."""
    if expression.startswith("(") and closing(expression) == len(expression) - 1:
        return expression[1:-1].strip()
    return expression
