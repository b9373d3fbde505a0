"""Capabilities that every kernel defines which the user supports: `oldest-kernel` of the configuration."""

from __future__ import annotations

import sqlite3

from caplint.knowledge.load import knowledge
from caplint.link.core.rows import insert
from caplint.link.uapi.rows import OldCapRow


def link_old_capabilities(connection: sqlite3.Connection, oldest: str) -> None:
    """Fill `old_cap`. A capability with a number below those whose release is known is older than these."""
    if not oldest:
        return
    first = min(number for _, number, _ in knowledge().introduced)
    old = {name for name, _, release in knowledge().introduced if _version(release) <= _version(oldest)}
    numbered = connection.execute("SELECT DISTINCT name FROM temp.all_cap WHERE number < ?", (first,))
    insert(connection, "old_cap", map(OldCapRow, sorted(old | {name for (name,) in numbered})))


def _version(release: str) -> tuple[int, int]:
    major, _, minor = release.removeprefix("v").partition(".")
    return int(major), int(minor)
