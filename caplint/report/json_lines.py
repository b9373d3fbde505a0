"""One JSON object per finding, one per line, for streams and `jq`."""

from __future__ import annotations

from typing import TextIO

from caplint.engine.outcome import Outcome
from caplint.report.json_object import all_findings
from caplint.report.style import Style
from caplint.util.escape import json_text


def report(outcome: Outcome, out: TextIO, _: Style) -> None:
    """Write the findings; those that are known upstream have a key `known`."""
    out.writelines(json_text(finding) + "\n" for finding in all_findings(outcome))
