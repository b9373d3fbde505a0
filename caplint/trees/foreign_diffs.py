"""Diffs of kinds that are not read, told by how they begin: none is passed over as if it were the text of a mail."""

from __future__ import annotations

import re

BOM = re.compile(rb"^\xef\xbb\xbf(?=diff |--- |From )", re.MULTILINE)
"""A mark that some editors put at the beginning of a file, before a line that a diff or a mbox begins with."""
_KINDS = (
    (
        re.compile(rb"^diff --(?:cc|combined) ", re.MULTILINE),
        "a combined diff, of a merge; make one against a single parent (git diff REV REV)",
    ),
    (
        re.compile(rb"^\x1b\[[0-9;]*m(?:diff --git |--- |\+\+\+ |@@ )", re.MULTILINE),
        "coloured; make it with `git diff --no-color`",
    ),
    (
        re.compile(rb"^(?:\*\*\*|---) [^\n]*\n\*{15}[^\n]*\n\*\*\* \d", re.MULTILINE),
        "a context diff; make a unified one (diff -u)",
    ),
    (
        re.compile(rb"^\d{1,9}(?:,\d{1,9})?[acd]\d{1,9}(?:,\d{1,9})?\r?\n[<>] ", re.MULTILINE),
        "a diff without context; make a unified one (diff -u)",
    ),
)


def foreign(text: bytes) -> str | None:
    """Return the kind of a part that is not a unified diff, and advice for the user; None without such a part."""
    return next((said for kind, said in _KINDS if kind.search(text)), None)
