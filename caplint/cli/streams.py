"""Standard streams that are closed, full, or read by nobody any more: a run ends as it would, or with one line."""

from __future__ import annotations

import io
import os
import select
import sys
from contextlib import suppress
from typing import TYPE_CHECKING

from caplint.util.errors import CaplintError

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer


def prepare() -> None:
    """Give the process all three streams, whatever it was started with.

    A closed one is opened on the null device, in the direction in which it is of no use: else the next file that is
    opened, such as the store, would take its place. To read or write it then fails as it does for any program.
    """
    for number, direction in ((0, os.O_WRONLY), (1, os.O_RDONLY), (2, os.O_RDONLY)):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, direction)  # takes the lowest number that is free, which is this one
    if sys.stdin is None:
        sys.stdin = open(0, encoding="utf-8", closefd=False)  # noqa: SIM115 - no path, and never closed
    sys.stdout = _text(_Output(1, "standard output"), sys.stdout)
    sys.stderr = _text(_Output(2, None), sys.stderr)


def finish(status: int) -> int:
    """Flush both outputs, so that nothing can fail when Python ends. Return the exit code."""
    try:
        sys.stdout.flush()
    except CaplintError as error:
        _drop(1)
        if status != _FAILED:  # else it was this, or worse, and has been told
            sys.stderr.write(f"caplint: {error}\n")
        status = _FAILED
    sys.stderr.flush()
    return status


_FAILED = 2


class _Output(io.FileIO):
    """The writing end of standard output or error.

    A reader that leaves has seen enough: the run goes on, and its exit code says what it found. Of standard error
    nothing depends on whether it can be written.
    """

    def __init__(self, number: int, name: str | None) -> None:
        super().__init__(number, "w", closefd=False)
        self._called = name

    def write(self, data: ReadableBuffer) -> int:
        """Write some bytes, waiting where another program has made the stream non-blocking. Raises `CaplintError`."""
        try:
            while (count := super().write(data)) is None:
                select.select([], [self], [])
        except OSError as error:
            if self._called is not None and not isinstance(error, BrokenPipeError):
                raise CaplintError(f"{self._called}: cannot be written: {error.strerror}") from error
            _drop(self.fileno())
            return memoryview(data).nbytes
        return count


def _text(raw: _Output, as_before: object) -> io.TextIOWrapper:
    """Return a stream that shows a character that its encoding lacks by number; a terminal's may be ASCII."""
    known = as_before if isinstance(as_before, io.TextIOWrapper) else None
    lines = known.line_buffering if known else False
    encoding = known.encoding if known else "utf-8"
    direct = known.write_through if known else False
    return io.TextIOWrapper(
        io.BufferedWriter(raw), encoding, "backslashreplace", line_buffering=lines, write_through=direct
    )


def _drop(number: int) -> None:
    """Let everything more that is written to a stream go nowhere."""
    with suppress(OSError):
        null = os.open(os.devnull, os.O_WRONLY)
        os.dup2(null, number)
        os.close(null)
