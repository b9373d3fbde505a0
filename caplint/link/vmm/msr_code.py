"""Code of a VMM that reads and writes MSRs: its files, its ioctls, and what each ioctl does."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import NamedTuple

from caplint.knowledge.load import knowledge
from caplint.link.functions.call_sites import Budget, Code
from caplint.link.functions.code_function import CodeFunction
from caplint.link.functions.constants import Constants
from caplint.link.functions.function_facts import CallSite
from caplint.link.vmm.capability_uses import wrappers_of
from caplint.link.vmm.descriptor_scopes import DescriptorScopes
from caplint.link.vmm.ioctl_uses import ISSUER
from caplint.link.vmm.tree_values import TreeValues
from caplint.link.vmm.value_text import bare, choices

FEATURE = "feature"
"""Verb of an ioctl on the system's descriptor: it reads what the host offers, not a vCPU's register."""


# Maximum number of steps to follow values and conditions; QEMU needs some 3,000.
_MOST_STEPS = 60_000


class MsrIoctl(NamedTuple):
    """Call that hands KVM_GET_MSRS or KVM_SET_MSRS on."""

    call: CallSite
    verbs: frozenset[str]
    """get, put, or feature; two where the code chooses between the requests."""
    requests: tuple[str, ...]


@dataclass
class MsrCode:
    """Functions of the files of a VMM that have to do with MSRs, and values of their expressions."""

    connection: sqlite3.Connection
    side: str
    tree: str
    code: Code
    arch: str
    _ioctls: dict[tuple[str, int], list[MsrIoctl]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.constants = Constants(self.connection, self.side, self.tree)
        self.values = TreeValues(self.connection, self.side, self.tree, self.code)
        (project,) = self.connection.execute("SELECT project FROM temp.tree WHERE name = ?", (self.tree,)).fetchone()
        self._scopes = DescriptorScopes(self.code, project, wrappers_of(self.code, project))

    @staticmethod
    def of(connection: sqlite3.Connection, side: str, tree: str) -> MsrCode:
        """Read the files that name the ioctls or lists of MSRs, or call functions that are known to take one."""
        msr = knowledge().msr
        names = [*msr.vmm_requests, msr.index_list, msr.feature_list]
        files = connection.execute(
            """SELECT f.path, f.arch, f.blob FROM temp.all_file f
               WHERE f.side = ?1 AND f.tree = ?2 AND f.path IN (
                   SELECT g.path FROM temp.all_file g WHERE g.side = ?1 AND g.tree = ?2 AND (
                       EXISTS (SELECT 1 FROM main.token t WHERE t.blob = g.blob
                               AND t.name IN (SELECT value FROM json_each(?3)) AND t.kind NOT IN ('comment', 'macro'))
                       OR EXISTS (SELECT 1 FROM main.call k WHERE k.blob = g.blob
                                  AND k.callee IN (SELECT value FROM json_each(?4)))))
               ORDER BY f.path, f.expanded""",
            (side, tree, json.dumps(names), json.dumps([*msr.vmm_calls])),
        ).fetchall()
        functions = [function for file in files for function in Code.of_file(connection, *file)]
        return MsrCode(connection, side, tree, _code(functions), msr.architecture)

    def including(self, callees: Iterable[str]) -> MsrCode:
        """Return the code with the further files that call some functions; the same object if there are none."""
        known = {function.path for function in self.code.functions}
        files = [
            file
            for file in self.connection.execute(
                """SELECT DISTINCT f.path, f.arch, f.blob FROM temp.all_file f JOIN main.call k ON k.blob = f.blob
                   WHERE f.side = ? AND f.tree = ? AND k.callee IN (SELECT value FROM json_each(?)) ORDER BY f.path""",
                (self.side, self.tree, json.dumps(sorted(callees))),
            ).fetchall()
            if file[0] not in known
        ]
        if not files:
            return self
        more = [function for file in files for function in Code.of_file(self.connection, *file)]
        return MsrCode(self.connection, self.side, self.tree, _code([*self.code.functions, *more]), self.arch)

    def value(self, function: CodeFunction, expression: str) -> int | None:
        """Return the value of a constant expression, None for others."""
        return self.constants.value(function.arch or self.arch, function.path, expression)

    def ioctls(self, function: CodeFunction) -> list[MsrIoctl]:
        """Return the calls in a function that read or write MSRs, in file order."""
        key = (function.path, function.start)
        if key not in self._ioctls:
            self._ioctls[key] = list(self._ioctls_in(function))
        return self._ioctls[key]

    def _ioctls_in(self, function: CodeFunction) -> Iterator[MsrIoctl]:
        verbs = knowledge().msr.vmm_requests
        for call in function.calls:
            named = [name for argument in call.arguments for name in choices(argument) if name in verbs]
            if named and self._issues(call):
                system = self._scopes.of(function, call) == "system"
                given = frozenset({FEATURE}) if system else frozenset(verbs[name] for name in named)
                yield MsrIoctl(call, given, tuple(dict.fromkeys(named)))

    def _issues(self, call: CallSite) -> bool:
        """Tell whether a call that is given a request hands it to the kernel: not one that prints it."""
        if ISSUER.match(call.callee) or call.callee in self._scopes.callees or not call.callee.isidentifier():
            return True
        if bodies := self.code.named(call.callee):
            return any(self._hands_on(body) for body in bodies)
        return call.callee in self._defined

    def _hands_on(self, body: CodeFunction) -> bool:
        names = frozenset(body.parameters)
        return any(names & {bare(argument) for argument in call.arguments} and self._may_issue(call.callee)
                   for call in body.calls)  # fmt: skip

    def _may_issue(self, callee: str) -> bool:
        return bool(ISSUER.match(callee)) or callee in self._scopes.callees or callee in self._defined

    @cached_property
    def _defined(self) -> frozenset[str]:
        """Names of the functions and macros of the tree."""
        rows = self.connection.execute(
            """SELECT d.name FROM temp.all_file f JOIN main.function d ON d.blob = f.blob
               WHERE f.side = ?1 AND f.tree = ?2
               UNION SELECT d.name FROM temp.all_file f JOIN main.macro d ON d.blob = f.blob
               WHERE f.side = ?1 AND f.tree = ?2""",
            (self.side, self.tree),
        )
        return frozenset(name for (name,) in rows)


def _code(functions: list[CodeFunction]) -> Code:
    return Code(functions, budget=Budget(_MOST_STEPS))
