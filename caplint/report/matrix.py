"""Matrix of a fleet for a terminal, within 100 columns, and as one JSON object with the schema schemas/matrix.json."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from typing import Any, TextIO

from caplint import __version__
from caplint.findings.finding import SEVERITIES
from caplint.matrix.model import Cell, FleetMember, Matrix
from caplint.report.style import Style, safe
from caplint.report.wording import plural
from caplint.util.escape import json_text

WIDTH = 100
_GAP = "  "
_ALONE = "alone"
_MAX_LABEL = 36
_MAX_CAUSES = 40
_HEAD = "/".join(f"{severity}s" for severity in SEVERITIES)

Pair = tuple[int, int]
"""Index of a kernel and index of a VMM."""


def as_json(matrix: Matrix) -> str:
    """Return the matrix as JSON text, independent of time and of the order of the checks."""
    return json_text(as_object(matrix), indent=2) + "\n"


def as_object(matrix: Matrix) -> dict[str, Any]:
    """Return the matrix as plain data."""
    return {
        "version": 1,
        "caplint": __version__,
        "fail_on": matrix.fail_on,
        "kernels": [_member(member) for member in matrix.kernels],
        "vmms": [_member(member) for member in matrix.vmms],
        "reference": _member(matrix.reference) if matrix.reference is not None else None,
        "cells": [
            {"kernel": kernel.label, "vmm": vmm.label, **_cell(matrix.cell(row, column))}
            for row, kernel in enumerate(matrix.kernels)
            for column, vmm in enumerate(matrix.vmms)
        ],
        "alone": [
            {"tree": member.label, "role": member.role, **_cell(cell)}
            for member, cell in zip(matrix.members, matrix.alone, strict=True)
        ],
    }


def _member(member: FleetMember) -> dict[str, Any]:
    return {"label": member.label, "name": member.name, "path": member.text}


def _cell(cell: Cell) -> dict[str, Any]:
    if cell.error is not None:
        return {"error": cell.error}
    return {
        "agrees": cell.agrees,
        "covered": cell.covered,
        "kernel_revision": cell.revisions[0],
        "vmm_revision": cell.revisions[1],
        "counts": cell.counts,
        "findings": list(cell.findings),
        "known_upstream": cell.known,
        **({} if cell.left_out is None else {"baseline": {"left_out": cell.left_out}}),
        "skipped_rules": list(cell.skipped),
        "coverage": cell.coverage,
    }


def lines(matrix: Matrix, style: Style) -> Iterator[str]:
    """Yield the table, the findings of pairs and trees, the pairs that were not checked, and the summary."""
    yield from _tables(matrix, style)
    yield from _causes(matrix, style)
    yield from _own(matrix, style)
    yield from _remarks(matrix, style)
    yield from ("", _summary(matrix, style))


def _tables(matrix: Matrix, style: Style) -> Iterator[str]:
    """Yield as many tables below each other as the VMMs need."""
    first = max(len(_HEAD), *(len(_label(kernel)) for kernel in matrix.kernels))
    columns = grid(matrix)
    heads = [_ALONE, *map(_label, matrix.vmms)]
    widths = [
        max(len(head), *(len(_text(cell, alone=alone)) for cell, alone in column))
        for head, column in zip(heads, columns, strict=True)
    ]
    for number, shown in enumerate(_blocks(widths, WIDTH - first)):
        if number:
            yield ""
        titles = [heads[column].ljust(widths[column]) for column in shown]
        yield style("bold", _GAP.join([_HEAD.ljust(first), *titles]).rstrip())
        for row, label in enumerate([_ALONE, *map(_label, matrix.kernels)]):
            cells = [_coloured(*columns[column][row], widths[column], style) for column in shown]
            yield _GAP.join([label.ljust(first), *cells]).rstrip()


def grid(matrix: Matrix) -> list[list[tuple[Cell | None, bool]]]:
    """Return the table's columns with their cells, and whether each is of a tree alone: kernels, then each VMM.

    The first row has the VMMs alone; its first cell is None.
    """
    rows = range(len(matrix.kernels))
    kernels: list[tuple[Cell | None, bool]] = [(None, True), *((matrix.alone[row], True) for row in rows)]
    return [kernels] + [
        [(matrix.alone[len(rows) + column], True), *((matrix.cell(row, column), False) for row in rows)]
        for column in range(len(matrix.vmms))
    ]


def _blocks(widths: list[int], room: int) -> Iterator[list[int]]:
    """Yield groups of columns that fit the width."""
    block: list[int] = []
    used = 0
    for column, width in enumerate(widths):
        if block and used + len(_GAP) + width > room:
            yield block
            block, used = [], 0
        block.append(column)
        used += len(_GAP) + width
    yield block


def _label(member: FleetMember) -> str:
    """Return the label, cut at the front, because members mostly differ at the end."""
    text = safe(member.label)
    return text if len(text) <= _MAX_LABEL else "…" + text[1 - _MAX_LABEL :]


def _text(cell: Cell | None, *, alone: bool) -> str:
    if cell is None:
        return ""
    if cell.error is not None:
        return "not checked"
    word = verdict(cell, alone=alone)
    return f"{word} {'/'.join(str(cell.counts[severity]) for severity in SEVERITIES)}"


def verdict(cell: Cell, *, alone: bool) -> str:
    """Return the word for a cell that was checked."""
    if alone:
        return "clean" if cell.agrees else "found"
    return "agrees" if cell.agrees else "differs"


def _coloured(cell: Cell | None, alone: bool, width: int, style: Style) -> str:
    if cell is None:
        return " " * width
    kind = "error" if cell.error is not None else "good" if cell.agrees else cell.findings[0]["severity"]
    return style(kind, _text(cell, alone=alone).ljust(width))


def _causes(matrix: Matrix, style: Style) -> Iterator[str]:
    """Yield the findings that prevent agreement; findings shared by the same pairs are grouped."""
    causes = sorted(_by_pairs(matrix).items(), key=lambda entry: (SEVERITIES.index(entry[0][0]), *entry[0][1:]))
    if not causes:
        return
    yield from ("", style("bold", "findings that prevent agreement"))
    for (severity, code, pairs), subjects in causes[:_MAX_CAUSES]:
        words = f"{severity} {code} {', '.join(subjects)}: {_where(matrix, pairs)}"
        wrapped = textwrap.wrap(words, WIDTH, subsequent_indent="    ", break_on_hyphens=False)
        yield wrapped[0].replace(severity, style(severity, severity), 1)
        yield from wrapped[1:]
    if (more := len(causes) - _MAX_CAUSES) > 0:
        yield f"… and {more:,} more; --output-format json lists every finding of every pair"


def _own(matrix: Matrix, style: Style) -> Iterator[str]:
    """Yield the findings that trees have on their own, grouped by the trees."""
    trees: dict[tuple[str, str, str], list[str]] = {}
    for member, cell in zip(matrix.members, matrix.alone, strict=True):
        for found in cell.findings:
            have = trees.setdefault((found["severity"], found["code"], subject_of(found)), [])
            if _label(member) not in have:
                have.append(_label(member))
    if not trees:
        return
    yield from ("", style("bold", "findings of one tree alone"))
    causes: dict[tuple[str, str, tuple[str, ...]], list[str]] = {}
    for (severity, code, subject), have in sorted(trees.items()):
        causes.setdefault((severity, code, tuple(have)), []).append(subject)
    ordered = sorted(causes.items(), key=lambda entry: (SEVERITIES.index(entry[0][0]), *entry[0][1:]))
    for (severity, code, labels), subjects in ordered[:_MAX_CAUSES]:
        words = f"{severity} {code} {', '.join(subjects)}: {_listed([*labels])}"
        wrapped = textwrap.wrap(words, WIDTH, subsequent_indent="    ", break_on_hyphens=False)
        yield wrapped[0].replace(severity, style(severity, severity), 1)
        yield from wrapped[1:]
    if (more := len(ordered) - _MAX_CAUSES) > 0:
        yield f"… and {more:,} more; --output-format json lists every finding of every tree"


def subject_of(found: dict[str, Any]) -> str:
    """Return subject and architecture of a finding."""
    arch = found["arch"]
    return safe(found["subject"] + (f" on {arch}" if arch and arch != "generic" else ""))


def _by_pairs(matrix: Matrix) -> dict[tuple[str, str, tuple[Pair, ...]], list[str]]:
    """Return (severity, code, pairs) → subjects of the findings."""
    pairs: dict[tuple[str, str, str], list[Pair]] = {}
    for row in range(len(matrix.kernels)):
        for column in range(len(matrix.vmms)):
            for found in matrix.cell(row, column).findings:
                have = pairs.setdefault((found["severity"], found["code"], subject_of(found)), [])
                if (row, column) not in have:
                    have.append((row, column))
    causes: dict[tuple[str, str, tuple[Pair, ...]], list[str]] = {}
    for (severity, code, subject), have in sorted(pairs.items()):
        causes.setdefault((severity, code, tuple(have)), []).append(subject)
    return causes


def _where(matrix: Matrix, pairs: tuple[Pair, ...]) -> str:
    """Return a text for the pairs: every pair, all pairs of some kernels or VMMs, or a list."""
    checked = {
        (row, column)
        for row in range(len(matrix.kernels))
        for column in range(len(matrix.vmms))
        if matrix.cell(row, column).error is None
    }
    if checked == set(pairs):
        return "every pair" if len(checked) > 1 else "the pair"
    for side, trees in ((0, matrix.kernels), (1, matrix.vmms)):
        members = sorted({pair[side] for pair in pairs})
        if {pair for pair in checked if pair[side] in members} == set(pairs):
            return f"every pair with {_listed([_label(trees[place]) for place in members])}"
    return _listed([f"{_label(matrix.kernels[row])} with {_label(matrix.vmms[column])}" for row, column in pairs])


def _listed(words: list[str]) -> str:
    shown = words if len(words) <= 6 else [*words[:5], f"{len(words) - 5} more"]
    return shown[0] if len(shown) == 1 else f"{', '.join(shown[:-1])} and {shown[-1]}"


def _remarks(matrix: Matrix, style: Style) -> Iterator[str]:
    """Yield a line per reason why pairs were not checked, or not in full."""
    places: dict[tuple[str, str], list[str]] = {}
    for member, cell in zip(matrix.members, matrix.alone, strict=True):
        for remark in _problems(cell):
            places.setdefault(remark, []).append(_label(member))
    of_trees = {*places}
    for row, kernel in enumerate(matrix.kernels):
        for column, vmm in enumerate(matrix.vmms):
            for remark in _problems(matrix.cell(row, column)):
                if remark not in of_trees:
                    places.setdefault(remark, []).append(f"{_label(kernel)} with {_label(vmm)}")
    if places:
        yield ""
    for (kind, words), labels in places.items():
        yield f"{style(kind, words)} ({_listed(labels)})"


def _problems(cell: Cell) -> Iterator[tuple[str, str]]:
    if cell.error is not None:
        yield "error", f"not checked: {safe(cell.error)}"
        return
    if not cell.covered:
        yield "warning", "coverage is below coverage.floor; caplint coverage shows where"
    if lost := cell.coverage["unaccounted"]:
        yield "warning", f"{plural(lost, 'name')} unaccounted for; caplint coverage shows them"
    if bare := cell.coverage["unnumbered"]:
        yield "warning", f"{plural(bare, 'place')} with an unknown number; caplint coverage shows them"


def _summary(matrix: Matrix, style: Style) -> str:
    agree = sum(cell.agrees for cell in matrix.cells)
    failed = sum(cell.error is not None for cell in matrix.cells)
    text = f"{agree:,} of {plural(len(matrix.cells), 'pair')} agree (--fail-on {matrix.fail_on})"
    text += f"; {failed:,} not checked" if failed else ""
    found = sum(not cell.agrees and cell.error is None for cell in matrix.alone)
    text += f"; {found:,} of {plural(len(matrix.alone), 'tree')} with findings of its own" if found else ""
    good = agree == len(matrix.cells) and not found
    return style("good" if good else "error" if failed else "warning", text)


def write_text(matrix: Matrix, out: TextIO, style: Style) -> None:
    """Write the table of pairs, and the findings that prevent agreement."""
    out.writelines(f"{line}\n" for line in lines(matrix, style))


def write_json(matrix: Matrix, out: TextIO, _: Style) -> None:
    """Write every pair with its findings as one object."""
    out.write(as_json(matrix))
