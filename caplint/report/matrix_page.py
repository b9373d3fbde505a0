"""Matrix of a fleet as one HTML page, as CSV and as Markdown."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from typing import Any, TextIO

from caplint.findings.finding import SEVERITIES
from caplint.matrix.model import Cell, Matrix
from caplint.report.document import asset, document, safe
from caplint.report.matrix import grid, subject_of, verdict
from caplint.report.style import Style, spreadsheet_text
from caplint.trees.labels import split
from caplint.util.escape import visible

_ALONE = "alone"


def write_html(matrix: Matrix, out: TextIO, _: Style) -> None:
    """Write one page that needs no network: columns sort, and a cell opens its findings, which have an address."""
    about = (
        f"<p>{'/'.join(f'{severity}s' for severity in SEVERITIES)} of each pair that need both trees, and of each tree "
        f"alone. A pair agrees if it has none at or above {safe(matrix.fail_on)}.</p>\n"
    )
    heads = ["kernel", _ALONE, *(member.label for member in matrix.vmms)]
    head = "".join(f'<th scope="col"><button type="button">{safe(text)}</button></th>' for text in heads)
    columns, labels = grid(matrix), [_ALONE, *(member.label for member in matrix.kernels)]
    rows = [
        f'<tr><th scope="row">{safe(label)}</th>'
        + "".join(_table_cell(*column[row], f"{row}-{number}") for number, column in enumerate(columns))
        + "</tr>\n"
        for row, label in enumerate(labels)
    ]
    details = "".join(
        _detail(cell, f"{row}-{number}", [label, vmm], _hidden(matrix))
        for row, label in enumerate(labels)
        for number, (vmm, column) in enumerate(zip(heads[1:], columns, strict=True))
        if (cell := column[row][0]) is not None
    )
    body = (
        '<div class="scroll" tabindex="0" role="region" aria-label="pairs, scrolls sideways">\n<table id="pairs">\n'
        f"<thead><tr>{head}</tr></thead>\n<tbody>\n{rows[0]}</tbody>\n<tbody>\n{''.join(rows[1:])}</tbody>\n"
        f"</table>\n</div>\n{details}"
    )
    out.write(document("Kernels and VMMs", about, body, style=asset("matrix.css"), script=asset("matrix.js")))


def _table_cell(cell: Cell | None, alone: bool, name: str) -> str:
    if cell is None:
        return "<td></td>"
    if cell.error is not None:
        return f'<td class="failed" data-key="z"><a href="#c{name}">not checked</a></td>'
    counts = "/".join(str(cell.counts[severity]) for severity in SEVERITIES)
    text = f"{verdict(cell, alone=alone)} <br>{counts}"  # two lines, so that a dozen columns fit a screen
    key = " ".join(f"{cell.counts[severity]:06}" for severity in SEVERITIES)
    shown = f'<a href="#c{name}">{text}</a>' if cell.findings else text
    return f'<td class="{"good" if cell.agrees else "bad"}" data-key="{key}">{shown}</td>'


def _detail(cell: Cell, name: str, trees: list[str], hidden: dict[str, str]) -> str:
    """Return the section with the findings of a cell, or with the reason why it was not checked."""
    if cell.error is None and not cell.findings:
        return ""
    title = " with ".join(safe(tree) for tree in trees if tree != _ALONE)
    if cell.error is not None:
        content = f'<p class="error">not checked: {safe(_without(cell.error, hidden))}</p>'
    else:
        content = f"<ul>{''.join(f'<li>{safe(_finding(found))}</li>' for found in cell.findings)}</ul>"
    opening = f'<section class="cell" id="c{name}" tabindex="-1" aria-label="{title}">'
    return f'{opening}\n<h2>{title}</h2>\n{content}\n<p><a href="#pairs">Close</a></p>\n</section>\n'


def _hidden(matrix: Matrix) -> dict[str, str]:
    """Return the paths that a shared report does not tell, with the labels that stand for them."""
    paths = {split(member.text)[0]: split(member.label)[0] for member in matrix.members}
    return dict(sorted(paths.items(), key=lambda entry: -len(entry[0])))


def _without(text: str, hidden: dict[str, str]) -> str:
    for path, label in hidden.items():
        text = text.replace(path, label)
    return text


def _finding(found: dict[str, Any]) -> str:
    return f"{found['severity']} {found['code']} {subject_of(found)}: {found['message']}"


def write_csv(matrix: Matrix, out: TextIO, _: Style) -> None:
    """Write a row per pair and per tree alone, whose other column is empty."""
    table = csv.writer(out, lineterminator="\n")
    table.writerow(["kernel", "vmm", "verdict", *(f"{severity}s" for severity in SEVERITIES), "findings", "reason"])
    for kernel, vmm, cell in _rows(matrix):
        word = "not checked" if cell.error is not None else verdict(cell, alone=not (kernel and vmm))
        counts = [str(cell.counts.get(severity, "")) for severity in SEVERITIES]
        findings = " ".join(f"{found['code']}:{found['subject']}" for found in cell.findings)
        table.writerow(map(spreadsheet_text, (kernel, vmm, word, *counts, findings, cell.error or "")))


def _rows(matrix: Matrix) -> Iterator[tuple[str, str, Cell]]:
    for row, kernel in enumerate(matrix.kernels):
        for column, vmm in enumerate(matrix.vmms):
            yield kernel.label, vmm.label, matrix.cell(row, column)
    for member, cell in zip(matrix.members, matrix.alone, strict=True):
        yield (member.label, "", cell) if member.role == "kernel" else ("", member.label, cell)


def write_markdown(matrix: Matrix, out: TextIO, _: Style) -> None:
    """Write a table in GitHub's Markdown, and the findings at or above the limit as a list."""
    columns = grid(matrix)
    heads = ["kernel", "alone", *(member.label for member in matrix.vmms)]
    lines = [_line(heads), _line(["---"] * len(heads))]
    for row, label in enumerate(["alone", *(member.label for member in matrix.kernels)]):
        lines.append(_line([label, *(_markdown_cell(*column[row]) for column in columns)]))
    lines.append("")
    for kernel, vmm, cell in _rows(matrix):
        place = " with ".join(filter(None, (kernel, vmm)))
        lines += [f"- {_escaped(place)}: {_escaped(_finding(found))}" for found in cell.findings]
    out.writelines(f"{line}\n" for line in lines)


def _markdown_cell(cell: Cell | None, alone: bool) -> str:
    if cell is None:
        return ""
    if cell.error is not None:
        return "not checked"
    return f"{verdict(cell, alone=alone)} {'/'.join(str(cell.counts[severity]) for severity in SEVERITIES)}"


def _line(cells: list[str]) -> str:
    return "| " + " | ".join(map(_escaped, cells)) + " |"


def _escaped(text: str) -> str:
    shown = visible(text).replace("\\", "\\\\")
    return "".join(f"\\{letter}" if letter in "|*_`[]" else letter for letter in shown).replace("<", "&lt;")
