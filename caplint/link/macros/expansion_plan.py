"""Plan of macro expansion: functions, labels and declarations that no single file's text shows.

The plan lists pieces of a tree's files with the definitions to expand them with. Their facts are then
extracted and stored like those of a file. An invocation that cannot be expanded gets a name, a location and a reason.
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


# Pieces and their parts in a tree; Linux 6.12 has 808.
_MOST_PIECES = 10_000


class _TooManyError(Exception):
    def __str__(self) -> str:
        return (
            f"the tree has more than {_MOST_PIECES:,} such invocations; this one and those that follow are not expanded"
        )


@dataclass(frozen=True, slots=True)
class _Use:
    """Invocation, `#include`, or function that contains some of them."""

    name: str
    kind: str
    line: int
    column: int
    start: int
    stop: int
    condition: str


@dataclass(frozen=True, slots=True)
class Unexpanded:
    """Invocation whose expansion is unknown."""

    path: str
    line: int
    name: str
    reason: str


@dataclass
class Plan:
    """Pieces of one tree to expand."""

    pieces: dict[str, list[Piece]] = field(default_factory=dict)
    """Path → pieces."""
    superseded: list[tuple[str, str]] = field(default_factory=list)
    """Path and function whose facts are replaced by those of a piece."""
    unexpanded: list[Unexpanded] = field(default_factory=list)


def plan(connection: sqlite3.Connection, side: str, tree: str, read: Reader) -> Plan:
    """Plan the expansion of all code-making macros in a tree. `read` returns a file's bytes."""
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
        self._left = _MOST_PIECES
        self._cut: set[str] = set()
        """Files that the limit affects."""

    def plan(self) -> Plan:
        """Return the plan of the whole tree."""
        includes = {path: list(self._code_includes(path)) for path in self._files}
        targets = {include.name for of_file in includes.values() for include in of_file}
        for path, (arch, blob) in self._files.items():
            # Invocations in an included file are expanded for its includer.
            own_uses = self._uses.get(blob, []) if path not in targets else []
            if uses := sorted([*own_uses, *includes[path]], key=lambda use: use.start):
                self._file(path, arch, uses)
        return self._plan

    def _invocations(self) -> dict[int, list[_Use]]:
        """Return by blob the macro uses found by the parser's repair, and calls of macros that make labels."""
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
        """Yield the includes of files that use macros which the includer defines."""
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
        for function, uses_inside in inside.items():
            self._try(path, uses_inside[0], self._function(path, arch, function, uses_inside))

    def _functions(self, path: str, heads: list[_Use]) -> list[_Use]:
        """Return the file's functions; a function whose head is a macro starts at the invocation."""
        rows = self._connection.execute(
            """SELECT d.name, 'function', d.line, 0, d.start, d.stop, c.text
               FROM main.function d JOIN main.condition c ON c.id = d.condition WHERE d.blob = ? ORDER BY d.start""",
            (self._files[path][1],),
        )
        functions = [_Use(*row) for row in rows]
        extents = Extents(heads)
        for index, function in enumerate(functions):
            for head in extents.at(function.start):
                functions[index] = replace(function, start=head.start, line=head.line)
        return functions

    def _try(self, path: str, use: _Use, pieces: Iterator[Piece]) -> None:
        try:
            done = list(pieces)
        except _TooManyError as error:
            if path not in self._cut:  # once: it holds for everything that follows
                self._plan.unexpanded.append(Unexpanded(path, use.line, use.name, str(error)))
            self._cut.add(path)
        except UnknownDefinitionError as error:
            self._plan.unexpanded.append(Unexpanded(path, use.line, use.name, str(error)))
        else:
            self._plan.pieces.setdefault(path, []).extend(done)

    def _spend(self) -> None:
        """Count a piece, or a part of one. Raises `_TooManyError` beyond the limit."""
        self._left -= 1
        if self._left < 0:
            raise _TooManyError

    def _outside(self, path: str, arch: str | None, use: _Use) -> Iterator[Piece]:
        """Yield the pieces of a file-scope invocation, or of every invocation in an included file."""
        if use.kind != "include":
            for condition, macros in self._macros(path, arch, use, {use.name}):
                self._spend()
                yield Piece(condition, [Part(use.line, use.column, self._written(path, use), macros)])
            return
        for inner, macros in self._brought(path, arch, use):
            condition = text(conjunction([parse(use.condition), parse(inner.condition)]))
            yield Piece(condition, [Part(use.line, use.column, self._written(use.name, inner), macros)])

    def _function(self, path: str, arch: str | None, function: _Use, uses: list[_Use]) -> Iterator[Piece]:
        """Yield pieces for a whole function, with its includes replaced by the invocations that they bring."""
        names = {use.name for use in uses if use.kind != "include"}
        includes = [use for use in uses if use.kind == "include"]
        last = replace(function, line=uses[-1].line)
        for condition, macros in self._macros(path, arch, last, names):
            self._spend()
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
        """Return an invocation's text, with the semicolon behind it."""
        source = self._read(path)
        semicolon = _SEMICOLON.match(source, use.stop)
        return _decoded(source[use.start : semicolon.end() if semicolon else use.stop])

    def _macros(self, path: str, arch: str | None, use: _Use, names: set[str]) -> Iterator[tuple[str, Macros]]:
        site = MacroSite(path, arch, use.line, use.condition)
        for condition, definitions in self._definitions.closures(names, site):
            yield text(condition), _listed(definitions)

    def _leads_here(self, path: str, arch: str | None, include: _Use, inner: _Use) -> bool:
        """Tell whether an invocation in an included file leads to a macro of the includer."""
        site = MacroSite(path, arch, include.line, include.condition)
        target = MacroSite(include.name, self._files[include.name][0], inner.line, inner.condition)
        seen: set[str] = set()
        wanted = {inner.name}
        while wanted:
            name = wanted.pop()
            seen.add(name)
            if self._definitions.defined_before(name, site):
                return True
            for choice in self._definitions.own(name, target):
                wanted |= set(self._definitions.makers_in(choice.body)) - seen
        return False

    def _brought(self, path: str, arch: str | None, include: _Use) -> Iterator[tuple[_Use, Macros]]:
        """Yield invocations in an included file that need the includer's macros, with those macros."""
        site = MacroSite(path, arch, include.line, include.condition)
        for inner in self._included(include.name):
            if not self._leads_here(path, arch, include, inner):
                continue
            target = MacroSite(include.name, self._files[include.name][0], inner.line, inner.condition)
            definitions: dict[str, Definition] = {}
            wanted = {inner.name}
            while missing := sorted(wanted - definitions.keys()):
                origin = next((at for at in (site, target) if self._definitions.defined_before(missing[0], at)), None)
                if origin is None:
                    wanted.discard(missing[0])
                    continue
                choices = self._definitions.at(missing[0], origin)
                if len(choices) > 1:
                    raise UnknownDefinitionError(f"{missing[0]} is defined in {len(choices)} ways")
                definitions[missing[0]] = choices[0].definition
                wanted |= set(self._definitions.makers_in(choices[0].definition.body))
            if inner.name in definitions:
                self._spend()
                yield inner, _listed(dict(sorted(definitions.items())))


def _listed(definitions: dict[str, Definition]) -> Macros:
    return {
        name: (None if entry.parameters is None else list(entry.parameters), entry.body)
        for name, entry in definitions.items()
    }  # fmt: skip


def _decoded(source: bytes) -> str:
    return source.decode("utf-8", "replace")
