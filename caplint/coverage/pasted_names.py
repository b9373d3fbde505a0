"""Names that a macro pastes together, such as KVM_CAP_INFO(USER_MEMORY), which a lexical count misses."""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Iterator
from typing import NamedTuple

from caplint.knowledge.capability_names import PREFIX
from caplint.knowledge.load import knowledge

_WORD = re.compile(r"\w+\Z")


class Pasted(NamedTuple):
    """Use of a macro that pastes a name."""

    tree: str
    path: str
    line: int
    column: int
    macro: str
    name: str | None
    """Pasted name; None if the definition is missing."""
    defined: tuple[str, int] | None
    """Path and line of the macro's definition; None if no file in view defines it."""


class _Paster(NamedTuple):
    """Definition of a macro that pastes names."""

    path: str
    line: int
    pieces: tuple[str | int, ...]
    """Pasted pieces: texts, and indexes of arguments."""


def pasted_names(connection: sqlite3.Connection) -> list[Pasted]:
    """Return all names that macros of the same tree paste, and all uses of undefined capability-like macros.

    Needs the temporary table `watched`.
    """
    pasters = _pasters(connection)
    unseen = _unseen(connection)
    pasted = []
    for tree, path, line, column, macro, arguments in _uses(connection, {name for _, name in {*pasters, *unseen}}):
        if (tree, macro) in unseen:
            pasted.append(Pasted(tree, path, line, column, macro, None, None))
            continue
        paster = _nearest(pasters.get((tree, macro), []), path, line)
        if paster is not None and (name := _pasted(paster, arguments)) is not None:
            pasted.append(Pasted(tree, path, line, column, macro, name, (paster.path, paster.line)))
    return sorted(pasted, key=lambda entry: entry[:5])


def _unseen(connection: sqlite3.Connection) -> set[tuple[str, str]]:
    """Return tree and name of capability-like macros that no file of the tree defines.

    Undefined macros of registers are left out: they compute a number more often than they paste a name.
    """
    used = set(
        connection.execute("SELECT tree, name FROM watched WHERE kind IN ('call', 'case') AND name GLOB 'KVM_CAP_*'")
    )
    if not used:
        return used
    return used - set(
        connection.execute("""
            SELECT f.tree, m.name FROM main.macro m CROSS JOIN file f ON f.blob = m.blob
            WHERE m.name GLOB 'KVM_CAP_*' AND m.parameters IS NOT NULL
        """)
    )


def _pasters(connection: sqlite3.Connection) -> dict[tuple[str, str], list[_Paster]]:
    """Return the definitions that paste a capability's or MSR's name, by tree and macro."""
    prefixes = "|".join(map(re.escape, (PREFIX, *knowledge().msr.prefixes)))
    pattern = re.compile(rf"(?<!#)\b((?:{prefixes})\w*)((?:\s*##\s*\w+)+)")
    pasters: dict[tuple[str, str], list[_Paster]] = {}
    for tree, path, name, parameters, body, line in connection.execute("""
        SELECT f.tree, f.path, m.name, m.parameters, m.body, m.line FROM file f JOIN main.macro m ON m.blob = f.blob
        WHERE m.parameters IS NOT NULL AND m.body LIKE '%##%' ORDER BY f.tree, f.path, m.line
    """):
        names = json.loads(parameters)
        if match := pattern.search(body):
            parts = [match.group(1), *re.findall(r"\w+", match.group(2))]
            pieces = tuple(names.index(part) if part in names else part for part in parts)
            if any(isinstance(piece, int) for piece in pieces):
                pasters.setdefault((tree, name), []).append(_Paster(path, line, pieces))
    return pasters


def _uses(connection: sqlite3.Connection, macros: set[str]) -> Iterator[tuple[str, str, int, int, str, list[str]]]:
    """Yield calls of the macros and invocations at file scope: tree, path, line, column, macro, arguments."""
    if not macros:
        return
    marks = ", ".join("?" * len(macros))
    # CROSS JOIN fixes the order: the few uses are looked up in `file`, instead of scanning the uses of every file.
    for *columns, arguments in connection.execute(
        f"""
        SELECT f.tree, f.path, k.line, k.column, k.callee, k.arguments
        FROM main.call k CROSS JOIN file f ON f.blob = k.blob WHERE k.callee IN ({marks})
        """,  # noqa: S608
        sorted(macros),
    ):
        yield *columns, json.loads(arguments)
    for *columns, arguments in connection.execute(
        f"""
        SELECT f.tree, f.path, u.line, 1, u.name, u.arguments
        FROM main.macro_use u CROSS JOIN file f ON f.blob = u.blob WHERE u.name IN ({marks})
        """,  # noqa: S608
        sorted(macros),
    ):
        yield *columns, [argument.strip() for argument in arguments.split(",")]


def _nearest(pasters: list[_Paster], path: str, line: int) -> _Paster | None:
    """Return the definition in effect: the last one before the use in the same file, else the first of any file."""
    local = [paster for paster in pasters if paster.path == path and paster.line <= line]
    return local[-1] if local else next(iter(pasters), None)


def _pasted(paster: _Paster, arguments: list[str]) -> str | None:
    parts = []
    for piece in paster.pieces:
        if isinstance(piece, int) and piece >= len(arguments):
            return None
        parts.append(arguments[piece] if isinstance(piece, int) else piece)
    name = "".join(parts)
    return name if _WORD.match(name) else None
