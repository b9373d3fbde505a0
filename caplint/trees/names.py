r"""Names of files as text that facts, databases and reports can hold, and back: no two names have one text.

A byte that is no UTF-8 is written `\xff`. Where a name has such an escape literally, its backslash is written
`\x5c`; every other backslash stays as it is.
"""

from __future__ import annotations

import os
import re

_ESCAPE = re.compile(rb"\\x(5c|[89a-f][0-9a-f])")
_BEFORE_ESCAPE = re.compile(rb"\\(?=x(?:5c|[89a-f][0-9a-f]))")


def path_text(name: bytes) -> str:
    """The text that stands for a name."""
    if b"\\x" in name:
        name = _BEFORE_ESCAPE.sub(rb"\\x5c", name)
    return name.decode("utf-8", "backslashreplace")


def path_bytes(text: str) -> bytes:
    """The name that a text stands for: the inverse of `path_text`."""
    name = text.encode("utf-8", "surrogateescape" if _has_only_bytes(text) else "backslashreplace")
    return _ESCAPE.sub(lambda match: bytes.fromhex(match[1].decode()), name) if b"\\x" in name else name


def shown(path: str | os.PathLike[str]) -> str:
    """The text that stands for a path as Python has it, whose bytes that are no UTF-8 are surrogates."""
    text = os.fspath(path)
    return text if text.isascii() and "\\x" not in text else path_text(path_bytes_of_system(text))


def on_disk(text: str) -> str:
    """The path as Python opens it, of a text that `path_text` or `shown` made."""
    return os.fsdecode(path_bytes(text)) if "\\x" in text else text


def path_bytes_of_system(path: str) -> bytes:
    """The bytes that the system is given for a path, whatever its text holds."""
    try:
        return os.fsencode(path)
    except UnicodeEncodeError:  # a half of a character that stands for no byte
        return path.encode("utf-8", "backslashreplace")


def _has_only_bytes(text: str) -> bool:
    """Whether every half of a character in the text stands for a byte that is no UTF-8."""
    return all("\udc80" <= char <= "\udcff" for char in text if "\ud800" <= char <= "\udfff")
