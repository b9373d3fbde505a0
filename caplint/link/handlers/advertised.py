"""Capabilities that each architecture answers: in its own handlers, and in the generic one if Kconfig allows it."""

from __future__ import annotations

import sqlite3

from caplint.knowledge.load import GENERIC
from caplint.link.buildconfig.configurations import Configurations
from caplint.link.core.rows import insert
from caplint.link.handlers.rows import CapAnswerRow


def link_answers(connection: sqlite3.Connection, configurations: Configurations) -> None:
    """Fill `all_cap_answer`."""
    architectures: dict[tuple[str, str], list[str]] = {}
    for side, tree, arch in connection.execute(
        "SELECT DISTINCT side, tree, arch FROM temp.all_handler WHERE arch <> ? ORDER BY 1, 2, 3", (GENERIC,)
    ):
        architectures.setdefault((side, tree), []).append(arch)
    for side, tree, cap, arch, condition, *location in connection.execute(
        """SELECT side, tree, cap, arch, nonzero_condition, function, path, line
           FROM temp.all_cap_check ORDER BY side, tree, path, line, cap"""
    ).fetchall():
        for answering in architectures.get((side, tree), []) if arch == GENERIC else [arch]:
            if configurations.possible(answering, condition, tree, side):
                insert(connection, "all_cap_answer", [CapAnswerRow(side, tree, cap, answering, condition, *location)])
