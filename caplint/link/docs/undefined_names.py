"""Capabilities that the code of self-tests names and no header of the tree defines; self-tests are not parsed."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator

from caplint.c.byte_ranges import Spans
from caplint.c.conditions import conditionals
from caplint.c.lexer import lex
from caplint.knowledge.capability_names import NAME, mentions_in
from caplint.link.core.rows import insert
from caplint.link.docs.rows import SelftestUndefinedRow
from caplint.link.docs.selftests import built_selftests
from caplint.trees.tree import Tree
from caplint.util.errors import CaplintError

# A definition of such a name: a macro, or an enumerator with a value.
_DEFINITION = re.compile(rf"#[ \t]*define[ \t]+({NAME})|\b({NAME})[ \t]*=[^=]".encode())
_CONDITION = re.compile(rb"^[ \t]*#[ \t]*(?:if|ifdef|ifndef|elif|elifdef)\b(?:[^\n\\]|\\.|\\\n)*", re.MULTILINE)
_LARGEST = 1 << 20


def link_undefined(connection: sqlite3.Connection, tree: Tree) -> None:
    """Fill `all_selftest_undefined` for a tree and its base."""
    if not tree.project.selftests:
        return
    defined = {side: _defined(connection, side, tree.name) for side in ("now", "base")}
    changed = None
    if tree.base is not None and tree.patch_files and not defined["base"] - defined["now"]:
        changed = {row.path for row in tree.patch_files}
    for side, seen in (("now", tree), ("base", tree.base)):
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
    side: str, name: str, tree: Tree, defined: set[str], changed: set[str] | None
) -> Iterator[SelftestUndefinedRow]:
    for directory in tree.project.selftests:
        if changed is None:
            contents = dict(tree.c_contents_under(directory))
        else:
            contents = dict(_read(tree, sorted(path for path in changed if path.startswith(f"{directory}/"))))
        unknown = {
            path: {cap for cap, _ in mentions_in(content)} - defined
            for path, content in contents.items()
            if len(content) <= _LARGEST
        }
        suspects = [path for path, caps in unknown.items() if caps]
        if not suspects:
            continue
        every = contents if changed is None else dict(tree.c_contents_under(directory))
        local = {
            (match.group(1) or match.group(2)).decode()
            for content in every.values()
            for match in _DEFINITION.finditer(content)
        }
        built = set(built_selftests(tree, directory))
        for path in suspects:
            if path in built:
                yield from _rows(side, name, path, contents[path], unknown[path] - local)


def _read(tree: Tree, paths: list[str]) -> Iterator[tuple[str, bytes]]:
    for path in paths:
        try:
            content = tree.read_or_none(path) if path.endswith((".c", ".h")) else None
        except (OSError, CaplintError):
            content = None
        if content is not None:
            yield path, content


def _rows(side: str, tree: str, path: str, content: bytes, caps: set[str]) -> Iterator[SelftestUndefinedRow]:
    """Yield the first place of each name in code, unless a condition of the file asks for it."""
    asked = {cap for match in _CONDITION.finditer(content) for cap, _ in mentions_in(match.group())}
    left = caps - asked
    if not left:
        return
    lexed = lex(content)
    presence = conditionals(lexed).presence
    directives = Spans([(directive.start, directive.end) for directive in lexed.directives])
    for cap, offset in mentions_in(content):
        # A macro that names it need not be used, and may only paste it.
        if cap not in left or any(offset in part for part in (directives, lexed.comments, lexed.strings)):
            continue
        if presence(offset) is False:
            continue
        left.discard(cap)
        column = offset - content.rfind(b"\n", 0, offset)
        yield SelftestUndefinedRow(side, tree, path, lexed.line(offset), column, cap)
