"""Colour on terminals, and text from the linted trees made safe to print."""

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
    """Whether to colour."""

    colour: bool = False

    def __call__(self, kind: str, text: str) -> str:
        """The text in the style of a severity or one of bold, dim, place, good."""
        return f"\x1b[{_CODES[kind]}m{text}\x1b[0m" if self.colour else text


def style_for(stream: TextIO, choice: str = "auto") -> Style:
    """Colour where a person looks: on a terminal, unless NO_COLOR is set or the user chose otherwise."""
    if choice == "auto":
        return Style(stream.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb")
    return Style(choice == "always")


def safe(text: str) -> str:
    """The text with everything that a terminal would obey made visible."""
    return visible(text)
