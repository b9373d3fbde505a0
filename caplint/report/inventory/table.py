"""Inventory as a table for terminals, within 100 columns, and its changes as lines."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator

from caplint.inventory.difference import Change, InventoryDifference
from caplint.inventory.model import Capability, Inventory
from caplint.knowledge.capability_names import PREFIX
from caplint.report.inventory.words import LEGEND, answered, cell, documented, findings, traced, uses, vmm_columns
from caplint.report.style import Style, safe

WIDTH = 100
# Minimum width of a name when the architectures' columns need the space.
_NAME = 20
_SEVERITY = {"E": "error", "W": "warning", "N": "note"}


def lines(inventory: Inventory, style: Style) -> Iterator[str]:
    """Yield header, one line per capability, legend and totals."""
    if not inventory.capabilities:
        yield "no capability matches these filters"
        return
    probed = ["machine"] if inventory.probed else []
    traces = ["traced"] if inventory.traced else []
    vmms = [safe(vmm or "vmm") for vmm in vmm_columns(inventory)]
    heads = ["nr", "capability", *inventory.architectures, "since", "doc", "test", *vmms, *traces, *probed, "findings"]
    rows = [_row(cap, inventory) for cap in inventory.capabilities]
    widths = _widths(heads, rows)
    yield style("bold", _joined(heads, widths))
    for row in rows:
        text = _joined(row, widths)
        worst = next((_SEVERITY[letter] for letter in "EW" if letter in row[-1]), None)
        yield style(worst, text) if worst else text
    yield ""
    yield from textwrap.wrap(f"{_capabilities(len(rows))} ({PREFIX} left out); {_counts(inventory)}", WIDTH)
    for line in textwrap.wrap(f"{LEGEND}, here +m +u", WIDTH):
        yield style("dim", line)
    legend = "since: first release of Linux; doc: section of api.rst, ~ only mentioned; "
    legend += f"{', '.join(vmms)}: checks c, enables e; "
    legend += "`caplint path` shows the call path"
    more = "; machine: answer on the system, /VM if different, ! if it differs from the sources"
    legend += "; traced: what the VMM did (c: checked, e: enabled) and the kernel's answers" if traces else ""
    for line in textwrap.wrap(legend + (more if inventory.probed else ""), WIDTH):
        yield style("dim", line)


def _row(cap: Capability, inventory: Inventory) -> list[str]:
    return [
        "?" if cap.number is None else str(cap.number),
        safe(cap.name.removeprefix(PREFIX)),
        *(_short(cell(cap.architectures.get(arch))) for arch in inventory.architectures),
        (cap.since or "").replace(" ", ""),
        safe(documented(cap)),
        "yes" if cap.selftests else "",
        *(uses(cap, vmm).replace(" ", "") for vmm in vmm_columns(inventory)),
        *([safe(traced(cap))] if inventory.traced else []),
        *([answered(cap)] if inventory.probed else []),
        findings(cap).replace(" ", ""),
    ]


def _short(text: str) -> str:
    """Return the short form of a cell, with the scopes as one letter each."""
    return text.replace("+vm+vcpu", "+vm,u").replace("+vcpu", "+u").replace("+vm", "+m")


def _widths(heads: list[str], rows: list[list[str]]) -> list[int]:
    widths = [max(len(row[index]) for row in (heads, *rows)) for index in range(len(heads))]
    over = sum(widths) + len(widths) - 1 - WIDTH
    widths[1] = max(_NAME, widths[1] - max(0, over))
    return widths


def _joined(row: list[str], widths: list[int]) -> str:
    cells = [_cut(text, width) for text, width in zip(row, widths, strict=True)]
    first, *rest = cells
    return " ".join(
        [first.rjust(widths[0]), *(text.ljust(width) for text, width in zip(rest, widths[1:], strict=True))]
    ).rstrip()


def _cut(text: str, width: int) -> str:
    return text if len(text) <= width else text[: width - 1] + "\N{HORIZONTAL ELLIPSIS}"


def _capabilities(count: int) -> str:
    return f"{count} capability" if count == 1 else f"{count} capabilities"


def _counts(inventory: Inventory) -> str:
    per_arch = [f"{arch} {_answered(inventory, arch)}" for arch in inventory.architectures]
    return "answered by " + ", ".join(per_arch) if per_arch else "no kernel is in view"


def _answered(inventory: Inventory, arch: str) -> int:
    known = [cap.architectures.get(arch) for cap in inventory.capabilities]
    return sum(1 for support in known if support is not None and support.advertised is not None)


def changes(found: InventoryDifference, style: Style) -> Iterator[str]:
    """Yield the added, removed and changed capabilities."""
    if not found.changes:
        yield "no capability came, went or changed"
    for kind, title in (("came", "new"), ("went", "gone"), ("changed", "changed")):
        some = found.of(kind)
        if some:
            yield style("bold", f"{title}: {_capabilities(len(some))}")
        for change in some:
            yield from _change(change)


def _change(change: Change) -> Iterator[str]:
    yield f"  {safe(change.name)}"
    for detail in change.details:
        yield f"      {safe(detail)}"
