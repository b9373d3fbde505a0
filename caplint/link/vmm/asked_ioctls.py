"""Capabilities whose answers decide whether control reaches an ioctl of a VMM: in its function, and in every caller.

The reverse of `dominating_checks`: there one capability's answer is looked for, here all that guard a call.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from caplint.link.functions.call_sites import Code
from caplint.link.functions.code_function import CodeFunction, symbols
from caplint.link.functions.function_facts import CallSite
from caplint.link.vmm.dominating_checks import AnswerCarriers, Check
from caplint.link.vmm.refusals import decides_on_failure

_DEPTH = 3
_CALLED = re.compile(r"\b([A-Za-z_]\w*)\s*\(")


@dataclass
class AskedIoctls:
    """Finder of the capabilities that are asked for on every way to a call, within a few callers."""

    code: Code
    carriers: Mapping[str, AnswerCarriers]
    """Capability → the variables and functions that carry its answers."""
    _by_name: dict[str, set[str]] = field(default_factory=dict)
    _known: dict[tuple[str, int, int], frozenset[str] | None] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for cap, carried in self.carriers.items():
            names = {*carried.shared, *carried.functions, *(name for _, _, name in carried.locals)}
            for name in names | {check.call.callee for check in carried.checks}:
                self._by_name.setdefault(name, set()).add(cap)

    def required(self) -> Iterator[tuple[str, Check]]:
        """Yield the capabilities without which the VMM gives up, each with the check that says so."""
        for cap, carried in self.carriers.items():
            found = (check for check in carried.checks if decides_on_failure(check.function, check.call))
            if check := next(found, None):
                yield cap, check

    def of(self, function: CodeFunction, call: CallSite, depth: int = _DEPTH) -> frozenset[str] | None:
        """Return the capabilities asked for before a call; None if that is not known."""
        key = (function.path, call.start, depth)
        if key not in self._known:
            self._known[key] = frozenset()  # for a function that calls itself
            self._known[key] = self._before(function, call, depth)
        return self._known[key]

    def _before(self, function: CodeFunction, call: CallSite, depth: int) -> frozenset[str] | None:
        texts = [*(extent.expression for extent in function.guards_at(call.start)), *call.arguments]
        if not self.code.budget.spend(len(texts)) or any(self._is_opaque(text) for text in texts):
            return None
        found = {cap for text in texts for cap in self._named(function, text)}
        callers = self.code.callers(function) if depth else []
        ways = [way for way in (self.of(caller, outer, depth - 1) for caller, outer in callers) if way is not None]
        if callers and not ways:
            return None
        return frozenset(found.union(frozenset.intersection(*ways) if ways else ()))

    def _named(self, function: CodeFunction, text: str) -> set[str]:
        """Return the capabilities whose answers an expression contains."""
        maybe = {cap for name in symbols(text) for cap in self._by_name.get(name, ())}
        return {cap for cap in maybe if self.carriers[cap].find(function, text)}

    def _is_opaque(self, text: str) -> bool:
        """Tell whether an expression calls a macro, which may hide an answer."""
        return any(name.islower() and not self.code.named(name) for name in _CALLED.findall(text) if self._hides(name))

    def _hides(self, name: str) -> bool:
        return name.startswith("kvm") and name not in self._by_name
