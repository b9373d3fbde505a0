"""Sheet: a file while the patches of a series are written; and the formatting of C comments."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable
from dataclasses import dataclass

from caplint.fixes.draft import Draft


@dataclass
class Line:
    """Line of a file during a series."""

    number: int | None
    """Its number in the tree's file; None if a patch adds it."""
    text: str
    reason: str = ""
    """Why a patch adds it."""


class Sheet:
    """File over all patches of a series."""

    def __init__(self, lines: Iterable[str]) -> None:
        self.lines = [Line(number, text) for number, text in enumerate(lines, 1)]

    @property
    def content(self) -> bytes:
        """Bytes of the file as it is now."""
        return "".join(f"{line.text}\n" for line in self.lines).encode()

    def insert(self, draft: Draft, number: int, new: list[str], reason: str) -> None:
        """Put lines above a line of the tree's file, or at the end."""
        at = self._at(number)
        self.lines[at:at] = [Line(None, text, reason) for text in new]
        draft.insert(at, new)

    def replace(self, draft: Draft, number: int, new: list[str], reason: str) -> None:
        """Replace a line of the tree's file; the first new line keeps its number."""
        at = self._at(number)
        self.lines[at : at + 1] = [Line(number if not index else None, text, reason) for index, text in enumerate(new)]
        draft.insert(at, new, 1)

    def _at(self, number: int) -> int:
        return next((at for at, line in enumerate(self.lines) if line.number == number), len(self.lines))


def comment(text: str, width: int = 80) -> list[str]:
    """Return a comment of C, in several lines if it needs them."""
    if len(text) + 6 <= width:
        return [f"/* {text} */"]
    lines = textwrap.wrap(text, width - 3, break_long_words=False, break_on_hyphens=False)
    return ["/*", *(f" * {line}" for line in lines), " */"]
