"""Logical lines of build files, in which a backslash continues a line, and limits on their size."""

from __future__ import annotations

from collections.abc import Iterator

from caplint.c.syntax import UnreadableError

# Far above hand-written build files.
MAX_BYTES = 1 << 20
MAX_LINE = 1 << 16
MAX_NESTING = 64


def logical_lines(source: str) -> Iterator[tuple[int, str]]:
    """Yield number and text of every line, joined with its continuation lines.

    Raises `UnreadableError` for a text or line that is too large.
    """
    if len(source) > MAX_BYTES:
        raise UnreadableError(f"larger than {MAX_BYTES >> 10} KiB")
    parts: list[str] = []
    first = 1
    # Not splitlines(): a form feed does not end a line.
    for number, text in enumerate(source.split("\n"), 1):
        line = text.removesuffix("\r")
        if not parts:
            first = number
        parts.append(line.removesuffix("\\"))
        if not line.endswith("\\"):
            yield first, _joined(parts)
            parts = []
    if parts:
        yield first, _joined(parts)


def _joined(parts: list[str]) -> str:
    if sum(map(len, parts)) > MAX_LINE:
        raise UnreadableError(f"has a line longer than {MAX_LINE >> 10} KiB")
    return " ".join(parts)
