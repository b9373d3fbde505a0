"""Kernel functions that receive an ioctl which a VMM's function issues, whatever that function is called."""

from __future__ import annotations

import json
import sqlite3

from caplint.knowledge.load import knowledge
from caplint.link.vmm.issuing_functions import request_parameter

_ISSUES = "ioctl"
_CALLS = """
    SELECT d.parameters, k.callee, k.arguments
    FROM code_function d CROSS JOIN main.call k ON k.blob = d.blob AND k.start >= d.start AND k.start < d.stop
    WHERE d.side = 'now' AND d.tree = ? AND d.name = ? ORDER BY d.path, k.start
"""
# Functions around functions that are followed, and calls that are looked at in one.
_DEPTH = 3
_MOST_CALLS = 200


class IoctlReceivers:
    """Judge of the functions of VMMs by what they do; paths.toml names those of which the code does not tell."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._known: dict[tuple[str, str], list[str]] = {}

    def of(self, tree: str, callee: str, descriptor: str) -> list[str]:
        """Return the kernel functions that may receive the ioctl of a call on a descriptor; empty if it issues none."""
        if callee == _ISSUES:
            return _on(descriptor)
        if (tree, callee) not in self._known:
            self._known[tree, callee] = self._by_code(tree, callee, _DEPTH) or knowledge().ioctls.get(callee, [])
        return self._known[tree, callee]

    def _by_code(self, tree: str, function: str, depth: int) -> list[str]:
        """Return the receivers of ioctls that a function issues for its callers on a descriptor that it chooses."""
        if not depth or not function.isidentifier():
            return []
        found: dict[str, None] = {}
        for texts, callee, given in self._connection.execute(_CALLS, (tree, function)).fetchmany(_MOST_CALLS):
            parameters, arguments = json.loads(texts), json.loads(given)
            if callee == function or request_parameter(parameters, arguments, 1) != 1:
                continue
            if callee == _ISSUES and arguments[0] not in parameters:
                found.update(dict.fromkeys(_on(arguments[0])))
            elif callee != _ISSUES:
                found.update(dict.fromkeys(self._by_code(tree, callee, depth - 1)))
        return list(found)


def _on(descriptor: str) -> list[str]:
    entries = knowledge().ioctls[_ISSUES]
    matching = [
        entry for entry, pattern in knowledge().ioctl_descriptors if entry in entries and pattern.search(descriptor)
    ]
    return matching[:1] or entries
