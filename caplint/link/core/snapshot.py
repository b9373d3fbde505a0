"""Tables of a run's trees and their files."""

from __future__ import annotations

import sqlite3

from caplint.facts.store.store import BlobKey
from caplint.knowledge.languages import language_of
from caplint.knowledge.load import knowledge
from caplint.link.core.loaded_trees import Loaded, changed_lines


def take_snapshot(connection: sqlite3.Connection, loaded: Loaded, rows: dict[BlobKey, int]) -> None:
    """Fill `tree`, `all_file`, `changed_line` and `patch_file` for a tree. `rows` gives each blob's id in the store."""
    tree = loaded.tree
    connection.execute(
        "INSERT INTO temp.tree VALUES (?, ?, ?, ?, ?, ?)",
        (tree.name, tree.role, tree.project.name, tree.location, int(tree.base is not None), int(tree.complete)),
    )
    sides = [("now", loaded.files)]
    if tree.base is not None:
        sides.append(("base", loaded.base_files))
    for side, files in sides:
        connection.executemany(
            "INSERT INTO temp.all_file VALUES (?, ?, ?, ?, ?, ?, ?, ?, 0)",
            [
                (
                    side,
                    tree.name,
                    tree.role,
                    file.path,
                    knowledge().architecture_of(tree.project, file.path),
                    tree.project.header_kind(file.path),
                    int(bool(tree.project.documentation.fullmatch(file.path))),
                    rows[file.oid, language_of(file.path) or "c"],
                )
                for file in files
            ],
        )
    connection.executemany("INSERT INTO temp.changed_line VALUES (?, ?, ?)", changed_lines(loaded))
    connection.executemany(
        "INSERT INTO temp.patch_file VALUES (?, ?, ?, ?, ?, ?)",
        [(row.series, row.ordinal, row.patch, tree.name, row.path, row.kind) for row in tree.patch_files],
    )
