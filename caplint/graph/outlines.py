"""Outlines of a tree's C files: looked up by the names in them, parsed on demand, and stored for later runs."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from itertools import chain
from typing import Any

from caplint.facts.harvest import ExtractionSettings, harvest
from caplint.facts.store.store import FactStore
from caplint.graph.postings import Postings
from caplint.knowledge.languages import NAME_INDEX, OUTLINE
from caplint.knowledge.load import knowledge
from caplint.trees.tree import File, Tree
from caplint.util.code_identity import code_identity

_ROWS = 500


class FileOutline:
    """Outline of one file from `facts/kinds/outline.py`. Conditions and labels are indexes into `texts`."""

    __slots__ = (
        "arch", "calls", "entries", "functions", "macros", "members", "path", "stores", "texts", "typedefs", "uses",
        "variables",
    )  # fmt: skip

    def __init__(self, path: str, arch: str | None, tables: dict[str, list[Any]]) -> None:
        self.path = path
        self.arch = arch
        self.texts: list[str] = tables["texts"]
        self.functions = tables["functions"]
        """name, line, linkage (1: static, 2: weak), condition, parameters, type"""
        self.calls = tables["calls"]
        """function (ordinal, -1: file scope), callee, line, condition, labels, and a list of the names passed as
        arguments: position, name, and for an ioctl request the descriptor"""
        self.entries = tables["entries"]
        """function, variable, its type, path in the initialiser, name, line, condition"""
        self.stores = tables["stores"]
        """function, target, value, line, condition"""
        self.variables = tables["variables"]
        """function, name, type"""
        self.members = tables["members"]
        """structure, member, type, position"""
        self.typedefs = tables["typedefs"]
        """name, the aliased type"""
        self.macros = tables["macros"]
        """name, parameters (None: alias of its body), body, line, condition"""
        self.uses = tables["uses"]
        """macro, arguments, line; at file scope"""


class Outlines:
    """Outlines of one tree."""

    def __init__(self, store: FactStore, tree: Tree, files: list[File], reading: ExtractionSettings) -> None:
        self.tree = tree
        self._store = store
        self._files = files
        self._reading = reading
        self._words = Postings(store, lambda: self.state, self._collected)
        self._rows: dict[str, int] = {}
        """Object id → row of the outline, of the files that were asked for."""
        self._loaded: set[int] = set()
        self._asked: set[str] = set()

    @property
    def files(self) -> list[File]:
        """All C files of the tree's call graph."""
        return self._files

    def mentioning(self, words: Iterable[str]) -> list[FileOutline]:
        """Return the files with one of these words that were not returned before; see `facts/kinds/name_index.py`."""
        fresh = sorted(set(words) - self._asked)
        self._asked.update(fresh)
        known = range(len(self._files))
        found = {index for index in chain(*self._words.of(fresh)) if index in known}
        return self._outlined(sorted(found - self._loaded))

    def prepare_all(self) -> None:
        """Extract the outlines of all files at once, which for many questions is cheaper than file by file."""
        self._make(self._files)

    def all(self) -> list[FileOutline]:
        """Return all files that were not returned before."""
        return self._outlined([index for index in range(len(self._files)) if index not in self._loaded])

    def count(self, word: str) -> int:
        """Return the number of files with a word."""
        return len(self._words.of([word])[0])

    def _outlined(self, indexes: list[int]) -> list[FileOutline]:
        self._loaded.update(indexes)
        files = [self._files[index] for index in indexes]
        self._make(files)
        texts = self._texts([self._rows[file.oid] for file in files], "outline")
        facts = knowledge()
        return [
            FileOutline(file.path, facts.architecture_of(self.tree.project, file.path), json.loads(text))
            for file in files
            if (text := texts.get(self._rows[file.oid])) is not None  # None: the whole file is a blind spot
        ]

    def _make(self, files: list[File]) -> None:
        fresh = [file.oid for file in files if file.oid not in self._rows]
        if not fresh:
            return
        known = self._known(fresh)
        if not self._store.touch(known.values()):
            known = self._known(fresh)
        self._rows |= known
        if missing := [(self.tree, file) for file in files if file.oid not in self._rows]:
            rows = harvest(self._store, missing, self._reading, _quietly, OUTLINE)
            self._rows |= {file.oid: rows[file.oid, OUTLINE] for _, file in missing}

    def _known(self, oids: list[str]) -> dict[str, int]:
        query = """SELECT oid, id FROM main.blob WHERE oid IN (SELECT value FROM json_each(?))
                   AND language = ? AND extractor = ?"""
        asked = json.dumps(oids), OUTLINE, self._reading.extractor
        return dict(self._store.connection.execute(query, asked).fetchall())

    def _texts(self, rows: list[int], table: str) -> dict[int, str]:
        texts: dict[int, str] = {}
        for begin in range(0, len(rows), _ROWS):
            some = rows[begin : begin + _ROWS]
            marks = ", ".join("?" * len(some))
            query = f"SELECT blob, text FROM main.{table} WHERE blob IN ({marks})"  # noqa: S608
            texts.update(self._store.connection.execute(query, some).fetchall())
        return texts

    @property
    def state(self) -> str:
        """Cache key over the tree's files and the code that reads them."""
        digest = hashlib.sha256(f"{code_identity(__name__)} {self._reading.extractor}".encode())
        for file in self._files:
            digest.update(f"{file.path}\0{file.oid}\0".encode())
        return digest.hexdigest()

    def _collected(self) -> dict[str, list[int]]:
        """Return word → ordinals of the files that contain it."""
        wanted = [(self.tree, file) for file in self._files]
        rows = harvest(self._store, wanted, self._reading, _quietly, NAME_INDEX)
        texts = self._texts(sorted({rows[file.oid, NAME_INDEX] for file in self._files}), "name_index")
        postings: dict[str, list[int]] = {}
        for index, file in enumerate(self._files):
            for word in texts.get(rows[file.oid, NAME_INDEX], "").split():
                postings.setdefault(word, []).append(index)
        return postings


def _quietly(_done: int, _total: int) -> None:
    pass
