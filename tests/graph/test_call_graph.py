"""Ways to a function of a program of a few lines, and why there is none."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from conftest import UAPI, Files, bare_kernel, bare_qemu
from programs import programs_of

from caplint.facts.store.store import FactStore
from caplint.graph.call_graph import Programs, Way
from caplint.graph.path_model import Edge, ProgramFunction
from caplint.graph.tree_files import code_of
from caplint.trees.tree import Tree

NAME = "KVM_CAP_A"
GOAL = "int goal(int a)\n{\n    return a;\n}\n"


@contextmanager
def _program(root: Path, files: Files) -> Iterator[tuple[Programs, Tree]]:
    tree = bare_qemu(root, files)
    programs = programs_of([tree], NAME)
    try:
        yield programs, tree
    finally:
        programs.session.store.close()


def _all(_caller: ProgramFunction, _edge: Edge, _callee: ProgramFunction) -> bool:
    return True


def _ways(root: Path, files: Files, entry: str = "main", most: int = 1, *, early: bool = False) -> list[Way]:
    with _program(root, files) as (programs, tree):
        (goal,) = programs.find(tree, ["goal"])
        entries = programs.find(tree, [entry])
        search = programs.ways_from_entry if early else programs.ways
        return search(tree, goal, entries, _all, most)


def _names(way: Way) -> list[str]:
    return [step.function for step in way.steps]


def _function(name: str, body: str, head: str = "int") -> str:
    return f"{head} {name}(int a)\n{{\n    {body}\n}}\n"


TWO = GOAL + _function("far", "return goal(1);") + _function("main", "far(1); return goal(a);")


@pytest.mark.parametrize(
    ("most", "expected"),
    [
        (1, [["main", "goal"]]),
        (2, [["main", "goal"], ["main", "far", "goal"]]),
        (9, [["main", "goal"], ["main", "far", "goal"]]),
    ],
)
def test_ways(tmp_path: Path, most: int, expected: list[list[str]]) -> None:
    ways = _ways(tmp_path, {"a.c": TWO}, most=most)
    assert [_names(way) for way in ways] == expected
    assert not any(way.broken for way in ways)


def test_the_steps_of_a_way(tmp_path: Path) -> None:
    body = "switch (a) {\n    case KVM_RUN:\n    case OTHER:\n        return goal(1);\n    }"
    ((entry, last),) = (way.steps for way in _ways(tmp_path, {"a.c": _function("main", body), "b.c": GOAL}))
    assert (entry.tree, entry.function, entry.path, entry.line, entry.edge) == ("qemu", "main", "a.c", 1, "entry")
    assert (entry.defined, entry.case, entry.condition) == ("a.c:1", None, "1")
    assert (last.function, last.path, last.line, last.edge, last.defined) == ("goal", "a.c", 6, "direct", "b.c:1")
    assert last.case == "KVM_RUN"


@pytest.mark.parametrize(
    ("labels", "expected"),
    [
        ("ONE_A TWO_B THREE_C", "ONE_A TWO_B"),
        ("ONE_A", "ONE_A"),
        ("ONE_A KVM_RUN B KVM_CAP_A", "KVM_RUN KVM_CAP_A"),
        ("", None),
    ],
)
def test_the_labels_of_a_call(tmp_path: Path, labels: str, expected: str | None) -> None:
    cases = "".join(f"\n    case {label}:" for label in labels.split())
    body = f"switch (a) {{{cases}\n        return goal(1);\n    }}" if labels else "return goal(1);"
    (way,) = _ways(tmp_path, {"a.c": GOAL + _function("main", body)})
    assert way.steps[-1].case == expected


@pytest.mark.parametrize(
    ("files", "top", "reason", "certain"),
    [
        ({"a.c": GOAL}, "goal", "goal (a.c:1): no caller found", True),
        ({"a.c": GOAL + _function("near", "return goal(1);")}, "near", "near (a.c:5): no caller found", True),
        (
            {"a.c": GOAL + _function("one", "return two(1);") + _function("two", "one(1); return goal(1);")},
            "goal",
            "goal: its callers form a cycle",
            False,
        ),
        (
            {"a.c": "struct ops { int (*run)(int); };\n" + GOAL + "struct ops ours = { .run = goal };\n"},
            "goal",
            "assigned at a.c:6, but no call through that pointer found",
            False,
        ),
        ({"a.c": GOAL + "our_init(goal)\n"}, "goal", "registered by our_init()", False),
        ({"a.c": GOAL, "b.c": "int *table = { (int *)goal + 1 };\n"}, "goal", "mentioned at b.c:1", False),
    ],
    ids=["alone", "caller", "cycle", "kept", "registered", "mentioned"],
)
def test_why_there_is_no_way(tmp_path: Path, files: Files, top: str, reason: str, *, certain: bool) -> None:
    (way,) = _ways(tmp_path, {**files, "main.c": _function("main", "return 0;")})
    assert way.steps[0].function == top
    assert reason in way.broken
    assert way.certain is certain


@pytest.mark.parametrize(
    ("head", "early", "found"),
    [
        ("static void __attribute__((constructor))", True, True),
        ("static void __attribute__((constructor))", False, False),
        ("static void", True, False),
    ],
)
def test_a_constructor_is_an_entry_of_a_program(tmp_path: Path, head: str, *, early: bool, found: bool) -> None:
    code = GOAL + _function("init", "goal(1);", head) + _function("main", "return 0;")
    (way,) = _ways(tmp_path, {"a.c": code}, early=early)
    assert _names(way) == ["init", "goal"]
    assert (way.broken == "") is found
    assert ("a constructor" in way.steps[0].why) is found


def test_a_way_from_an_entry_comes_before_a_constructor(tmp_path: Path) -> None:
    code = TWO + _function("init", "goal(1);", "static void __attribute__((constructor))")
    (way,) = _ways(tmp_path, {"a.c": code}, early=True)
    assert _names(way) == ["main", "goal"]


@pytest.mark.parametrize(
    ("other", "why"),
    [
        ({"b.c": "static " + GOAL}, "not the one at b.c:1, which is private to its file"),
        ({"target/arm/b.c": GOAL}, "not the one at target/arm/b.c:1, which is for arm64"),
        ({"b.c": "#if 0\n" + GOAL + "#endif\n"}, ""),
        ({"b.c": GOAL}, ""),
        ({}, ""),
    ],
    ids=["private", "another architecture", "dead", "equal", "none"],
)
def test_why_this_definition(tmp_path: Path, other: Files, why: str) -> None:
    with _program(tmp_path, {"a.c": GOAL + _function("main", "return goal(1);"), **other}) as (programs, tree):
        goal = next(found for found in programs.find(tree, ["goal"]) if found.path == "a.c")
        (way,) = programs.ways(tree, goal, programs.find(tree, ["main"]), _all)
    assert way.steps[-1].why == why


def test_definitions_are_found_by_name_and_file(tmp_path: Path) -> None:
    with _program(tmp_path, {"b.c": GOAL, "a.c": "\n" + GOAL, "c.c": "#if 0\n" + GOAL + "#endif\n"}) as (
        programs,
        tree,
    ):
        assert [(found.path, found.line) for found in programs.find(tree, ["goal"])] == [("a.c", 2), ("b.c", 1)]
        assert [found.path for found in programs.find(tree, ["goal"], ["b.c", "z.c"])] == ["b.c"]
        assert programs.find(tree, ["none", ""]) == []
        assert programs.callers(tree) is programs.callers(tree)
        assert programs.tree("qemu") is tree
        assert (programs.of_role("vmm"), programs.of_role("kernel")) == ([tree], [])
        with pytest.raises(StopIteration):
            programs.tree("other")


@pytest.mark.parametrize(
    ("path", "arch", "admitted"),
    [
        ("target/arm/b.c", "x86", False),
        ("target/arm/b.c", "arm64", True),
        ("target/arm/b.c", None, True),
        ("b.c", "x86", True),
    ],
)
def test_what_fits_an_architecture(tmp_path: Path, path: str, arch: str | None, *, admitted: bool) -> None:
    with _program(tmp_path, {"a.c": GOAL, path: _function("near", "return goal(1);")}) as (programs, tree):
        near, goal = programs.find(tree, ["near"])[0], programs.find(tree, ["goal"])[0]
        edge = Edge("direct", path, 3, "1")
        assert programs.fits(tree, arch)(near, edge, goal) is admitted


def test_the_code_of_a_graph(tmp_path: Path) -> None:
    kernel = bare_kernel(
        tmp_path / "k", {UAPI: "#define KVM_CAP_A 1\n", "drivers/a.c": "int a;\n", "mm/b.c": "int kvm;\n"}
    )
    qemu = bare_qemu(tmp_path / "q", {"hw/a.c": "int a;\n", "tests/b.c": "int b;\n"})
    store = FactStore(None)
    assert "drivers/a.c" not in [file.path for file in code_of(kernel, store)]
    assert {"hw/a.c", "accel/kvm/kvm-all.c"} <= {file.path for file in code_of(qemu, store)}
    assert "tests/b.c" not in [file.path for file in code_of(qemu, store)]
    store.close()
