"""Standard output to an editor: where it cannot be written, the server ends with one line, as every command does."""

from __future__ import annotations

import os

from caplint.util.errors import CaplintError


class EditorOutput:
    """Writer of whole messages."""

    def __init__(self, handle: int) -> None:
        self._file = os.fdopen(handle, "wb", buffering=0)
        self._failure: OSError | None = None

    def write(self, data: bytes) -> None:
        """Write a message. Ends the server if that fails: pygls would go on, with a traceback for each message."""
        left = memoryview(data)
        try:
            while left:
                left = left[self._file.write(left) or 0 :]
        except OSError as error:
            self._failure = error
            raise SystemExit from error

    def flush(self) -> None:
        """Do nothing: writes are not buffered."""

    def close(self) -> None:
        """Close the stream."""
        self._file.close()

    def finish(self) -> None:
        """Raise `CaplintError` if a message could not be written, unless the editor has left."""
        if self._failure is not None and not isinstance(self._failure, BrokenPipeError):
            raise CaplintError(f"standard output: cannot be written: {self._failure.strerror}")
