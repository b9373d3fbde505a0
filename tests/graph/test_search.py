"""The search from a function back to entries: which way it finds, and when it stops."""

from __future__ import annotations

from pathlib import Path

import pytest
from programs import only, whole_program

from caplint.graph import search as search_module
from caplint.graph.callers import Callers
from caplint.graph.path_model import Edge, ProgramFunction
from caplint.graph.search import Cone, search
from caplint.graph.search_work import Work, WorkSpentError


def _callers(root: Path, calls: dict[str, str]) -> Callers:
    """Functions with their bodies."""
    code = "".join(f"int {name}(int a)\n{{\n    {body}\n}}\n" for name, body in calls.items())
    return Callers(whole_program(root, {"a.c": code}), Work())


def _all(_caller: ProgramFunction, _edge: Edge, _callee: ProgramFunction) -> bool:
    return True


def _search(callers: Callers, target: str, *entries: str, beyond: float = 0.0) -> Cone:
    program = callers.program
    return search(callers, only(program, target), [only(program, name) for name in entries], _all, beyond)


def _names(way: list[tuple[ProgramFunction, Edge | None]]) -> list[str]:
    return [function.name for function, _ in way]


DIAMOND = {
    "top": "left(1); right(1); each(goal);",
    "left": "return more(1);",
    "more": "return goal(1);",
    "right": "return goal(1);",
    "goal": "return a;",
    "alone": "return goal(2);",
}


def test_the_cheapest_way(tmp_path: Path) -> None:
    cone = _search(_callers(tmp_path, DIAMOND), "goal", "top")
    assert _names(cone.path()) == ["top", "goal"]
    assert [edge and edge.kind for _, edge in cone.path()] == [None, "callback"]
    assert cone.stopped == ""


def test_several_ways_the_cheapest_first(tmp_path: Path) -> None:
    callers = _callers(tmp_path, DIAMOND)
    cone = _search(callers, "goal", "top", beyond=3.0)
    every = [["top", "goal"], ["top", "right", "goal"], ["top", "left", "more", "goal"]]
    assert [_names(way) for way in cone.paths(9, callers.work)] == every
    assert [_names(way) for way in cone.paths(2, callers.work)] == every[:2]


def test_the_nearest_entry_is_the_first(tmp_path: Path) -> None:
    cone = _search(_callers(tmp_path, DIAMOND), "goal", "left", "alone", "top", beyond=9.0)
    assert [function.name for function in cone.reached] == ["alone", "top", "left"]


def test_an_entry_is_the_target(tmp_path: Path) -> None:
    cone = _search(_callers(tmp_path, DIAMOND), "goal", "goal")
    assert _names(cone.path()) == ["goal"]


def test_functions_without_a_caller_are_the_tops(tmp_path: Path) -> None:
    cone = _search(_callers(tmp_path, DIAMOND), "goal")
    assert cone.reached == []
    assert [_names(way) for way in cone.tops()] == [["alone", "goal"], ["top", "goal"]]


def test_a_circle_has_no_top(tmp_path: Path) -> None:
    cone = _search(_callers(tmp_path, {"goal": "other(1);", "other": "goal(1);"}), "goal")
    assert (cone.reached, cone.tops(), cone.stopped) == ([], [], "")


def test_edges_that_are_not_admitted(tmp_path: Path) -> None:
    callers = _callers(tmp_path, DIAMOND)
    program = callers.program
    entries = [only(program, "top")]
    cone = search(callers, only(program, "goal"), entries, lambda _caller, edge, _callee: edge.kind == "direct")
    assert _names(cone.path()) == ["top", "right", "goal"]
    cone = search(callers, only(program, "goal"), entries, lambda _caller, _edge, callee: callee.name != "goal")
    assert (cone.reached, cone.edges.uncalled()) == ([], [only(program, "goal")])


CHAIN = {f"f{index}": f"f{index + 1}(1);" for index in range(30)}


def test_too_many_functions(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    callers = _callers(tmp_path, {**CHAIN, "f30": "return a;"})
    monkeypatch.setattr(search_module, "MAX_FUNCTIONS", 10)
    cone = _search(callers, "f30", "f0")
    assert (cone.reached, cone.stopped) == ([], search_module._STOPPED)
    monkeypatch.setattr(search_module, "MAX_FUNCTIONS", 31)
    assert len(_search(callers, "f30", "f0").path()) == 31


def test_the_work_is_spent(tmp_path: Path) -> None:
    callers = _callers(tmp_path, {**CHAIN, "f30": "return a;"})
    callers.work.limit = 20
    cone = _search(callers, "f30", "f0")
    assert (cone.reached, cone.stopped) == ([], "search stopped after 20 steps of all searches")
    callers.work.restart()
    assert len(_search(callers, "f30", "f0").path()) == 31


def test_the_work_is_spent_on_further_ways(tmp_path: Path) -> None:
    callers = _callers(tmp_path, DIAMOND)
    cone = _search(callers, "goal", "top", beyond=3.0)
    callers.work.limit = callers.work.done
    with pytest.raises(WorkSpentError):
        list(cone.paths(9, callers.work))
