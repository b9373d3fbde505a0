"""What an edge costs a search, and which path is whole."""

from __future__ import annotations

import pytest

from caplint.graph.path_model import Edge, Path, ProgramFunction, Step


def _cost(kind: str, labels: str = "", sure: str = "exact") -> float:
    return Edge(kind, "a.c", 1, "1", labels, "", sure).cost


def test_certain_edges_are_the_shorter_ones() -> None:
    kinds = ["direct", "macro", "callback", "table", "registered", "rpc"]
    costs = [_cost(kind) for kind in kinds]
    assert costs == sorted(costs)
    assert costs[0] == costs[1] < costs[2] < costs[3] < costs[4]
    assert _cost("table", sure="type") == _cost("table") < _cost("table", sure="field")
    assert _cost("registered") < _cost("table", sure="field")


@pytest.mark.parametrize("kind", ["direct", "macro", "callback", "table", "registered", "rpc"])
def test_a_case_label_makes_an_edge_longer_by_less_than_a_call(kind: str) -> None:
    assert _cost(kind) < _cost(kind, "KVM_RUN") < _cost(kind) + _cost("direct")


def test_an_unknown_kind_is_an_error() -> None:
    with pytest.raises(KeyError):
        _cost("guess")


@pytest.mark.parametrize(
    ("above", "below", "whole"),
    [("", "", True), ("no caller", "", False), ("", "no case", False), ("no caller", "no case", False)],
)
def test_a_path_is_whole_if_it_is_broken_at_neither_end(above: str, below: str, whole: bool) -> None:
    assert Path("check", None, (Step("q", "main", "a.c", 1, "entry"),), above, below).whole is whole


def test_namesakes_differ() -> None:
    one = ProgramFunction("q", "a.c", "f", 1)
    assert len({one, one._replace(tree="k"), one._replace(path="b.c"), one._replace(line=2), one._replace()}) == 4
