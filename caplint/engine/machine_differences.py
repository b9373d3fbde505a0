"""Compares what a machine's KVM answers with what a kernel tree would, and explains each difference."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from caplint.capability_names import PREFIX
from caplint.check import Progress, open_session
from caplint.config import Config
from caplint.errors import CaplintError
from caplint.machine.record import Machine
from caplint.rules import query_rows
from caplint.run_config import with_machines

if TYPE_CHECKING:
    from caplint.trees.tree import Tree

QUERY = "SELECT * FROM machine_difference ORDER BY tree, number"


def machine_differences(
    machine: Machine, trees: list[Tree], config: Config, progress: Progress
) -> list[dict[str, Any]]:
    """Return the rows of `machine_difference`, by column. Raises `CaplintError` where nothing can be compared."""
    session = open_session(trees, with_machines(config, (machine,)), progress, narrow=PREFIX)
    try:
        columns, rows = query_rows(session.connection, QUERY)
        compared = session.connection.execute(
            "SELECT 1 FROM handler WHERE verb = 'check' AND arch = ?", (machine.arch,)
        ).fetchone()
    finally:
        session.store.close()
    if not compared:
        raise CaplintError(f"this source has no check handler of {machine.arch}, so nothing can be compared")
    return [dict(zip(columns, row, strict=True)) for row in rows]
