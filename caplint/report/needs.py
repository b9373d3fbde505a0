"""Kernels that a VMM needs, for a terminal, as JSON with the schema schemas/needs.json, and as CSV."""

from __future__ import annotations

import csv
from dataclasses import asdict
from typing import TextIO

from caplint import __version__
from caplint.history.needs import ENABLED, KINDS, OPTIONAL, REQUIRED, Need, Needs
from caplint.report.style import Style, safe, spreadsheet_text
from caplint.util.escape import json_text

_TITLES = {
    REQUIRED: "required: it does not start without",
    ENABLED: "enabled without asking: where this code runs, it fails without",
    OPTIONAL: "asked for, or used where the kernel accepts it (code that gives up after asking is here, too)",
}


def write_text(found: Needs, out: TextIO, style: Style) -> None:
    """Write the oldest kernels, and the capabilities by kind and release."""
    out.write(style("bold", f"{safe(found.name)} ({safe(found.location)}); releases of {safe(found.source)}") + "\n")
    for arch, release in found.oldest.items():
        more = found.whole[arch]
        and_more = f" ({safe(more or 'unknown')} where it enables everything)" if more != release else ""
        out.write(f"  oldest kernel on {safe(arch)}: {safe(release or 'unknown')}{and_more}\n")
    width = max((len(need.since or "unknown") for need in found.needs), default=0)
    for kind in KINDS:
        some = [need for need in found.needs if need.kind == kind]
        if some:
            out.write(style("bold", _TITLES[kind]) + "\n")
        out.writelines(f"  {safe((need.since or 'unknown').ljust(width))}  {_line(need)}\n" for need in some)


def _line(need: Need) -> str:
    arch = f" on {safe(need.arch)}" if need.arch else ""
    return f"{safe(need.cap)}{arch}: {safe(need.place.path)}:{need.place.line}"


def write_json(found: Needs, out: TextIO, _: Style) -> None:
    """Write everything as one object."""
    whole = {
        "version": 1,
        "caplint": __version__,
        "name": found.name,
        "path": found.location,
        "source": found.source,
        "oldest": found.oldest,
        "oldest_for_everything_enabled": found.whole,
        "needs": [asdict(need) for need in found.needs],
    }
    out.write(json_text(whole, indent=2) + "\n")


def write_csv(found: Needs, out: TextIO, _: Style) -> None:
    """Write a row per capability and architecture."""
    table = csv.writer(out, lineterminator="\n")
    table.writerow(["capability", "arch", "kind", "since", "path", "line", "function"])
    for need in found.needs:
        place = need.place
        row = (need.cap, need.arch, need.kind, need.since, place.path, str(place.line), place.function)
        table.writerow([spreadsheet_text(cell or "") for cell in row])
