"""A tree's C files as outlines: found by the names in them, parsed when a question needs them, kept for the next."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator
from typing import Any

from caplint.code_identity import code_identity
from caplint.facts.harvest import Reading, harvest
from caplint.facts.languages import OUTLINE, WORDS
from caplint.facts.store import FactStore
from caplint.knowledge import knowledge
from caplint.trees.tree import File, Tree

_ROWS = 500


class Outline:
    """One file, as `caplint/facts/outline.py` tells it. Conditions and labels are numbers that `texts` explains."""

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
        """function (ordinal, -1: outside), callee, line, condition, labels, and lists of position, name that is handed
        on, and before an ioctl the descriptor"""
        self.entries = tables["entries"]
        """function, variable, its type, path in the initialiser, name, line, condition"""
        self.stores = tables["stores"]
        """function, target, value, line, condition"""
        self.variables = tables["variables"]
        """function, name, type"""
        self.members = tables["members"]
        """structure, member, type, position"""
        self.typedefs = tables["typedefs"]
        """name, what it stands for"""
        self.macros = tables["macros"]
        """name, parameters (None: stands for its body), body, line, condition"""
        self.uses = tables["uses"]
        """macro, arguments, line; outside functions"""


class Outlines:
    """The outlines of one tree."""

    def __init__(self, store: FactStore, tree: Tree, files: list[File], reading: Reading) -> None:
        self.tree = tree
        self._store = store
        self._files = files
        self._reading = reading
        self._postings: dict[str, list[int]] | None = None
        self._rows = {
            oid: row for (oid, language), row in store.known(reading.extractor).items() if language == OUTLINE
        }
        self._loaded: set[int] = set()
        self._asked: set[str] = set()

    @property
    def files(self) -> list[File]:
        """Every file that may be asked for."""
        return self._files

    def mentioning(self, words: Iterable[str]) -> list[Outline]:
        """The files that hold one of some words and were not given yet. Words are marked as in `facts/words.py`."""
        postings = self._words()
        fresh = sorted(set(words) - self._asked)
        self._asked.update(fresh)
        return self._outlined(sorted({place for word in fresh for place in postings.get(word, ())} - self._loaded))

    def prepare_all(self) -> None:
        """Have the outlines of all files made at once: for many questions that is cheaper than file by file."""
        self._make(self._files)

    def all(self) -> list[Outline]:
        """Every file that was not given yet."""
        return self._outlined([place for place in range(len(self._files)) if place not in self._loaded])

    def count(self, word: str) -> int:
        """In how many files a word stands."""
        return len(self._words().get(word, ()))

    def _outlined(self, places: list[int]) -> list[Outline]:
        self._loaded.update(places)
        files = [self._files[place] for place in places]
        self._make(files)
        texts = self._texts([self._rows[file.oid] for file in files], "outline")
        known = knowledge()
        return [
            Outline(file.path, known.architecture_of(self.tree.project, file.path), json.loads(text))
            for file in files
            if (text := texts.get(self._rows[file.oid])) is not None  # None: a blind spot, and nothing else
        ]

    def _make(self, files: list[File]) -> None:
        if missing := [(self.tree, file) for file in files if file.oid not in self._rows]:
            found = harvest(self._store, missing, self._reading, _quietly, OUTLINE)
            self._rows |= {file.oid: found[file.oid, OUTLINE] for _, file in missing}

    def _texts(self, rows: list[int], table: str) -> dict[int, str]:
        found: dict[int, str] = {}
        for begin in range(0, len(rows), _ROWS):
            some = rows[begin : begin + _ROWS]
            marks = ", ".join("?" * len(some))
            query = f"SELECT blob, text FROM main.{table} WHERE blob IN ({marks})"  # noqa: S608
            found.update(self._store.connection.execute(query, some).fetchall())
        return found

    def _words(self) -> dict[str, list[int]]:
        """Word → ordinals of the files that hold it."""
        if self._postings is None:
            name = f"words {self.state}"
            known = self._store.recall(name)
            self._postings = json.loads(known) if known is not None else dict(self._collected())
            if known is None:
                self._store.retain(name, json.dumps(self._postings, separators=(",", ":")))
        return self._postings

    @property
    def state(self) -> str:
        """Name what the tree holds, and what reads it."""
        digest = hashlib.sha256(f"{code_identity(__name__)} {self._reading.extractor}".encode())
        for file in self._files:
            digest.update(f"{file.path}\0{file.oid}\0".encode())
        return digest.hexdigest()

    def _collected(self) -> Iterator[tuple[str, list[int]]]:
        wanted = [(self.tree, file) for file in self._files]
        rows = harvest(self._store, wanted, self._reading, _quietly, WORDS)
        texts = self._texts(sorted({rows[file.oid, WORDS] for file in self._files}), "words")
        postings: dict[str, list[int]] = {}
        for place, file in enumerate(self._files):
            for word in texts.get(rows[file.oid, WORDS], "").split():
                postings.setdefault(word, []).append(place)
        yield from postings.items()


def _quietly(_done: int, _total: int) -> None:
    pass
