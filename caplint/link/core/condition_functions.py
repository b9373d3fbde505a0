"""SQL functions for queries: they decide presence conditions and list the names in an expression."""

from __future__ import annotations

import json
import re
import sqlite3

from caplint.c.expression import parse
from caplint.c.formula import equivalent, implies, satisfiable


def add_functions(connection: sqlite3.Connection) -> None:
    """Register `implies`, `equivalent`, `satisfiable` and `symbols` on the connection."""
    connection.create_function("implies", 2, _implies, deterministic=True)
    connection.create_function("equivalent", 2, _equivalent, deterministic=True)
    connection.create_function("satisfiable", 1, _satisfiable, deterministic=True)
    connection.create_function("symbols", 1, _symbols, deterministic=True)


def _implies(stronger: str, weaker: str) -> bool:
    return implies(parse(stronger), parse(weaker))


def _equivalent(left: str, right: str) -> bool:
    return equivalent(parse(left), parse(right))


def _symbols(expression: str) -> str:
    """Return the identifiers in an expression, in order of first appearance, as a JSON array."""
    return json.dumps(list(dict.fromkeys(re.findall(r"\b[A-Za-z_]\w*", expression))))


def _satisfiable(condition: str) -> bool:
    return satisfiable(parse(condition))
