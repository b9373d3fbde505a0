"""Ioctls that a VMM, or a manager of VMMs, issues: calls of `ioctl()` and of every function around it.

A function that hands its parameter to `ioctl()` as the request is followed to its callers, so wrappers need no list.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator
from typing import NamedTuple

from caplint.knowledge.capability_names import PREFIX
from caplint.link.functions.call_sites import Code
from caplint.link.functions.code_function import CodeFunction
from caplint.link.functions.function_facts import CallSite
from caplint.link.vmm.capability_uses import passed_by_callers, wrappers_of
from caplint.link.vmm.capability_values import Capabilities, Path, Resolution
from caplint.link.vmm.descriptor_scopes import UNKNOWN, DescriptorScopes
from caplint.link.vmm.own_macros import OwnMacros
from caplint.link.vmm.tree_values import TreeValues

ISSUER = re.compile(r"(?:.*(?:->|\.))?\w*ioctl\w*\Z", re.IGNORECASE)
"""Functions, and members that point to one, that issue an ioctl by their name."""
_NAME = re.compile(r"\bKVM_[A-Z0-9_]+\b")
_DEPTH = 4


class IoctlUse(NamedTuple):
    """Call that issues an ioctl."""

    function: CodeFunction
    call: CallSite
    scope: str
    ioctl: str
    """Empty if it is not known."""
    resolved_via: str
    expression: str
    """The request, as written."""

    @property
    def place(self) -> tuple[str, int, int]:
        """Path, line and column."""
        return self.function.path, self.call.line, self.call.column


def ioctls_in(text: str) -> list[str]:
    """Return the names in a text that may be ioctls of KVM, in order."""
    return [name for name in dict.fromkeys(_NAME.findall(text)) if not name.startswith(PREFIX)]


def ioctl_uses(connection: sqlite3.Connection, side: str, tree: str, code: Code, values: TreeValues) -> list[IoctlUse]:
    """Return a tree's uses, one per place and ioctl and sorted; a request that is not known has no name."""
    (project,) = connection.execute("SELECT project FROM temp.tree WHERE name = ?", (tree,)).fetchone()
    wrappers = [wrapper for wrapper in wrappers_of(code, project) if wrapper.request]
    scopes = DescriptorScopes(code, project, wrappers)
    # A macro may be all that calls a function which is known.
    issuers = scopes.callees | {name for name in code.callees() if ISSUER.match(name)}
    search = _Requests(code, Capabilities(values, code, ioctls_in))
    macros = OwnMacros.of(connection, side, tree, values, issuers)
    calls = [
        *((function, call, call) for function, call in code.calling(sorted(issuers))),
        *(
            (found.function, found.outer, found.outer._replace(callee=found.callee, arguments=found.arguments))
            for found in macros.calls(code, issuers)
        ),
    ]
    issued = [
        IoctlUse(function, call, scopes.of(function, inner), "", "direct", request)
        for function, call, inner in calls
        if (request := "".join(inner.arguments[1:2] or inner.arguments))
    ]
    # Of several ways to one place that of a function with a known descriptor counts, then one that tells the scope.
    issued.sort(key=lambda use: (not scopes.knows(use.call.callee), use.scope == UNKNOWN))
    uses: dict[tuple[tuple[str, int, int], str], IoctlUse] = {}
    for use in issued:
        # Of a function that only has a name like one that issues ioctls, what is no request means nothing.
        certain = scopes.knows(use.call.callee) or use.call.callee == "ioctl"
        for found in search.named(use):
            if found.ioctl or certain:
                uses.setdefault((found.place, found.ioctl), found)
    return sorted(uses.values(), key=lambda use: (use.place, use.ioctl))


class _Requests:
    """Resolver of requests in one tree."""

    def __init__(self, code: Code, resolver: Capabilities) -> None:
        self._code = code
        self._resolver = resolver

    def named(self, use: IoctlUse, path: Path = (), depth: int = _DEPTH) -> Iterator[IoctlUse]:
        """Yield the use once per ioctl that it may issue, and once without a name if others cannot be told."""
        resolution = self._resolver.of(use.function, use.expression, use.call.start, path)
        for name, via in resolution.caps.items():
            yield use._replace(ioctl=name, resolved_via="parameter" if depth < _DEPTH else via)
        unknown = resolution.unknown or not (resolution.caps or resolution.parameters)
        yield from self._passed(use, resolution, depth)
        if unknown:
            yield use

    def _passed(self, use: IoctlUse, resolution: Resolution, depth: int) -> Iterator[IoctlUse]:
        """Yield the uses in callers that pass the request."""
        for parameter, members in resolution.parameters:
            for caller, call, expression in passed_by_callers(self._code, use.function, parameter) if depth else ():
                if not self._code.budget.spend():
                    return
                outer = use._replace(function=caller, call=call, expression=expression)
                yield from self.named(outer, members, depth - 1)
