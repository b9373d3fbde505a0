"""Coverage ledger for a terminal, within 100 columns, and as one JSON object with the schema schemas/coverage.json."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Iterator
from typing import Any, NamedTuple, TextIO

from caplint.c.tables import Repairs
from caplint.coverage.causes import Spot
from caplint.coverage.ledger import Ledger
from caplint.coverage.proposals import Proposals
from caplint.coverage.summary import Coverage
from caplint.report import proposals
from caplint.report.style import Style, safe
from caplint.report.wording import coverage_line, plural
from caplint.util.escape import json_text

WIDTH = 100
_TIED = "\N{NO-BREAK SPACE}"
_MAX_CAUSES = 10
_MAX_FILES = 40
_COLUMNS = {
    "files": 7, "bytes": 12, "functions": 11, "damaged": 9, "blind spots": 13, "blind bytes": 13,
}  # fmt: skip


def as_object(ledger: Ledger) -> dict[str, Any]:
    """Return the ledger as plain data."""
    coverage = ledger.coverage
    return {
        "version": 1,
        "percent": coverage.percent,
        "trees": [entry._asdict() for entry in coverage.trees],
        "file_kinds": [entry._asdict() for entry in ledger.kinds],
        "kinds": coverage.kinds,
        "families": [entry._asdict() for entry in ledger.families],
        "pasted": [
            {**entry._asdict(), "defined": _place(entry.tree, entry.defined) if entry.defined else None}
            for entry in coverage.pasted
        ],
        "unexpanded": [entry._asdict() for entry in ledger.unexpanded],
        "unknown_layouts": [entry._asdict() for entry in ledger.layouts],
        "unnumbered": [entry._asdict() for entry in ledger.unnumbered],
        "causes": [
            {**entry._asdict(), "example": dict(zip(("tree", "path", "line"), entry.example, strict=True))}
            for entry in ledger.causes
        ],
        "blind": [
            {
                "tree": spot.tree,
                "path": spot.path,
                "line": spot.line,
                "bytes": spot.stop - spot.start,
                "reason": spot.reason,
                "token": spot.token,
            }
            for spot in sorted(ledger.spots, key=lambda spot: (spot.start - spot.stop, spot[:4]))
        ],
        "unaccounted": [entry._asdict() for entry in coverage.unaccounted],
        "crates": [entry._asdict() for entry in coverage.crates],
    }


def _place(tree: str, place: tuple[str, int]) -> dict[str, Any]:
    return {"tree": tree, "path": place[0], "line": place[1]}


def lines(ledger: Ledger, style: Style) -> Iterator[str]:
    """Yield the ledger as text: the summary first, then the locations to look at."""
    yield from coverage_line(ledger.coverage).split("; ")
    if ledger.spots:
        # Rounded down, because 100 % would mean that everything was understood.
        yield f"{math.floor(ledger.coverage.percent * 1e4) / 1e4:.4f} % of the bytes understood"
    yield from _kinds(ledger, style)
    yield from _families(ledger, style)
    yield from _pasted(ledger.coverage, style)
    yield from _unexpanded(ledger, style)
    yield from _layouts(ledger, style)
    yield from _unnumbered(ledger, style)
    if ledger.spots:
        yield from _causes(ledger, style)
        yield from _spots(ledger, style)
    if ledger.coverage.unaccounted:
        yield from ("", style("bold", "unexplained names"))
        for entry in ledger.coverage.unaccounted:
            yield f"  {safe(entry.tree)}:{safe(entry.path)}:{entry.line}:{entry.column}: {safe(entry.name)}"


def _kinds(ledger: Ledger, style: Style) -> Iterator[str]:
    head = f"{'tree':<12} {'kind of file':<17}" + "".join(f"{name:>{width}}" for name, width in _COLUMNS.items())
    yield from ("", style("bold", head))
    for tree in ledger.coverage.trees:
        kinds = [entry for entry in ledger.kinds if entry.tree == tree.tree]
        for entry in kinds:
            yield _row(entry.tree if entry is kinds[0] else "", entry.kind, list(entry[2:]))
        if len(kinds) != 1:
            yield _row(
                "" if kinds else tree.tree, "all", [sum(entry[column] for entry in kinds) for column in range(2, 8)]
            )


def _row(tree: str, kind: str, counts: list[Any]) -> str:
    cells = zip(counts, _COLUMNS.values(), strict=True)
    return f"{safe(tree):<12} {kind:<17}" + "".join(f"{count:>{width},}" for count, width in cells)


def _families(ledger: Ledger, style: Style) -> Iterator[str]:
    yield from ("", style("bold", f"{'names':<12}{'tokens':>8}{'explained':>11}{'unaccounted':>13}  what they are"))
    for entry in ledger.families:
        head = f"{entry.family:<12}{entry.tokens:>8,}{entry.explained:>11,}{entry.unaccounted:>13,}  "
        # A no-break space keeps a count on the same line as its kind.
        kinds = ", ".join(f"{count:,} {kind}".replace(" ", _TIED) for kind, count in entry.kinds.items())
        for line in _wrapped(head + kinds, len(head)):
            yield line.replace(_TIED, " ")


def _wrapped(text: str, indent: int) -> list[str]:
    """Wrap the text to the width without breaking paths or words."""
    return textwrap.wrap(text, WIDTH, subsequent_indent=" " * indent, break_long_words=False, break_on_hyphens=False)


def _pasted(coverage: Coverage, style: Style) -> Iterator[str]:
    uses: dict[tuple[str, str, tuple[str, int] | None], list[str]] = {}
    for entry in coverage.pasted:
        place = f"{safe(entry.tree)}:{safe(entry.path)}:{entry.line}"
        uses.setdefault((entry.tree, entry.macro, entry.defined), []).append(place)
    if uses:
        yield from ("", style("bold", "names that a macro pastes together, which text search misses"))
    for (tree, macro, defined), places in uses.items():
        yield f"{len(places):>8,}  {safe(macro)}(), first in {places[0]}"
        yield " " * 10 + (
            f"defined in {safe(tree)}:{safe(defined[0])}:{defined[1]}"
            if defined
            else "no definition in the files that were read"
        )


def _unexpanded(ledger: Ledger, style: Style) -> Iterator[str]:
    """Yield the macros that are not expanded; most of them only export a symbol or declare a parameter."""
    if not ledger.unexpanded:
        return
    uses = sum(entry.uses for entry in ledger.unexpanded)
    yield from (
        "",
        style("bold", f"macros outside expressions that are not expanded ({uses:,} uses; the JSON has all)"),
    )
    for entry in ledger.unexpanded[:_MAX_CAUSES]:
        place = f"{safe(entry.tree)}:{safe(entry.path)}:{entry.line}"
        yield f"{entry.uses:>8,}  {safe(entry.name or 'an expansion')}, first in {place}"
        yield " " * 10 + safe(entry.reason)


def _layouts(ledger: Ledger, style: Style) -> Iterator[str]:
    if ledger.layouts:
        yield from ("", style("bold", "structures, ioctls and headers of the UAPI with unknown layout"))
    for entry in ledger.layouts[:_MAX_FILES]:
        place = f"{safe(entry.tree)}:{safe(entry.path)}:{entry.line}"
        yield from _wrapped(
            f"  {place}: {safe(entry.name)} ({', '.join(map(safe, entry.abis))}): {safe(entry.reason)}", 4
        )
    yield from _rest(len(ledger.layouts))


def _unnumbered(ledger: Ledger, style: Style) -> Iterator[str]:
    if ledger.unnumbered:
        yield from ("", style("bold", "MSRs and capabilities with unknown number (perhaps a header is missing)"))
    places: dict[tuple[str, str], list[str]] = {}
    for entry in ledger.unnumbered:
        places.setdefault((entry.tree, entry.name), []).append(f"{safe(entry.path)}:{entry.line}")
    for (tree, name), locations in list(places.items())[:_MAX_FILES]:
        more = f" and {plural(len(locations) - 1, 'more place')}" if len(locations) > 1 else ""
        yield from _wrapped(f"  {safe(name)}: {safe(tree)}:{locations[0]}{more}", 4)
    yield from _rest(len(places))


def _rest(entries: int) -> Iterator[str]:
    if (left := entries - _MAX_FILES) > 0:
        yield f"    … and {left:,} more; --output-format json lists all"


def _causes(ledger: Ledger, style: Style) -> Iterator[str]:
    yield from ("", style("bold", f"{'bytes':>8}{'spots':>8}{'files':>8}  worst causes, each with an example"))
    for cause in ledger.causes[:_MAX_CAUSES]:
        word = f"{safe(cause.token)}: " if cause.token else ""
        yield f"{cause.bytes:>8,}{cause.spots:>8,}{cause.files:>8,}  {word}{safe(cause.reason)}"
        tree, path, line = cause.example
        yield " " * 26 + f"{safe(tree)}:{safe(path)}:{line}"
    if (more := len(ledger.causes) - _MAX_CAUSES) > 0:
        yield " " * 26 + f"… and {plural(more, 'cause')} more; --output-format json lists all"
    if any(cause.token for cause in ledger.causes):
        yield " " * 26 + "caplint coverage --propose searches for words that repair them"


def _spots(ledger: Ledger, style: Style) -> Iterator[str]:
    yield from ("", style("bold", f"{'bytes':>8}  not understood"))
    lines_by_size = _by_file(ledger.spots)
    for count, place in lines_by_size[:_MAX_FILES]:
        yield from _wrapped(f"{count:>8,}  {place}", 10)
    if len(lines_by_size) > _MAX_FILES:
        yield f"          … and {len(lines_by_size) - _MAX_FILES:,} more; --output-format json lists all"


def _by_file(spots: list[Spot]) -> list[tuple[int, str]]:
    """Return byte count and a line of text per file and reason, largest first."""
    groups: dict[tuple[str, str, str], list[Spot]] = {}
    for spot in spots:
        groups.setdefault((spot.tree, spot.path, spot.reason), []).append(spot)
    sized = []
    for (tree, path, reason), group in groups.items():
        numbers = sorted({spot.line for spot in group})
        where = ", ".join(map(str, numbers[:5])) + (f" and {len(numbers) - 5} more lines" if len(numbers) > 5 else "")
        size = sum(spot.stop - spot.start for spot in group)
        sized.append((size, f"{safe(tree)}:{safe(path)}:{where}: {safe(reason)}"))
    return sorted(sized, key=lambda entry: (-entry[0], entry[1]))


class LedgerReport(NamedTuple):
    """Ledger, the proposals of `--propose` if requested, and the configured repairs."""

    ledger: Ledger
    proposals: Proposals | None
    repairs: Repairs


def write_text(report: LedgerReport, out: TextIO, style: Style) -> None:
    """Write the ledger, or the proposals if there are any."""
    text = proposals.lines(report.proposals, report.repairs) if report.proposals else lines(report.ledger, style)
    out.writelines(f"{line}\n" for line in text)


def write_json(report: LedgerReport, out: TextIO, _: Style) -> None:
    """Write the ledger as one object, including the proposals."""
    more = {"proposals": proposals.as_object(report.proposals)} if report.proposals else {}
    out.write(json_text({**as_object(report.ledger), **more}, indent=2) + "\n")
