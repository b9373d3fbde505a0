"""Checks that answer a constant set of bits, of which an ioctl accepts those in a variable that is filled at run time.

KVM_CAP_VM_TYPES answers types of VMs, and KVM_CREATE_VM accepts those in `kvm_caps.supported_vm_types`. The variable
is found by the constants: all that the check answers are put into it, some under conditions, and a function tests it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import NamedTuple

from caplint.knowledge.load import GENERIC
from caplint.link.functions.body import Handler
from caplint.link.functions.callees import Helpers
from caplint.link.handlers.rows import CapSupportedRow
from caplint.link.handlers.sites import Site

_STORES = """
    SELECT s.target, s.value, coalesce(f.arch, ?), EXISTS (
        SELECT 1 FROM main.guard_extent g WHERE g.blob = s.blob AND g.function = s.function
          AND g.start <= s.start AND s.start < g.stop)
    FROM temp.all_file f CROSS JOIN main.store s ON s.blob = f.blob
    WHERE f.side = ? AND f.tree = ? AND s.local = 0 AND s.operator IN ('=', '|=') AND s.target GLOB '*.*'
      AND s.target NOT GLOB '*[->[]*' AND s.value GLOB '*[A-Z]_*' ORDER BY f.path, s.start
"""
_TESTS = """
    SELECT f.path, s.line, s.function, coalesce(f.arch, ?), s.text FROM temp.all_file f CROSS JOIN (
        SELECT blob, line, function, expression AS text FROM main.test WHERE leaves
        UNION ALL SELECT blob, line, function, value FROM main.return_value
    ) s ON s.blob = f.blob
    WHERE f.side = ? AND f.tree = ? AND instr(s.text, ?) AND s.function IS NOT NULL ORDER BY f.path, s.line
"""
_MACRO = """
    SELECT m.body FROM main.macro m JOIN temp.all_file f ON f.blob = m.blob
    WHERE m.name = ? AND f.side = ? AND f.tree = ? AND m.parameters IS NULL ORDER BY f.path LIMIT 4
"""
_NAME = re.compile(r"(?<![\w.>])[A-Z][A-Z0-9]*_\w+\b(?!\s*\()")
# Macros of masks that are expanded into each other, and names of one set; Linux has 2 and 20.
_DEPTH, _MOST = 4, 200


class _Answer(NamedTuple):
    """Constant answer of a check."""

    site: Site
    handler: Handler
    texts: tuple[str, ...]


@dataclass
class SupportedSets:
    """Constant answers of checks, of one side of a tree."""

    helpers: Helpers
    _answers: list[_Answer] = field(default_factory=list)
    _expanded: dict[str, frozenset[str]] = field(default_factory=dict)

    def take(self, site: Site, handler: Handler, texts: tuple[str, ...]) -> None:
        """Take in the values that a check answers whatever the machine is."""
        if all(_NAME.search(text) and not re.search(r"[a-z]\w*(?:\.|->|\s*\()", text) for text in texts):
            self._answers.append(_Answer(site, handler, texts))

    def rows(self) -> Iterator[CapSupportedRow]:
        """Yield a row for each answer that is a set with such a variable."""
        for answer in self._answers:
            names = self._names(" ".join(answer.texts))
            own = answer.handler
            for target, (held, arch, conditional) in self._sets.items() if names else ():
                if conditional and names <= held and own.arch in {arch, GENERIC}:
                    row = next(self._refusals(target, own.arch), None)
                    if row is not None:
                        text = " | ".join(answer.texts)
                        place = (own.side, own.tree, own.path, answer.site.line, answer.site.column)
                        yield CapSupportedRow(
                            *place, answer.site.capability, own.arch, own.function, text, target, *row
                        )
                        break

    @cached_property
    def _sets(self) -> dict[str, tuple[frozenset[str], str, bool]]:
        """Variable → constants that are put into it, architecture, and whether one comes under a condition."""
        sets: dict[str, tuple[frozenset[str], str, bool]] = {}
        for target, value, arch, guarded in self.helpers.connection.execute(
            _STORES, (GENERIC, self.helpers.side, self.helpers.tree)
        ).fetchall():
            held, _, conditional = sets.get(target, (frozenset(), arch, False))
            if len(held) < _MOST:
                sets[target] = (held | self._names(value), arch, conditional or bool(guarded))
        return sets

    def _refusals(self, target: str, arch: str) -> Iterator[tuple[str, int, str]]:
        """Yield path, line and function of each test of a variable by `&`."""
        name = re.escape(target)
        by_bit = re.compile(
            rf"(?<![\w.>]){name}\s*(?:&(?!&)|>>)|(?<!&)&\s*~?\s*\(?\s*{name}\b"
            rf"|\btest_bit\s*\([^()]*,[^()]*\b{name}\b"
        )
        for path, line, function, of_arch, text in self.helpers.connection.execute(
            _TESTS, (GENERIC, self.helpers.side, self.helpers.tree, target)
        ).fetchall():
            if of_arch in {arch, GENERIC} and by_bit.search(text):
                yield path, line, function

    def _names(self, text: str, depth: int = _DEPTH) -> frozenset[str]:
        """Return the constants of a text; a mask that a macro defines stands for its own constants."""
        names: set[str] = set()
        for name in _NAME.findall(text)[:_MOST]:
            if name not in self._expanded:
                self._expanded[name] = frozenset({name})
                bodies = self.helpers.connection.execute(
                    _MACRO, (name, self.helpers.side, self.helpers.tree)
                ).fetchall()
                inner = [self._names(body, depth - 1) for (body,) in bodies if depth and _NAME.search(body)]
                self._expanded[name] = frozenset().union(*inner) or frozenset({name})
            names |= self._expanded[name]
        return frozenset(names)
