"""Data model of a fleet: the findings that a pair alone has, and the places of its cells."""

from __future__ import annotations

import pytest

from caplint.matrix.model import Cell, FleetMember, Job, Matrix

ONE, OTHER = FleetMember("k", "/k@v6.1", "kernel", "k"), FleetMember("q", "/q", "vmm", "q")


def _cell(*marks: tuple[str, str], error: str | None = None, limit: tuple[str, ...] = ("error", "warning")) -> Cell:
    """A cell with these fingerprints and severities, of which those of the limit are listed."""
    findings = tuple({"fingerprint": mark, "severity": severity} for mark, severity in marks if severity in limit)
    counts = {name: sum(severity == name for _, severity in marks) for name in ("error", "warning", "note")}
    return Cell(error, not findings, True, counts, findings, marks, known=3, revisions=("1f", None))


A, B, N = ("a", "error"), ("b", "warning"), ("n", "note")


@pytest.mark.parametrize(
    ("alone", "marks", "agrees"),
    [
        ((), (A, B, N), False),
        (((A,),), (B, N), False),
        (((A,), (B,)), (N,), True),
        (((A, B, N),), (), True),
        (((("a", "warning"),),), (A, B, N), False),
        (((("z", "error"),), ()), (A, B, N), False),
    ],
    ids=["no tree", "one of the kernel's", "one of each", "all", "another severity", "another finding"],
)
def test_a_pair_keeps_what_neither_tree_has_alone(
    alone: tuple[tuple[tuple[str, str], ...], ...], marks: tuple[tuple[str, str], ...], agrees: bool
) -> None:
    found = _cell(A, B, N).without([_cell(*own) for own in alone])
    assert found == _cell(*marks)
    assert found.agrees is agrees


def test_an_error_of_a_tree_is_that_of_the_pair_and_its_own_comes_first() -> None:
    gone = Cell(error="gone")
    assert _cell(A).without([_cell(), gone]) == gone
    assert Cell(error="own").without([gone]).error == "own"
    assert Cell(error="own").without([_cell(A)]) == Cell(error="own")


def _job(**more: object) -> Job:
    values: dict[str, object] = {"kernel": ONE, "vmm": OTHER, "config": None, "rules": (), **more}
    return Job(**values, codes=(), fail_on="error", cache="none")  # type: ignore[arg-type]  # by the names of the fields


@pytest.mark.parametrize(
    ("more", "paths"),
    [
        ({}, ["/k", "/q"]),
        ({"kernel": None}, ["/q"]),
        ({"vmm": None, "reference": FleetMember("r", "/r", "reference", "r")}, ["/k", "/r"]),
        (
            {"rules": ("/ours",), "config": "/c.toml", "baseline": "/b.toml"},
            ["/k", "/q", "/ours", "/c.toml", "/b.toml"],
        ),
    ],
)
def test_paths_that_a_worker_must_see(
    more: dict[str, object], paths: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("caplint.trees.detect.Path.is_dir", lambda path: str(path) == "/k")
    assert _job(**more).paths == paths


def test_cells_stand_in_row_order() -> None:
    cells = [Cell(error=f"{row} {column}") for row in range(2) for column in range(3)]
    matrix = Matrix([ONE, ONE], [OTHER] * 3, cells, [], "error")
    assert [[matrix.cell(row, column).error for column in range(3)] for row in range(2)] == [
        ["0 0", "0 1", "0 2"], ["1 0", "1 1", "1 2"],
    ]  # fmt: skip
    assert matrix.members == [ONE, ONE, OTHER, OTHER, OTHER]
