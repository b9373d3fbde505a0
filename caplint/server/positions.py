"""Positions of the Language Server Protocol: lines from 0, columns in code units of the negotiated encoding."""

from __future__ import annotations

import re
from dataclasses import dataclass

UTF8, UTF16, UTF32 = "utf-8", "utf-16", "utf-32"

_WORD = re.compile(r"\w+", re.ASCII)
# A line is separated as the protocol says; Python's `splitlines` separates at form feeds, too, which sources contain.
_LINE_END = re.compile(r"\r\n|\r|\n")


@dataclass(frozen=True, slots=True)
class Span:
    """Stretch of one line; line from 0, columns in code units."""

    line: int
    start: int
    stop: int


def units(text: str, encoding: str) -> int:
    """Return the length of a text in code units of an encoding."""
    if encoding == UTF32 or text.isascii():
        return len(text)
    if encoding == UTF8:
        return len(text.encode("utf-8", "surrogatepass"))
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def characters(line: str, column: int, encoding: str) -> int:
    """Return the number of characters before a column; one inside a character or behind the end is rounded down."""
    if column <= 0:
        return 0
    if encoding == UTF32 or line.isascii():
        return min(column, len(line))
    passed = 0
    for count, char in enumerate(line):
        passed += units(char, encoding)
        if passed > column:
            return count
    return len(line)


def lines_of(text: str) -> list[str]:
    """Return the lines of a document without their ends."""
    return _LINE_END.split(text)


def word_at(text: str, line: int, column: int, encoding: str) -> tuple[str, Span] | None:
    """Return the identifier at or before a position, with its place; None if there is none, or no such position."""
    lines = lines_of(text)
    if not 0 <= line < len(lines):
        return None
    at = characters(lines[line], column, encoding)
    for found in _WORD.finditer(lines[line]):
        if found.start() <= at <= found.end():
            before = units(lines[line][: found.start()], encoding)
            return found[0], Span(line, before, before + len(found[0]))
    return None


def span_of(line: bytes, number: int, column: int, encoding: str, name: str = "") -> Span:
    """Return the place of what stands at a column of a line: `name` if it does, else a word, else the rest of the line.

    `number` and `column` count from 1, and columns are bytes, as in facts.
    """
    before, rest = (part.decode("utf-8", "replace") for part in (line[: column - 1], line[column - 1 :]))
    rest = rest.rstrip("\r\n")
    word = _WORD.match(rest)
    length = len(name) if name and rest.startswith(name) else word.end() if word else len(rest)
    start = units(before, encoding)
    return Span(max(0, number - 1), start, start + units(rest[:length], encoding))


@dataclass(frozen=True)
class Moves:
    """Lines that an edit has moved: those before the first changed line stay, those behind the last one move."""

    same: int
    """Number of equal lines at the beginning."""
    old_stop: int
    """First line of the old text, from 0, of which all lines to the end are equal to those of the new text."""
    shift: int

    @classmethod
    def between(cls, old: str, new: str) -> Moves:
        """Return the moves from one text to another."""
        before, after = lines_of(old), lines_of(new)
        most = min(len(before), len(after))
        same = next((index for index in range(most) if before[index] != after[index]), most)
        tail = 0
        while tail < most - same and before[-1 - tail] == after[-1 - tail]:
            tail += 1
        return cls(same, len(before) - tail, len(after) - len(before))

    def line(self, line: int) -> int | None:
        """Return the new number of a line; None if it was changed or removed."""
        if line < self.same:
            return line
        return line + self.shift if line >= self.old_stop else None
