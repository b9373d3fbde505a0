"""Capabilities that each architecture answers: in its own handlers, and in the generic one if Kconfig allows it."""

from __future__ import annotations

import sqlite3

from caplint.c.expression import parse
from caplint.c.formula import conjunction, disjunction, negation, text
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
    decided = _decided_first(connection)
    for side, tree, cap, arch, nonzero, *location in connection.execute(
        """SELECT side, tree, cap, arch, nonzero_condition, function, path, line
           FROM temp.all_cap_check WHERE positive = 1 ORDER BY side, tree, path, line, cap"""
    ).fetchall():
        condition = nonzero
        if arch != GENERIC and (side, tree, cap) in decided:
            before = disjunction(parse(returns) for returns in decided[side, tree, cap])
            condition = text(conjunction([parse(nonzero), negation(before)]))
        for answering in architectures.get((side, tree), []) if arch == GENERIC else [arch]:
            if configurations.possible(answering, condition, tree, side):
                insert(connection, "all_cap_answer", [CapAnswerRow(side, tree, cap, answering, condition, *location)])


def _decided_first(connection: sqlite3.Connection) -> dict[tuple[str, str, str], list[str]]:
    """Map each capability to the conditions under which a generic case answers 0 before an architecture is asked."""
    conditions: dict[tuple[str, str, str], list[str]] = {}
    for side, tree, cap, returns in connection.execute(
        """SELECT side, tree, cap, returns_condition FROM temp.all_cap_check
           WHERE arch = ? AND positive = 0 AND returns_condition <> '0' ORDER BY side, tree, path, line""",
        (GENERIC,),
    ):
        conditions.setdefault((side, tree, cap), []).append(returns)
    return conditions
