"""Differences between the answers of a machine's KVM and the sources of a kernel tree, with their reasons."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from caplint.config.run import with_machines
from caplint.config.settings import Config
from caplint.knowledge.capability_names import PREFIX
from caplint.machine.record import Machine
from caplint.rules.query import query_rows
from caplint.session import Progress, open_session
from caplint.util.errors import CaplintError

if TYPE_CHECKING:
    from caplint.trees.tree import Tree

QUERY = "SELECT * FROM machine_difference ORDER BY tree, number"


def machine_differences(
    machine: Machine, trees: list[Tree], config: Config, progress: Progress
) -> list[dict[str, Any]]:
    """Return the rows of `machine_difference`, by column. Raises `CaplintError` if nothing can be compared."""
    session = open_session(trees, with_machines(config, (machine,)), progress, narrow=PREFIX)
    try:
        columns, rows = query_rows(session.connection, QUERY)
        compared = session.connection.execute(
            "SELECT 1 FROM handler WHERE verb = 'check' AND arch = ?", (machine.arch,)
        ).fetchone()
    finally:
        session.store.close()
    if not compared:
        raise CaplintError(
            f"the kernel tree has no check handler for {machine.arch}, so nothing can be compared; "
            "name a tree that has its code"
        )
    return [dict(zip(columns, row, strict=True)) for row in rows]
