"""Uses of structure members in files, by the members' names.

Uses are summed up per file and memoized by content, so that a patch costs only its changed files.
"""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass, field

from caplint.facts.store.store import FactStore
from caplint.util.code_identity import LINKS, code_identity

BRACKETS = re.compile(r"\[[^\[\]]*\]")
"""Array index."""
POINTED = re.compile(r"(?:->|\.)\s*([A-Za-z_]\w*)")
"""Step to a member; captures the member's name."""
_CHAIN = re.compile(
    r"[A-Za-z_]\w*(?:\s*\([^()]*\)|\s*\[[^\[\]]*\])*(?:\s*(?:->|\.)\s*[A-Za-z_]\w*(?:\s*\[[^\[\]]*\])*)+"
)


@dataclass
class Members:
    """Names of members used in one file's code."""

    counts: dict[str, list[int]] = field(default_factory=dict)
    """Member → number of places that use it, and that assign or update it or take its address."""
    written: list[str] = field(default_factory=list)
    """Last names of chains that are assigned, updated or addressed; names in macro bodies and of table fields."""
    passed: list[str] = field(default_factory=list)
    """Last names of chains that are used by value."""
    read: list[str] = field(default_factory=list)
    """Names that an expression or a macro body mentions, except as target of an assignment."""
    handed: dict[str, list[str]] = field(default_factory=dict)
    """Callee → last names of chains among its arguments."""


def members_of(store: FactStore, side: str, tree: str) -> list[tuple[str | None, Members]]:
    """Return architecture and member uses of each file of a tree, and of its expanded code."""
    connection = store.connection
    rows = connection.execute(
        """SELECT f.arch, f.blob, b.oid, b.language, b.extractor
           FROM temp.all_file f JOIN main.blob b ON b.id = f.blob WHERE f.side = ? AND f.tree = ?""",
        (side, tree),
    ).fetchall()
    code = code_identity(*LINKS)
    cache_keys = {blob: f"members {oid} {language} {extractor} {code}" for _, blob, oid, language, extractor in rows}
    recalled = store.recall_all(cache_keys.values())
    uses_of = {blob: Members(**json.loads(recalled[key])) for blob, key in cache_keys.items() if key in recalled}
    missing = {blob: _summed(connection, blob) for blob in cache_keys.keys() - uses_of.keys()}
    store.retain_all({cache_keys[blob]: json.dumps(vars(uses)) for blob, uses in sorted(missing.items())})
    uses_of |= missing
    return [(arch, uses_of[blob]) for arch, blob, *_ in rows]


def last_name(chain: str) -> list[str]:
    """Return the name of the member that a chain leads to, without indices; an empty list for no chain."""
    return POINTED.findall(BRACKETS.sub("", chain))[-1:]


def is_chain(expression: str) -> bool:
    """Tell whether an expression is a member chain and nothing else."""
    return _CHAIN.fullmatch(expression) is not None


def chains(expression: str) -> Iterator[str]:
    """Yield the member chains in an expression."""
    return (match.group() for match in _CHAIN.finditer(expression))


def _summed(connection: sqlite3.Connection, blob: int) -> Members:
    counts: dict[str, list[int]] = {}
    written: set[str] = set()
    passed: set[str] = set()
    read: set[str] = set()
    handed: dict[str, set[str]] = {}
    for chain, mode, places in connection.execute(
        "SELECT chain, mode, count(*) FROM main.access WHERE blob = ? GROUP BY 1, 2", (blob,)
    ):
        *inner, last = POINTED.findall(BRACKETS.sub("", chain)) or [""]
        for name in inner:
            counts.setdefault(name, [0, 0])[0] += places
        both = counts.setdefault(last, [0, 0])
        both[0] += places if mode != "write" else 0
        both[1] += places if mode in {"write", "update", "address"} else 0
        (passed if mode == "read" else written).update([last] if last else [])
        mentioned = POINTED.findall(chain)
        read.update(mentioned[:-1] if mode == "write" else mentioned)
    for (body,) in connection.execute("SELECT body FROM main.macro WHERE blob = ?", (blob,)):
        mentioned = POINTED.findall(body)
        written.update(mentioned)
        read.update(mentioned)
    for (name,) in connection.execute("SELECT field FROM main.table_entry WHERE blob = ?", (blob,)):
        written.update(POINTED.findall(f".{name}"))
    for callee, arguments in connection.execute("SELECT callee, arguments FROM main.call WHERE blob = ?", (blob,)):
        if "." in arguments or "->" in arguments:
            names = {name for text in json.loads(arguments) if is_chain(text) for name in last_name(text)}
            if names:
                handed.setdefault(callee, set()).update(names)
    return Members(
        dict(sorted(counts.items())), sorted(written), sorted(passed), sorted(read),
        {callee: sorted(names) for callee, names in sorted(handed.items())},
    )  # fmt: skip
