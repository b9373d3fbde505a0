"""Nesting limits that keep parsing linear; hand-written code is far below them.

For comparison: a C compiler must accept 127 nested blocks and 63 nested parentheses (C11 5.2.4.1); the
KVM code of Linux and QEMU nests brackets 9 deep, and its syntax trees are 39 deep.
"""

from __future__ import annotations

from itertools import pairwise

import tree_sitter

from caplint.c.byte_ranges import blank, merged
from caplint.c.conditions import Problem

MAX_BRACKETS = 160
# Depth of syntax nodes; `a + b + …`, `else if …` and `f(a)(b)…` nest without brackets.
MAX_DEPTH = 200
# Consecutive tokens in an error node that the parser left unstructured.
MAX_TOKENS = 400
# One node in this many is inspected; this finds every longer subtree or run.
_STEP = 100

_TO_PARENTHESES = bytes.maketrans(b"[]{}", b"()()")
_NO_BRACKETS = bytes(set(range(256)) - set(b"()[]{}"))


def nests_too_deeply(bare: bytes) -> bool:
    """Tell whether brackets nest deeper than `MAX_BRACKETS`, or more are left open. `bare` contains no strings."""
    brackets = bare.translate(_TO_PARENTHESES, _NO_BRACKETS)
    for _ in range(MAX_BRACKETS):  # each round removes the innermost pairs
        before = len(brackets)
        brackets = brackets.replace(b"()", b"")
        if len(brackets) == before:
            break
    return b"()" in brackets or brackets.count(b"(") > MAX_BRACKETS


def excesses(root: tree_sitter.Node) -> list[Problem]:
    """Return statements nested deeper than `MAX_DEPTH` (by up to `_STEP`) and token runs longer than `MAX_TOKENS`."""
    problems: list[Problem] = []
    cursor = root.walk()
    index = 0
    while index < root.descendant_count:
        cursor.goto_descendant(index)
        if cursor.depth > MAX_DEPTH:
            statement = _statement(cursor)
            problems.append(Problem(statement.start_byte, statement.end_byte, f"nests deeper than {MAX_DEPTH}"))
            index = cursor.descendant_index + statement.descendant_count
            continue
        if (node := cursor.node) is not None and not node.is_named and (end := _run(cursor)):
            problems.append(Problem(node.start_byte, end, "syntax not understood"))
        index = max(index, cursor.descendant_index) + _STEP
    return problems


def _statement(cursor: tree_sitter.TreeCursor) -> tree_sitter.Node:
    """Move to the outermost statement, or else the top-level declaration, around the cursor's node and return it."""
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
    """Skip unnamed tokens; return the end offset of the run if it is too long, else 0."""
    count, end = 0, 0
    while (node := cursor.node) is not None and not node.is_named:
        count, end = count + 1, node.end_byte
        if not cursor.goto_next_sibling():
            break
    return end if count > MAX_TOKENS - _STEP else 0


def without(text: bytes, problems: list[Problem]) -> bytes:
    """Return the text with the extents of the problems blanked."""
    return blank(text, merged((problem.offset, problem.end) for problem in problems))
