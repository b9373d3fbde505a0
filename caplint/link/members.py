"""What files do to the members of structures, by the members' names.

It is summed up file by file and kept by content, so that a patch costs the files that it changes.
"""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass, field

from caplint.code_identity import LINKS, code_identity
from caplint.facts.store import FactStore

BRACKETS = re.compile(r"\[[^\[\]]*\]")
"""An index."""
POINTED = re.compile(r"(?:->|\.)\s*([A-Za-z_]\w*)")
"""A step to a member, with the member's name."""
_CHAIN = re.compile(
    r"[A-Za-z_]\w*(?:\s*\([^()]*\)|\s*\[[^\[\]]*\])*(?:\s*(?:->|\.)\s*[A-Za-z_]\w*(?:\s*\[[^\[\]]*\])*)+"
)


@dataclass
class Members:
    """Names of members in one file's code."""

    counts: dict[str, list[int]] = field(default_factory=dict)
    """Places that use a member, and places that assign or update it or take its address."""
    written: list[str] = field(default_factory=list)
    """Last names of chains that are assigned, updated, or whose address is taken; names in macro bodies, of fields."""
    passed: list[str] = field(default_factory=list)
    """Last names of chains that are used by value."""
    read: list[str] = field(default_factory=list)
    """Names that an expression or a macro's body mentions other than by assigning to them."""
    handed: dict[str, list[str]] = field(default_factory=dict)
    """What is called → last names of chains that are its arguments."""


def members_of(store: FactStore, side: str, tree: str) -> list[tuple[str | None, Members]]:
    """Architecture and account of each file that matters, and of what its macros make."""
    connection = store.connection
    rows = connection.execute(
        """SELECT f.arch, f.blob, b.oid, b.language, b.extractor
           FROM temp.all_file f JOIN main.blob b ON b.id = f.blob WHERE f.side = ? AND f.tree = ?""",
        (side, tree),
    ).fetchall()
    code = code_identity(*LINKS)
    names = {blob: f"members {oid} {language} {extractor} {code}" for _, blob, oid, language, extractor in rows}
    known = store.recall_all(names.values())
    found = {blob: Members(**json.loads(known[name])) for blob, name in names.items() if name in known}
    missing = {blob: _summed(connection, blob) for blob in names.keys() - found.keys()}
    store.retain_all({names[blob]: json.dumps(vars(each)) for blob, each in sorted(missing.items())})
    found |= missing
    return [(arch, found[blob]) for arch, blob, *_ in rows]


def last_name(chain: str) -> list[str]:
    """The name of the member that a chain leads to, if it is one; indices do not count."""
    return POINTED.findall(BRACKETS.sub("", chain))[-1:]


def is_chain(expression: str) -> bool:
    """Whether an expression is a chain of members and nothing else."""
    return _CHAIN.fullmatch(expression) is not None


def chains(expression: str) -> Iterator[str]:
    """The member chains in an expression."""
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
