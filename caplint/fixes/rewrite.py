"""Writes the diff of a file in a mail anew; everything else of the mail stays as it was sent."""

from __future__ import annotations

import re
from typing import NamedTuple

from caplint.fixes.draft import Draft
from caplint.fixes.fold import FoldError
from caplint.fixes.line_map import blocks
from caplint.trees.diff_names import both_names

_SECTION = re.compile(rb"^diff --git ([^\n]*)\n", re.MULTILINE)
_HUNK = re.compile(rb"@@ -\d+(?:,(\d{1,9}))? \+\d+(?:,(\d{1,9}))? @@[^\n]*\n")
_INDEX = re.compile(rb"^index [^\n]*\n", re.MULTILINE)


def rewritten(text: bytes, path: bytes, before: bytes | None, after: bytes | None) -> bytes:
    """Return the text of a mail in which the diff of one file leads from `before` to `after`.

    A file that the mail does not change yet gets a diff behind the others; one without a change loses its diff. Raises
    `FoldError` if the mail holds no plain diff of git's for the file, one that moves or removes it, or no other one
    that would be left.
    """
    heads = list(_SECTION.finditer(text))
    found = [number for number, head in enumerate(heads) if _path(head.group(1)) == path]
    if not found and heads and before is not None and after is not None and b"\r\n" not in text:
        changes = blocks(before, after)
        stop = sections(text)[-1].stop
        diff = Draft.between(before, after, changes).diff(path) if changes else b""
        if diff and text[stop - 1 : stop] == b"\n":
            return text[:stop] + diff + text[stop:]
    if len(found) != 1 or b"\r\n" in text or after is None:
        raise FoldError("its patch is not written as git does; use --diff")
    head = heads[found[0]]
    stop = heads[found[0] + 1].start() if found[0] + 1 < len(heads) else len(text)
    hunk = re.search(rb"^@@ ", text[head.start() : stop], re.MULTILINE)
    changes = blocks(before or b"", after)
    if hunk is None or changes is None:
        raise FoldError("its patch changes too many lines, or none")
    first = head.start() + hunk.start()
    title = _INDEX.sub(b"", text[head.start() : first])
    if re.search(rb"^(?:rename|copy|deleted) ", title, re.MULTILINE):
        raise FoldError("its patch moves or removes the file")
    if before == after:
        if len(heads) == 1:
            raise FoldError("nothing would be left of its patch")
        return text[: head.start()] + text[_end_of_hunks(text, first, stop) :]
    hunks = Draft.between(before or b"", after, changes).hunks()
    return text[: head.start()] + title + hunks + text[_end_of_hunks(text, first, stop) :]


class DiffSection(NamedTuple):
    """Diff of one file in the text of a mail, by offsets."""

    path: bytes | None
    start: int
    stop: int


def sections(text: bytes) -> list[DiffSection]:
    """Return git's diffs in the text of a mail, each up to the end of its hunks."""
    heads = list(_SECTION.finditer(text))
    found = []
    for number, head in enumerate(heads):
        stop = heads[number + 1].start() if number + 1 < len(heads) else len(text)
        hunk = re.search(rb"^@@ ", text[head.start() : stop], re.MULTILINE)
        end = _end_of_hunks(text, head.start() + hunk.start(), stop) if hunk else stop
        found.append(DiffSection(_path(head.group(1)), head.start(), end))
    return found


def _path(names: bytes) -> bytes | None:
    both = both_names(names.rstrip(b"\r"))
    return both[1].partition(b"/")[2] if both else None


def _end_of_hunks(text: bytes, at: int, stop: int) -> int:
    """Return the end of the hunks that begin at an offset, by the line counts of their headers."""
    while at < stop and (head := _HUNK.match(text, at)):
        at = head.end()
        old, new = (1 if count is None else int(count) for count in head.groups())
        while (old > 0 or new > 0) and at < stop:
            end = text.find(b"\n", at) + 1 or stop
            mark = text[at : at + 1]
            old -= mark in {b" ", b"-", b"\n"}
            new -= mark in {b" ", b"+", b"\n"}
            at = end
        if text[at : at + 1] == b"\\":
            at = text.find(b"\n", at) + 1 or stop
    return at
