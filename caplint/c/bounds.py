"""What is so deep that reading it would cost the square of its size; people's code is far from all of it.

For comparison: a C compiler must take 127 nested blocks and 63 nested parentheses (C11 5.2.4.1); the
KVM code of Linux and QEMU nests brackets 9 deep, and its syntax trees are 39 deep.
"""

from __future__ import annotations

from itertools import pairwise

import tree_sitter

from caplint.c.byte_ranges import blank, merged
from caplint.c.conditions import Problem

MAX_BRACKETS = 160
# Of nodes; `a + b + …`, `else if …` and `f(a)(b)…` nest without any bracket around them.
MAX_DEPTH = 200
# Tokens in a row that nothing was made of, in an error.
MAX_TOKENS = 400
# Every so many nodes are looked at: what goes on for longer than that is met.
_STEP = 100

_TO_PARENTHESES = bytes.maketrans(b"[]{}", b"()()")
_NO_BRACKETS = bytes(set(range(256)) - set(b"()[]{}"))


def nests_too_deeply(bare: bytes) -> bool:
    """Whether brackets nest deeper than `MAX_BRACKETS`, or more of them are left open. `bare` holds no strings."""
    brackets = bare.translate(_TO_PARENTHESES, _NO_BRACKETS)
    for _ in range(MAX_BRACKETS):  # each round takes the innermost pairs away
        before = len(brackets)
        brackets = brackets.replace(b"()", b"")
        if len(brackets) == before:
            break
    return brackets.count(b"(") > MAX_BRACKETS


def excesses(root: tree_sitter.Node) -> list[Problem]:
    """Statements that nest deeper than `MAX_DEPTH`, by up to `_STEP`, and tokens in a row more than `MAX_TOKENS`."""
    found: list[Problem] = []
    cursor = root.walk()
    index = 0
    while index < root.descendant_count:
        cursor.goto_descendant(index)
        if cursor.depth > MAX_DEPTH:
            place = _statement(cursor)
            found.append(Problem(place.start_byte, place.end_byte, f"nests deeper than {MAX_DEPTH}"))
            index = cursor.descendant_index + place.descendant_count
            continue
        if (node := cursor.node) is not None and not node.is_named and (end := _run(cursor)):
            found.append(Problem(node.start_byte, end, "syntax not understood"))
        index = max(index, cursor.descendant_index) + _STEP
    return found


def _statement(cursor: tree_sitter.TreeCursor) -> tree_sitter.Node:
    """Move to the outermost statement of the function that holds the cursor's node, else to the declaration."""
    levels = []
    while cursor.depth > 0:
        levels.append(cursor.descendant_index)
        cursor.goto_parent()
    levels.reverse()
    for level, inner in pairwise(levels):
        cursor.goto_descendant(level)
        if cursor.node is not None and cursor.node.type == "compound_statement":
            cursor.goto_descendant(inner)
            break
    else:
        cursor.goto_descendant(levels[0])
    if cursor.node is None:
        raise AssertionError
    return cursor.node


def _run(cursor: tree_sitter.TreeCursor) -> int:
    """Move on while there are tokens without a name; where they end if they are too many, else 0."""
    count, end = 0, 0
    while (node := cursor.node) is not None and not node.is_named:
        count, end = count + 1, node.end_byte
        if not cursor.goto_next_sibling():
            break
    return end if count > MAX_TOKENS - _STEP else 0


def without(text: bytes, problems: list[Problem]) -> bytes:
    """The text with the extents blanked."""
    return blank(text, merged((problem.offset, problem.end) for problem in problems))
