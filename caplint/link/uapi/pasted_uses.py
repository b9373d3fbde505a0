"""Names of capabilities that macros paste together, which a lexical search does not see: KVM_CAP_INFO(USER_MEMORY).

The parts that are pasted, such as KVM_CAP_X86_ in `KVM_CAP_X86_ ## c`, are tokens of a kind of their own.
"""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Iterator
from typing import NamedTuple

from caplint.knowledge.capability_names import PREFIX, is_capability
from caplint.values.numbers import Definition

_PASTED = re.compile(rf"(?<!#)\b({PREFIX}\w*)((?:\s*##\s*\w+)+)")


class _PastingMacro(NamedTuple):
    """Macro that pastes a name: texts, and indexes of arguments."""

    side: str
    tree: str
    name: str
    pieces: tuple[str | int, ...]


def link_pasted(connection: sqlite3.Connection) -> None:
    """Insert the names that macros paste into `all_cap_use`."""
    macros = connection.execute("""
        SELECT f.side, f.tree, m.name, m.parameters, m.body
        FROM temp.all_file f CROSS JOIN main.macro m ON m.blob = f.blob
        WHERE instr(m.body, '##') AND instr(m.body, 'KVM_CAP_') AND NOT f.expanded ORDER BY 1, 2, f.path, m.line
    """).fetchall()
    pasters = {
        _PastingMacro(side, tree, name, pieces): None
        for side, tree, name, parameters, body in macros
        if parameters is not None
        for pieces in _pieces(Definition.of(parameters, body).parameters or (), body)
    }
    for paster in pasters:
        _insert_uses(connection, paster)


def _pieces(parameters: tuple[str, ...], body: str) -> Iterator[tuple[str | int, ...]]:
    for match in _PASTED.finditer(body):
        parts = [match.group(1), *re.findall(r"\w+", match.group(2))]
        pieces = tuple(parameters.index(part) if part in parameters else part for part in parts)
        if any(isinstance(piece, int) for piece in pieces):
            yield pieces


def _insert_uses(connection: sqlite3.Connection, paster: _PastingMacro) -> None:
    uses = connection.execute(
        """SELECT f.role, f.path, k.line, k.column, f.arch, k.arguments
           FROM main.call k JOIN temp.all_file f ON f.blob = k.blob
           WHERE k.callee = ? AND f.side = ? AND f.tree = ? ORDER BY f.path, k.line, k.column""",
        (paster.name, paster.side, paster.tree),
    ).fetchall()
    for role, path, line, column, arch, arguments in uses:
        name = _joined(paster.pieces, json.loads(arguments))
        if name is not None and is_capability(name):
            connection.execute(
                """INSERT INTO temp.all_cap_use (side, tree, role, path, line, column, cap, arch, kind)
                   VALUES (?, ?, ?, ?, ?, ?, ?, ?, 'pasted')""",
                (paster.side, paster.tree, role, path, line, column, name, arch),
            )


def _joined(pieces: tuple[str | int, ...], arguments: list[str]) -> str | None:
    parts = []
    for piece in pieces:
        if isinstance(piece, int) and piece >= len(arguments):
            return None
        parts.append(arguments[piece].strip() if isinstance(piece, int) else piece)
    return "".join(parts)
