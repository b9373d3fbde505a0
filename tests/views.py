"""Everything that a session's tables and views say, to be compared between sessions."""

from __future__ import annotations

import re

from caplint.config.settings import Config
from caplint.link.linker import unpatched
from caplint.link.views import fact_views
from caplint.session import Session, open_session
from caplint.trees.tree import Tree

# The store numbers blobs and conditions as they come.
_NUMBERED = frozenset({"blob", "condition"})
# What facts alone say, joined in many ways.
_FACTS_ALONE = frozenset({"site", "guard", "call_edge"})

Views = dict[str, list[str]]
"""Name → rows as text, sorted."""


def views_of(trees: list[Tree], cache: str) -> Views:
    """What trees show, and what they show without their patches."""
    session = open_session(trees, Config(cache=cache, jobs=1))
    try:
        found = _views(session, "")
        if any(tree.base is not None for tree in trees):
            unpatched(session.connection, session.configurations)
            found |= _views(session, "unpatched ")
        return found
    finally:
        session.store.close()


def _views(session: Session, prefix: str) -> Views:
    names = session.connection.execute(
        "SELECT name FROM sqlite_temp_schema WHERE type IN ('table', 'view') ORDER BY 1"
    ).fetchall()
    facts = set(re.findall(r"VIEW (\w+)", fact_views()))
    return {prefix + name: rows_of(session, name) for (name,) in names if name not in _FACTS_ALONE | facts}


def rows_of(session: Session, name: str) -> list[str]:
    """The rows of a table or view."""
    columns = [
        column for _, column, kind, *_ in session.connection.execute(f"PRAGMA temp.table_info({name})")
        if not (column in _NUMBERED and kind == "INTEGER")
    ]  # fmt: skip
    return sorted(map(repr, session.connection.execute(f"SELECT {', '.join(columns)} FROM temp.{name}")))


def differences(one: Views, other: Views) -> dict[str, tuple[list[str], list[str]]]:
    """Name → rows that only the one has, and that only the other has."""
    return {
        name: (sorted(set(one[name]) - set(other[name])), sorted(set(other[name]) - set(one[name])))
        for name in one
        if one[name] != other[name]
    }
