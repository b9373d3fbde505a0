"""Calls by which a VMM creates and realizes objects, found by the words of the objects' names."""

from __future__ import annotations

from bisect import bisect_left

from caplint.graph.program_index import OutlineCall, Program
from caplint.knowledge.load import knowledge
from caplint.knowledge.made_objects import MADE


class MadeCalls:
    """Calls that make objects in the part of a program that has been read, by word; see `MadeObjects`."""

    def __init__(self, program: Program) -> None:
        self._program = program
        self._calls: list[OutlineCall] = []
        self._at: dict[str, list[int]] = {}
        """Word → ordinals of the calls whose object has it."""
        self._sorted: list[str] = []
        self._properties: dict[int, set[str]] = {}
        """Ordinal of a call that sets a property → the property's words."""
        self._known: dict[str, list[OutlineCall]] = {}

    def speaking_of(self, method: str) -> list[OutlineCall]:
        """Return the calls whose object, or property, can be the one that the name of a method speaks of."""
        self._take()
        if method not in self._known:
            self._known[method] = self._found(method)
        return self._known[method]

    def _found(self, method: str) -> list[OutlineCall]:
        matching = {word for own in knowledge().made.words(method) for word in self._beginning_with(own)}
        found = {ordinal for word in matching for ordinal in self._at[word]}
        # Of an object one word suffices, as `cpu` in DEVICE(cpuobj); a setter's name has all words of the property.
        return [self._calls[ordinal] for ordinal in sorted(found) if self._properties.get(ordinal, set()) <= matching]

    def _beginning_with(self, own: str) -> list[str]:
        begin = end = bisect_left(self._sorted, own)
        while end < len(self._sorted) and self._sorted[end].startswith(own):
            end += 1
        return self._sorted[begin:end]

    def _take(self) -> None:
        """Take in the calls that were read since the last time."""
        handed = self._program.handed.get(MADE, [])
        if len(handed) == len(self._calls):
            return
        for ordinal in range(len(self._calls), len(handed)):
            call = handed[ordinal].call
            words = set(knowledge().made.words(call.descriptor))
            self._calls.append(call)
            for word in words:
                self._at.setdefault(word, []).append(ordinal)
            if call.descriptor.startswith('"'):
                self._properties[ordinal] = words
        self._sorted = sorted(self._at)
        self._known = {}
