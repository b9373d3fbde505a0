r"""Reversible text form of file names for facts, databases and reports: different names have different texts.

A byte that is not UTF-8 becomes `\xff`. A backslash that begins such an escape in the name itself becomes `\x5c`; every
other backslash stays as it is.
"""

from __future__ import annotations

import os
import re

_ESCAPE = re.compile(rb"\\x(5c|[89a-f][0-9a-f])")
_BEFORE_ESCAPE = re.compile(rb"\\(?=x(?:5c|[89a-f][0-9a-f]))")


def path_text(name: bytes) -> str:
    """Return the text form of a name."""
    if b"\\x" in name:
        name = _BEFORE_ESCAPE.sub(rb"\\x5c", name)
    return name.decode("utf-8", "backslashreplace")


def path_bytes(text: str) -> bytes:
    """Return the name of a text form: the inverse of `path_text`."""
    name = text.encode("utf-8", "surrogateescape" if _has_only_bytes(text) else "backslashreplace")
    return _ESCAPE.sub(lambda match: bytes.fromhex(match[1].decode()), name) if b"\\x" in name else name


def shown(path: str | os.PathLike[str]) -> str:
    """Return the text form of a path from Python, which represents bytes that are not UTF-8 as surrogates."""
    text = os.fspath(path)
    return text if text.isascii() and "\\x" not in text else path_text(path_bytes_of_system(text))


def on_disk(text: str) -> str:
    """Return the path to open for the result of `path_text` or `shown`."""
    return os.fsdecode(path_bytes(text)) if "\\x" in text else text


def path_bytes_of_system(path: str) -> bytes:
    """Return the bytes of a path for the system, whatever characters it contains."""
    try:
        return os.fsencode(path)
    except UnicodeEncodeError:  # a surrogate that represents no byte
        return path.encode("utf-8", "backslashreplace")


def _has_only_bytes(text: str) -> bool:
    """Return whether every surrogate in the text represents a byte that is not UTF-8."""
    return all("\udc80" <= char <= "\udcff" for char in text if "\ud800" <= char <= "\udfff")
