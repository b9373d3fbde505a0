"""A tree's whole source text, searched for names, so that only files that matter to a question are parsed."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable

from caplint.check import Session
from caplint.facts.harvest import Reading, harvest_contents
from caplint.facts.languages import language_of
from caplint.knowledge import knowledge
from caplint.trees.tree import Tree, object_id


class Texts:
    """The C files of one tree; those that were asked for are in the store."""

    def __init__(self, session: Session, tree: Tree, reading: Reading) -> None:
        self.tree = tree
        self._store = session.store
        self._reading = reading
        self._contents = {path: tree.read(path) for path in tree.sources() if language_of(path) == "c"}
        self.blobs: dict[str, int] = {}
        """Path → row of its facts, of the files that were asked for."""
        self.paths: dict[int, str] = {}

    @property
    def connection(self) -> sqlite3.Connection:
        """Where the facts are."""
        return self._store.connection

    def arch(self, path: str) -> str | None:
        """The architecture that a file is compiled for."""
        return knowledge().architecture_of(self.tree.project, path)

    def load(self, names: Iterable[str]) -> str:
        """Have every file read that mentions one of the names; all rows that were loaded so far, as JSON."""
        wanted = [name.encode() for name in sorted(set(names))]
        missing = {
            path: content
            for path, content in self._contents.items()
            if path not in self.blobs and any(name in content for name in wanted)
        }
        if missing:
            keys = {path: (object_id(content), "c") for path, content in missing.items()}
            rows = harvest_contents(self._store, {keys[path]: missing[path] for path in missing}, self._reading)
            for path, key in keys.items():
                self.blobs[path] = rows[key]
                self.paths[rows[key]] = path
        return json.dumps(sorted(self.blobs.values()))
