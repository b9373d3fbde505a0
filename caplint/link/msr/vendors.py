"""Registers of one side of a tree, and the functions that the module of each vendor has for them."""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from typing import Any

from caplint.knowledge.load import knowledge
from caplint.link.functions.body import Body
from caplint.link.functions.callees import Helpers
from caplint.link.functions.flow import Sequence

_MEMBER = re.compile(r"(\w+)(?:->|\.)(\w+)\Z")
_WRAPPED = re.compile(r"(\w+)\s*\(\s*(\w+)\s*\)\Z")
# Depth of calls in which tests of features are searched, and definitions of one function.
_DEEPEST, _MOST_DEFINITIONS = 2, 4
_WORD = re.compile(r"[A-Za-z_]\w*")
_CALLED = re.compile(r"\b([A-Za-z_]\w*)\s*\(")
_NAMES = re.compile(r"\b(?:HV_X64_|HV_)?MSR_\w+(?:\s*\+\s*\d+)?")
COMMON = ""
"""Name of the code that is no vendor's."""

_Labels = tuple[list[tuple[int, int, int]], list[int]]
"""Lowest and highest number and index of labels; indices of labels whose numbers are not known."""


@lru_cache(maxsize=4_096)
def vendor_of(path: str) -> str:
    """Return the vendor whose module a file belongs to; `COMMON` for the code of all."""
    return next((name for name, files in knowledge().msr.vendors.items() if files.search(path)), COMMON)


@dataclass
class MsrRegisters:
    """Answers about a tree for simulated accesses; everything is read on demand."""

    helpers: Helpers
    value: Callable[[str], int | None]
    """Computes the number of an expression."""
    capability_members: frozenset[str]
    """Members of the VM's state that enabling a capability sets."""
    results: dict[Hashable, Any] = field(default_factory=dict)
    """Results of functions, by everything that they depend on."""
    _definitions: dict[tuple[str, str, str], list[Body]] = field(default_factory=dict)
    _numbers: dict[str, int | None] = field(default_factory=dict)
    _labels: dict[int, _Labels] = field(default_factory=dict)
    _testing: dict[tuple[int, int, int], bool] = field(default_factory=dict)
    _mentioning: dict[str, bool] = field(default_factory=dict)
    _found: dict[str, frozenset[int] | None] = field(default_factory=dict)
    _through: dict[tuple[str, str], list[str]] = field(default_factory=dict)

    @property
    def _where(self) -> tuple[sqlite3.Connection, str, str]:
        return self.helpers.connection, self.helpers.side, self.helpers.tree

    def number(self, text: str) -> int | None:
        """Return the value of an expression, None if it cannot be computed."""
        if text not in self._numbers:
            self._numbers[text] = self.value(text)
        return self._numbers[text]

    @cached_property
    def vendors(self) -> list[str]:
        """Vendors whose modules have a handler; only `COMMON` if none has."""
        names = {name for names in knowledge().msr.functions.values() for name in names}
        found = {vendor_of(body.handler.path) for name in names for body in self._functions(name)}
        return sorted(found - {COMMON}) or [COMMON]

    def entries(self, verb: str, vendor: str) -> list[Body]:
        """Return the functions with which an access begins: KVM's own, else the vendor's handler, else the common."""
        msr = knowledge().msr
        for name in (*msr.ways[verb], *reversed(msr.functions[verb])):
            found = [body for body in self._functions(name) if vendor_of(body.handler.path) in {vendor, COMMON}]
            if found:
                return found
        return []

    def filters(self, vendor: str) -> list[Body]:
        """Return the functions with which a vendor's module filters the lists."""
        msr = knowledge().msr
        return [
            body
            for slot in dict.fromkeys(msr.tables.values())
            for body in self.through((slot, msr.vendor_filter), vendor)
        ]

    def definitions(self, name: str, vendor: str, path: str) -> list[Body]:
        """Return the definitions of a function that a call may mean: those in the caller's file, else the vendor's."""
        key = (name, vendor, path)
        if key not in self._definitions:
            found = [body for body in self._functions(name) if vendor_of(body.handler.path) in {vendor, COMMON}]
            self._definitions[key] = [body for body in found if body.handler.path == path] or found
        return self._definitions[key]

    def _functions(self, name: str) -> list[Body]:
        return self.helpers.functions(name, knowledge().msr.architecture)

    def slot(self, chain: str) -> tuple[str, str] | None:
        """Return structure and member of a call through a table of a vendor's functions; None for another call."""
        if (static := knowledge().static_slot(chain)) is not None:
            return static
        member = _MEMBER.search(chain)
        kind = knowledge().msr.tables.get(member[1]) if member else None
        return (kind, member[2]) if kind and member else None

    def through(self, slot: tuple[str, str], vendor: str) -> list[Body]:
        """Return the functions of a vendor that a member of such a table leads to."""
        if slot not in self._through:
            connection, side, tree = self._where
            self._through[slot] = [
                value.lstrip("&")
                for (value,) in connection.execute(
                    """SELECT DISTINCT e.value FROM temp.all_file f JOIN main.table_entry e ON e.blob = f.blob
                       WHERE f.side = ? AND f.tree = ? AND e.field = ? AND e.type LIKE '%' || ? ORDER BY 1""",
                    (side, tree, slot[1], slot[0]),
                )
            ]
        names = [name for value in self._through[slot] for name in _functions_of(value)]
        bodies = [body for name in names for body in self._functions(name)]
        return [body for body in bodies if vendor_of(body.handler.path) in {vendor, COMMON}]

    def labels(self, sequence: Sequence) -> _Labels:
        """Return the numbers of the labels of a switch, without `default`."""
        if id(sequence) not in self._labels:
            known: list[tuple[int, int, int]] = []
            unknown: list[int] = []
            for index, step in enumerate(sequence.steps):
                if step.kind == "case":
                    low, high = self.number(step.text), self.number(step.extra)
                    if low is None or high is None:
                        unknown.append(index)
                    else:
                        known.append((low, high, index))
            self._labels[id(sequence)] = known, unknown
        return self._labels[id(sequence)]

    def tests_features(self, body: Body, depth: int = _DEEPEST) -> bool:
        """Tell whether a function tests a feature of the guest, itself or in functions that it calls."""
        key = (body.handler.blob, body.handler.start, depth)
        if key not in self._testing:
            msr = knowledge().msr
            called = {call.callee for call in body.calls}
            self._testing[key] = not called.isdisjoint(msr.feature_tests) or any(
                not msr.feature_members.isdisjoint(_WORD.findall(access.text)) for access in body.accesses
            )
            if not self._testing[key] and depth:
                inner = (found for name in sorted(called) for found in self._functions(name)[:_MOST_DEFINITIONS])
                self._testing[key] = any(self.tests_features(found, depth - 1) for found in inner)
        return self._testing[key]

    def mentions_features(self, condition: str) -> bool:
        """Tell whether a condition is about features of the guest, itself or in a function that it calls."""
        if condition not in self._mentioning:
            msr = knowledge().msr
            words = set(_WORD.findall(condition))
            named = msr.feature_tests | msr.feature_members | self.capability_members
            self._mentioning[condition] = not words.isdisjoint(named) or any(
                self.tests_features(body) for name in _CALLED.findall(condition) for body in self._functions(name)
            )
        return self._mentioning[condition]

    def finds(self, lookup: str, number: int) -> bool:
        """Tell whether a function that searches a list of run time may find a register."""
        if lookup not in self._found:
            self._found[lookup] = self._named_by(knowledge().msr.lookups[lookup])
        found = self._found[lookup]
        return found is None or number in found

    def _named_by(self, sources: list[str]) -> frozenset[int] | None:
        """Return the numbers that arrays and calls name; None if one of them is not known."""
        connection, side, tree = self._where
        texts = connection.execute(
            """SELECT e.value FROM temp.all_file f JOIN main.element e ON e.blob = f.blob
               WHERE f.side = ?1 AND f.tree = ?2 AND e.variable IN (SELECT value FROM json_each(?3))
               UNION
               SELECT k.arguments FROM temp.all_file f JOIN main.call k ON k.blob = f.blob
               WHERE f.side = ?1 AND f.tree = ?2 AND k.callee IN (SELECT value FROM json_each(?3))""",
            (side, tree, json.dumps(sources)),
        ).fetchall()
        names = {name for (text,) in texts for name in _NAMES.findall(text)}
        numbers = [self.number(name) for name in names]
        return None if not texts or None in numbers else frozenset(value for value in numbers if value is not None)


def _functions_of(value: str) -> list[str]:
    """Return the possible names of the function that an entry of a table holds."""
    wrapped = _WRAPPED.match(value)
    if wrapped is None:
        return [value]
    return [f"{beginning}{wrapped[2]}" for beginning in knowledge().msr.wrapped.get(wrapped[1], [])]
