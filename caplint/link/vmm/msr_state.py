"""Registers whose value a VMM keeps after it was read: those whose case or test stores the data."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from functools import cached_property
from typing import NamedTuple

from caplint.link.functions.code_function import CodeFunction
from caplint.link.functions.function_facts import Assignment
from caplint.link.vmm.msr_code import MsrCode
from caplint.link.vmm.msr_places import MsrPlace
from caplint.link.vmm.msr_registers import LAST, Register
from caplint.link.vmm.value_text import bare
from caplint.values.expression_tree import Node, text_of, tree_of

_DATA = re.compile(r"(?:->|\.)\s*data\b")
_KEPT = re.compile(r"->|\.|\[|\*")
_POINTER = re.compile(r"\s*&\s*(.+)\Z", re.DOTALL)
# Comparisons that hold of a register, and of the lower end of a range, and those that fail of them.
_HOLDING, _FAILING = {"==": 0, ">=": 31}, {"!=": 0, "<": 31}
_NAME = re.compile(r"[A-Z_]\w*")
_CONSTANT = re.compile(r"(?:[\s|&~()<>+*-]|\b(?:[A-Z_][A-Z0-9_]*|0[xX][0-9a-fA-F]+[uUlL]*|\d+[uUlL]*)\b)+")
_WORD = re.compile(r"\w+")


class _Range(NamedTuple):
    first: int
    last: int


class MsrState:
    """Finder of the registers of one VMM that go into its state."""

    def __init__(self, code: MsrCode) -> None:
        self._code = code
        self._copied: dict[tuple[str, int], dict[str, int]] = {}
        """Function → offset of the last assignment to state that mentions each word."""

    def keeps(self, place: MsrPlace, register: Register) -> int | None:
        """Return 1 if the value that is read at a place goes into the VMM's state, 0 if not, None if unknown."""
        for argument in place.arguments:
            if match := _POINTER.match(argument):
                return self._keeps_target(place, match.group(1).strip())
        if register.first is None:
            return None
        before = bisect_right(self._kept, _Range(register.last or 0, LAST))
        if before and register.first <= self._kept[before - 1].last:
            return 1
        return None if register.entry else 0

    def _keeps_target(self, place: MsrPlace, target: str) -> int:
        """Tell whether what a pointer names is state, or is stored into state later."""
        if _KEPT.search(target):
            return 1
        key = (place.function.path, place.function.start)
        if key not in self._copied:
            stores = (store for store in place.function.stores if _is_state(store))
            self._copied[key] = {word: store.start for store in stores for word in _WORD.findall(store.value)}
        return int(self._copied[key].get(bare(target), -1) > place.start)

    @cached_property
    def _kept(self) -> list[_Range]:
        """Disjoint ranges of registers for which some function stores the data that was read, by number."""
        joined: list[_Range] = []
        for found in sorted(found for function in self._code.code.functions for found in self._kept_in(function)):
            if joined and found.first <= joined[-1].last:
                joined[-1] = _Range(joined[-1].first, max(joined[-1].last, found.last))
            else:
                joined.append(found)
        return joined

    def _kept_in(self, function: CodeFunction) -> Iterator[_Range]:
        stores = [store for store in function.stores if _DATA.search(store.value) and _is_state(store)]
        if not stores:
            return
        offsets = [store.start for store in stores]
        labels = self._code.connection.execute(
            """SELECT start, stop, low, high FROM main.case_label
               WHERE blob = ? AND function = ? AND low IS NOT NULL AND start BETWEEN ? AND ?""",
            (function.blob, function.name, function.start, function.stop),
        ).fetchall()
        for start, stop, low, high in labels:
            at = bisect_left(offsets, start)
            if at < len(offsets) and offsets[at] < stop:
                yield from self._range(function, low, high)
        for store in stores:
            for extent in function.guards_at(store.start):
                for name, more in _named(tree_of(extent.expression), not extent.negated):
                    yield from self._range(function, name, name, more)

    def _range(self, function: CodeFunction, low: str, high: str, more: int = 0) -> Iterator[_Range]:
        first, last = self._code.value(function, bare(low)), self._code.value(function, bare(high))
        if first is not None and last is not None:
            yield _Range(first, last + more)


def _named(condition: Node, holds: bool) -> Iterator[tuple[str, int]]:
    """Yield the registers for which a condition may hold, or fail, and how many more the range of each has."""
    pending = [(condition, holds)]
    while pending:
        node, holds = pending.pop()
        if node.kind == "binary" and node.text in {"&&", "||"}:
            pending += [(part, holds) for part in node.parts]
        elif node.kind == "unary" and node.text == "!":
            pending.append((node.parts[0], not holds))
        elif node.kind == "binary":
            more = (_HOLDING if holds else _FAILING).get(node.text)
            name = text_of(node.parts[1])
            if more is not None and _NAME.match(name):
                yield name, more


def _is_state(store: Assignment) -> bool:
    """Tell whether an assignment outlives the function."""
    return not store.local or bool(_KEPT.search(store.target))


def written_kind(value: str) -> str:
    """Return the kind of a written value: state (a member), constant, none, or other (a call, a variable)."""
    text = bare(value)
    if not text:
        return "none"
    if _CONSTANT.fullmatch(text):
        return "constant"
    return "state" if re.match(r"[A-Za-z_][\w.>\[\]\s-]*(?:->|\.)\s*\w+(?:\[[^\]]*\])?\Z", text) else "other"
