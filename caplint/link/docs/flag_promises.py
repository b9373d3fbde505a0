"""Ioctls whose documentation says that the `flags` of their structure must be zero, or unknown ones are refused."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator
from itertools import pairwise

from caplint.link.core.loaded_trees import Loaded
from caplint.link.core.rows import CutRow, insert
from caplint.link.docs.rows import FlagPromiseRow
from caplint.trees.tree import Tree
from caplint.util.errors import CaplintError

_UNSEEN = """
    SELECT DISTINCT p.path, p.line FROM temp.all_flag_promise p
    JOIN temp.all_ioctl_case i ON i.side = p.side AND i.tree = p.tree AND i.ioctl = p.ioctl
    WHERE p.side = ? AND p.tree = ? AND NOT EXISTS (
        SELECT 1 FROM temp.all_flag_test t WHERE t.side = p.side AND t.tree = p.tree AND t.struct = p.struct
    ) ORDER BY 1, 2
"""
_REASON = "an ioctl with documented flags, of whose structure no code is found"
_SECTION = re.compile(r"^(\d+(?:\.\d+)*\.? [^\n]*\bKVM_\w+[^\n]*)\n[-=~^\"']{4,}[ \t]*$", re.MULTILINE)
_NEXT = re.compile(r"^[^\n]+\n[-=~^\"']{4,}[ \t]*$", re.MULTILINE)
_NAME = re.compile(r"\bKVM_(?!CAP_)\w+")
_FLAGS = r"\bflags\b(?![\w>.-])"
_PROMISE = re.compile(
    rf"{_FLAGS}[^.;:]{{0,60}}?\b(?:must|has to|have to)\s+(?:currently\s+)?be\s+(?:set\s+to\s+)?(?:zero|0)\b"
    rf"|{_FLAGS}`*;?\s*/\*[^*\n]*\b(?:must be|has to be)\s+(?:zero|0)\b"
    rf"|\b(?:setting any|unknown|undefined|unsupported|other)\s+(?:bits?|flags)\b[^.;:]{{0,60}}?\bEINVAL",
    re.IGNORECASE,
)
_DEFINITION = re.compile(r"_IO[RW]*\(\s*KVMIO\s*,[^,]*,\s*struct\s+(\w+)\s*\)")


def link_flag_promises(connection: sqlite3.Connection, loaded: list[Loaded]) -> None:
    """Fill `all_flag_promise`."""
    for entry in loaded:
        for side, tree in (("now", entry.tree), ("base", entry.tree.base)):
            if tree is not None and tree.role == "kernel":
                insert(connection, "all_flag_promise", list(_promises(connection, side, tree)))
                cuts = connection.execute(_UNSEEN, (side, tree.name)).fetchall()
                insert(
                    connection, "all_cut", [CutRow(side, tree.name, path, line, 0, 0, _REASON) for path, line in cuts]
                )


def _promises(connection: sqlite3.Connection, side: str, tree: Tree) -> Iterator[FlagPromiseRow]:
    structures = {
        name: match.group(1)
        for name, body in connection.execute(
            """SELECT m.name, m.body FROM temp.all_file f CROSS JOIN main.macro m ON m.blob = f.blob
               WHERE f.side = ? AND f.tree = ? AND f.header = 'uapi' AND m.body GLOB '_IO*'""",
            (side, tree.name),
        )
        if (match := _DEFINITION.match(body))
    }
    documents = connection.execute(
        "SELECT path FROM temp.all_file WHERE side = ? AND tree = ? AND api ORDER BY path", (side, tree.name)
    ).fetchall()
    for (path,) in documents:
        try:
            text = tree.read(path).decode("utf-8", "replace")
        except (OSError, CaplintError):
            continue
        for start, stop, title in _sections(text):
            match = _PROMISE.search(text, start, stop)
            for ioctl in _NAME.findall(title) if match else ():
                if match is not None and ioctl in structures:
                    line = text.count("\n", 0, match.start()) + 1
                    yield FlagPromiseRow(side, tree.name, path, line, ioctl, structures[ioctl])


def _sections(text: str) -> Iterator[tuple[int, int, str]]:
    """Yield extent and title of each section whose title names an ioctl; it ends at the next heading."""
    headings = [(match.start(), match.end()) for match in _NEXT.finditer(text)]
    stops = {start: following for (start, _), (following, _) in pairwise(headings)}
    for match in _SECTION.finditer(text):
        yield match.end(), stops.get(match.start(), len(text)), match.group(1)
