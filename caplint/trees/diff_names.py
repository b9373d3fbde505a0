"""Names as the heads of diffs have them: quoted, dated, with prefixes."""

from __future__ import annotations

import re

_ESCAPE = re.compile(rb'\\([0-7]{3}|[abfnrtv"\\])')
_ESCAPED = {b"a": b"\a", b"b": b"\b", b"f": b"\f", b"n": b"\n", b"r": b"\r", b"t": b"\t", b"v": b"\v"}
_QUOTED_PAIR = re.compile(rb'("(?:[^"\\]|\\.)*"|\S+) ("(?:[^"\\]|\\.)*"|\S+)')
NOWHERE = b"/dev/null"


def both_names(text: bytes) -> tuple[bytes, bytes] | None:
    """The names of `diff --git a/X b/X`, which are only told apart by being the same but for the prefix."""
    if text.startswith(b'"') or text.endswith(b'"'):
        quoted = _QUOTED_PAIR.fullmatch(text)
        return (unquoted(quoted.group(1)), unquoted(quoted.group(2))) if quoted else None
    blank = text.find(b" ")
    first = slash = text.find(b"/")
    while blank >= 0:
        if 0 <= slash < blank:
            slash = text.find(b"/", blank)
        # What stands behind the prefix, of the name before the blank and of the one behind it. Most are not even of
        # one length, so that a line of blanks takes no longer than another.
        old = blank - first - 1 if 0 <= first < blank else 0
        new = len(text) - slash - 1 if slash >= 0 else 0
        if old == new and text[blank - old : blank] == text[len(text) - new :]:
            return text[:blank], text[blank + 1 :]
        blank = text.find(b" ", blank + 1)
    before, _, behind = text.partition(b" ")
    return before, behind


def unquoted(text: bytes) -> bytes:
    """A name as a head of a diff has it: quoted as in C where it is odd, with a date behind a tab."""
    text = text.rstrip(b"\r\n")
    if text.startswith(b'"') and text.endswith(b'"') and len(text) > 1:
        return _ESCAPE.sub(
            lambda match: (
                _ESCAPED.get(match.group(1))
                or (bytes([int(match.group(1), 8) & 0xFF]) if match.group(1).isdigit() else match.group(1))
            ),
            text[1:-1],
        )
    return text.partition(b"\t")[0]


def dated(text: bytes) -> bytes:
    """A name of a head; `diff -N` gives a file that is not there the date at which Unix's time begins."""
    return NOWHERE if re.search(rb"\t(?:1970-01-01|1969-12-31) ", text) else unquoted(text)
