"""Answers of check handlers that are positive with and without a VM, where a mere test sees no difference."""

from __future__ import annotations

import re
import sqlite3
from dataclasses import dataclass

from caplint.link.core.rows import insert
from caplint.link.functions.constants import Constants
from caplint.link.vmm.rows import CapTruthRow
from caplint.link.vmm.value_text import choices

_NUMBER = re.compile(r"(?:0[xX][0-9a-fA-F]+|\d+)[uUlL]*\Z")
_NAME = re.compile(r"[A-Z_]\w*\Z")
_MEMBER = re.compile(r"\w+(?:(?:->|\.)\w+)*(?:->|\.)(\w+)\Z")
_BOOLEAN = re.compile(r"\b(?:bool|_Bool)\b")


def link_truths(connection: sqlite3.Connection) -> None:
    """Fill `all_cap_truth` with the checks whose answer depends on the VM and is positive in any case."""
    rows = connection.execute(
        """SELECT c.side, c.tree, c.path, c.line, c.cap, c.arch, c.function, f.blob, c.answer
           FROM temp.all_cap_check c JOIN temp.all_file f
               ON f.side = c.side AND f.tree = c.tree AND f.path = c.path AND NOT f.expanded
           WHERE c.reads_vm = 1 ORDER BY 1, 2, 3, 4, 5"""
    ).fetchall()
    kernels: dict[tuple[str, str], _Kernel] = {}
    for side, tree, path, line, cap, arch, function, blob, answer in rows:
        kernel = kernels.setdefault((side, tree), _Kernel(connection, side, tree))
        values = [answer] if answer else kernel.values(blob, function, cap)
        if values and all(kernel.is_positive(arch, path, value) for value in values):
            insert(connection, "all_cap_truth", [CapTruthRow(side, tree, path, line, cap, arch, function)])


@dataclass
class _Kernel:
    """Facts of one side of a kernel tree."""

    connection: sqlite3.Connection
    side: str
    tree: str

    def __post_init__(self) -> None:
        self._constants = Constants(self.connection, self.side, self.tree)

    def values(self, blob: int, function: str, cap: str) -> list[str]:
        """Return what the case of a capability assigns to variables, and returns."""
        rows = self.connection.execute(
            """SELECT v.value FROM main.case_label l JOIN (
                   SELECT blob, function, start, value FROM main.store WHERE local AND operator = '='
                   UNION ALL SELECT blob, function, start, value FROM main.return_value
               ) v ON v.blob = l.blob AND v.function = l.function AND v.start BETWEEN l.start AND l.stop
               WHERE l.blob = ? AND l.function = ? AND l.low = ? ORDER BY v.start""",
            (blob, function, cap),
        )
        return [value for (value,) in rows]

    def is_positive(self, arch: str, path: str, text: str) -> bool:
        """Tell whether every value that an expression chooses from is positive: constants, and counts of the VM."""
        return all(self._is_positive(arch, path, choice) for choice in choices(text))

    def _is_positive(self, arch: str, path: str, text: str) -> bool:
        if _NUMBER.match(text) or _NAME.match(text):
            value = self._constants.value(arch, path, text)
            return value is not None and value > 0
        member = _MEMBER.match(text)
        return member is not None and self._is_count(member.group(1))

    def _is_count(self, member: str) -> bool:
        """Tell whether a member is a number that the VM's creation sets to a positive constant, and no code to 0."""
        where = (self.side, self.tree, member)
        types = self.connection.execute(
            """SELECT DISTINCT m.type FROM temp.all_file f JOIN main.member m ON m.blob = f.blob
               WHERE f.side = ?1 AND f.tree = ?2 AND instr(m.name, ?3) AND (m.name = ?3 OR m.name GLOB '*.' || ?3)""",
            where,
        ).fetchall()
        stores = self.connection.execute(
            """SELECT f.arch, f.path, s.value FROM temp.all_file f JOIN main.store s ON s.blob = f.blob
               WHERE f.side = ?1 AND f.tree = ?2 AND instr(s.target, ?3) AND s.target GLOB '*[.>]' || ?3
                   AND s.operator = '='
               ORDER BY 2, 3""",
            where,
        ).fetchall()
        values = [self._constants.value(arch, path, text) for arch, path, text in stores]
        is_set = any(value is not None and value > 0 for value in values) and 0 not in values
        return is_set and bool(types) and not any(_BOOLEAN.search(kind) for (kind,) in types)
