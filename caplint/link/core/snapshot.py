"""Tables of a run's trees and their files."""

from __future__ import annotations

import sqlite3

from caplint.facts.store.store import BlobKey
from caplint.knowledge.languages import language_of
from caplint.knowledge.load import knowledge
from caplint.link.core.loaded_trees import Loaded, changed_lines
from caplint.link.core.rows import ChangedLineRow, FileRow, PatchFileRow, TreeRow, insert
from caplint.trees.tree import File, Tree


def take_snapshot(connection: sqlite3.Connection, loaded: Loaded, rows: dict[BlobKey, int]) -> None:
    """Fill `tree`, `all_file`, `changed_line` and `patch_file` for a tree. `rows` gives each blob's id in the store."""
    tree = loaded.tree
    sync = tree.project.sync
    insert(
        connection,
        "tree",
        [
            TreeRow(
                name=tree.name,
                role=tree.role,
                project=tree.project.name,
                location=tree.location,
                patched=int(tree.base is not None),
                complete=int(tree.complete),
            )
        ],
    )
    sides = [("now", loaded.files)]
    if tree.base is not None:
        sides.append(("base", loaded.base_files))
    for side, files in sides:
        insert(connection, "all_file", (_file_row(side, tree, file, rows) for file in files))
    insert(connection, "changed_line", (ChangedLineRow(*line) for line in changed_lines(loaded)))
    insert(
        connection,
        "patch_file",
        [
            PatchFileRow(
                series=row.series,
                ordinal=row.ordinal,
                patch=row.patch,
                tree=tree.name,
                path=row.path,
                kind=row.kind,
                synced=int(sync is not None and bool(sync.files.fullmatch(row.path))),
            )
            for row in tree.patch_files
        ],
    )


def _file_row(side: str, tree: Tree, file: File, rows: dict[BlobKey, int]) -> FileRow:
    return FileRow(
        side=side,
        tree=tree.name,
        role=tree.role,
        path=file.path,
        arch=knowledge().architecture_of(tree.project, file.path),
        header=tree.project.header_kind(file.path),
        api=int(bool(tree.project.documentation.fullmatch(file.path))),
        blob=rows[file.oid, language_of(file.path) or "c"],
        expanded=0,
    )
