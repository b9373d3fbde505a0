"""Inventory as flat rows: CSV for spreadsheets, Markdown for mails and wikis."""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Iterator

from caplint.inventory.difference import InventoryDifference
from caplint.inventory.model import Capability, Inventory
from caplint.report.inventory.words import (
    LEGEND,
    answered,
    arguments,
    cell,
    documented,
    findings,
    traced,
    uses,
    vmm_columns,
)
from caplint.report.style import spreadsheet_text
from caplint.util.escape import visible


def csv_text(inventory: Inventory) -> str:
    """Return one row per capability below a header row; several values in one cell are separated by blanks."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    vmms = [vmm for vmm in vmm_columns(inventory) if vmm]
    each = [spreadsheet_text(f"{vmm} {verb}") for vmm in vmms for verb in ("checks", "enables")]
    writer.writerow(
        ["number", "name", "alias", "condition", "since", *inventory.architectures, "arguments", "ioctls", "msrs",
         "section", "type", "documented_architectures", "selftests", "vmm_checks", "vmm_enables", *each,
         *["traced"] * inventory.traced, "machines", "findings"]
    )  # fmt: skip
    for cap in inventory.capabilities:
        writer.writerow([spreadsheet_text(text) for text in _row(cap, inventory, vmms)])
    return out.getvalue()


def _row(cap: Capability, inventory: Inventory, vmms: list[str]) -> Iterator[str]:
    section = cap.section
    verbs = Counter((vmm, use.verb == "enable") for use in cap.vmm for vmm in ("", use.place.tree))
    yield from ("" if cap.number is None else str(cap.number), cap.name, cap.alias or "", cap.condition)
    yield cap.since or ""
    for arch in inventory.architectures:
        yield _spelled(cap, arch)
    yield "; ".join(f"{arch} {arguments(known)}" for arch, known in cap.architectures.items() if known.enables)
    yield " ".join(ioctl.name for ioctl in cap.ioctls)
    yield " ".join(msr.name for msr in cap.msrs)
    yield documented(cap)
    yield (section.type or "") if section else ""
    yield (section.architectures or "") if section else ""
    yield " ".join(place.path for place in cap.selftests)
    yield from (str(verbs[vmm, enables]) for vmm in ["", *vmms] for enables in (False, True))
    if inventory.traced:
        yield traced(cap)
    yield answered(cap)
    yield " ".join(found.code for found in cap.findings)


def _spelled(cap: Capability, arch: str) -> str:
    support = cap.architectures.get(arch)
    if support is None:
        return ""
    return " ".join([support.advertised or "unanswered", *(f"enable:{scope}" for scope in support.scopes)])


def markdown_text(inventory: Inventory) -> str:
    """Return a table in GitHub's Markdown, with a legend."""
    vmms = vmm_columns(inventory)
    heads = ["nr", "capability", *inventory.architectures, "since", "section", "tests"]
    heads += [*(vmm or "VMM" for vmm in vmms), *["traced"] * inventory.traced, "findings"]
    lines = [_line(heads), _line(["---:", *["---"] * (len(heads) - 1)])]
    for cap in inventory.capabilities:
        cells = [cell(cap.architectures.get(arch)) for arch in inventory.architectures]
        number = "?" if cap.number is None else str(cap.number)
        tests = str(len(cap.selftests)) if cap.selftests else ""
        used = [*(uses(cap, vmm) for vmm in vmms), *[traced(cap)] * inventory.traced]
        lines.append(
            _line([number, f"`{cap.name}`", *cells, cap.since or "", documented(cap), tests, *used, findings(cap)])
        )
    return "\n".join([*lines, "", LEGEND + ".", ""])


def changes_csv(found: InventoryDifference) -> str:
    """Return one row per changed property below a header row."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(["change", "name", "detail"])
    for change in found.changes:
        for detail in change.details or [""]:
            writer.writerow([spreadsheet_text(text) for text in (change.kind, change.name, detail)])
    return out.getvalue()


def changes_markdown(found: InventoryDifference) -> str:
    """Return the added, removed and changed capabilities as Markdown lists."""
    lines: list[str] = []
    for kind, title in (("came", "New"), ("went", "Gone"), ("changed", "Changed")):
        some = found.of(kind)
        lines += [f"## {title} ({len(some)})", ""]
        lines += [f"- `{visible(change.name)}`: {_escaped('; '.join(change.details))}" for change in some] or ["none"]
        lines.append("")
    return "\n".join(lines)


def _line(cells: list[str]) -> str:
    return "| " + " | ".join(_escaped(text) for text in cells) + " |"


def _escaped(text: str) -> str:
    return visible(text).replace("\\", "\\\\").replace("|", "\\|").replace("<", "&lt;").replace("*", "\\*")
