"""Hunks whose header does not count their lines, because somebody edited them by hand: where such a hunk ends.

A hunk that was cut off must not be taken for an edited one. So it has to end where something else begins: another
hunk or file, a mail's signature, or, at the end of the text, as much context as it begins with.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

_BOUNDARY = re.compile(rb"@@ -|diff |Index: |-- \r?\n|-=-=-=|From [0-9a-f]{7,64} ")
"""Beginning of a line behind a hunk: a hunk, a file, a signature, a footer of a list, the next mail."""
_VERSION = re.compile(rb"\d+\.\d+")
_CHANGE = re.compile(rb"\+|-(?![-=])")
_LEAST_CONTEXT = 2
"""Lines of context that an edited hunk at the very end of a text must end with."""


def end_of_edited(lines: Sequence[bytes], first: int) -> int | None:
    """Return the end of a hunk whose lines begin at `first`; None if it may have been cut off."""
    end = first
    while end < len(lines) and _is_line(lines, end):
        end += 1
    last = end
    while last > first and lines[last - 1] in {b"\n", b"\r\n"}:  # not the context lines of mailers, but a mail's own
        last -= 1
    if not any(line[:1] in {b"+", b"-"} for line in lines[first:last]):
        return None
    if end < len(lines):
        return last if last < end or _is_boundary(lines, end) else None
    return last if _ends_well(lines[first:last]) else None


def end_of_longer(lines: Sequence[bytes], end: int) -> int | None:
    """Return the end of the lines that follow a hunk without a gap; `end` if they are none of it.

    None if it cannot be told where they end.
    """
    last = end
    while last < len(lines) and lines[last] not in {b"\n", b"\r\n"} and _is_line(lines, last):
        last += 1
    if not any(map(_CHANGE.match, lines[end:last])):
        return end
    ends = last == len(lines) or lines[last] in {b"\n", b"\r\n"} or _is_boundary(lines, last)
    return last if ends else None


def _is_line(lines: Sequence[bytes], at: int) -> bool:
    """Return whether a line may belong to a hunk."""
    line = lines[at]
    if line[:1] not in {b" ", b"+", b"-", b"\\"} and line not in {b"\n", b"\r\n"}:
        return False
    return not _is_boundary(lines, at)


def _is_boundary(lines: Sequence[bytes], at: int) -> bool:
    behind = b"".join(lines[at + 1 : at + 2])
    if lines[at].startswith(b"--- "):
        return behind.startswith(b"+++ ")
    if lines[at].rstrip() == b"--":  # some mailers take the blank of a signature away
        return _BOUNDARY.match(lines[at]) is not None or _VERSION.match(behind) is not None
    return _BOUNDARY.match(lines[at]) is not None


def _ends_well(lines: Sequence[bytes]) -> bool:
    """Return whether a hunk ends with as much context as it begins with."""
    marks = [b" " if line in {b"\n", b"\r\n"} else line[:1] for line in lines if line[:1] != b"\\"]
    changed = [number for number, mark in enumerate(marks) if mark != b" "]
    leading, trailing = changed[0], len(marks) - 1 - changed[-1]
    return trailing >= max(leading, _LEAST_CONTEXT) and lines[-1].endswith(b"\n")
