"""Output formats of a check: one file and one function each."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import TextIO

from caplint.check import Outcome
from caplint.report.style import Style

Reporter = Callable[[Outcome, TextIO, Style], None]

# Format → module; a module is imported when its format is asked for.
_FORMATS = {
    "text": "caplint.report.text",
    "concise": "caplint.report.concise",
    "json": "caplint.report.json_object",
    "jsonl": "caplint.report.json_lines",
}
FORMATS = tuple(_FORMATS)


def reporter(name: str) -> Reporter:
    """The function that writes an outcome in a format."""
    report: Reporter = import_module(_FORMATS[name]).report
    return report
