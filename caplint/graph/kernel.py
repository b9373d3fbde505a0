"""From an ioctl's entry into the kernel down to the case that answers for a capability."""

from __future__ import annotations

import json
import re
import sqlite3
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass

from caplint.graph.steps import Step
from caplint.knowledge import GENERIC

MAX_DEPTH = 10
_FIELD = re.compile(r"(?:->|\.)\s*(\w+)\Z")


@dataclass(frozen=True, slots=True)
class _Body:
    tree: str
    path: str
    arch: str
    name: str
    line: int
    blob: int
    start: int
    stop: int


@dataclass(frozen=True, slots=True)
class Target:
    """A handler's case."""

    cap: str
    verb: str
    path: str
    function: str
    line: int
    condition: str
    answer: str


class Kernel:
    """Paths inside one kernel tree, for one architecture."""

    def __init__(self, connection: sqlite3.Connection, tree: str, arch: str) -> None:
        self._connection = connection
        self._tree = tree
        self._arch = arch

    def targets(self, cap: str, verb: str) -> list[Target]:
        """The cases that answer, or that enable."""
        rows = self._connection.execute(
            """SELECT path, function, line, condition, answer FROM (
                   SELECT path, function, line, condition, coalesce(answer, '') AS answer, arch FROM cap_check
                   WHERE ?1 = 'check' AND tree = ?2 AND cap = ?3 AND arch IN (?4, ?5)
                   UNION ALL
                   SELECT path, function, line, condition, '', arch FROM cap_enable
                   WHERE ?1 = 'enable' AND tree = ?2 AND cap = ?3 AND arch IN (?4, ?5)
               ) ORDER BY arch = ?5, path, line""",
            (verb, self._tree, cap, self._arch, GENERIC),
        )
        return [Target(cap, verb, *row) for row in rows]

    def path(self, entry: str, request: str, target: Target) -> list[Step]:
        """The shortest path from an ioctl's entry to the case; nothing where there is none."""
        pending = deque([(body, [self._entered(body, request)]) for body in self._named(entry, None)])
        seen = {body for body, _ in pending}
        while pending:
            body, steps = pending.popleft()
            if (body.path, body.name) == (target.path, target.function):
                return [*steps, self._case(target)]
            if len(steps) > MAX_DEPTH:
                continue
            for callee, step in self._calls(body, request):
                if callee not in seen:
                    seen.add(callee)
                    pending.append((callee, [*steps, step]))
        return []

    def _entered(self, body: _Body, request: str) -> Step:
        return Step(self._tree, body.name, body.path, body.line, "ioctl", note=request)

    def _case(self, target: Target) -> Step:
        note = f"returns {target.answer}" if target.answer else ""
        return Step(self._tree, target.function, target.path, target.line, "case", target.cap, target.condition, note)

    def _named(self, name: str, caller: _Body | None) -> list[_Body]:
        """Definitions of a function that code of this architecture means.

        Its own file's private one, else the architecture's: a weak one gives way to it.
        """
        rows = self._connection.execute(
            """SELECT tree, path, arch, name, line, blob, start, stop, static FROM code_function
               WHERE side = 'now' AND tree = ? AND name = ? AND arch IN (?, ?) ORDER BY path, start""",
            (self._tree, name, self._arch, GENERIC),
        ).fetchall()
        found = [(_Body(*row[:8]), row[8]) for row in rows]
        if own := [body for body, static in found if static and caller is not None and body.path == caller.path]:
            return own
        seen = [body for body, static in found if not static or body.path.endswith(".h") or caller is None]
        return [body for body in seen if body.arch == self._arch] or seen

    def _calls(self, body: _Body, request: str) -> Iterator[tuple[_Body, Step]]:
        labels = self._connection.execute(
            "SELECT low, start, stop FROM main.case_label WHERE blob = ? AND function = ? AND start BETWEEN ? AND ?",
            (body.blob, body.name, body.start, body.stop),
        ).fetchall()
        wanted = [(start, stop) for low, start, stop in labels if low == request]
        others = [(start, stop) for low, start, stop in labels if low is not None and _is_request(low)]
        for callee, line, offset, condition in self._connection.execute(
            """SELECT k.callee, k.line, k.start, c.text FROM main.call k JOIN main.condition c ON c.id = k.condition
               WHERE k.blob = ? AND k.function = ? AND k.start BETWEEN ? AND ? ORDER BY k.start""",
            (body.blob, body.name, body.start, body.stop),
        ).fetchall():
            under = any(start <= offset < stop for start, stop in wanted)
            if wanted and not under:
                continue
            if not under and any(start <= offset < stop for start, stop in others):
                continue  # stands under another request
            label = request if under else None
            for kind, name in self._meant(callee):
                for definition in self._named(name, body):
                    yield definition, Step(
                        self._tree, definition.name, body.path, line, kind, label, condition,
                        callee if kind == "table" else "",
                    )  # fmt: skip

    def _meant(self, callee: str) -> list[tuple[str, str]]:
        field = _FIELD.search(callee)
        if field is None:
            return [("direct", callee)] if callee.isidentifier() else []
        rows = self._connection.execute(
            """SELECT DISTINCT e.value FROM temp.all_file f JOIN main.table_entry e ON e.blob = f.blob
               WHERE f.side = 'now' AND f.tree = ? AND f.arch IN (?, ?) AND e.field = ? ORDER BY 1""",
            (self._tree, self._arch, GENERIC, field.group(1)),
        )
        return [("table", value.lstrip("&")) for (value,) in rows]


def _is_request(label: str) -> bool:
    """Whether a label names an ioctl rather than a capability or a register."""
    return label.startswith("KVM_") and not label.startswith("KVM_CAP_")


def requests_of(connection: sqlite3.Connection, tree: str, callee: str, arguments: list[str]) -> list[tuple[str, str]]:
    """How a VMM's call does its ioctls: the function that does it and the request, in order of certainty."""
    if direct := [(callee, argument) for argument in arguments if _is_request(argument)]:
        return direct
    rows = connection.execute(
        """SELECT k.callee, k.arguments FROM code_function d JOIN main.call k ON k.blob = d.blob AND k.function = d.name
           WHERE d.side = 'now' AND d.tree = ? AND d.name = ? ORDER BY k.start""",
        (tree, callee),
    ).fetchall()
    found = [(name, argument) for name, text in rows for argument in json.loads(text) if _is_request(argument)]
    for (body,) in connection.execute(
        """SELECT m.body FROM file f JOIN main.macro m ON m.blob = f.blob
           WHERE f.tree = ? AND m.name = ? AND m.parameters IS NOT NULL ORDER BY f.path""",
        (tree, callee),
    ):
        found += re.findall(r"\b(\w+)\s*\([^()]*?\b(KVM_(?!CAP_)[A-Z_]+)\b", body)
    return list(dict.fromkeys(found))
