"""Standard input from an editor: where it is no sequence of messages, the server ends with one line."""

from __future__ import annotations

import re
from typing import BinaryIO

from caplint.util.errors import CaplintError
from caplint.util.escape import visible

LARGEST_MESSAGE = 256_000_000
"""Limit on the bytes of a message: the texts of a few buffers."""
_LONGEST_HEADER = 8_000
_MOST_HEADERS = 20
_SHOWN = 60
_LENGTH = re.compile(rb"(?i:content-length):[ \t]*([0-9]{1,9})[ \t]*\r?\n")


class EditorInput:
    """Reader of headers and contents, one after the other.

    Behind a wrong length nobody knows where the next message begins; pygls would wait for it for ever.
    """

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._headers = 0
        self._is_announced = False

    def readline(self) -> bytes:
        """Return a line of the headers, in the form that pygls knows; empty at the end. Raises `CaplintError`."""
        line = self._file.readline(_LONGEST_HEADER)
        if not line.strip():
            if line and not self._is_announced:
                raise _no_message("a message has no Content-Length", line)
            return line
        self._headers += 1
        if b":" not in line or not line.endswith(b"\n") or self._headers > _MOST_HEADERS:
            raise _no_message("no header of a message", line)
        if not line.lower().startswith(b"content-length:"):
            return line
        length = _LENGTH.fullmatch(line)
        if length is None or not 0 < int(length[1]) <= LARGEST_MESSAGE:
            raise _no_message(f"not a length from 1 to {LARGEST_MESSAGE:,}", line)
        self._is_announced = True
        return b"Content-Length: %s\r\n" % length[1]

    def read(self, size: int) -> bytes:
        """Return the content of a message; empty if the input ends within it."""
        self._headers, self._is_announced = 0, False
        content = self._file.read(size)
        return content if len(content) == size else b""


def _no_message(fault: str, line: bytes) -> CaplintError:
    text = visible(line[:_SHOWN].decode("utf-8", "replace").rstrip("\r\n"))
    return CaplintError(
        f"standard input: {fault}: {text!r}; the length before may be wrong: it counts bytes. "
        "The server speaks the Language Server Protocol with an editor, which starts it"
    )
