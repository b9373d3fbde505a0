"""Capabilities that an expression of a VMM may stand for."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator

from caplint.knowledge.capability_names import capabilities_in
from caplint.knowledge.load import knowledge
from caplint.link.core.extents import last_before
from caplint.link.functions.call_sites import Budget, CallSite, Code, CodeFunction, symbols

_BARE = re.compile(r"\(*\s*&?([A-Za-z_]\w*)")
_DEPTH = 3

Named = tuple[str, str]
"""Capability, and the way it is named: `direct`, `variable` or `table`."""


def spelt(expression: str) -> list[str]:
    """Return the capabilities that an expression spells out, in order."""
    names = dict.fromkeys(capabilities_in(expression))
    return [name for name in names if name not in knowledge().not_capabilities]


class Capabilities:
    """Resolver of expressions in one tree's functions."""

    def __init__(self, connection: sqlite3.Connection, side: str, tree: str, budget: Budget) -> None:
        self._budget = budget
        self._tables: dict[tuple[int, str], list[str]] = {}
        self._shared: dict[str, dict[str | None, list[str]]] = {}
        """Table at file scope → its capabilities, by the architecture of the file that has it."""
        for blob, arch, variable, scope, value in connection.execute(
            """SELECT e.blob, f.arch, e.variable, e.function, e.value
               FROM temp.all_file f JOIN main.element e ON e.blob = f.blob
               WHERE f.side = ? AND f.tree = ? AND e.variable IS NOT NULL AND e.value LIKE '%KVM_CAP_%'
               ORDER BY f.path, e.start""",
            (side, tree),
        ):
            self._tables.setdefault((blob, variable), []).extend(spelt(value))
            if scope is None:
                self._shared.setdefault(variable, {}).setdefault(arch, []).extend(spelt(value))

    def of_shared_table(self, function: CodeFunction, expression: str) -> Iterator[tuple[str, str | None]]:
        """Yield the capabilities of a table of other files, each with the architecture of its file.

        kvmtool declares `extern struct kvm_ext kvm_req_ext[]`, and each architecture's directory defines it.
        """
        match = _BARE.match(expression)
        root = match.group(1) if match else ""
        if root in self._shared and expression != root and not {root} & {*function.parameters, *function.assigned}:
            for arch, names in self._shared[root].items():
                if function.arch in {None, arch}:
                    yield from ((name, arch) for name in dict.fromkeys(names))

    def of(self, function: CodeFunction, expression: str, offset: int, depth: int = _DEPTH) -> Iterator[Named]:
        """Yield the capabilities that the expression may stand for at an offset of the function; nothing if unknown."""
        if direct := spelt(expression):
            yield from ((name, "direct") for name in direct)
            return
        match = _BARE.match(expression)
        if match is None or depth == 0 or not self._budget.spend():
            return
        if table := self._tables.get((function.blob, match.group(1))):
            yield from ((name, "table") for name in dict.fromkeys(table))
            return
        if match.group(1) not in function.parameters or expression == match.group(1):
            seen = dict.fromkeys(
                name
                for value in self._reaching(function, expression.strip("() "), offset)
                for name, _ in self.of(function, value, offset, depth - 1)
            )
            yield from ((name, "variable") for name in seen)

    def _reaching(self, function: CodeFunction, target: str, offset: int) -> list[str]:
        """Return the values that a variable may have at an offset.

        These are the values since its last assignment on every path there; empty once the budget is spent.
        """
        branches = function.branches(offset)
        values: list[str] = []
        for store in last_before(function.assigned.get(target, []), offset):
            if store.operator not in {"=", "init"}:
                continue
            if not self._budget.spend():
                return []
            values.append(store.value)
            if function.branches(store.start) <= branches:
                break
        return values[::-1]


def handed_on(code: Code, function: CodeFunction, expression: str) -> Iterator[tuple[CodeFunction, CallSite, str]]:
    """Yield the callers that pass a capability for a parameter: caller, call, and argument."""
    if expression not in function.parameters:
        return
    index = function.parameters.index(expression)
    for caller, call in code.callers(function):
        if index < len(call.arguments) and (symbols(call.arguments[index]) or spelt(call.arguments[index])):
            yield caller, call, call.arguments[index]
