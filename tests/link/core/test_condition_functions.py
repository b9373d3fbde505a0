"""Functions of queries on presence conditions, and names in expressions."""

from __future__ import annotations

import json
import sqlite3

import pytest

from caplint.link.core.condition_functions import add_functions


@pytest.fixture(scope="module")
def connection() -> sqlite3.Connection:
    connection = sqlite3.connect(":memory:")
    add_functions(connection)
    return connection


@pytest.mark.parametrize(
    ("left", "right", "implied", "equal"),
    [
        ("A", "A", 1, 1), ("A && B", "A", 1, 0), ("A", "A && B", 0, 0), ("A", "A || B", 1, 0),
        ("A && B", "B && A", 1, 1),
        ("0", "A", 1, 0), ("A", "1", 1, 0), ("1", "A", 0, 0), ("!(A && B)", "!A || !B", 1, 1), ("A && !A", "0", 1, 1),
        ("A", "B", 0, 0), ("1", "1", 1, 1), ("A == 3", "A == 3", 1, 1),
    ],
)  # fmt: skip
def test_conditions(connection: sqlite3.Connection, left: str, right: str, implied: int, equal: int) -> None:
    assert connection.execute("SELECT implies(?1, ?2), equivalent(?1, ?2)", (left, right)).fetchone() == (
        implied,
        equal,
    )
    assert connection.execute("SELECT equivalent(?2, ?1)", (left, right)).fetchone() == (equal,)


@pytest.mark.parametrize(
    ("condition", "satisfiable"),
    [("1", 1), ("0", 0), ("A", 1), ("A && !A", 0), ("A || !A", 1), ("(A || B) && !A && !B", 0), ("A && !B", 1)],
)
def test_satisfiable(connection: sqlite3.Connection, condition: str, satisfiable: int) -> None:
    assert connection.execute("SELECT satisfiable(?)", (condition,)).fetchone() == (satisfiable,)


@pytest.mark.parametrize(
    ("expression", "names"),
    [
        ("", []), ("a", ["a"]), ("b + a * b", ["b", "a"]), ("kvm->arch.x[i]", ["kvm", "arch", "x", "i"]),
        ("1 + 0x2f", []),
        ("f(_x, A1)", ["f", "_x", "A1"]), ("-EINVAL", ["EINVAL"]),
    ],
)  # fmt: skip
def test_symbols(connection: sqlite3.Connection, expression: str, names: list[str]) -> None:
    (found,) = connection.execute("SELECT symbols(?)", (expression,)).fetchone()
    assert json.loads(found) == names


@pytest.mark.parametrize(("count", "implied"), [(50, 1), (5_000, 0)])
def test_a_condition_of_too_many_names_implies_nothing(
    connection: sqlite3.Connection, count: int, implied: int
) -> None:
    long = " && ".join(f"A{number}" for number in range(count))
    assert connection.execute("SELECT implies(?1, 'A7'), satisfiable(?1)", (long,)).fetchone() == (implied, 1)
