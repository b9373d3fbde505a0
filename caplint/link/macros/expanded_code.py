"""Lays what macros make over the snapshot: plans it once per state of a tree, and has it read like a file."""

from __future__ import annotations

import json
import sqlite3
from dataclasses import asdict, dataclass

from caplint.facts.harvest import ExtractionSettings, harvest_contents
from caplint.facts.store.store import BlobKey, FactStore
from caplint.knowledge.languages import EXPANDED
from caplint.link.core.memo import snapshot
from caplint.trees.tree import Tree, object_id


@dataclass(frozen=True)
class _Made:
    """A plan whose pieces have been read."""

    blobs: dict[str, str]
    """Path → object id of its packed pieces."""
    superseded: list[tuple[str, str]]
    unexpanded: list[tuple[str, int, str, str]]


def link_made(store: FactStore, side: str, tree: Tree, reading: ExtractionSettings) -> None:
    """Fill `superseded` and `unexpanded`, and add the pieces' facts to `all_file`, for one side of a tree."""
    connection = store.connection
    name = f"expanded {snapshot(connection, side, tree.name, reading.extractor)}"
    known = store.recall(name)
    made = _Made(**json.loads(known)) if known is not None else None
    rows = store.known(reading.extractor) if made is not None else {}
    if made is None or any((oid, EXPANDED) not in rows for oid in made.blobs.values()):
        made, rows = _read(store, side, tree, reading)
        store.retain(name, json.dumps(asdict(made)))
    store.touch(rows[oid, EXPANDED] for oid in made.blobs.values())
    _fill(connection, side, tree.name, made, rows)


def _read(store: FactStore, side: str, tree: Tree, reading: ExtractionSettings) -> tuple[_Made, dict[BlobKey, int]]:
    # Imported on demand: most runs find everything in the store, and expand nothing.
    from caplint.facts.expanded import packed  # noqa: PLC0415
    from caplint.link.macros.expansion_plan import plan  # noqa: PLC0415

    found = plan(store.connection, side, tree.name, tree.read)
    contents = {path: packed(pieces) for path, pieces in found.pieces.items() if pieces}
    blobs = {path: object_id(content) for path, content in contents.items()}
    rows = harvest_contents(store, {(blobs[path], EXPANDED): contents[path] for path in contents}, reading)
    missed = [(entry.path, entry.line, entry.name, entry.reason) for entry in found.unexpanded]
    return _Made(blobs, found.superseded, sorted(missed)), rows


def _fill(connection: sqlite3.Connection, side: str, tree: str, made: _Made, rows: dict[BlobKey, int]) -> None:
    connection.executemany(
        """INSERT INTO temp.all_file
           SELECT side, tree, role, path, arch, NULL, 0, ?, 1 FROM temp.all_file
           WHERE side = ? AND tree = ? AND path = ? AND NOT expanded""",
        [(rows[oid, EXPANDED], side, tree, path) for path, oid in sorted(made.blobs.items())],
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
           WHERE f.side = ? AND f.tree = ? AND f.expanded ORDER BY f.path, b.line, b.reason""",
        (side, tree),
    )
