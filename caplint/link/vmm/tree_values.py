"""Definitions outside functions that a VMM's expressions name: macros, enumerators, variables, tables."""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import NamedTuple

from caplint.link.functions.call_sites import Code
from caplint.link.functions.code_function import CodeFunction
from caplint.link.functions.function_facts import Assignment
from caplint.values.expression_text import split

_LAST = re.compile(r"(\w+)\W*\Z")
_PASTE = re.compile(r"\s*##\s*")
_WORD = re.compile(r"[A-Za-z_]\w*")
# Files whose definitions other files see.
_HEADERS = (".h", ".inc", ".rs")
_MOST_DEFINITIONS = 16


class TableRow(NamedTuple):
    """Entry of an array's initialiser."""

    blob: int
    arch: str | None
    """Architecture of the file."""
    position: int
    designator: str
    value: str


class MacroText(NamedTuple):
    """Definition of a macro; `parameters` is None for an object-like one."""

    blob: int
    parameters: tuple[str, ...] | None
    body: str


class Initial(NamedTuple):
    """Expression that a file-scope name stands for, with the file that it is in."""

    blob: int
    value: str


def substituted(definition: MacroText, arguments: list[str]) -> str | None:
    """Return a macro's body with the arguments in place and `##` applied; None if their number is wrong."""
    names = list(definition.parameters or ())
    values = [] if arguments == [""] and not names else arguments
    given = dict(zip(names, values, strict=False))
    if names and names[-1].endswith("..."):
        last = names[-1].removesuffix("...").strip() or "__VA_ARGS__"
        given.pop(names[-1], None)
        given[last] = ", ".join(values[len(names) - 1 :])
    elif len(names) != len(values):
        return None
    body = re.sub(r"(?<!#)#\s*(?=[A-Za-z_])(?!#)", '"" ', definition.body)
    return _PASTE.sub("", _WORD.sub(lambda word: given.get(word.group(), word.group()), body))


@dataclass
class TreeValues:
    """Definitions of one side of a tree, looked up by name; a file's own come before those of other files."""

    connection: sqlite3.Connection
    side: str
    tree: str
    code: Code
    _macros: dict[str, list[tuple[int, str, MacroText]]] = field(default_factory=dict)
    _rows: dict[tuple[int | None, str], list[TableRow]] = field(default_factory=dict)
    _initials: dict[tuple[int, str], list[Initial]] = field(default_factory=dict)

    def macros(self, blob: int, name: str) -> list[MacroText]:
        """Return the definitions of a macro that a file sees: its own, else those of headers."""
        if name not in self._macros:
            self._macros[name] = [
                (at, path, MacroText(at, None if parameters is None else tuple(json.loads(parameters)), body))
                for at, path, parameters, body in self.connection.execute(
                    """SELECT DISTINCT f.blob, f.path, m.parameters, m.body
                       FROM main.macro m CROSS JOIN temp.all_file f ON f.blob = m.blob
                       WHERE m.name = ? AND f.side = ? AND f.tree = ? ORDER BY f.path, m.line""",
                    (name, self.side, self.tree),
                )
            ]
        own = [entry for at, _, entry in self._macros[name] if at == blob]
        others = [entry for _, path, entry in self._macros[name] if path.endswith(_HEADERS)]
        return (own or others)[:_MOST_DEFINITIONS]

    def rows(self, blob: int, name: str) -> list[TableRow]:
        """Return the entries of an array: of the file's own, else of all arrays of that name in the tree."""
        return self.own_rows(blob, name) or self.own_rows(None, name)

    def own_rows(self, blob: int | None, name: str) -> list[TableRow]:
        """Return the entries of the arrays of that name in one file (None: in the tree)."""
        key = (blob, name)
        if key not in self._rows:
            where = "e.blob = ?1" if blob is not None else "?1 IS NULL"
            self._rows[key] = [
                TableRow._make(row)
                for row in self.connection.execute(
                    f"""SELECT DISTINCT e.blob, f.arch, e.position, e.designator, e.value
                        FROM temp.all_file f JOIN main.element e ON e.blob = f.blob
                        WHERE {where} AND f.side = ?2 AND f.tree = ?3 AND e.variable = ?4
                        ORDER BY f.path, e.start""",  # noqa: S608
                    (blob, self.side, self.tree, name),
                )
            ]
        return self._rows[key]

    def initials(self, blob: int, name: str) -> list[Initial]:
        """Return the values of an enumerator or of a variable outside functions: the file's own, else the tree's."""
        key = (blob, name)
        if key not in self._initials:
            found = [entry for entry in self._all_initials.get(name, []) if entry[0] == blob or not entry[1]]
            own = [entry for entry in found if entry[0] == blob]
            self._initials[key] = [Initial(at, value) for at, _, value in (own or found)[:_MOST_DEFINITIONS]]
        return self._initials[key]

    @cached_property
    def _all_initials(self) -> dict[str, list[tuple[int, int, str]]]:
        """Map of names to blob, whether only this file sees it, and value."""
        values: dict[str, list[tuple[int, int, str]]] = {}
        for name, blob, own, value in self.connection.execute(
            """SELECT v.name, v.blob, v.static AND f.path NOT LIKE '%.h' AND f.path NOT LIKE '%.rs', v.value
               FROM temp.all_file f JOIN main.file_variable v ON v.blob = f.blob
               WHERE f.side = ?1 AND f.tree = ?2
               UNION
               SELECT e.name, e.blob, f.path NOT LIKE '%.h' AND f.path NOT LIKE '%.rs', e.value
               FROM temp.all_file f JOIN main.enumerator e ON e.blob = f.blob
               WHERE f.side = ?1 AND f.tree = ?2 AND e.value <> '' ORDER BY 1, 2, 3, 4""",
            (self.side, self.tree),
        ):
            values.setdefault(name, []).append((blob, own, value))
        return values

    @cached_property
    def _kept(self) -> dict[str, list[tuple[CodeFunction, Assignment]]]:
        """Map of the last name of each target that outlives its function to the assignments."""
        kept: dict[str, list[tuple[CodeFunction, Assignment]]] = {}
        for function in self.code.functions:
            for store in function.stores:
                if not store.local and store.operator in {"=", "init"} and (name := _LAST.search(store.target)):
                    kept.setdefault(name.group(1), []).append((function, store))
        return kept

    def assigned(self, blob: int, name: str) -> list[tuple[CodeFunction, Assignment]]:
        """Return the assignments to a variable outside functions, or to a member, in a file's functions."""
        return [(function, store) for function, store in self._kept.get(name, []) if function.blob == blob]

    def position(self, name: str) -> Iterator[int]:
        """Yield the ordinals that a member has in the structures of the tree that have it."""
        for (ordinal,) in self.connection.execute(
            """SELECT DISTINCT (SELECT count(*) FROM main.member o
                                WHERE o.blob = m.blob AND o.owner = m.owner AND o.start < m.start)
               FROM temp.all_file f JOIN main.member m ON m.blob = f.blob
               WHERE f.side = ? AND f.tree = ? AND m.name = ? ORDER BY 1""",
            (self.side, self.tree, name),
        ):
            yield ordinal


def arguments_of(text: str, opening: int) -> list[str]:
    """Return the arguments of a call that ends the text."""
    return [argument.strip() for argument in split(text[opening + 1 : -1], ",", "([{)]}")]
