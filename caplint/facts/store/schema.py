"""Tables of the store, their version, and the name of its file."""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path

_SHARING = 2
"""Version of how processes share the file: which locks they hold, and when they seal it."""


@cache
def schema() -> str:
    """Return the text of schema.sql."""
    return Path(__file__).with_name("schema.sql").read_text("utf-8")


@cache
def schema_version() -> int:
    """Return a hash of the tables' definitions and of how the file is shared, as a positive 31-bit number.

    It does not cover the code: the key of each row contains the identity of the code that wrote it (`code_identity`).
    Another version of the code can therefore share the store and ignores rows that are not its own.
    """
    return int.from_bytes(hashlib.sha256(f"{_SHARING}\n{schema()}".encode()).digest()[:4]) & 0x7FFFFFFF


def file_name() -> str:
    """Return the file name for this version, so that versions used in turn do not empty each other's store."""
    return f"facts-{schema_version():08x}.db"
