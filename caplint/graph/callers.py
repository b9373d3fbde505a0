"""Walks callers backwards, level by level, from where a question begins to a program's entry."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from functools import cache, lru_cache

import networkx as nx

from caplint.c.expression import parse
from caplint.c.formula import substitute
from caplint.graph.steps import COST, Edge, Function
from caplint.graph.texts import Texts
from caplint.knowledge import knowledge

MAX_LEVELS = 30
# Functions that one search looks at before it gives up.
MAX_FUNCTIONS = 6_000
_WORD = re.compile(r"[A-Za-z_]\w*\Z")


class Callers:
    """The graph of everything that may lead to some functions of one tree."""

    def __init__(self, texts: Texts) -> None:
        self._texts = texts
        self.graph = nx.DiGraph()
        self._open: set[Function] = set()
        """Functions whose callers have not been looked for."""
        self.rooted: dict[Function, str] = {}
        """Functions that are handed to a macro which registers them, such as type_init()."""

    def extend(self, target: Function, entries: list[Function]) -> bool:
        """Walk back from the target until it is reached from an entry, or nothing is left; False: it was given up."""
        begun = len(self.graph)
        if target not in self.graph:
            self.graph.add_node(target)
            self._open.add(target)
        late = 0
        for _ in range(MAX_LEVELS):
            above = {target, *nx.ancestors(self.graph, target)}
            frontier = sorted(self._open & above)
            # A longer way may be more certain: two levels more are looked at.
            late += any(entry in above for entry in entries)
            if not frontier or late > 2:
                return True
            if len(self.graph) - begun > MAX_FUNCTIONS:
                break
            self._open.difference_update(frontier)
            self._open.update(self._level(frontier))
        return late > 0

    def _level(self, frontier: list[Function]) -> list[Function]:
        by_name: dict[str, list[Function]] = {}
        for function in frontier:
            by_name.setdefault(function.name, []).append(function)
        blobs = self._texts.load(by_name)
        fresh: dict[Function, None] = {}
        for callee, caller, edge in [*self._calls(by_name, blobs), *self._uses(by_name, blobs)]:
            if caller not in self.graph:
                fresh[caller] = None
            known = self.graph.get_edge_data(caller, callee)
            if known is None or COST[edge.kind] < known["cost"]:
                self.graph.add_edge(caller, callee, edge=edge, cost=COST[edge.kind])
        return sorted(fresh)

    def _calls(self, by_name: dict[str, list[Function]], blobs: str) -> Iterator[tuple[Function, Function, Edge]]:
        rows = self._texts.connection.execute(
            """SELECT k.callee, k.blob, k.function, k.line, c.text FROM main.call k
               JOIN main.condition c ON c.id = k.condition
               WHERE k.blob IN (SELECT value FROM json_each(?)) AND k.callee IN (SELECT value FROM json_each(?))
                 AND k.function IS NOT NULL ORDER BY k.blob, k.start""",
            (blobs, json.dumps(sorted(by_name))),
        ).fetchall()
        for callee, blob, function, line, condition in rows:
            yield from self._edges("direct", by_name[callee], (blob, function, line, condition), "")

    def _uses(self, by_name: dict[str, list[Function]], blobs: str) -> Iterator[tuple[Function, Function, Edge]]:
        """Functions whose address is taken: assigned to a field, or handed on."""
        names = json.dumps([spelt for name in sorted(by_name) for spelt in (name, f"&{name}")])
        rows = self._texts.connection.execute(
            """SELECT e.field, e.value, e.blob, '' FROM main.table_entry e
               WHERE e.blob IN (SELECT value FROM json_each(?1)) AND e.value IN (SELECT value FROM json_each(?2))
               UNION ALL
               SELECT s.target, s.value, s.blob, s.function FROM main.store s
               WHERE s.blob IN (SELECT value FROM json_each(?1)) AND s.value IN (SELECT value FROM json_each(?2))
               ORDER BY 3, 1, 2""",
            (blobs, names),
        ).fetchall()
        fields: dict[str, dict[Function, None]] = {}
        for target, value, blob, _ in rows:
            field = re.split(r"->|\.", target)[-1].strip()
            if _WORD.match(field):
                for function in self._seen_from(by_name[value.lstrip("&")], self._texts.paths[blob]):
                    fields.setdefault(field, {})[function] = None
        yield from self._through(fields)
        yield from self._handed(by_name, blobs, names)

    def _through(self, fields: dict[str, dict[Function, None]]) -> Iterator[tuple[Function, Function, Edge]]:
        if not fields:
            return
        blobs = self._texts.load(f"{arrow}{field}(" for field in fields for arrow in (">", "."))
        rows = self._texts.connection.execute(
            """SELECT k.callee, k.blob, k.function, k.line, c.text FROM main.call k
               JOIN main.condition c ON c.id = k.condition
               WHERE k.blob IN (SELECT value FROM json_each(?)) AND k.function IS NOT NULL
                 AND (k.callee LIKE '%->%' OR k.callee LIKE '%.%') ORDER BY k.blob, k.start""",
            (blobs,),
        ).fetchall()
        for callee, *place in rows:
            field = re.split(r"->|\.", callee)[-1]
            if field in fields:
                yield from self._edges("table", list(fields[field]), tuple(place), field)

    def _handed(
        self, by_name: dict[str, list[Function]], blobs: str, names: str
    ) -> Iterator[tuple[Function, Function, Edge]]:
        rows = self._texts.connection.execute(
            """SELECT a.value, k.callee, k.blob, k.function, k.line, c.text
               FROM main.call k JOIN json_each(k.arguments) a JOIN main.condition c ON c.id = k.condition
               WHERE k.blob IN (SELECT value FROM json_each(?)) AND a.value IN (SELECT value FROM json_each(?))
                 AND k.function IS NOT NULL ORDER BY k.blob, k.start""",
            (blobs, names),
        ).fetchall()
        for value, callee, *place in rows:
            yield from self._edges("callback", by_name[value.lstrip("&")], tuple(place), callee)
        for name, arguments, blob in self._texts.connection.execute(
            """SELECT u.name, u.arguments, u.blob FROM main.macro_use u
               WHERE u.blob IN (SELECT value FROM json_each(?)) AND u.arguments IN (SELECT value FROM json_each(?))
                 AND u.function IS NULL ORDER BY u.blob, u.start""",
            (blobs, names),
        ).fetchall():
            for function in self._seen_from(by_name[arguments], self._texts.paths[blob]):
                self.rooted.setdefault(function, name)

    def _edges(
        self, kind: str, callees: list[Function], place: tuple[int, str, int, str], via: str
    ) -> Iterator[tuple[Function, Function, Edge]]:
        blob, name, line, condition = place
        path = self._texts.paths[blob]
        if not _is_live(condition):
            return
        caller = self.definition(path, name)
        for callee in self._seen_from(callees, path) if kind != "table" else self._same_arch(callees, path):
            if caller is not None and caller != callee:
                yield callee, caller, Edge(kind, path, line, condition, via)

    def _seen_from(self, functions: list[Function], path: str) -> list[Function]:
        """Those of some namesakes that a file means: its own, else one that is not another file's private one."""
        own = [function for function in functions if function.path == path]
        if own:
            return own
        if self._defines_static({function.name for function in functions}, path):
            return []
        return [function for function in self._same_arch(functions, path) if not self._is_static(function)]

    def _same_arch(self, functions: list[Function], path: str) -> list[Function]:
        here = self._texts.arch(path)
        return [function for function in functions if here is None or self._texts.arch(function.path) in {None, here}]

    def _defines_static(self, names: set[str], path: str) -> bool:
        return any((definition := self.definition(path, name)) and self._is_static(definition) for name in names)

    @cache  # noqa: B019 - lives as long as one answer
    def definition(self, path: str, name: str) -> Function | None:
        """A function of a file that was loaded; of several under different conditions a live one."""
        rows = self._texts.connection.execute(
            """SELECT d.line, c.text FROM main.function d JOIN main.condition c ON c.id = d.condition
               WHERE d.blob = ? AND d.name = ? ORDER BY d.start""",
            (self._texts.blobs[path], name),
        ).fetchall()
        line = next((line for line, condition in rows if _is_live(condition)), None)
        return None if line is None else Function(self._texts.tree.name, path, name, line)

    @cache  # noqa: B019
    def _is_static(self, function: Function) -> bool:
        """Whether only its own file sees it; what a header defines, everybody does."""
        if function.path.endswith((".h", ".inc")):
            return False
        rows = self._texts.connection.execute(
            "SELECT static FROM main.function WHERE blob = ? AND name = ? AND line = ?",
            (self._texts.blobs[function.path], function.name, function.line),
        ).fetchall()
        return any(static for (static,) in rows)


@lru_cache(maxsize=4096)
def _is_live(condition: str) -> bool:
    """Whether code under a condition can be part of the program as kvm.toml says it is built."""
    return condition == "1" or substitute(parse(condition), knowledge().dead) is not False
