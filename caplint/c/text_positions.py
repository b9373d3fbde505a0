"""Positions in C text whose comments and directives are blanked: parentheses, visible bytes, columns."""

from __future__ import annotations

import re

# Longest macro invocation that is rewritten, in bytes; a longer one is probably a misreading of the file.
MAX_INVOCATION = 50_000
_PARENTHESIS = re.compile(rb"[()]")


class Parentheses:
    """Search for closing parentheses. Queries in file order read each byte once, however deep calls nest."""

    def __init__(self, text: bytes) -> None:
        self._text = text
        self._position = 0
        self._open: list[int] = []
        self._closed: dict[int, int] = {}

    def closing(self, opening: int) -> int:
        """Return the offset behind the parenthesis that closes the one at `opening`, or -1."""
        if opening >= self._position:
            self._open.clear()
            self._position = opening
        limit = opening + MAX_INVOCATION
        if opening not in self._closed:
            self._read(opening, limit)
        end = self._closed.get(opening, -1)
        return end if end <= limit else -1

    def _read(self, opening: int, limit: int) -> None:
        for match in _PARENTHESIS.finditer(self._text, self._position, limit):
            self._position = match.end()
            if match.group() == b"(":
                self._open.append(match.start())
            elif self._open:
                begun = self._open.pop()
                self._closed[begun] = match.end()
                if begun == opening:
                    return
        self._position = max(self._position, limit)


def opening_before(text: bytes, offset: int) -> int:
    """Return the offset of the innermost open parenthesis in the 2,000 bytes before the offset, or -1."""
    depth = 0
    for match in reversed(list(_PARENTHESIS.finditer(text, max(0, offset - 2000), offset))):
        depth += 1 if match.group() == b")" else -1
        if depth < 0:
            return match.start()
    return -1


def visible_before(text: bytes, offset: int) -> bytes:
    """Return the last visible byte before the offset, `b""` at the start of the text."""
    position = offset
    while position > 0:
        start = max(0, position - 256)
        if visible := text[start:position].rstrip():
            return visible[-1:]
        position = start
    return b""


def indentation(text: bytes, offset: int) -> int:
    """Return the columns before the first visible character of the offset's line; tabs are eight wide."""
    line = text[text.rfind(b"\n", 0, offset) + 1 : offset + 1].expandtabs(8)
    return len(line) - len(line.lstrip())
