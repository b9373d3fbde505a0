"""Architectures that serve an ioctl whose case is in shared code: their functions succeed, or always refuse.

KVM_GET_FPU has one case, in `kvm_vcpu_ioctl()`, and every architecture has a `kvm_arch_vcpu_ioctl_get_fpu()`. On an
architecture without such registers that function only returns an error.
"""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from collections.abc import Iterable
from typing import NamedTuple

from caplint.knowledge.load import GENERIC
from caplint.link.core.rows import insert
from caplint.link.docs.refusals import FunctionExtent, Snapshot
from caplint.link.docs.rows import IoctlArchitectureRow

_CALLEES = """
    SELECT i.side, i.tree, i.ioctl, k.callee
    FROM temp.all_ioctl_case i
    CROSS JOIN temp.all_file f ON f.side = i.side AND f.tree = i.tree AND f.path = i.path AND NOT f.expanded
    CROSS JOIN main.case_label l ON l.blob = f.blob AND l.low = i.ioctl AND l.line = i.line
    CROSS JOIN main.call k ON k.blob = f.blob AND k.start >= l.start AND k.start < l.stop AND k.callee GLOB 'kvm_arch_*'
    WHERE i.arch = ? AND k.callee GLOB '*_ioctl_*'
"""


class _Definition(NamedTuple):
    """An architecture's function for an ioctl."""

    path: str
    line: int
    served: int | None


def link_ioctl_architectures(connection: sqlite3.Connection) -> None:
    """Fill `all_ioctl_architecture`. An ioctl whose case calls several such functions has no row."""
    callees: defaultdict[tuple[str, str, str], set[str]] = defaultdict(set)
    for side, tree, ioctl, callee in connection.execute(_CALLEES, (GENERIC,)).fetchall():
        callees[side, tree, ioctl].add(callee)
    for (side, tree, ioctl), names in sorted(callees.items()):
        if len(names) == 1:
            (callee,) = names
            by_arch = _definitions(connection, side, tree, callee)
            rows = [
                IoctlArchitectureRow(side, tree, ioctl, arch, best.path, best.line, callee, best.served)
                for arch, definitions in sorted(by_arch.items())
                for best in [_best(definitions)]
            ]
            insert(connection, "all_ioctl_architecture", rows)


def _definitions(connection: sqlite3.Connection, side: str, tree: str, name: str) -> dict[str, list[_Definition]]:
    by_arch: dict[str, list[_Definition]] = {}
    snapshot = Snapshot(connection, side, tree)
    for arch, path, line, *extent in snapshot.definitions(name):
        if arch is not None and arch != GENERIC:
            by_arch.setdefault(arch, []).append(_Definition(path, line, snapshot.served(FunctionExtent(*extent))))
    return by_arch


def _best(definitions: Iterable[_Definition]) -> _Definition:
    """Return a definition that may succeed, else one of unknown effect, else one that refuses: builds choose one."""
    return min(definitions, key=lambda definition: {1: 0, None: 1, 0: 2}[definition.served])
