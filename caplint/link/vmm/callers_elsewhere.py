"""Files of a VMM that matter although they name nothing of KVM's that files are searched for.

They call what hands on the result of enabling a capability, and may drop it (CAP401), or they issue ioctls through a
function of the VMM whose name is not known.
"""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Callable, Iterable

from caplint.facts.store.store import BlobKey, FactStore
from caplint.knowledge.languages import language_of
from caplint.knowledge.load import knowledge
from caplint.link.core.loaded_trees import Loaded
from caplint.link.vmm.issuing_functions import request_parameter
from caplint.trees.text_search import mentioning
from caplint.trees.tree import File, Tree, object_id

# Steps from the wrapper outwards: as many as results are followed.
_DEPTH = 4
# Files beyond which a name is too common to be followed.
_MOST_FILES = 40

# An ioctl by its name.
_REQUEST = re.compile(rb"\bKVM_[A-Z]")
# A call that is no operand: a statement, or the value of `return` or of an assignment.
_UNTESTED = rb"(?:[;{})=]|\b(?:else|do|return)\b)\s*+\b(?:%s)\s*+\("

# Calls with the parameters of the function that makes them, of those that other files can call.
_CALLS = """
    SELECT DISTINCT c.function, c.callee, c.arguments, f.parameters
    FROM json_each(?1) n CROSS JOIN main.call c ON c.callee = n.value
    JOIN main.function f ON f.blob = c.blob AND f.name = c.function AND NOT f.static
    WHERE c.blob IN (SELECT value FROM json_each(?2)) AND f.parameters <> '[]'
    ORDER BY 1
"""

_Harvest = Callable[[list[tuple[Tree, File]]], dict[BlobKey, int]]

# Functions that other files can call and that return what a callee returned, directly or from a variable.
_HANDING_ON = """
    SELECT DISTINCT c.function FROM json_each(?1) n CROSS JOIN main.call c ON c.callee = n.value
    JOIN main.function f ON f.blob = c.blob AND f.name = c.function AND NOT f.static
    WHERE c.blob IN (SELECT value FROM json_each(?2))
      AND (c.use = 'returned' OR (c.use = 'assigned' AND EXISTS (
          SELECT 1 FROM main.store s
          JOIN main.return_value r ON r.blob = s.blob AND r.function = s.function AND r.value = s.target
          WHERE s.blob = c.blob AND s.function = c.function AND s.start <= c.start AND s.local
            AND substr(s.value, 1, length(c.callee) + 1) = c.callee || '(')))
    ORDER BY 1
"""


def read_callers_elsewhere(
    store: FactStore, loaded: Iterable[Loaded], rows: dict[BlobKey, int], read: _Harvest
) -> dict[BlobKey, int]:
    """Add such files to the trees' files; return the rows of all files."""
    for entry in loaded:
        tree, base = entry.tree, entry.tree.base
        sides = [(tree, entry.files), *([(base, entry.base_files)] if base else [])] if tree.role == "vmm" else []
        for side, files in sides:
            names = _issuing(store.connection, {rows[_key(file)] for file in files})
            added = _elsewhere(
                store,
                side,
                {name for name in names if not knowledge().is_interesting(name.encode())},
                files,
                issue=True,
            )
            rows = rows | read([(side, file) for file in added]) if added else rows
            files.extend(added)
            asked: set[str] = set()
            # Each step reads the whole tree's text, so it is taken only where the step before has found files.
            for _ in range(_DEPTH):
                names = _handing_on(store.connection, {rows[_key(file)] for file in files}) - asked
                added = _elsewhere(store, side, names, files)
                if not added:
                    break
                asked |= names
                rows = rows | read([(side, file) for file in added])
                files.extend(added)
    return rows


def _key(file: File) -> BlobKey:
    return file.oid, language_of(file.path) or "c"


def _handing_on(connection: sqlite3.Connection, blobs: Iterable[int]) -> set[str]:
    """Return the functions of these files that hand on the result of a wrapper, or of each other."""
    read = json.dumps(sorted(blobs))
    found: set[str] = set()
    names = {wrapper.callee for wrapper in knowledge().wrappers if wrapper.verb == "enable" and not wrapper.request}
    for _ in range(_DEPTH):
        names = {name for (name,) in connection.execute(_HANDING_ON, (json.dumps(sorted(names)), read))} - found
        found |= names
    return found


def _issuing(connection: sqlite3.Connection, blobs: Iterable[int]) -> set[str]:
    """Return the functions of these files that give a parameter to `ioctl()` as the request, or to each other."""
    read = json.dumps(sorted(blobs))
    position = {"ioctl": 1}
    new = {"ioctl"}
    for _ in range(_DEPTH):
        rows = connection.execute(_CALLS, (json.dumps(sorted(new)), read)).fetchall()
        known = set(position)
        for function, callee, arguments, parameters in rows:
            found = request_parameter(json.loads(parameters), json.loads(arguments), position[callee])
            if found is not None:
                position.setdefault(function, found)
        new = position.keys() - known
    return position.keys() - {"ioctl"}


def _elsewhere(
    store: FactStore, tree: Tree, names: set[str], files: Iterable[File], *, issue: bool = False
) -> list[File]:
    """Return further files that call one of the names and may drop the result or hand it on, or `issue` an ioctl."""
    paths = set(mentioning(tree, names, store)) - {file.path for file in files}
    call = _REQUEST if issue else re.compile(_UNTESTED % b"|".join(name.encode() for name in sorted(names)))
    found = []
    for path in sorted(paths) if len(paths) <= _MOST_FILES else ():
        content = tree.read(path)
        if call.search(content) and not knowledge().dead_files.fullmatch(path):
            found.append(File(path, object_id(content), len(content)))
    return found
