"""Writer of C text that remembers for each piece where in the source it comes from."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass, field

# Far above what a file of a megabyte becomes; code beyond it is a blind spot.
MAX_TEXT = 32 << 20


@dataclass
class Output:
    """C text in the making."""

    pieces: list[str] = field(default_factory=list)
    starts: list[int] = field(default_factory=list)
    """Offset of each piece in the text, in bytes."""
    origins: list[int] = field(default_factory=list)
    """Offset of each piece's origin in the source."""
    size: int = 0
    origin: int = 0
    """Origin of the text that is written next."""

    inside: bool = False
    """Whether the lines belong to a function, and are indented: a brace in the first column ends one."""

    def put(self, text: str, origin: int | None = None) -> None:
        """Append text that comes from an offset of the source, or from where the piece before it comes from."""
        if origin is not None:
            self.origin = origin
        if self.inside and "\n" in text:
            text = text.replace("\n", "\n\t")
        self.pieces.append(text)
        self.starts.append(self.size)
        self.origins.append(self.origin)
        self.size += len(text) if text.isascii() else len(text.encode())

    def line(self) -> None:
        """Begin a line, unless one was just begun."""
        if self.pieces and not self.pieces[-1].endswith(("\n", "\n\t")):
            self.put("\n")

    def directive(self, text: str) -> None:
        """Write a directive on a line of its own."""
        self.line()
        self.put(f"#{text}\n")

    @property
    def is_full(self) -> bool:
        """Whether no more should be written."""
        return self.size > MAX_TEXT

    def text(self) -> bytes:
        """Return the text."""
        return "".join(self.pieces).encode()


@dataclass(frozen=True)
class OriginMap:
    """Map from offsets of the C text to offsets of the source."""

    starts: list[int]
    origins: list[int]

    def at(self, offset: int) -> int:
        """Return the origin of the piece that contains an offset."""
        return self.origins[max(0, bisect_right(self.starts, offset) - 1)] if self.starts else 0
