"""Macros of architectures' headers that are named like capabilities and are arguments of one.

A vendor puts the arguments of its capability KVM_CAP_X into the architecture's header as KVM_CAP_X_Y. Their use tells
them from capabilities of the architecture: these are cases of a switch over capabilities, or are passed for one.
"""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Iterator

from caplint.knowledge.languages import RUST_SUFFIX
from caplint.knowledge.load import GENERIC, knowledge
from caplint.link.uapi.rows import CapRow, CapValueRow

# Expressions that are switched over or compared if the values are capabilities: `cap->cap`, `ext`.
_CAPABILITY = re.compile(r"(?:\w+(?:->|\.))*\(?\*?(?:cap|ext|extension|capability)\)?\Z")
_MEMBER = re.compile(r"(?:->|\.)\s*\w+\Z")
# Kinds of names in code that leave open which value it is.
_LISTED = "'list entry', 'table entry', 'initialiser', 'pasted', 'macro body', 'return'"


def divided(connection: sqlite3.Connection, rows: list[CapRow]) -> tuple[list[CapRow], list[CapValueRow]]:
    """Return the rows that are capabilities, and those that are arguments."""
    shared = {row.name for row in rows if row.arch in {None, GENERIC}}
    candidates = {
        row.name: owner
        for row in rows
        if row.arch not in {None, GENERIC} and row.name not in shared and (owner := _owner(row.name, shared))
    }
    candidates |= dict(_of_bindings(rows))
    if not candidates:
        return rows, []
    names = set(candidates)
    used = _passed(connection, names) | _cases(connection, names) | _listed(connection, names)
    used |= _assigned(connection, names) | _variants(connection, names)
    arguments = {name: owner for name, owner in candidates.items() if name not in used}
    values = [
        CapValueRow(
            row.side, row.tree, row.role, row.path, row.line, row.name, arguments[row.name], row.header, row.arch
        )
        for row in rows
        if row.name in arguments
    ]
    return [row for row in rows if row.name not in arguments], values


def _of_bindings(rows: list[CapRow]) -> Iterator[tuple[str, str]]:
    """Yield the names of a VMM's Rust bindings, made for each architecture anew, that extend another one's there."""
    kernel = {row.name for row in rows if row.role == "kernel"}
    own = {(row.tree, row.name) for row in rows if row.role == "vmm"}
    for row in rows:
        if row.role == "vmm" and row.path.endswith(RUST_SUFFIX) and row.name not in kernel:
            names = {name for tree, name in own if tree == row.tree and row.name.startswith(f"{name}_")}
            if owner := _owner(row.name, names):
                yield row.name, owner


def _owner(name: str, shared: set[str]) -> str:
    """Return the longest capability that a name extends by further words, '' without one."""
    words = name.split("_")
    return next((owner for end in range(len(words) - 1, 2, -1) if (owner := "_".join(words[:end])) in shared), "")


def _marks(names: set[str]) -> str:
    return json.dumps(sorted(names))


def _passed(connection: sqlite3.Connection, names: set[str]) -> set[str]:
    """Return the names that are passed for a capability to a VMM's wrapper, or compared with one."""
    found = set()
    callees = json.dumps(sorted({wrapper.callee for wrapper in knowledge().wrappers}))
    for callee, arguments in connection.execute(
        """SELECT DISTINCT k.callee, k.arguments FROM temp.all_file f JOIN main.call k ON k.blob = f.blob
           WHERE k.callee IN (SELECT value FROM json_each(?)) AND k.arguments LIKE '%KVM_CAP_%'""",
        (callees,),
    ):
        values = json.loads(arguments)
        positions = {wrapper.capability for wrapper in knowledge().wrappers if wrapper.callee == callee}
        found |= {values[position] for position in positions if position < len(values)}
    for constant, operand in connection.execute(
        """SELECT DISTINCT c.constant, c.operand FROM temp.all_file f JOIN main.comparison c ON c.blob = f.blob
           WHERE c.constant IN (SELECT value FROM json_each(?))""",
        (_marks(names),),
    ):
        found |= {constant} if _CAPABILITY.match(operand) else set()
    return found & names


def _cases(connection: sqlite3.Connection, names: set[str]) -> set[str]:
    """Return the names for which a switch over capabilities has a case."""
    switches: dict[tuple[object, ...], set[str]] = {}
    for *key, low in connection.execute(
        """SELECT DISTINCT l.blob, l.function, l.selector, l.low
           FROM temp.all_file f JOIN main.case_label l ON l.blob = f.blob
           WHERE l.low GLOB 'KVM_CAP_*' ORDER BY 1, 2, 3, 4"""
    ):
        switches.setdefault(tuple(key), set()).add(low)
    return {
        label
        for (_, _, selector), labels in switches.items()
        if labels - names or _CAPABILITY.match(str(selector))
        for label in labels & names
    }


def _listed(connection: sqlite3.Connection, names: set[str]) -> set[str]:
    """Return the names in lists, tables and macros, of which the use is not known."""
    rows = connection.execute(
        f"""SELECT DISTINCT t.name FROM temp.all_file f JOIN main.token t ON t.blob = f.blob
            WHERE t.name IN (SELECT value FROM json_each(?)) AND f.header IS NULL AND t.kind IN ({_LISTED})""",  # noqa: S608
        (_marks(names),),
    )
    return {name for (name,) in rows}


def _variants(connection: sqlite3.Connection, names: set[str]) -> set[str]:
    """Return the names that are the values of an enumeration's names."""
    rows = connection.execute(
        """SELECT DISTINCT e.value FROM temp.all_file f JOIN main.enumerator e ON e.blob = f.blob
           WHERE e.value IN (SELECT value FROM json_each(?))""",
        (_marks(names),),
    )
    return {name for (name,) in rows}


def _assigned(connection: sqlite3.Connection, names: set[str]) -> set[str]:
    """Return the names that are assigned to what may hold a capability: anything but a member of another name."""
    tokens = connection.execute(
        """SELECT t.name, t.blob, sum(t.occurrences)
           FROM (SELECT DISTINCT blob FROM temp.all_file WHERE header IS NULL) f JOIN main.token t ON t.blob = f.blob
           WHERE t.name IN (SELECT value FROM json_each(?)) AND t.kind = 'assignment' GROUP BY 1, 2""",
        (_marks(names),),
    ).fetchall()
    found = set()
    for name, blob, count in tokens:
        targets = connection.execute(
            "SELECT DISTINCT start, target FROM main.store WHERE blob = ? AND value = ? AND operator = '='",
            (blob, name),
        ).fetchall()
        members = [target for _, target in targets if _MEMBER.search(target) and not _CAPABILITY.match(target)]
        found |= {name} if len(members) < count else set()
    return found
