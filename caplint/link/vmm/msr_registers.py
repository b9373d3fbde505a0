"""MSRs that an expression of a VMM may stand for: a constant, a bank of them, entries of a table, the kernel's list."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from caplint.knowledge.load import knowledge
from caplint.link.core.extents import last_before
from caplint.link.functions.code_function import CodeFunction
from caplint.link.vmm.msr_code import MsrCode
from caplint.link.vmm.value_text import bare, choices

LAST = 0xFFFFFFFF
"""Highest number of a register."""
LISTED = "every listed MSR"
"""Text for the registers of the kernel's list, whatever they are."""
# Highest index in a bank of consecutive MSRs.
_LARGEST_BANK = 31
_DEPTH = 4
_MOST_ASSIGNMENTS = 50
# What an expression has beside names of macros: variables, members, entries of arrays.
_VARIABLE = re.compile(r"(?<![\w.>])[a-z_]\w*(?:(?:->|\.)\w+|\[[^\[\]]*\])*(?!\w*\s*\()")
_ROOT = re.compile(r"[&*(\s]*([A-Za-z_]\w*)")
_LAST_MEMBER = re.compile(r"(?:->|\.)\s*(\w+)\s*(?:\[[^\[\]]*\])?\s*\Z")
_INDICES = re.compile(r"(?:->|\.)\s*indices\b")


class Register(NamedTuple):
    """MSR, or a bank of consecutive ones."""

    text: str
    """Its name as written."""
    first: int | None
    """Number, None if unknown."""
    last: int | None
    """Upper bound of the numbers of a bank, otherwise equal to `first`."""
    entry: str = ""
    """Entry of the table that names it; empty without a table."""
    line: int = 0
    """Line of that entry."""
    table: str = ""
    """Name of that table."""


@dataclass
class VmmRegisters:
    """Resolver of the expressions of one VMM."""

    code: MsrCode
    _members: dict[tuple[str, int], list[Register]] = field(default_factory=dict)
    _tables: dict[int, dict[str, list[tuple[str, int]]]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        prefixes = "|".join(map(re.escape, knowledge().msr.prefixes))
        self._name = re.compile(rf"\b(?:{prefixes})\w+(?:\s*\([^()]*\))?")

    def of(self, function: CodeFunction, offset: int, expression: str, depth: int = _DEPTH) -> list[Register]:
        """Return the registers that an expression stands for at an offset; empty if that is unknown."""
        if not self.code.code.budget.spend():
            return []
        found = [self._one(function, offset, choice, depth) for choice in choices(expression)]
        return [register for registers in found for register in registers] if all(found) else []

    def _one(self, function: CodeFunction, offset: int, expression: str, depth: int) -> list[Register]:
        text = bare(expression)
        if (number := self._number(function, text)) is not None:
            return [Register(text, number, number)]
        if self._name.search(text):
            first = self._number(function, _VARIABLE.sub("0", text))
            return [Register(text, first, None if first is None else first + _LARGEST_BANK)]
        if _INDICES.search(text):
            return [Register(LISTED, 0, LAST)]
        root = _ROOT.match(text)
        if root is None or depth == 0:
            return []
        return (
            self._of_table(function, root.group(1))
            or self._of_variable(function, offset, text, root.group(1), depth - 1)
            or self._of_member(text, depth - 1)
        )

    def _number(self, function: CodeFunction, text: str) -> int | None:
        number = self.code.value(function, text)
        return number if number is not None and 0 <= number <= LAST else None

    def _of_table(self, function: CodeFunction, name: str) -> list[Register]:
        """Return the registers that the entries of an array name, the first of each entry."""
        rows = self._elements(function.blob).get(name, [])
        found: list[Register] = []
        if not self.code.code.budget.spend(len(rows)):
            return found
        for value, line in rows:
            named = self._name.search(value)
            if named is None and not re.search(r"[1-9a-zA-Z]", value):
                continue  # the end of the table
            text = named.group() if named else bare(value.strip("{} ").split(",")[0])
            number = self._number(function, text)
            found.append(Register(text, number, number, value, line, name))
        return found

    def _elements(self, blob: int) -> dict[str, list[tuple[str, int]]]:
        """Return value and line of the elements of each array in a file."""
        if blob not in self._tables:
            tables = self._tables[blob] = {}
            for name, *element in self.code.connection.execute(
                "SELECT variable, value, line FROM main.element WHERE blob = ? ORDER BY start", (blob,)
            ):
                tables.setdefault(name, []).append(tuple(element))
        return self._tables[blob]

    def _of_variable(self, function: CodeFunction, offset: int, text: str, name: str, depth: int) -> list[Register]:
        """Return the registers of a local variable: of a loop over numbers, or from what is assigned to it."""
        stores = [store for store in function.assigned.get(name, ()) if store.operator in {"=", "init"}]
        found: list[Register] = []
        for store in stores[:_MOST_ASSIGNMENTS]:
            if name not in re.findall(r"\w+", store.value):
                found.extend(self._one(function, store.start, store.value, depth))
        named = next(iter(last_before(stores, offset)), None)
        if text == name and named is not None:
            first = self._number(function, named.value)
            if first is not None:
                last = self._bound(function, offset, name)
                return [Register(named.value, first, first if last is None else last)]
        return found

    def _bound(self, function: CodeFunction, offset: int, name: str) -> int | None:
        """Return the last number that a loop's variable takes, None outside of a loop over it."""
        bounded = re.compile(rf"\b{re.escape(name)}\s*(<=|<|!=)\s*(.+)\Z", re.DOTALL)
        for test in function.loops.at(offset):
            if match := bounded.search(test.expression):
                last = self._number(function, bare(match.group(2).split("&&")[0]))
                return None if last is None else last - (match.group(1) != "<=")
        return None

    def _of_member(self, text: str, depth: int) -> list[Register]:
        """Return what is stored, anywhere, into the member that an expression ends in."""
        member = _LAST_MEMBER.search(text)
        if member is None:
            return []
        key = (member.group(1), depth)
        if key not in self._members:
            found: list[Register] = []
            for function, value, start in self._stored(member.group(1)):
                found.extend(self._one(function, start, value, depth))
            self._members[key] = found
        return self._members[key] if self.code.code.budget.spend(len(self._members[key])) else []

    def _stored(self, member: str) -> Iterator[tuple[CodeFunction, str, int]]:
        ends = re.compile(rf"(?:->|\.)\s*{re.escape(member)}\s*(?:\[.*\])?\Z", re.DOTALL)
        for function in self.code.code.functions:
            for store in function.stores:
                if self.code.code.budget.spend() and ends.search(store.target):
                    yield function, store.value, store.start
