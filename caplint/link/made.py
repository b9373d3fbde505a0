"""Lays what macros make over the snapshot: plans it once per state of a tree, and has it read like a file."""

from __future__ import annotations

import hashlib
import json
import sqlite3
from dataclasses import asdict, dataclass
from functools import cache
from importlib import resources

from caplint.facts.extract import MADE
from caplint.facts.harvest import Reading, harvest_contents
from caplint.facts.made import packed
from caplint.facts.store import BlobKey, FactStore
from caplint.link.making import plan
from caplint.trees.tree import Tree, object_id


@dataclass(frozen=True)
class _Made:
    """A plan whose pieces have been read."""

    blobs: dict[str, str]
    """Path → object id of its packed pieces."""
    superseded: list[tuple[str, str]]
    unexpanded: list[tuple[str, int, str, str]]


def link_made(store: FactStore, side: str, tree: Tree, reading: Reading) -> None:
    """Fill `superseded` and `unexpanded`, and add the pieces' facts to `all_file`, for one side of a tree."""
    connection = store.connection
    snapshot = _snapshot(connection, side, tree.name, reading.extractor)
    known = store.recall(snapshot)
    made = _Made(**json.loads(known)) if known is not None else None
    rows = store.known(reading.extractor) if made is not None else {}
    if made is None or any((oid, MADE) not in rows for oid in made.blobs.values()):
        made, rows = _read(store, side, tree, reading)
        store.retain(snapshot, json.dumps(asdict(made)))
    store.touch(rows[oid, MADE] for oid in made.blobs.values())
    _fill(connection, side, tree.name, made, rows)


def _snapshot(connection: sqlite3.Connection, side: str, tree: str, extractor: str) -> str:
    """Names a tree's content, and everything else that a plan depends on."""
    digest = hashlib.sha256(_code() + extractor.encode())
    for path, oid in connection.execute(
        """SELECT f.path, b.oid FROM temp.all_file f JOIN main.blob b ON b.id = f.blob
           WHERE f.side = ? AND f.tree = ? AND b.language = 'c' ORDER BY 1""",
        (side, tree),
    ):
        digest.update(f"{path}\0{oid}\0".encode())
    return digest.hexdigest()


@cache
def _code() -> bytes:
    package = resources.files(__package__)
    return b"".join(package.joinpath(name).read_bytes() for name in ("making.py", "definitions.py", "made.py"))


def _read(store: FactStore, side: str, tree: Tree, reading: Reading) -> tuple[_Made, dict[BlobKey, int]]:
    found = plan(store.connection, side, tree.name, tree.read)
    contents = {path: packed(pieces) for path, pieces in found.pieces.items() if pieces}
    blobs = {path: object_id(content) for path, content in contents.items()}
    rows = harvest_contents(store, {(blobs[path], MADE): contents[path] for path in contents}, reading)
    missed = [(entry.path, entry.line, entry.name, entry.reason) for entry in found.unexpanded]
    return _Made(blobs, found.superseded, sorted(missed)), rows


def _fill(connection: sqlite3.Connection, side: str, tree: str, made: _Made, rows: dict[BlobKey, int]) -> None:
    connection.executemany(
        """INSERT INTO temp.all_file
           SELECT side, tree, role, path, arch, NULL, 0, ?, 1 FROM temp.all_file
           WHERE side = ? AND tree = ? AND path = ? AND NOT made""",
        [(rows[oid, MADE], side, tree, path) for path, oid in sorted(made.blobs.items())],
    )
    connection.executemany(
        "INSERT OR IGNORE INTO temp.superseded VALUES (?, ?, ?, ?)",
        [(side, tree, path, function) for path, function in made.superseded],
    )
    connection.executemany(
        "INSERT INTO temp.all_unexpanded VALUES (?, ?, ?, ?, ?, ?)",
        [(side, tree, *entry) for entry in made.unexpanded],
    )
    connection.execute(
        """INSERT INTO temp.all_unexpanded
           SELECT DISTINCT f.side, f.tree, f.path, b.line, NULL, b.reason
           FROM temp.all_file f JOIN main.blind_spot b ON b.blob = f.blob
           WHERE f.side = ? AND f.tree = ? AND f.made ORDER BY f.path, b.line, b.reason""",
        (side, tree),
    )
