"""Draft of a file: its lines while edits are made, and the diff to the original."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from caplint.findings.fix import LineEdit

_CONTEXT = 3


class EditError(Exception):
    """Edit that does not fit the file."""


class Block(NamedTuple):
    """Lines of the original, counted from 0, and the lines of the draft that replace them; either may be empty."""

    old: int
    old_stop: int
    new: int
    new_stop: int


class Draft:
    """File that is edited. It remembers which lines are the original's, so that its diff takes linear time."""

    def __init__(self, content: bytes) -> None:
        self.original = lines_of(content)
        self._lines: list[tuple[int | None, bytes]] = list(enumerate(self.original))

    @classmethod
    def between(cls, before: bytes, after: bytes, changes: Iterable[Block]) -> Draft:
        """Return the draft of a file for its changed content, given the stretches in which they differ."""
        draft, lines = cls(before), lines_of(after)
        made: list[tuple[int | None, bytes]] = []
        at = 0
        for block in changes:
            made += draft._lines[at : block.old]
            made += [(None, text) for text in lines[block.new : block.new_stop]]
            at = block.old_stop
        draft._lines = made + draft._lines[at:]
        return draft

    def copy(self) -> Draft:
        """Return a draft with the same original and the same edits."""
        other = Draft(b"")
        other.original, other._lines = self.original, list(self._lines)
        return other

    @property
    def before(self) -> bytes:
        """Bytes of the original."""
        return b"".join(self.original)

    @property
    def content(self) -> bytes:
        """Bytes of the edited file."""
        return b"".join(text for _, text in self._lines)

    def edit(self, edits: Iterable[LineEdit]) -> None:
        """Make edits, whose lines are those of the draft before the first one.

        Raises `EditError` if one does not fit; the draft is unchanged then.
        """
        done: list[tuple[int | None, bytes]] = []
        at = 0
        for edit in sorted(edits, key=lambda edit: edit.line):
            first, stop = edit.line - 1, edit.stop - 1
            old, new = _encoded(edit.old), _encoded(edit.new)
            taken = self._lines[first:stop]
            if first < at or not old or [text for _, text in taken] != old:
                raise EditError(f"{edit.path}:{edit.line}: other lines stand there")
            head = _common(zip(old, new, strict=False))
            tail = _common(zip(reversed(old[head:]), reversed(new[head:]), strict=False))
            middle = [(None, text) for text in new[head : len(new) - tail]]
            done += [*self._lines[at : first + head], *middle, *taken[len(old) - tail :]]
            at = stop
        self._lines = done + self._lines[at:]

    def insert(self, at: int, new: Iterable[str], count: int = 0) -> None:
        """Put lines before a line of the draft, counted from 0, in place of `count` lines from there on."""
        self._lines[at : at + count] = [(None, text) for text in _encoded(new)]

    def blocks(self) -> list[Block]:
        """Return the stretches in which the draft differs from the original."""
        found: list[Block] = []
        expected, start = 0, None
        for index, (tag, _) in enumerate([*self._lines, (len(self.original), b"")]):
            if tag is None:
                start = index if start is None else start
                continue
            if start is not None or tag != expected:
                found.append(Block(expected, tag, index if start is None else start, index))
            expected, start = tag + 1, None
        return found

    def diff(self, path: bytes) -> bytes:
        """Return the unified diff from the original to the draft, as git writes it; empty without a change."""
        hunks = self.hunks()
        names = b"diff --git %s %s\n--- %s\n+++ %s\n" % (
            _name(b"a/", path), _name(b"b/", path), _name(b"a/", path), _name(b"b/", path)
        )  # fmt: skip
        return names + hunks if hunks else b""

    def hunks(self) -> bytes:
        """Return the hunks of the unified diff."""
        return b"".join(self._hunks())

    def _hunks(self) -> Iterator[bytes]:
        group: list[Block] = []
        for block in self.blocks():
            if group and block.old - group[-1].old_stop > 2 * _CONTEXT:
                yield from self._hunk(group)
                group = []
            group.append(block)
        if group:
            yield from self._hunk(group)

    def _hunk(self, group: list[Block]) -> Iterator[bytes]:
        first, last = group[0], group[-1]
        start = max(0, first.old - _CONTEXT)
        stop = min(len(self.original), last.old_stop + _CONTEXT)
        new = first.new - (first.old - start)
        new_stop = last.new_stop + stop - last.old_stop
        yield b"@@ -%s +%s @@\n" % (_range(start, stop), _range(new, new_stop))
        at = start
        for block in group:
            yield from _marked(b" ", self.original[at : block.old])
            yield from _marked(b"-", self.original[block.old : block.old_stop])
            yield from _marked(b"+", (text for _, text in self._lines[block.new : block.new_stop]))
            at = block.old_stop
        yield from _marked(b" ", self.original[at:stop])


def lines_of(content: bytes) -> list[bytes]:
    """Return the lines with their ends; only a newline ends a line."""
    lines = [line + b"\n" for line in content.split(b"\n")]
    last = lines.pop()[:-1]
    return [*lines, last] if last else lines


def _encoded(lines: Iterable[str]) -> list[bytes]:
    return [text.encode("utf-8") + b"\n" for text in lines]


def _common(pairs: Iterable[tuple[bytes, bytes]]) -> int:
    """Return the number of equal pairs at the beginning."""
    count = 0
    for one, other in pairs:
        if one != other:
            break
        count += 1
    return count


def _range(start: int, stop: int) -> bytes:
    """Return a range of a hunk's header; an empty range has the number of the line before it."""
    count = stop - start
    return b"%d" % (start + 1) if count == 1 else b"%d,%d" % (start + (count > 0), count)


def _marked(mark: bytes, lines: Iterable[bytes]) -> Iterator[bytes]:
    for line in lines:
        yield mark + line if line.endswith(b"\n") else mark + line + b"\n\\ No newline at end of file\n"


def _name(prefix: bytes, path: bytes) -> bytes:
    """Return a path as git writes it: quoted if a character in it would make the diff ambiguous."""
    whole = prefix + path
    if all(0x20 < byte < 0x7F and byte not in b'"\\' for byte in whole):
        return whole
    return (
        b'"'
        + b"".join(_ESCAPES.get(byte) or (b"%c" % byte if 0x20 <= byte < 0x7F else b"\\%03o" % byte) for byte in whole)
        + b'"'
    )


_ESCAPES = {ord('"'): b'\\"', ord("\\"): b"\\\\"}
