"""Proposals as a `[c]` table for caplint.toml, and as plain data."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from caplint.c.tables import Repairs
from caplint.coverage.proposals import Proposal, Proposals
from caplint.report.style import safe
from caplint.report.wording import plural
from caplint.util.escape import toml_string


def as_object(found: Proposals) -> dict[str, Any]:
    """Return the proposals as plain data."""
    return {
        "entries": [
            {
                "list": proposal.entry.list,
                "word": proposal.entry.word,
                "bytes": proposal.bytes,
                "spots": proposal.spots,
                "files": proposal.files,
                "example": dict(zip(("tree", "path", "line"), proposal.example, strict=True)),
            }
            for proposal in found.entries
        ],
        "remaining_spots": len(found.remaining),
        "remaining_bytes": sum(spot.stop - spot.start for spot in found.remaining),
        "untried_files": found.untried,
    }


def lines(found: Proposals, repairs: Repairs) -> Iterator[str]:
    """Yield a `[c]` table for caplint.toml that includes the configured words."""
    if found.entries:
        yield "# The comments say how much each new word repairs; replace [c] of caplint.toml by this table."
        yield "[c]"
        yield from _list("attributes", repairs.attributes, found.entries)
        yield from _list("iterators", repairs.iterators, found.entries)
    elif found.remaining:
        yield "# Nothing to propose: no word of [c] repairs the code that was not understood."
    else:
        yield "# Nothing to propose: all C was understood."
    if found.remaining:
        size = sum(spot.stop - spot.start for spot in found.remaining)
        first = max(found.remaining, key=lambda spot: spot.stop - spot.start)
        yield f"# {plural(size, 'byte')} in {plural(len(found.remaining), 'spot')} remain, such as"
        yield f"#   {safe(first.tree)}:{safe(first.path)}:{first.line}: {safe(first.reason)}"
    if found.untried:
        were = "was" if found.untried == 1 else "were"
        yield f"# {plural(found.untried, 'file')} {were} not tried for lack of time; add these words and run again."


def _list(name: str, configured: tuple[str, ...], proposals: list[Proposal]) -> Iterator[str]:
    new = [proposal for proposal in proposals if proposal.entry.list == name]
    if not configured and not new:
        return
    yield f"{name} = ["
    for word in configured:
        yield f"    {toml_string(word)},"
    for proposal in new:
        tree, path, line = proposal.example
        gain = f"{plural(proposal.bytes, 'byte')}, {plural(proposal.spots, 'spot')}, {plural(proposal.files, 'file')}"
        yield f"    # {gain}, such as {safe(tree)}:{safe(path)}:{line}"
        yield f"    {toml_string(proposal.entry.word)},"
    yield "]"
