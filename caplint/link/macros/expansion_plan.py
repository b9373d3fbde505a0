"""What macros make: functions, labels and declarations that no single file's text shows.

Says which pieces of a tree's files are to be expanded with which definitions; their facts are then
extracted and kept like any file's. What cannot be expanded has a name, a place and a reason.
"""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from functools import cache
from operator import attrgetter

from caplint.c.expression import parse
from caplint.c.formula import conjunction, text
from caplint.facts.expanded import Part, Piece
from caplint.facts.preprocess import Macros
from caplint.link.core.extents import Extents
from caplint.link.macros.definitions import Definitions, MacroSite, UnknownDefinitionError
from caplint.link.macros.includes import Includes
from caplint.values.macro_text import Definition

Reader = Callable[[str], bytes]

_SEMICOLON = re.compile(rb"\s*;")


@dataclass(frozen=True, slots=True)
class _Use:
    """An invocation, an `#include`, or a function that holds some of them."""

    name: str
    kind: str
    line: int
    column: int
    start: int
    stop: int
    condition: str


@dataclass(frozen=True, slots=True)
class Unexpanded:
    """An invocation whose code is not known."""

    path: str
    line: int
    name: str
    reason: str


@dataclass
class Plan:
    """What is to be expanded in one tree."""

    pieces: dict[str, list[Piece]] = field(default_factory=dict)
    """By path."""
    superseded: list[tuple[str, str]] = field(default_factory=list)
    """Path and function whose facts are those of its piece."""
    unexpanded: list[Unexpanded] = field(default_factory=list)


def plan(connection: sqlite3.Connection, side: str, tree: str, read: Reader) -> Plan:
    """Find everything in a tree that macros make. `read` gives a file's bytes."""
    return _Planner(connection, side, tree, read).plan()


class _Planner:
    def __init__(self, connection: sqlite3.Connection, side: str, tree: str, read: Reader) -> None:
        self._includes = Includes(connection, side, tree)
        self._files = self._includes.files
        self._definitions = Definitions(connection, side, tree, self._includes)
        self._read = cache(read)
        self._connection = connection
        self._uses = self._invocations()
        self._plan = Plan()

    def plan(self) -> Plan:
        """See `plan` above."""
        includes = {path: list(self._code_includes(path)) for path in self._files}
        targets = {include.name for found in includes.values() for include in found}
        for path, (arch, blob) in self._files.items():
            # What an included file invokes is the includer's to say.
            own = self._uses.get(blob, []) if path not in targets else []
            if found := sorted([*own, *includes[path]], key=lambda use: use.start):
                self._file(path, arch, found)
        return self._plan

    def _invocations(self) -> dict[int, list[_Use]]:
        """By blob: what the repair took for macros, and calls of macros that make labels."""
        uses: dict[int, list[_Use]] = {}
        makers = self._definitions.case_makers
        for blob, name, kind, *rest in self._connection.execute(
            """SELECT u.blob, u.name, u.kind, u.line, u.column, u.start, u.stop, c.text
               FROM main.macro_use u JOIN main.condition c ON c.id = u.condition
               WHERE u.blob IN (SELECT value FROM json_each(:blobs))
                 AND u.kind IN ('file', 'head', 'label', 'statement')
               UNION ALL
               SELECT k.blob, k.callee, 'statement', k.line, k.column, k.start, k.start, c.text
               FROM main.call k JOIN main.condition c ON c.id = k.condition
               WHERE +k.blob IN (SELECT value FROM json_each(:blobs)) AND k.use = 'dropped' AND k.function IS NOT NULL
                 AND k.callee IN (SELECT value FROM json_each(:makers))
               ORDER BY 1, 6""",
            {
                "blobs": json.dumps(sorted({blob for _, blob in self._files.values()})),
                "makers": json.dumps(sorted(makers)),
            },
        ):
            if kind in {"file", "head", "label"} or name in makers:
                uses.setdefault(blob, []).append(_Use(name, kind, *rest))
        return uses

    def _code_includes(self, path: str) -> Iterator[_Use]:
        """Includes of files that use macros which this one defines for them."""
        arch, blob = self._files[path]
        if not self._definitions.defines(path):
            return
        for name, line, start, condition in self._connection.execute(
            """SELECT i.path, i.line, i.start, c.text FROM main.include i JOIN main.condition c ON c.id = i.condition
               WHERE i.blob = ? ORDER BY i.line""",
            (blob,),
        ):
            if target := self._includes.resolved(path, name):
                use = _Use(target, "include", line, 1, start, start, condition)
                if any(self._leads_here(path, arch, use, inner) for inner in self._included(target)):
                    yield use

    def _included(self, path: str) -> list[_Use]:
        return [use for use in self._uses.get(self._files[path][1], []) if use.kind in {"file", "label"}]

    def _file(self, path: str, arch: str | None, uses: list[_Use]) -> None:
        functions = self._functions(path, [use for use in uses if use.kind == "head"])
        holders = Extents(sorted(functions, key=attrgetter("start")))
        inside: dict[_Use, list[_Use]] = {}
        for use in uses:
            holder = next(holders.at(use.start), None)
            if holder is not None:
                inside.setdefault(holder, []).append(use)
            elif use.kind in {"file", "include"}:
                self._try(path, use, self._outside(path, arch, use))
        for function, found in inside.items():
            self._try(path, found[0], self._function(path, arch, function, found))

    def _functions(self, path: str, heads: list[_Use]) -> list[_Use]:
        """The file's functions, those made by a macro from its invocation on."""
        rows = self._connection.execute(
            """SELECT d.name, 'function', d.line, 0, d.start, d.stop, c.text
               FROM main.function d JOIN main.condition c ON c.id = d.condition WHERE d.blob = ? ORDER BY d.start""",
            (self._files[path][1],),
        )
        found = [_Use(*row) for row in rows]
        made = Extents(heads)
        for index, function in enumerate(found):
            for head in made.at(function.start):
                found[index] = replace(function, start=head.start, line=head.line)
        return found

    def _try(self, path: str, use: _Use, pieces: Iterator[Piece]) -> None:
        try:
            found = list(pieces)
        except UnknownDefinitionError as error:
            self._plan.unexpanded.append(Unexpanded(path, use.line, use.name, str(error)))
        else:
            self._plan.pieces.setdefault(path, []).extend(found)

    def _outside(self, path: str, arch: str | None, use: _Use) -> Iterator[Piece]:
        """A file-scope invocation, or every invocation of an included file."""
        if use.kind != "include":
            for condition, macros in self._macros(path, arch, use, {use.name}):
                yield Piece(condition, [Part(use.line, use.column, self._written(path, use), macros)])
            return
        for inner, macros in self._brought(path, arch, use):
            condition = text(conjunction([parse(use.condition), parse(inner.condition)]))
            yield Piece(condition, [Part(use.line, use.column, self._written(use.name, inner), macros)])

    def _function(self, path: str, arch: str | None, function: _Use, uses: list[_Use]) -> Iterator[Piece]:
        """A whole function, the includes in it replaced by what they bring."""
        names = {use.name for use in uses if use.kind != "include"}
        includes = [use for use in uses if use.kind == "include"]
        last = replace(function, line=uses[-1].line)
        for condition, macros in self._macros(path, arch, last, names):
            yield Piece(condition, list(self._parts(path, arch, function, includes, macros)))
        self._plan.superseded.append((path, function.name))

    def _parts(
        self, path: str, arch: str | None, function: _Use, includes: list[_Use], macros: Macros
    ) -> Iterator[Part]:
        source = self._read(path)
        position, line = function.start, source.count(b"\n", 0, function.start) + 1
        for use in includes:
            yield Part(line, 0, _decoded(source[position : use.start]).removesuffix("\n"), macros)
            for inner, brought in self._brought(path, arch, use):
                written = f"#if {inner.condition}\n\t{self._written(use.name, inner)}\n#endif"
                yield Part(use.line, 1, written, brought)
            position = source.find(b"\n", use.start) + 1 or len(source)
            line = use.line + 1
        yield Part(line, 0, _decoded(source[position : function.stop]), macros)

    def _written(self, path: str, use: _Use) -> str:
        """An invocation as it stands in its file, with the semicolon behind it."""
        source = self._read(path)
        semicolon = _SEMICOLON.match(source, use.stop)
        return _decoded(source[use.start : semicolon.end() if semicolon else use.stop])

    def _macros(self, path: str, arch: str | None, use: _Use, names: set[str]) -> Iterator[tuple[str, Macros]]:
        place = MacroSite(path, arch, use.line, use.condition)
        for condition, found in self._definitions.closures(names, place):
            yield text(condition), _listed(found)

    def _leads_here(self, path: str, arch: str | None, include: _Use, inner: _Use) -> bool:
        """Whether an invocation in an included file is of a macro that the includer defines, or leads to one."""
        place = MacroSite(path, arch, include.line, include.condition)
        target = MacroSite(include.name, self._files[include.name][0], inner.line, inner.condition)
        seen: set[str] = set()
        wanted = {inner.name}
        while wanted:
            name = wanted.pop()
            seen.add(name)
            if self._definitions.defined_before(name, place):
                return True
            for choice in self._definitions.own(name, target):
                wanted |= set(self._definitions.makers_in(choice.body)) - seen
        return False

    def _brought(self, path: str, arch: str | None, include: _Use) -> Iterator[tuple[_Use, Macros]]:
        """Invocations in an included file that the includer defines, or that lead to what it defines."""
        place = MacroSite(path, arch, include.line, include.condition)
        for inner in self._included(include.name):
            if not self._leads_here(path, arch, include, inner):
                continue
            target = MacroSite(include.name, self._files[include.name][0], inner.line, inner.condition)
            found: dict[str, Definition] = {}
            wanted = {inner.name}
            while missing := sorted(wanted - found.keys()):
                here = next((at for at in (place, target) if self._definitions.defined_before(missing[0], at)), None)
                if here is None:
                    wanted.discard(missing[0])
                    continue
                choices = self._definitions.at(missing[0], here)
                if len(choices) > 1:
                    raise UnknownDefinitionError(f"{missing[0]} is defined in {len(choices)} ways")
                found[missing[0]] = choices[0].definition
                wanted |= set(self._definitions.makers_in(choices[0].definition.body))
            if inner.name in found:
                yield inner, _listed(dict(sorted(found.items())))


def _listed(found: dict[str, Definition]) -> Macros:
    return {
        name: (None if entry.parameters is None else list(entry.parameters), entry.body)
        for name, entry in found.items()
    }  # fmt: skip


def _decoded(source: bytes) -> str:
    return source.decode("utf-8", "replace")
