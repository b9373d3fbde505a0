"""Capabilities that the code of self-tests names and no header of the tree defines."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator

from caplint.knowledge.capability_names import NAME, mentions_in
from caplint.link.core.rows import insert
from caplint.link.docs.rows import SelftestUndefinedRow
from caplint.link.docs.selftest_code import SelftestCode

# A definition of such a name: a macro, or an enumerator with a value.
_DEFINITION = re.compile(rf"#[ \t]*define[ \t]+({NAME})|\b({NAME})[ \t]*=[^=]".encode())
_CONDITION = re.compile(rb"^[ \t]*#[ \t]*(?:if|ifdef|ifndef|elif|elifdef)\b(?:[^\n\\]|\\.|\\\n)*", re.MULTILINE)
_LARGEST = 1 << 20


def link_undefined(connection: sqlite3.Connection, code: SelftestCode) -> None:
    """Fill `all_selftest_undefined` for a tree and its base."""
    tree = code.tree
    if not tree.project.selftests:
        return
    defined = {side: _defined(connection, side, tree.name) for side in ("now", "base")}
    changed = None
    if tree.base is not None and tree.patch_files and not defined["base"] - defined["now"]:
        changed = {row.path for row in tree.patch_files}
    for side, seen in (("now", code), ("base", SelftestCode(tree.base) if tree.base else None)):
        if seen is not None and defined[side]:
            insert(
                connection, "all_selftest_undefined", list(_undefined(side, tree.name, seen, defined[side], changed))
            )


def _defined(connection: sqlite3.Connection, side: str, tree: str) -> set[str]:
    """Return the names that the headers of a tree define, as macros or enumerators; self-tests do not see the copy."""
    rows = connection.execute(
        """SELECT t.name FROM temp.all_file f JOIN main.token t ON t.blob = f.blob
           WHERE f.side = ? AND f.tree = ? AND f.header <> 'copy' AND t.name GLOB 'KVM_CAP_*'
             AND t.kind IN ('definition', 'enumerator')""",
        (side, tree),
    )
    return {name for (name,) in rows}


def _undefined(
    side: str, tree: str, code: SelftestCode, defined: set[str], changed: set[str] | None
) -> Iterator[SelftestUndefinedRow]:
    contents = code.every if changed is None else code.among(changed)
    unknown = {
        path: {cap for cap, _ in mentions_in(content)} - defined
        for path, content in contents.items()
        if len(content) <= _LARGEST
    }
    suspects = [path for path, caps in unknown.items() if caps]
    if not suspects:
        return
    local = {
        (match.group(1) or match.group(2)).decode()
        for content in code.every.values()
        for match in _DEFINITION.finditer(content)
    }
    for path in suspects:
        if path in code.built:
            yield from _rows(side, tree, code, path, unknown[path] - local)


def _rows(side: str, tree: str, code: SelftestCode, path: str, caps: set[str]) -> Iterator[SelftestUndefinedRow]:
    """Yield the first place of each name in code, unless a condition of the file asks for it."""
    conditions = _CONDITION.finditer(code.read(path))
    left = caps - {cap for match in conditions for cap, _ in mentions_in(match.group())}
    for name in code.names(path) if left else ():
        if name.cap in left and not name.in_directive:
            left.discard(name.cap)
            yield SelftestUndefinedRow(side, tree, path, name.line, name.column, name.cap)
