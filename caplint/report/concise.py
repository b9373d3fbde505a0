"""One line per finding, as compilers print them: `path:line:column: severity CODE message`."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import TextIO

from caplint.engine.outcome import Outcome
from caplint.report.style import Style, safe
from caplint.report.wording import sentence


def report(outcome: Outcome, out: TextIO, style: Style) -> None:
    """Write only the findings, known ones last. Paths begin with the tree's directory, for editors to open."""
    locations = {tree.name: tree.location for tree in outcome.trees}
    shown = outcome.known if outcome.known_shown else []
    known = {entry.finding: f" [known upstream, {entry.entry.remark}]" for entry in shown}
    for finding in [*outcome.findings, *known]:
        place = finding.place
        path = PurePosixPath(locations[place.tree]) / place.path
        head = style(finding.severity, f"{finding.severity} {finding.code}")
        print(
            f"{safe(str(path))}:{place.line}:{place.column}: {head} {sentence(finding)}" + safe(known.get(finding, "")),
            file=out,
        )
