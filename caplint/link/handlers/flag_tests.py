"""Whether the kernel tests the `flags` of its UAPI structures for unknown bits, and the sets of registers of kvm_run.

The files are searched as text: a variable, parameter or member of such a structure, and every mention of its `flags`. A
mention that only picks known bits (`x.flags & KVM_A`) or writes is no test; any other one may be a test.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial

from caplint.facts.store.store import FactStore
from caplint.knowledge.kernel_idioms import kernel_idioms
from caplint.knowledge.load import GENERIC
from caplint.link.core.loaded_trees import Loaded
from caplint.link.core.memo import remembered, snapshot_key
from caplint.link.core.rows import insert
from caplint.link.handlers.rows import FlagTestRow
from caplint.trees.tree import Tree
from caplint.util.errors import CaplintError

_FLAGGED = """
    SELECT DISTINCT m.owner FROM temp.all_file f CROSS JOIN main.member m ON m.blob = f.blob
    WHERE f.side = ? AND f.tree = ? AND f.header = 'uapi' AND m.name = 'flags' AND m.owner <> ''
"""
_FILES = """
    SELECT f.path, coalesce(f.arch, ?) FROM temp.all_file f JOIN main.blob b ON b.id = f.blob
    WHERE f.side = ? AND f.tree = ? AND NOT f.expanded AND b.language = 'c' AND f.header IS NULL ORDER BY 1
"""
_VARIABLE = re.compile(r"\bstruct (kvm_\w+)\b(?:[\s*]|__user\b|const\b)*\b(\w+)")
_COMMENT = re.compile(r"/\*.*?\*/|//[^\n]*", re.DOTALL)
_WRITES = re.compile(r"\s*(?:[|&^]?=(?!=))")
_PICKS = re.compile(r"\s*&\s*\(*\s*[A-Z_]")
_REFUSES = re.compile(r"\s*(?:&\s*[~a-z(]|[!=]=|[<>^|])")
_TRUTH = re.compile(r"\s*(?:\)|&&|\|\||\?)")
_IN_CONDITION = re.compile(r"(?:\b(?:if|while)\s*\(|&&|\|\|)[\s!(]*\Z")
_CHAIN = re.compile(r"[\w.\[\]]*(?:->[\w.\[\]]*)*\Z")
# Functions and structures of a file that are told apart; Linux has up to 600.
_MOST = 20_000


@dataclass
class _Found:
    """Mentions of one member by architecture: whether some may be a test, and the first place."""

    tested: set[str] = field(default_factory=set)
    places: dict[str, tuple[str, int]] = field(default_factory=dict)


def link_flag_tests(store: FactStore, loaded: list[Loaded], extractor: str) -> None:
    """Fill `all_flag_test`."""
    connection = store.connection
    for entry in loaded:
        for side, tree in (("now", entry.tree), ("base", entry.tree.base)):
            if tree is not None and tree.role == "kernel":
                key = f"flag tests {tree.name} {snapshot_key(connection, side, tree.name, extractor)}"
                fill = partial(_fill, store, side, tree)
                remembered(store, key, ("all_flag_test",), (side, tree.name), fill)


def _fill(store: FactStore, side: str, tree: Tree) -> None:
    structures = {name for (name,) in store.connection.execute(_FLAGGED, (side, tree.name))}
    files = store.connection.execute(_FILES, (GENERIC, side, tree.name)).fetchall()
    found: dict[tuple[str, str], _Found] = {}
    texts = [(path, arch, text) for path, arch in files if (text := _read(tree, path))]
    _of_flags(texts, structures, found)
    for member in kernel_idioms().register_sets:
        for path, arch, text in texts:
            if member in text:
                _of_registers(path, arch, _code(text), found.setdefault(("kvm_run", member), _Found()), member)
    insert(store.connection, "all_flag_test", list(_rows(side, tree.name, found)))


def _read(tree: Tree, path: str) -> str:
    """Return a file's text, '' if it cannot be read."""
    try:
        return tree.read(path).decode("latin-1")
    except (OSError, CaplintError):
        return ""


def _code(text: str) -> str:
    """Return a text with its comments as blank lines."""
    return _COMMENT.sub(lambda match: "\n" * match.group().count("\n"), text)


def _of_flags(texts: list[tuple[str, str, str]], structures: set[str], found: dict[tuple[str, str], _Found]) -> None:
    # Without `\b` in front the search skips to the literal at once; most texts have none of the structures.
    any_of = re.compile(rf"struct (?:{'|'.join(sorted(structures)) or '(?!)'})\b")
    for path, arch, text in texts:
        line = 1
        for function in _functions(text) if any_of.search(text) else ():
            code = None
            matches = _VARIABLE.finditer(function) if any_of.search(function) else ()
            variables = {(match.group(1), match.group(2)) for match in matches}
            for struct, variable in sorted(variables):
                if struct in structures:
                    code = code if code is not None else _code(function)
                    mentions = found.setdefault((struct, "flags"), _Found())
                    mentions.places.setdefault(arch, (path, line))
                    if any(_may_test(*sides) for sides in _mentions(code, variable)):
                        mentions.tested.add(arch)
            line += function.count("\n")


def _functions(text: str) -> Iterator[str]:
    """Yield the stretches of a file that end where a function or a structure does."""
    start = 0
    for _ in range(_MOST):
        stop = text.find("\n}", start)
        if stop < 0:
            break
        yield text[start : stop + 2]
        start = stop + 2
    yield text[start:]


def _mentions(code: str, variable: str) -> Iterator[tuple[str, str]]:
    """Yield the text before and behind each mention of a variable's flags."""
    for match in re.finditer(rf"\b{variable}(?:->|\.)flags\b", code):
        yield code[max(0, match.start() - 80) : match.start()], code[match.end() : match.end() + 80]


def _may_test(before: str, behind: str) -> bool:
    """Return whether a mention may be a test for unknown bits."""
    if before.rstrip().endswith("&") and not before.rstrip().endswith("&&"):
        return True  # its address, or one side of an expression
    return not _WRITES.match(behind) and (_PICKS.match(behind) is None)


def _of_registers(path: str, arch: str, text: str, found: _Found, member: str) -> None:
    for match in re.finditer(rf"(?:->|\.){member}\b", text):
        before = text[max(0, match.start() - 120) : match.start()]
        before, behind = before[: _CHAIN.search(before).start()], text[match.end() : match.end() + 80]  # type: ignore[union-attr]
        if _WRITES.match(behind):
            continue
        found.places.setdefault(arch, (path, text.count("\n", 0, match.start()) + 1))
        truth = _TRUTH.match(behind) and _IN_CONDITION.search(before)
        if not truth and not _PICKS.match(behind):
            found.tested.add(arch)


def _rows(side: str, tree: str, found: dict[tuple[str, str], _Found]) -> Iterator[FlagTestRow]:
    for (struct, member), mentions in sorted(found.items()):
        for arch, (path, line) in sorted(mentions.places.items()):
            yield FlagTestRow(side, tree, struct, member, arch, path, line, int(arch in mentions.tested))
