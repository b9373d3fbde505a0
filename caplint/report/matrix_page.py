"""Matrix of a fleet as one HTML page, as CSV and as Markdown."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from html import escape
from typing import Any, TextIO

from caplint import __version__
from caplint.findings.finding import SEVERITIES
from caplint.matrix.model import Cell, Matrix
from caplint.report.matrix import grid, subject_of, verdict
from caplint.report.style import Style, spreadsheet_text
from caplint.util.escape import visible

_STYLE = """\
body { font: 14px/1.4 system-ui, sans-serif; margin: 2em; color: #222; background: #fff }
table { border-collapse: collapse }
th, td { border: 1px solid #bbb; padding: .3em .6em; text-align: left; vertical-align: top }
th button { all: unset; cursor: pointer } th button:focus-visible { outline: 2px solid }
.good { background: #e6f4e6 } .bad { background: #fbe4e0 } .failed { background: #eee }
li { max-width: 60em }
"""
_SCRIPT = """\
for (const button of document.querySelectorAll("thead button")) button.addEventListener("click", () => {
  const head = button.closest("th"), body = button.closest("table").tBodies[0];
  const at = [...head.parentNode.children].indexOf(head), up = head.getAttribute("aria-sort") !== "ascending";
  for (const other of head.parentNode.children) other.removeAttribute("aria-sort");
  head.setAttribute("aria-sort", up ? "ascending" : "descending");
  const key = (row) => row.children[at].dataset.key || row.children[at].textContent;
  const rows = [...body.rows].sort((one, two) => key(one).localeCompare(key(two), "en", { numeric: true }));
  body.append(...(up ? rows : rows.reverse()));
});
"""


def write_html(matrix: Matrix, out: TextIO, _: Style) -> None:
    """Write one page that needs no network: columns sort, and a cell opens its findings."""
    policy = "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'"
    heads = ["kernel", "alone", *(member.label for member in matrix.vmms)]
    out.write(
        f'<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">\n'
        f'<meta name="generator" content="caplint {escape(__version__)}">\n<title>Kernels and VMMs</title>\n'
        f"<style>\n{_STYLE}</style>\n</head>\n<body>\n<h1>Kernels and VMMs</h1>\n"
        f"<p>{'/'.join(SEVERITIES)}s of each pair that need both trees, and of each tree alone; "
        f"a pair agrees without one at or above {_safe(matrix.fail_on)}.</p>\n<table>\n<thead><tr>"
    )
    out.writelines(f'<th scope="col"><button type="button">{_safe(head)}</button></th>' for head in heads)
    out.write("</tr></thead>\n<tbody>\n")
    columns = grid(matrix)
    for row, label in enumerate(["alone", *(member.label for member in matrix.kernels)]):
        cells = "".join(_html_cell(*column[row]) for column in columns)
        out.write(f'<tr><th scope="row">{_safe(label)}</th>{cells}</tr>\n')
    out.write(f"</tbody>\n</table>\n<script>\n{_SCRIPT}</script>\n</body>\n</html>\n")


def _html_cell(cell: Cell | None, alone: bool) -> str:
    if cell is None:
        return "<td></td>"
    if cell.error is not None:
        return f'<td class="failed" data-key="z">not checked<br>{_safe(cell.error)}</td>'
    counts = "/".join(str(cell.counts[severity]) for severity in SEVERITIES)
    text = f"{verdict(cell, alone=alone)} {counts}"
    key = " ".join(f"{cell.counts[severity]:06}" for severity in SEVERITIES)
    if cell.findings:
        entries = "".join(f"<li>{_safe(_finding(found))}</li>" for found in cell.findings)
        text = f"<details><summary>{text}</summary><ul>{entries}</ul></details>"
    return f'<td class="{"good" if cell.agrees else "bad"}" data-key="{key}">{text}</td>'


def _finding(found: dict[str, Any]) -> str:
    return f"{found['severity']} {found['code']} {subject_of(found)}: {found['message']}"


def _safe(text: str) -> str:
    return escape(visible(text))


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
