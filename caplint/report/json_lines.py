"""One JSON object per finding and line, for streams and `jq`."""

from __future__ import annotations

import json
from typing import TextIO

from caplint.check import Outcome
from caplint.report.json_object import finding_object
from caplint.report.style import Style


def report(outcome: Outcome, out: TextIO, _: Style) -> None:
    """Write the findings."""
    out.writelines(json.dumps(finding_object(finding), ensure_ascii=False) + "\n" for finding in outcome.findings)
