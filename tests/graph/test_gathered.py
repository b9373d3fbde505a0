"""Items are made when their name is asked for, in the order in which they were added."""

from __future__ import annotations

from typing import Any

import pytest

from caplint.facts.kinds.outline import TABLES
from caplint.graph.gathered import Gathered
from caplint.graph.outlines import FileOutline

FILE = FileOutline("a.c", None, {name: [] for name in TABLES})


class _Maker:
    def __init__(self) -> None:
        self.asked: list[list[Any]] = []

    def __call__(self, _file: FileOutline, rows: list[Any]) -> list[str]:
        self.asked.append(rows)
        return [f"item {row}" for row in rows]


def test_items_are_made_once_and_on_demand() -> None:
    gathered, make = Gathered[str](), _Maker()
    gathered.add(make, FILE, {"a": [1, 2], "b": [3]})
    assert ("a" in gathered, list(gathered), len(gathered), make.asked) == (True, ["a", "b"], 2, [])
    assert gathered["a"] == gathered["a"] == ["item 1", "item 2"]
    assert make.asked == [[1, 2]]


def test_the_order_of_adding() -> None:
    gathered, make = Gathered[str](), _Maker()
    gathered.append("a", "first")
    gathered.add(make, FILE, {"a": [1]})
    gathered.append("a", "third")
    gathered.add(make, FILE, {"b": [2], "a": [3]})
    assert dict(gathered) == {"a": ["first", "item 1", "third", "item 3"], "b": ["item 2"]}


def test_names_without_items() -> None:
    gathered = Gathered[str]()
    assert (gathered.get("a"), gathered.get("a", ()), "a" in gathered, list(gathered.items())) == (None, (), False, [])
    with pytest.raises(KeyError):
        gathered["a"]
