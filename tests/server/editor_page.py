"""docs/editor.md: the code that it gives for editors, and the runs of them that it records."""

from __future__ import annotations

import re
from pathlib import Path

_PAGE = (Path(__file__).parents[2] / "docs/editor.md").read_text("utf-8")


def fences(language: str) -> list[str]:
    """Return the code in a language."""
    return re.findall(rf"```{language}\n(.*?)```", _PAGE, re.DOTALL)


def recorded(heading: str) -> list[str]:
    """Return the lines of the run below a heading."""
    section = _PAGE.partition(f"\n## {heading}\n")[2].partition("\n## ")[0]
    return [line[4:] for line in section.split("\n") if line.startswith("    ")]
