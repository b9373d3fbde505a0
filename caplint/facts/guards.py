"""Where conditions are known to hold: the base of every rule that says "tested on the way"."""

from __future__ import annotations

import re
from collections.abc import Iterator

import tree_sitter

from caplint.c.guards import Jumps, guards, jumps
from caplint.facts.reading import Reading
from caplint.facts.records import GuardExtent
from caplint.values.expression_text import closing

_KINDS = ("if", "while", "for", "ternary", "logic")
_MAX_EXPRESSION = 400
_PARENTHESIS = re.compile(r"[()]")


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
            found = [guard for guard in guards(node, known[scope.start]) if guard.start < guard.stop]
            if not found:
                continue
            # One node's guards all speak of the same expression.
            tested = found[0].expression
            expression = _bare(reading.view.plain(tested))[:_MAX_EXPRESSION]
            _, line, condition = reading.place(tested.start_byte)
            for guard in found:
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


def _by_function(reading: Reading, kind: str) -> dict[int, list[tree_sitter.Node]]:
    """Nodes of a kind by the offset of the function that holds them."""
    found: dict[int, list[tree_sitter.Node]] = {}
    for node in reading.nodes.get(kind, ()):
        if (scope := reading.scope(node.start_byte)) is not None:
            found.setdefault(scope.start, []).append(node)
    return found


def _bare(expression: str) -> str:
    """Without the parentheses of `if (…)`."""
    if expression.startswith("(") and closing(expression) == len(expression) - 1:
        return expression[1:-1].strip()
    return expression
