"""Headings of reStructuredText: if a title's length changes, its underline is adjusted."""

from __future__ import annotations

import re
from collections.abc import Mapping

from caplint.findings.fix import LineEdit
from caplint.fixes.workbench import Workbench

_UNDERLINE = re.compile(r"([=\-~^\"'`#*+:.])\1{2,}$")


def retitled(bench: Workbench, tree: str, path: str, changes: Mapping[int, str]) -> list[LineEdit] | None:
    """Return the edits that replace lines, by number from 1; None if one of them cannot be edited.

    An underline gets the length of its title, if it had it before. It is edited together with the title.
    """
    edits = []
    for number, text in sorted(changes.items()):
        below = bench.line(tree, path, number + 1)
        before = bench.line(tree, path, number)
        is_title = before is not None and below is not None and _UNDERLINE.fullmatch(below) is not None
        if is_title and below and len(below) == len(before or ""):
            edit = bench.replaced(tree, path, number, [text, below[0] * len(text)], 2)
        else:
            edit = bench.replaced(tree, path, number, [text])
        if edit is None:
            return None
        edits.append(edit)
    return edits
