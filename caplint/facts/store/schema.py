"""The tables of the store, their version, and the name of the file that holds them."""

from __future__ import annotations

import hashlib
from functools import cache
from importlib import resources

from caplint.knowledge.load import data_files

PATTERN = "facts*.db"
"""What the files of all versions are called."""


@cache
def schema() -> str:
    """The text of schema.sql."""
    return resources.files(__package__).joinpath("schema.sql").read_text("utf-8")


@cache
def schema_version() -> int:
    """Changes with the tables, and with the projects, which decide what a stamp remembers of a file."""
    digest = hashlib.sha256(schema().encode())
    digest.update("".join(data_files().values()).encode())
    return int.from_bytes(digest.digest()[:4]) & 0x7FFFFFFF


def file_name() -> str:
    """Of this version, so that two of them which are used in turns do not empty each other's store."""
    return f"facts-{schema_version():08x}.db"
