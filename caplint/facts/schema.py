"""The tables of the store, their version, and the name of the file that holds them."""

from __future__ import annotations

import hashlib
from functools import cache
from importlib import resources


@cache
def schema() -> str:
    """The text of schema.sql."""
    return resources.files(__package__).joinpath("schema.sql").read_text("utf-8")


@cache
def schema_version() -> int:
    """Tell one shape of the tables from another.

    It says nothing of the code: each row that code has made has the name of that code in its key (`code_identity`), so
    that another version of the code finds the store as it is and none of the rows that are not its own.
    """
    return int.from_bytes(hashlib.sha256(schema().encode()).digest()[:4]) & 0x7FFFFFFF


def file_name() -> str:
    """Of this version, so that two of them which are used in turns do not empty each other's store."""
    return f"facts-{schema_version():08x}.db"
