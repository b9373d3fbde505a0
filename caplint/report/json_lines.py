"""One JSON object per finding and line, for streams and `jq`."""

from __future__ import annotations

from typing import TextIO

from caplint.outcome import Outcome
from caplint.quoting import json_text
from caplint.report.json_object import finding_object
from caplint.report.style import Style


def report(outcome: Outcome, out: TextIO, _: Style) -> None:
    """Write the findings."""
    out.writelines(json_text(finding_object(finding)) + "\n" for finding in outcome.findings)
