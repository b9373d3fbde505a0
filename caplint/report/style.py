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


@dataclass(frozen=True)
class Style:
    """Colour setting; a call styles a text."""

    colour: bool = False

    def __call__(self, kind: str, text: str) -> str:
        """Return the text in the style of a severity, or of bold, dim, place or good."""
        return f"\x1b[{_CODES[kind]}m{text}\x1b[0m" if self.colour else text


def style_for(stream: TextIO, choice: str = "auto") -> Style:
    """Return the style for a stream: coloured on a terminal unless NO_COLOR is set, or as `choice` says."""
    if choice == "auto":
        return Style(stream.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb")
    return Style(choice == "always")


def safe(text: str) -> str:
    """Return the text with every terminal control character made visible."""
    return visible(text)
