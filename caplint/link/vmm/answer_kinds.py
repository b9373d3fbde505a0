"""Meaning of a capability's answer: yes or no, size, limit; by the documentation, else by the check's expression."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterable

from caplint.knowledge.load import knowledge
from caplint.link.core.rows import insert
from caplint.link.vmm.rows import CapKindRow
from caplint.link.vmm.value_text import choices

_YES_OR_NO = re.compile(r"[01]|true|false|!.*|.*(?:&&|\|\||[=!]=).*", re.DOTALL)
_SIZE = re.compile(r"\bsizeof\b|\b\w+_size\s*\(")
_ARITHMETIC = re.compile(r"[-+*/%&|^~]|<<|>>")

# A case with more answers, such as one from which control falls into hundreds of others, has no kind.
_MOST_VALUES = 64
_VALUES = (
    "SELECT start, value FROM main.store WHERE blob = ? AND function = ? AND start BETWEEN ? AND ? AND local "
    "ORDER BY start LIMIT ?",
    "SELECT start, value FROM main.return_value WHERE blob = ? AND function = ? AND start BETWEEN ? AND ? "
    "ORDER BY start LIMIT ?",
)

_Labels = dict[tuple[str, str], list[tuple[int, int]]]
"""Function and label → where each such case begins and ends."""


def link_answer_kinds(connection: sqlite3.Connection) -> None:
    """Fill `all_cap_kind`; a case with an answer that is not understood has no row."""
    cases = connection.execute(
        """SELECT c.side, c.tree, c.path, c.line, c.cap, c.arch, c.answer, f.blob, c.function
           FROM temp.all_cap_check c JOIN temp.all_file f
               ON f.side = c.side AND f.tree = c.tree AND f.path = c.path AND NOT f.expanded
           ORDER BY c.side, c.tree, c.path, c.line, c.cap"""
    ).fetchall()
    labels: dict[int, _Labels] = {}
    for side, tree, path, line, cap, arch, answer, blob, function in cases:
        documented = knowledge().answers.get(cap)
        if not answer and blob not in labels:
            labels[blob] = _labels(connection, blob)
        values = [answer] if answer else _values(connection, blob, function, labels[blob].get((function, cap), []))
        kind, text = (documented["kind"], documented["source"]) if documented else (_kind(values), ", ".join(values))
        if kind:
            source = "doc" if documented else "code"
            insert(connection, "all_cap_kind", [CapKindRow(side, tree, path, line, cap, arch, kind, source, text)])


def _labels(connection: sqlite3.Connection, blob: int) -> _Labels:
    """Return the extents of the labels in a file."""
    labels: _Labels = {}
    for function, low, start, stop in connection.execute(
        "SELECT function, low, start, stop FROM main.case_label WHERE blob = ? AND low IS NOT NULL ORDER BY start",
        (blob,),
    ):
        labels.setdefault((function, low), []).append((start, stop))
    return labels


def _values(connection: sqlite3.Connection, blob: int, function: str, extents: Iterable[tuple[int, int]]) -> list[str]:
    """Return what the case of a capability assigns to variables, and returns; nothing if that is too much."""
    found: set[tuple[int, str]] = set()
    for extent in extents:
        for query in _VALUES:
            found.update(connection.execute(query, (blob, function, *extent, _MOST_VALUES + 1)))
            if len(found) > _MOST_VALUES:
                return []
    return [value for _, value in sorted(found)]


def _kind(values: Iterable[str]) -> str:
    """Return the kind of the answers that a case chooses from; empty if they do not tell it."""
    chosen = [choice for value in values for choice in choices(value)]
    if any(_SIZE.search(choice) for choice in chosen):
        return "size"
    if chosen and all(_YES_OR_NO.fullmatch(choice) and not _is_computed(choice) for choice in chosen):
        return "yes or no"
    return ""


def _is_computed(choice: str) -> bool:
    """Tell whether a number is computed from truth values, as in `a && b | c`."""
    return _ARITHMETIC.search(re.sub(r"->|&&|\|\||(?<![\w)])[&*]", "", choice)) is not None
