"""Facts of expanded macros, added to the snapshot: planned once per state of a tree, then read like a file's."""

from __future__ import annotations

import json
import sqlite3
from dataclasses import asdict, dataclass

from caplint.facts.harvest import ExtractionSettings, harvest_contents
from caplint.facts.store.store import BlobKey, FactStore
from caplint.knowledge.languages import EXPANDED
from caplint.link.core.memo import snapshot_key
from caplint.link.core.rows import insert
from caplint.link.macros.rows import SupersededRow, UnexpandedRow
from caplint.trees.tree import Tree, object_id


@dataclass(frozen=True)
class _ExpandedCode:
    """Result of a plan, after its pieces were read."""

    blobs: dict[str, str]
    """Path → object id of its packed pieces."""
    superseded: list[tuple[str, str]]
    unexpanded: list[tuple[str, int, str, str]]


def link_expanded_code(store: FactStore, side: str, tree: Tree, reading: ExtractionSettings) -> None:
    """Fill `superseded` and `unexpanded`, and add the pieces' facts to `all_file`, for one side of a tree."""
    connection = store.connection
    cache_key = f"expanded {snapshot_key(connection, side, tree.name, reading.extractor)}"
    recalled = store.recall(cache_key)
    expanded = _ExpandedCode(**json.loads(recalled)) if recalled is not None else None
    rows = store.known(reading.extractor) if expanded is not None else {}
    used = {(oid, EXPANDED) for oid in expanded.blobs.values()} if expanded is not None else set()
    if expanded is None or used - rows.keys() or not store.touch(rows[key] for key in used):
        expanded, rows = _read(store, side, tree, reading)
        store.retain(cache_key, json.dumps(asdict(expanded)))
    _fill(connection, side, tree.name, expanded, rows)


def _read(
    store: FactStore, side: str, tree: Tree, reading: ExtractionSettings
) -> tuple[_ExpandedCode, dict[BlobKey, int]]:
    # Imported on demand, since most runs find everything in the store and expand nothing.
    from caplint.facts.expanded import packed  # noqa: PLC0415
    from caplint.link.macros.expansion_plan import plan  # noqa: PLC0415

    expansion_plan = plan(store.connection, side, tree.name, tree.read)
    contents = {path: packed(pieces) for path, pieces in expansion_plan.pieces.items() if pieces}
    blobs = {path: object_id(content) for path, content in contents.items()}
    rows = harvest_contents(store, {(blobs[path], EXPANDED): contents[path] for path in contents}, reading)
    unexpanded = [(entry.path, entry.line, entry.name, entry.reason) for entry in expansion_plan.unexpanded]
    return _ExpandedCode(blobs, expansion_plan.superseded, sorted(unexpanded)), rows


def _fill(
    connection: sqlite3.Connection, side: str, tree: str, expanded: _ExpandedCode, rows: dict[BlobKey, int]
) -> None:
    connection.executemany(
        """INSERT INTO temp.all_file (side, tree, role, path, arch, header, api, blob, expanded)
           SELECT side, tree, role, path, arch, NULL, 0, ?, 1 FROM temp.all_file
           WHERE side = ? AND tree = ? AND path = ? AND NOT expanded""",
        [(rows[oid, EXPANDED], side, tree, path) for path, oid in sorted(expanded.blobs.items())],
    )
    superseded = dict.fromkeys(map(tuple, expanded.superseded))  # one function may hold several pieces
    insert(connection, "superseded", [SupersededRow(side, tree, path, function) for path, function in superseded])
    insert(
        connection,
        "all_unexpanded",
        [UnexpandedRow(side, tree, *entry) for entry in expanded.unexpanded],
    )
    connection.execute(
        """INSERT INTO temp.all_unexpanded (side, tree, path, line, name, reason)
           SELECT DISTINCT f.side, f.tree, f.path, b.line, NULL, b.reason
           FROM temp.all_file f JOIN main.blind_spot b ON b.blob = f.blob
           WHERE f.side = ? AND f.tree = ? AND f.expanded ORDER BY f.path, b.line, b.reason""",
        (side, tree),
    )
