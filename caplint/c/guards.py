"""Guards: the extents over which a condition is known to be true or false when control reaches them.

No full control-flow graph is built. A condition holds inside the code that it decides (`enclosing`,
`ternary`, `short_circuit`). It also holds behind a statement that leaves if it is true (`early_exit`), up
to the end of the block or to a label that a `goto` reaches past the test. Every reported guard holds
on every path; uncertain ones are omitted.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import inf

import tree_sitter

_LEAVING = frozenset({"break_statement", "return_statement", "goto_statement", "continue_statement"})
# Functions and macros that do not return, in the kernel, QEMU, GLib and libc.
_NORETURN = frozenset(
    {b"exit", b"_exit", b"abort", b"BUG", b"panic", b"unreachable", b"g_assert_not_reached", b"g_error", b"do_exit"}
)
_HOLDING = frozenset({"case_statement", "compound_statement", "else_clause", "labeled_statement"})
_BLOCKS = frozenset({"compound_statement", "case_statement", "translation_unit"})


@dataclass(frozen=True, slots=True)
class Guard:
    """Condition with the extent `[start, stop)` over which it is known to hold, or (`negated`) not to hold."""

    kind: str
    """One of enclosing, early_exit, short_circuit, ternary."""
    negated: bool
    expression: tree_sitter.Node
    start: int
    stop: int


class _FirstBelow:
    """Binary tree of minima that finds the first number below a bound, from an index on."""

    def __init__(self, numbers: Sequence[float]) -> None:
        self._count = len(numbers)
        self._size = 1 << max(0, self._count - 1).bit_length()
        self._least = [inf] * self._size + [*numbers] + [inf] * (self._size - self._count)
        for node in reversed(range(1, self._size)):
            self._least[node] = min(self._least[2 * node], self._least[2 * node + 1])

    def index(self, start: int, bound: float) -> int:
        """Return the index of the first number below the bound at or after `start`; the count if there is none."""
        if start >= self._count:
            return self._count
        node = start + self._size
        while self._least[node] >= bound:
            node += 1
            if node & (node - 1) == 0:  # the end of a level
                return self._count
            while node % 2 == 0:
                node //= 2
        while node < self._size:
            node = 2 * node + (self._least[2 * node] >= bound)
        return node - self._size


class Jumps:
    """Labels of a function that some `goto` reaches, by offset, each with its first and last `goto`."""

    def __init__(self, labels: dict[bytes, list[int]], gotos: list[tuple[int, bytes]]) -> None:
        first: dict[bytes, int] = {}
        last: dict[bytes, int] = {}
        for offset, name in gotos:
            first[name] = min(offset, first.get(name, offset))
            last[name] = max(offset, last.get(name, offset))
        reached = sorted(
            (place, first[name], last[name]) for name, places in labels.items() if name in first for place in places
        )
        self._places = [place for place, _, _ in reached]
        self._first = _FirstBelow([source for _, source, _ in reached])
        self._last = _FirstBelow([-source for _, _, source in reached])

    def first_entry(self, test_stop: int, block_stop: int) -> int:
        """Return the first label between two offsets that is reached from before the first, else the second offset."""
        return self._place(self._first.index(bisect_left(self._places, test_stop), test_stop), block_stop)

    def first_from_outside(self, start: int, stop: int) -> int:
        """Return the first label between two offsets that is reached from outside them, else the second offset."""
        begin = bisect_left(self._places, start)
        before = self._place(self._first.index(begin, start), stop)
        behind = self._place(self._last.index(begin, 1 - stop), stop)
        return min(before, behind)

    def _place(self, index: int, stop: int) -> int:
        return min(self._places[index], stop) if index < len(self._places) else stop


def jumps(labels: list[tree_sitter.Node], gotos: list[tree_sitter.Node]) -> Jumps:
    """Collect the jumps of one function from its labelled statements and its `goto`s."""
    places: dict[bytes, list[int]] = {}
    for node in labels:
        name = node.child_by_field_name("label")
        if name is not None and name.text is not None:
            places.setdefault(name.text, []).append(node.start_byte)
    targets = []
    for node in gotos:
        name = node.child_by_field_name("label")
        if name is not None and name.text is not None:
            targets.append((node.start_byte, name.text))
    return Jumps(places, targets)


def guards(node: tree_sitter.Node, reached: Jumps) -> Iterator[Guard]:
    """Yield the guards of one `if`, loop, `?:`, `&&` or `||`. `reached` holds its function's jumps."""
    match node.type:
        case "if_statement":
            yield from _if(node, reached)
        case "while_statement" | "for_statement":
            condition, body = node.child_by_field_name("condition"), node.child_by_field_name("body")
            if condition is not None and body is not None:
                yield Guard("enclosing", False, condition, body.start_byte, _until_entry(reached, body))
        case "conditional_expression":
            condition = node.child_by_field_name("condition")
            for field, negated in (("consequence", False), ("alternative", True)):
                branch = node.child_by_field_name(field)
                if condition is not None and branch is not None:
                    yield Guard("ternary", negated, condition, branch.start_byte, branch.end_byte)
        case "binary_expression":
            left, right = node.child_by_field_name("left"), node.child_by_field_name("right")
            operator = node.child_by_field_name("operator")
            if left is not None and right is not None and operator is not None:
                yield Guard("short_circuit", operator.type == "||", left, right.start_byte, right.end_byte)


def _if(node: tree_sitter.Node, reached: Jumps) -> Iterator[Guard]:
    condition = node.child_by_field_name("condition")
    consequence = node.child_by_field_name("consequence")
    alternative = node.child_by_field_name("alternative")
    if condition is None or consequence is None:
        return
    yield Guard("enclosing", False, condition, consequence.start_byte, _until_entry(reached, consequence))
    if alternative is not None:
        yield Guard("enclosing", True, condition, alternative.start_byte, _until_entry(reached, alternative))
    if (negated := leaves(consequence)) or (alternative is not None and leaves(alternative)):
        stop = reached.first_entry(node.end_byte, _block_stop(node))
        yield Guard("early_exit", negated, condition, node.end_byte, stop)


def _until_entry(reached: Jumps, branch: tree_sitter.Node) -> int:
    """Return the end of a branch, or the first label in it that is reached from outside."""
    return reached.first_from_outside(branch.start_byte, branch.end_byte)


def _block_stop(node: tree_sitter.Node) -> int:
    """Return the end of the block that directly holds a statement; the statement's own end without braces."""
    parent = node.parent
    while parent is not None and parent.type == "labeled_statement":
        parent = parent.parent
    return parent.end_byte if parent is not None and parent.type in _BLOCKS else node.end_byte


def leaves(node: tree_sitter.Node) -> bool:
    """Tell whether control cannot run off the end of a statement or label, judged by its last statement."""
    kind = node.type
    if kind in _LEAVING:
        return True
    if kind == "expression_statement":
        call = next(iter(node.named_children), None)
        callee = call.child_by_field_name("function") if call is not None else None
        return callee is not None and callee.text in _NORETURN
    if kind == "if_statement":
        alternative = node.child_by_field_name("alternative")
        consequence = node.child_by_field_name("consequence")
        return alternative is not None and consequence is not None and leaves(consequence) and leaves(alternative)
    if kind in _HOLDING:
        last = _last_statement(node)
        return last is not None and last.start_byte > node.start_byte and leaves(last)
    return False


def _last_statement(block: tree_sitter.Node) -> tree_sitter.Node | None:
    """Return the last child of a block that is not an empty statement."""
    for index in range(block.named_child_count - 1, -1, -1):
        child = block.named_child(index)
        if child is not None and (child.named_child_count or child.type != "expression_statement"):
            return child
    return None
