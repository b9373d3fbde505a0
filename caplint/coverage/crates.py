"""Versions of the crates that decide which names and numbers of KVM a VMM in Rust is built with, from Cargo.lock."""

from __future__ import annotations

import re
import sqlite3
from typing import NamedTuple

from caplint.knowledge.load import knowledge

_LOCKED = """
    SELECT DISTINCT f.tree, f.path, c.line, c.name, c.version, c.role FROM file f JOIN main.crate c ON c.blob = f.blob
    WHERE c.role <> 'own' ORDER BY f.tree, f.path, c.name, c.version
"""
_OWN = (
    "SELECT f.tree, c.name, c.version FROM file f JOIN main.crate c ON c.blob = f.blob WHERE c.role = 'own' ORDER BY 1"
)
_NUMBER = re.compile(r"[0-9]{1,6}")


class CrateVersion(NamedTuple):
    """Version of a crate that a VMM is built with."""

    tree: str
    path: str
    """Cargo.lock."""
    line: int
    name: str
    """Crate; '' for a file that is no Cargo.lock."""
    version: str
    kernel: str
    """Linux from whose headers it was generated; '' if that is not known."""
    source: str
    """Source of that fact."""
    other: str
    """Tree beside it with another version of the crate, and that version; '' if there is none."""


def crate_versions(connection: sqlite3.Connection) -> list[CrateVersion]:
    """Return the versions that the trees' Cargo.lock files name."""
    own = connection.execute(_OWN).fetchall()
    found = []
    for tree, path, line, name, version, _role in connection.execute(_LOCKED).fetchall():
        kernel, source = _kernel_of(name, version)
        others = [f"{other} is {is_of}" for other, crate, is_of in own if crate == name and other != tree]
        differing = "" if any(text.endswith(f" is {version}") for text in others) else ", ".join(others[:3])
        found.append(CrateVersion(tree, path, line, name, version, kernel, source, differing))
    return found


def _kernel_of(name: str, version: str) -> tuple[str, str]:
    """Return the kernel of which a version has the headers, and the source; the newest entry that is not newer."""
    for entry in knowledge().bindings:
        if entry["crate"] == name and _parts(version) >= _parts(entry["since"]):
            return entry["kernel"], entry["source"]
    return "", ""


def _parts(version: str) -> list[int]:
    return [int(part) for part in _NUMBER.findall(version.partition("+")[0].partition("-")[0])]
