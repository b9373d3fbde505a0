"""Colour for terminals, and text from the linted trees made safe to print."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TextIO

from caplint.util.escape import visible

_CODES = {
    "error": "1;31",
    "warning": "1;33",
    "note": "1;36",
    "bold": "1",
    "dim": "2",
    "place": "36",
    "good": "32",
}


# First characters that make a spreadsheet treat a cell as a formula.
_FORMULA = ("=", "+", "-", "@", "\t")


@dataclass(frozen=True)
class Style:
    """Looks of reports for people; a call styles a text."""

    colour: bool = False
    links: bool = False
    """Whether places are links (OSC 8) to their files."""
    brief: bool = False
    """Whether reports end with the last finding."""

    def __call__(self, kind: str, text: str) -> str:
        """Return the text in the style of a severity, or of bold, dim, place or good."""
        return f"\x1b[{_CODES[kind]}m{text}\x1b[0m" if self.colour else text

    def link(self, address: str, text: str) -> str:
        """Return the text as a link to an address; as it is where there is no address, or links are not wanted."""
        return f"\x1b]8;;{address}\x1b\\{text}\x1b]8;;\x1b\\" if self.links and address else text


def style_for(stream: TextIO, choice: str = "auto") -> Style:
    """Return the style for a stream: coloured, with links, on a terminal unless NO_COLOR is set, or as `choice` says.

    Only a terminal gets links; `always` is for programs that show colours.
    """
    capable = stream.isatty() and os.environ.get("TERM") != "dumb"
    if choice == "auto":
        wanted = capable and not os.environ.get("NO_COLOR")
        return Style(wanted, wanted)
    return Style(choice == "always", choice == "always" and capable)


def safe(text: str) -> str:
    """Return the text with every terminal control character made visible."""
    return visible(text)


def spreadsheet_text(text: str) -> str:
    """Return a cell that is safe in a terminal, and no formula in a spreadsheet."""
    shown = visible(text)
    return f"'{shown}" if shown.startswith(_FORMULA) else shown
