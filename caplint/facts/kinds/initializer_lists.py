"""Takes the braces of an initialiser apart: which value goes to which member or element."""

from __future__ import annotations

import re
from collections.abc import Iterator

_TOKEN = re.compile(rb'"(?:[^"\\\n]|\\.)*+"|\'(?:[^\'\\\n]|\\.)*+\'|[{}(),]')
_DESIGNATED = re.compile(r"\s*((?:\.\s*\w+|\[[^\]]*\])(?:\s*(?:\.\s*\w+|\[[^\]]*\]))*)\s*=(?!=)\s*(.*)\Z", re.DOTALL)
_INDEX = re.compile(r"\[[^\]]*\]")
_MAX_DEPTH = 50
_MAX_VALUE = 200


def entries(text: bytes, start: int, end: int) -> Iterator[tuple[int, str, str]]:
    """Offset, path and value of every entry of the list in braces at `[start, end)`.

    A path is made of `.member`, `[]` for an element that is named by its index, and `#2` for what is named by its
    position. Lists of compound literals inside are left out: they are lists of their own.
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
    """What has been read of a list so far."""

    def __init__(self, text: bytes, start: int) -> None:
        self._text = text
        self._begun = start
        """Where the current entry begins."""
        self._levels: list[tuple[str, int]] = []
        """Path of each open list, and the position of its next entry."""
        self._skipped = 0
        """Lists that are open and left out."""
        self.parentheses = 0

    def open(self, start: int, end: int) -> None:
        """A list begins."""
        before = self._text[self._begun : start]
        if self.parentheses or self._skipped or before.rstrip().endswith(b")") or len(self._levels) >= _MAX_DEPTH:
            self._skipped += 1
            return
        self._levels.append((self._placed(before)[0] if self._levels else "", 0))
        self._begun = end

    def close(self, symbol: bytes, start: int, end: int) -> Iterator[tuple[int, str, str]]:
        """An entry ends, and with it perhaps the list."""
        if self._skipped:
            self._skipped -= symbol == b"}"
            return
        if self.parentheses or not self._levels:
            return
        value = self._text[self._begun : start]
        if value.strip():
            path, said = self._placed(value[: _MAX_VALUE * 2])
            if said and len(said) <= _MAX_VALUE:
                yield self._begun + len(value) - len(value.lstrip()), path, said
        if symbol == b"}":
            self._levels.pop()
        # Between a list and the comma behind it there is no further entry.
        if self._levels and (symbol == b"}" or value.strip()):
            path, position = self._levels[-1]
            self._levels[-1] = path, position + 1
        self._begun = end

    def _placed(self, entry: bytes) -> tuple[str, str]:
        """The path of an entry of the innermost list, and what stands behind its designator."""
        outer, position = self._levels[-1]
        text = entry.decode("utf-8", "replace")
        match = _DESIGNATED.match(text)
        if match is None:
            return f"{outer}#{position}", text.strip()
        return outer + _INDEX.sub("[]", "".join(match[1].split())), match[2].strip()
