"""Edits that give a file another content as a whole."""

from __future__ import annotations

from caplint.findings.fix import LineEdit
from caplint.fixes.line_map import blocks
from caplint.fixes.workbench import Workbench


def edits_to(bench: Workbench, tree: str, path: str, wanted: list[str], most: int) -> list[LineEdit] | None:
    """Return the edits that lead to the wanted lines; none if a file has them, None if it cannot be edited.

    Neither is it edited if more than `most` stretches differ.
    """
    lines = bench.lines(tree, path)
    if not lines:
        return None
    found = blocks("\n".join([*lines, ""]).encode(), "\n".join([*wanted, ""]).encode())
    if found is None or len(found) > most:
        return None
    stretches: list[tuple[int, int, list[str]]] = []
    for block in found:
        first, stop, new = block.old, block.old_stop, wanted[block.new : block.new_stop]
        if first == stop:  # a pure insertion needs a line of the file to stand beside
            first, new = (first - 1, [lines[first - 1], *new]) if first else (first, [*new, lines[0]])
            stop = first + 1
        if stretches and first < stretches[-1][1]:  # beside the same line, once in front of it and once behind
            first, stop, new = *stretches[-1][:2], [*stretches.pop()[2], *new[1:]]
        stretches.append((first, stop, new))
    edits = []
    for first, stop, new in stretches:
        edit = bench.replaced(tree, path, first + 1, new, stop - first)
        if edit is None:
            return None
        edits.append(edit)
    return edits
