"""Names that a macro pastes together, which no lexical count finds: KVM_CAP_INFO(USER_MEMORY)."""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Iterator
from typing import NamedTuple

from caplint.capability_names import PREFIX
from caplint.knowledge import knowledge

_WORD = re.compile(r"\w+\Z")


class Pasted(NamedTuple):
    """One use of a macro that pastes a name."""

    tree: str
    path: str
    line: int
    column: int
    macro: str
    name: str | None
    """What it pastes; None where the definition is missing."""
    defined: tuple[str, int] | None
    """Path and line of the macro's definition; None: no file in view defines it."""


class _Maker(NamedTuple):
    path: str
    line: int
    pieces: tuple[str | int, ...]
    """What is pasted: texts, and arguments by their index."""


def pasted_names(connection: sqlite3.Connection) -> list[Pasted]:
    """Every name that a macro of the same tree pastes, and every use of a capability-like macro that none defines.

    Needs the temporary table `watched`.
    """
    makers = _makers(connection)
    unseen = _unseen(connection)
    found = []
    for tree, path, line, column, macro, arguments in _uses(connection, {name for _, name in {*makers, *unseen}}):
        if (tree, macro) in unseen:
            found.append(Pasted(tree, path, line, column, macro, None, None))
            continue
        maker = _nearest(makers.get((tree, macro), []), path, line)
        if maker is not None and (name := _pasted(maker, arguments)) is not None:
            found.append(Pasted(tree, path, line, column, macro, name, (maker.path, maker.line)))
    return sorted(found, key=lambda entry: entry[:5])


def _unseen(connection: sqlite3.Connection) -> set[tuple[str, str]]:
    """Tree and name of capability-like macros that no file of the tree defines.

    A register's macro that is not in view computes a number more often than it pastes a name.
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


def _makers(connection: sqlite3.Connection) -> dict[tuple[str, str], list[_Maker]]:
    """Definitions that paste a name of interest, by tree and macro."""
    prefixes = "|".join(map(re.escape, (PREFIX, *knowledge().msr.prefixes)))
    pattern = re.compile(rf"(?<!#)\b((?:{prefixes})\w*)((?:\s*##\s*\w+)+)")
    found: dict[tuple[str, str], list[_Maker]] = {}
    for tree, path, name, parameters, body, line in connection.execute("""
        SELECT f.tree, f.path, m.name, m.parameters, m.body, m.line FROM file f JOIN main.macro m ON m.blob = f.blob
        WHERE m.parameters IS NOT NULL AND m.body LIKE '%##%' ORDER BY f.tree, f.path, m.line
    """):
        names = json.loads(parameters)
        if match := pattern.search(body):
            parts = [match.group(1), *re.findall(r"\w+", match.group(2))]
            pieces = tuple(names.index(part) if part in names else part for part in parts)
            if any(isinstance(piece, int) for piece in pieces):
                found.setdefault((tree, name), []).append(_Maker(path, line, pieces))
    return found


def _uses(connection: sqlite3.Connection, macros: set[str]) -> Iterator[tuple[str, str, int, int, str, list[str]]]:
    """Calls of the macros, and invocations that are no expressions: tree, path, line, column, macro, arguments."""
    if not macros:
        return
    marks = ", ".join("?" * len(macros))
    # CROSS JOIN: few uses are looked up in the files, not the uses of every file gone through.
    for *place, arguments in connection.execute(
        f"""
        SELECT f.tree, f.path, k.line, k.column, k.callee, k.arguments
        FROM main.call k CROSS JOIN file f ON f.blob = k.blob WHERE k.callee IN ({marks})
        """,  # noqa: S608
        sorted(macros),
    ):
        yield *place, json.loads(arguments)
    for *place, arguments in connection.execute(
        f"""
        SELECT f.tree, f.path, u.line, 1, u.name, u.arguments
        FROM main.macro_use u CROSS JOIN file f ON f.blob = u.blob WHERE u.name IN ({marks})
        """,  # noqa: S608
        sorted(macros),
    ):
        yield *place, [argument.strip() for argument in arguments.split(",")]


def _nearest(makers: list[_Maker], path: str, line: int) -> _Maker | None:
    """The definition in force: the last one before the use in the same file, else the first of any file."""
    own = [maker for maker in makers if maker.path == path and maker.line <= line]
    return own[-1] if own else next(iter(makers), None)


def _pasted(maker: _Maker, arguments: list[str]) -> str | None:
    parts = []
    for piece in maker.pieces:
        if isinstance(piece, int) and piece >= len(arguments):
            return None
        parts.append(arguments[piece] if isinstance(piece, int) else piece)
    name = "".join(parts)
    return name if _WORD.match(name) else None
