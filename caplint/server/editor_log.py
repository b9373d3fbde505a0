"""Log of libraries: one line for each message on standard error, which editors show to their users."""

from __future__ import annotations

import logging
import traceback
from pathlib import Path

from caplint.util.escape import visible

_LONGEST = 300
_OWN = str(Path(__file__).parents[1])


class OneLine(logging.Formatter):
    """Formatter that leaves out the traceback of a message that makes no sense.

    It stays where caplint's own code is at fault, who is then asked for it.
    """

    def format(self, record: logging.LogRecord) -> str:
        """Return the line, with the error behind it."""
        error = record.exc_info[1] if record.exc_info else None
        said = record.getMessage().partition("Traceback (most recent")[0]  # in the data of pygls' errors
        text = said + (f": {type(error).__name__}: {error}" if error else "")
        line = f"caplint: {visible(' '.join(text[: 10 * _LONGEST].split()))[:_LONGEST]}"
        frames = traceback.extract_tb(error.__traceback__) if error else []
        if error is None or not any(frame.filename.startswith(_OWN) for frame in frames):
            return line
        return "\n".join([line, *traceback.format_exception(error)]).rstrip("\n")


def to_standard_error() -> None:
    """Show warnings and errors of all libraries."""
    handler = logging.StreamHandler()
    handler.setFormatter(OneLine())
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)
