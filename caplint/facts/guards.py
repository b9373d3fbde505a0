"""Where conditions are known to hold: the base of every rule that says "tested on the way"."""

from __future__ import annotations

from collections.abc import Iterator

import tree_sitter

from caplint.c.guards import Jumps, guards, jumps
from caplint.facts.reading import Reading
from caplint.facts.records import GuardExtent

_KINDS = ("if", "while", "for", "ternary", "logic")
_MAX_EXPRESSION = 400


def guard_extents(reading: Reading) -> Iterator[GuardExtent]:
    """What every condition tells of other places of its function."""
    known: dict[int, Jumps] = {}
    labels, gotos = _by_function(reading, "label"), _by_function(reading, "goto")
    for kind in _KINDS:
        for node in reading.fresh(kind, "guard"):
            scope = reading.scope(node.start_byte)
            if scope is None:
                continue
            if scope.start not in known:
                known[scope.start] = jumps(labels.get(scope.start, []), gotos.get(scope.start, []))
            for guard in guards(node, known[scope.start]):
                if guard.start < guard.stop:
                    yield GuardExtent(
                        function=scope.name,
                        kind=guard.kind,
                        negated=int(guard.negated),
                        expression=_bare(reading.view.plain(guard.expression))[:_MAX_EXPRESSION],
                        line=reading.line(guard.expression.start_byte),
                        start=guard.start,
                        stop=guard.stop,
                        condition=reading.condition(guard.expression.start_byte),
                    )


def _by_function(reading: Reading, kind: str) -> dict[int, list[tree_sitter.Node]]:
    """Nodes of a kind by the offset of the function that holds them."""
    found: dict[int, list[tree_sitter.Node]] = {}
    for node in reading.nodes.get(kind, ()):
        if (scope := reading.scope(node.start_byte)) is not None:
            found.setdefault(scope.start, []).append(node)
    return found


def _bare(expression: str) -> str:
    """Without the parentheses of `if (…)`."""
    if expression.startswith("(") and expression.endswith(")"):
        depth = 0
        for position, character in enumerate(expression):
            depth += (character == "(") - (character == ")")
            if depth == 0:
                return expression[1:-1].strip() if position == len(expression) - 1 else expression
    return expression
