"""Explanations from one architecture's sources for capability numbers that a machine answers differently."""

from __future__ import annotations

import re
import sqlite3
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from caplint.link.buildconfig.configurations import Configurations
from caplint.link.functions.constants import Constants

_SYMBOL = re.compile(r"\bCONFIG_\w+")
_LONGEST = 120


_ANSWERING = """
    SELECT k.cap, k.arch, k.kind, k.answer, k.nonzero_condition, k.path, k.line, k.function, h.found_by
    FROM temp.all_cap_check k
    JOIN temp.all_handler h ON h.side = k.side AND h.tree = k.tree AND h.path = k.path AND h.function = k.function
    WHERE k.side = ? AND k.tree = ? AND k.arch IN (?, 'generic') AND h.verb = 'check' AND k.positive = 1
    ORDER BY k.arch = 'generic', k.path, k.line
"""
_UNREAD = """
    WITH extent AS (
        SELECT f.path, f.blob, d.start, d.stop, d.line, h.understood,
               coalesce((SELECT min(n.line) FROM main.function n
                         WHERE n.blob = f.blob AND n.line > d.line), 1 << 31) AS next
        FROM temp.all_handler h JOIN temp.all_file f ON f.side = h.side AND f.tree = h.tree AND f.path = h.path
        JOIN main.function d ON d.blob = f.blob AND d.name = h.function
        WHERE h.side = ?1 AND h.tree = ?2 AND h.verb = 'check' AND h.arch IN (?3, 'generic')
    )
    SELECT e.path, b.line FROM extent e
    JOIN main.blind_spot b ON b.blob = e.blob AND b.start < e.stop AND b.stop > e.start
    UNION
    SELECT e.path, e.line FROM extent e WHERE NOT e.understood
    UNION
    SELECT e.path, u.line FROM extent e JOIN temp.all_unexpanded u
    ON u.side = ?1 AND u.tree = ?2 AND u.path = e.path AND u.line >= e.line AND u.line < e.next ORDER BY 1, 2
"""


@dataclass(frozen=True)
class MachineDifference:
    """Capability that source and machine answer differently, with the explanation."""

    cap: str | None
    reason: str
    """`configuration`, `run_time`, `blind_spot` or `unexplained`."""
    why: str
    path: str
    line: int
    function: str | None = None


@dataclass(frozen=True)
class _Check:
    """Site in a handler that answers a capability."""

    cap: str
    arch: str
    kind: str
    answer: str | None
    condition: str
    """Condition under which the answer may exceed 0."""
    path: str
    line: int
    function: str
    found_by: str
    """Evidence that the function is a handler; see the view `handler`."""


class KernelSources:
    """One side of a kernel tree, as one architecture sees it."""

    def __init__(
        self, connection: sqlite3.Connection, side: str, tree: str, arch: str, configurations: Configurations
    ) -> None:
        self._connection = connection
        self.side = side
        self.tree = tree
        self._arch = arch
        self._configurations = configurations
        self._constants = Constants(connection, side, tree)

    @property
    def answers_at_all(self) -> bool:
        """True if the tree has a check handler of this architecture."""
        return bool(
            self._rows("SELECT 1 FROM temp.all_handler WHERE side = ? AND tree = ? AND verb = 'check' AND arch = ?")
        )

    def missing(self, number: int) -> MachineDifference | None:
        """Return why the source does not answer a number that the machine answers; None if it does."""
        names = self._names(number)
        checks = [check for name in names for check in self._checks(name)]
        if any(self._possible(check) for check in checks):
            return None
        cap = next(iter(names), None)
        if cap is None:
            path, line = self._header
            return MachineDifference(
                None, *self._blind(f"this source defines no capability of number {number}"), path, line
            )
        path, line = names[cap]
        if checks:
            first = checks[0]
            why = f"on {self._arch} its case is never built: it stands under {_cut(first.condition)}"
            return MachineDifference(cap, *self._blind(why), first.path, first.line, first.function)
        return MachineDifference(cap, *self._blind(f"no check handler of {self._arch} answers it here"), path, line)

    def unanswered(self, number: int) -> MachineDifference | None:
        """Return why the machine does not answer a number that the source answers; None if neither does."""
        checks = [check for name in self._names(number) for check in self._checks(name) if self._possible(check)]
        reasons = [(check, *self._reason(check)) for check in checks]
        if not reasons:
            return None
        # One site that must answer is enough; the other sites only may.
        check, reason, why = next((entry for entry in reasons if entry[1] == "unexplained"), reasons[0])
        return MachineDifference(check.cap, reason, why, check.path, check.line, check.function)

    def _reason(self, check: _Check) -> tuple[str, str]:
        if not self._configurations.certain(self._arch, check.condition, self.tree, self.side):
            symbols = sorted(set(_SYMBOL.findall(check.condition)))
            condition = f"answered only under {_cut(check.condition)}"
            return "configuration", f"{condition}, which {self._arch} may be built without" if symbols else condition
        if check.found_by == "table":
            return "run_time", f"{check.function}() is called through a pointer that is set at run time"
        if check.kind != "case" or check.answer is None:
            return "run_time", f"{check.function}() decides it when it is asked"
        value = self._constants.value(self._arch, check.path, check.answer)
        guard = self._guard(check)
        where = f"answered only where {_cut(guard)}" if guard else ""
        if value is None:
            depends = "which depends on the machine, on KVM's parameters or on the VM"
            why = f"the answer is {_cut(check.answer)}, {depends}"
            return "run_time", f"{where}; {why}" if where else why
        if value == 0:
            return "run_time", f"the answer is {_cut(check.answer)}, which is 0"
        if where:
            return "run_time", where
        return "unexplained", f"{check.function}() always answers {_cut(check.answer)}"

    def _guard(self, check: _Check) -> str | None:
        """Return a test inside the handler that decides whether the answer is reached, except the case label itself."""
        rows = self._connection.execute(
            """SELECT iif(g.negated, 'not ', '') || g.expression
               FROM temp.all_file f JOIN main.case_label l ON l.blob = f.blob AND l.line = ?4 AND l.function = ?5
               JOIN (SELECT blob, function, target AS text, start FROM main.store
                     UNION ALL SELECT blob, function, '', start FROM main.return_value) s
                    ON s.blob = f.blob AND s.function = l.function AND l.start <= s.start AND s.start < l.stop
               JOIN main.guard_extent g ON g.blob = f.blob AND g.function = l.function
                    AND g.start <= s.start AND s.start < g.stop
               WHERE f.side = ?1 AND f.tree = ?2 AND f.path = ?3 ORDER BY g.start LIMIT 1""",
            (self.side, self.tree, check.path, check.line, check.function),
        ).fetchall()
        return rows[0][0] if rows else None

    def _possible(self, check: _Check) -> bool:
        return bool(self._configurations.possible(self._arch, check.condition, self.tree, self.side))

    def _names(self, number: int) -> dict[str, tuple[str, int]]:
        """Return the names of a number in the source's own header, with path and line; aliases last."""
        return {name: (path, line) for defined, name, path, line in self._defined if defined == number}

    @cached_property
    def _defined(self) -> list[tuple[int, str, str, int]]:
        rows = self._rows(
            """SELECT number, name, path, line FROM temp.all_cap
               WHERE side = ? AND tree = ? AND header = 'uapi' AND number IS NOT NULL
                 AND (arch IS NULL OR arch IN (?, 'generic')) ORDER BY alias IS NOT NULL, path, line"""
        )
        return [(int(number), *place) for number, *place in rows]

    @property
    def _header(self) -> tuple[str, int]:
        """Path and line of the highest number, where the next one would be added."""
        return max(self._defined)[2:] if self._defined else ("include/uapi/linux/kvm.h", 1)

    @cached_property
    def _answering(self) -> dict[str, list[_Check]]:
        checks: dict[str, list[_Check]] = {}
        for row in self._rows(_ANSWERING):
            checks.setdefault(row[0], []).append(_Check(*row))
        return checks

    def _checks(self, name: str) -> list[_Check]:
        return self._answering.get(name, [])

    def _blind(self, why: str) -> tuple[str, str]:
        """Return `unexplained` and the reason, or `blind_spot` if part of the handlers was not understood."""
        if not self._unread:
            return "unexplained", why
        path, line = self._unread[0]
        return "blind_spot", f"{why}, but {path}:{line} was not understood"

    @cached_property
    def _unread(self) -> list[tuple[str, int]]:
        """Paths and lines in the check handlers, of the architecture and generic, that were not understood."""
        return self._rows(_UNREAD)

    def _rows(self, query: str) -> list[Any]:
        return self._connection.execute(query, (self.side, self.tree, self._arch)).fetchall()


def _cut(text: str) -> str:
    return text if len(text) <= _LONGEST else text[:_LONGEST] + "…"
