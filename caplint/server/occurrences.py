"""Definitions and references of capabilities, ioctls and MSRs in all trees of a check."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from caplint.findings.finding import Location
from caplint.link.docs.selftest_code import SelftestCode
from caplint.server.diagnosed import LineSpans
from caplint.server.messages import EditorPlace
from caplint.session import Session
from caplint.trees.tree import Tree
from caplint.util.errors import CaplintError

MOST = 5_000
"""Maximum number of references that are shown."""
_IDENTIFIER = re.compile(r"[A-Za-z_]\w*\Z", re.ASCII)

# The kernel's own headers come first, then copies of them, then what a VMM defines for itself.
_DEFINED = """
    SELECT f.tree, f.path, m.line FROM file f JOIN main.macro m ON m.blob = f.blob
    WHERE m.name = ?
    ORDER BY f.role <> 'kernel', f.header IS NOT 'uapi', f.header IS NULL, f.tree, f.path, m.line
"""
_NAMED = """
    SELECT DISTINCT f.tree, f.path FROM file f JOIN main.token t ON t.blob = f.blob
    WHERE t.name = ? ORDER BY f.role <> 'kernel', f.tree, f.path
"""


def is_known(session: Session, name: str) -> bool:
    """Return whether the ledger has the name: it is one of a capability, an ioctl or an MSR."""
    return session.connection.execute("SELECT 1 FROM token WHERE name = ? LIMIT 1", (name,)).fetchone() is not None


def definitions(session: Session, spans: LineSpans, name: str) -> list[EditorPlace]:
    """Return where a name is defined, in every tree; nothing for a name that is not KVM's."""
    if not is_known(session, name):
        return []
    rows = session.connection.execute(_DEFINED, (name,)).fetchall()
    return list(_places(((tree, path, line) for tree, path, line in rows), name, spans))


def references(session: Session, spans: LineSpans, name: str) -> list[EditorPlace]:
    """Return every occurrence of a name in code, comments and documentation of the trees, and in self-tests."""
    if not _IDENTIFIER.match(name) or not is_known(session, name):
        return []
    files = session.connection.execute(_NAMED, (name,)).fetchall()
    trees = {tree.name: tree for tree in session.trees}
    known = set(files)
    tests = [
        (tree.name, path)
        for tree in session.trees
        if tree.role == "kernel"
        for path in SelftestCode(tree).built
        if (tree.name, path) not in known
    ]
    found: list[EditorPlace] = []
    for tree, path in (*files, *tests):
        found += _places(((tree, path, line) for line in _lines(trees[tree], path, name)), name, spans)
        if len(found) >= MOST:
            return found[:MOST]
    return found


def _lines(tree: Tree, path: str, name: str) -> Iterator[int]:
    """Yield the numbers of the lines of a file that have the name, from 1."""
    try:
        content = tree.read(path)
    except (OSError, CaplintError):
        return
    wanted = name.encode()
    if wanted in content:
        yield from (number for number, line in enumerate(content.split(b"\n"), 1) if wanted in line)


def _places(lines: Iterable[tuple[str, str, int]], name: str, spans: LineSpans) -> Iterator[EditorPlace]:
    """Yield each occurrence of the name in some lines; a longer name that contains it is another one."""
    word = re.compile(rb"(?<!\w)%s(?!\w)" % name.encode())
    for tree, path, line in lines:
        text = spans.source.bytes_of(Location(tree, path, line))
        for match in word.finditer(text):
            yield spans.place(Location(tree, path, line, match.start() + 1), name, text.decode("utf-8", "replace"))
