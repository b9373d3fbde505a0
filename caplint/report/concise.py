"""One line per finding, as compilers write them: `path:line:column: CODE message`."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import TextIO

from caplint.engine.outcome import Outcome
from caplint.report.style import Style, safe


def report(outcome: Outcome, out: TextIO, style: Style) -> None:
    """Write the findings and nothing else. Paths begin with the tree's directory, so that editors can open them."""
    locations = {tree.name: tree.location for tree in outcome.trees}
    for finding in outcome.findings:
        place = finding.place
        path = PurePosixPath(locations[place.tree]) / place.path
        code = style(finding.severity, finding.code)
        print(
            f"{safe(str(path))}:{place.line}:{place.column}: {code} {safe(finding.subject)}: {safe(finding.message)}",
            file=out,
        )
