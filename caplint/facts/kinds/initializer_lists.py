"""Parser of initialiser lists: the member or element that each value initialises."""

from __future__ import annotations

import re
from collections.abc import Iterator

from caplint.util.patterns import compiled

_TOKEN = compiled(rb'"(?:[^"\\\n]|\\.)*+"|\'(?:[^\'\\\n]|\\.)*+\'|[{}(),]')
_DESIGNATED = re.compile(r"\s*((?:\.\s*\w+|\[[^\]]*\])(?:\s*(?:\.\s*\w+|\[[^\]]*\]))*)\s*=(?!=)\s*(.*)\Z", re.DOTALL)
_INDEX = re.compile(r"\[[^\]]*\]")
_MAX_DEPTH = 50
_MAX_VALUE = 200


def entries(text: bytes, start: int, end: int) -> Iterator[tuple[int, str, str]]:
    """Yield offset, path and value of every entry of the list in braces at `[start, end)`.

    A path consists of `.member`, `[]` for an element with an index designator, and `#2` for an entry without a
    designator at position 2. Nested compound literals are skipped: they are separate lists.
    """
    listing = _Listing(text, start)
    for match in _TOKEN.finditer(text, start, end):
        symbol = match.group()
        if symbol in b"()":
            listing.parentheses = max(0, listing.parentheses + (1 if symbol == b"(" else -1))
        elif symbol == b"{":
            listing.open(match.start(), match.end())
        elif symbol in b",}":
            yield from listing.close(symbol, match.start(), match.end())


class _Listing:
    """Parsing state of a list."""

    def __init__(self, text: bytes, start: int) -> None:
        self._text = text
        self._begun = start
        """Offset of the current entry."""
        self._levels: list[tuple[str, int]] = []
        """Path of each open list, and the position of its current entry."""
        self._skipped = 0
        """Number of open lists that are skipped."""
        self.parentheses = 0

    def open(self, start: int, end: int) -> None:
        """Begin a list."""
        before = self._text[self._begun : start]
        if self.parentheses or self._skipped or before.rstrip().endswith(b")") or len(self._levels) >= _MAX_DEPTH:
            self._skipped += 1
            return
        self._levels.append((self._placed(before)[0] if self._levels else "", 0))
        self._begun = end

    def close(self, symbol: bytes, start: int, end: int) -> Iterator[tuple[int, str, str]]:
        """End an entry and, at `}`, its list; yield the entry."""
        if self._skipped:
            self._skipped -= symbol == b"}"
            return
        if self.parentheses or not self._levels:
            return
        value = self._text[self._begun : start]
        if value.strip():
            path, initial = self._placed(value[: _MAX_VALUE * 2])
            if initial and len(initial) <= _MAX_VALUE:
                yield self._begun + len(value) - len(value.lstrip()), path, initial
        if symbol == b"}":
            self._levels.pop()
        # There is no entry between a list and the comma behind it.
        if self._levels and (symbol == b"}" or value.strip()):
            path, position = self._levels[-1]
            self._levels[-1] = path, position + 1
        self._begun = end

    def _placed(self, entry: bytes) -> tuple[str, str]:
        """Return the path of an entry of the innermost list, and the text behind its designator."""
        outer, position = self._levels[-1]
        text = entry.decode("utf-8", "replace")
        match = _DESIGNATED.match(text)
        if match is None:
            return f"{outer}#{position}", text.strip()
        return outer + _INDEX.sub("[]", "".join(match[1].split())), match[2].strip()
