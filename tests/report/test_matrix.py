"""The matrix of a fleet: tables within 100 columns, causes by pairs, and what was not checked."""

from __future__ import annotations

import json
from typing import Any

import pytest

from caplint.matrix.model import Cell, FleetMember, Matrix
from caplint.report import matrix as report
from caplint.report.style import Style

NONE = {"unaccounted": 0, "unnumbered": 0}


def _member(role: str, label: str) -> FleetMember:
    return FleetMember(label, f"/{label}", role, label)


def _finding(subject: str, code: str = "CAP101", severity: str = "error", arch: str | None = None) -> dict[str, Any]:
    return {"severity": severity, "code": code, "subject": subject, "arch": arch, "message": "m", "fingerprint": "f"}


def _cell(*findings: dict[str, Any], notes: int = 0, **more: Any) -> Cell:
    counts = {severity: sum(found["severity"] == severity for found in findings) for severity in ("error", "warning")}
    values = {"counts": {**counts, "note": notes}, "coverage": NONE, "agrees": not findings, **more}
    return Cell(findings=findings, **values)


def _matrix(rows: list[list[Cell]], alone: list[Cell] | None = None, *, label: str = "") -> Matrix:
    kernels = [_member("kernel", f"k{row}{label}") for row in range(len(rows))]
    vmms = [_member("vmm", f"v{column}{label}") for column in range(len(rows[0]))]
    own = alone or [_cell() for _ in (*kernels, *vmms)]
    return Matrix(kernels, vmms, [cell for row in rows for cell in row], own, "warning")


def _lines(matrix: Matrix) -> list[str]:
    return list(report.lines(matrix, Style()))


def test_a_fleet_that_agrees() -> None:
    assert _lines(_matrix([[_cell(notes=3), _cell()], [_cell(), _cell()]])) == [
        "errors/warnings/notes  alone        v0            v1",
        "alone                               clean 0/0/0   clean 0/0/0",
        "k0                     clean 0/0/0  agrees 0/0/3  agrees 0/0/0",
        "k1                     clean 0/0/0  agrees 0/0/0  agrees 0/0/0",
        "",
        "4 of 4 pairs agree (--fail-on warning)",
    ]


def test_findings_of_trees_stand_once() -> None:
    found = _lines(_matrix([[_cell(), _cell()]], [_cell(A), _cell(A, B), Cell(error="lost")]))
    begin = found.index("findings of one tree alone")
    assert found[begin + 1 : begin + 3] == ["error CAP101 KVM_CAP_A: k0 and v0", "error CAP101 KVM_CAP_B on x86: v0"]
    assert "not checked: lost (v1)" in found
    assert found[-1] == "2 of 2 pairs agree (--fail-on warning); 2 of 3 trees with findings of its own"


A, B = _finding("KVM_CAP_A"), _finding("KVM_CAP_B", arch="x86")


@pytest.mark.parametrize(
    ("rows", "where"),
    [
        ([[_cell(A)]], "the pair"),
        ([[_cell(A), _cell(A)]], "every pair"),
        ([[_cell(A), _cell(A)], [_cell(), _cell()]], "every pair with k0"),
        ([[_cell(A), _cell()], [_cell(A), _cell()]], "every pair with v0"),
        ([[_cell(A)] * 2, [_cell(A)] * 2, [_cell()] * 2], "every pair with k0 and k1"),
        ([[_cell(A), _cell()], [_cell(), _cell(A)]], "k0 with v0 and k1 with v1"),
        ([[_cell(A), Cell(error="lost")], [_cell(A), Cell(error="lost")]], "every pair"),
        ([[_cell(A), Cell(error="lost")], [_cell(), _cell()]], "every pair with k0"),
        ([[_cell(A)] * 6, [_cell()] * 6], "every pair with k0"),
        (
            [[_cell(A) if row == column else _cell() for column in range(7)] for row in range(7)],
            "k0 with v0, k1 with v1, k2 with v2, k3 with v3, k4 with v4 and 2 more",
        ),
    ],
)
def test_where_a_finding_is(rows: list[list[Cell]], where: str) -> None:
    (line,) = [line for line in _lines(_matrix(rows)) if line.startswith("error CAP101")]
    assert line == f"error CAP101 KVM_CAP_A: {where}"


def test_findings_of_the_same_pairs_share_a_line_the_worst_first() -> None:
    warning = _finding("KVM_CAP_C", severity="warning", code="CAP001")
    found = _lines(_matrix([[_cell(warning, B, A, A), _cell(warning)]]))
    begin = found.index("findings that prevent agreement")
    assert found[begin + 1 : begin + 3] == [
        "error CAP101 KVM_CAP_A, KVM_CAP_B on x86: every pair with v0",
        "warning CAP001 KVM_CAP_C: every pair",
    ]


def test_generic_code_is_no_architecture() -> None:
    assert "error CAP101 KVM_CAP_A: the pair" in _lines(_matrix([[_cell(_finding("KVM_CAP_A", arch="generic"))]]))


def test_so_many_causes_are_cut() -> None:
    found = _lines(_matrix([[_cell(*(_finding("KVM_CAP_A", code=f"CAP{number}") for number in range(100, 145)))]]))
    assert sum(line.startswith("error CAP") for line in found) == 40
    assert "… and 5 more; --output-format json lists every finding of every pair" in found


def test_many_columns_become_several_tables() -> None:
    found = _lines(_matrix([[_cell()] * 12], label="-" + "x" * 20))
    assert max(map(len, found)) <= 100
    heads = [line for line in found if line.startswith("errors/warnings/notes")]
    assert len(heads) > 1
    assert sum(line.count(" v") for line in heads) == 12


def test_a_long_label_keeps_its_end() -> None:
    found = _lines(_matrix([[_cell()]], label="-" + "x" * 50 + "-end"))
    label = found[2].split()[0]
    assert (len(label), label[0], label[-4:]) == (36, "…", "-end")


@pytest.mark.parametrize(
    ("cell", "remark"),
    [
        (Cell(error="no such\x1b file"), "not checked: no such\\x1b file (k0 with v0)"),
        (_cell(covered=False), "coverage is below coverage.floor; caplint coverage shows where (k0 with v0)"),
        (
            _cell(coverage={**NONE, "unaccounted": 1}),
            "1 name unaccounted for; caplint coverage shows them (k0 with v0)",
        ),
        (
            _cell(coverage={**NONE, "unnumbered": 2}),
            "2 places with an unknown number; caplint coverage shows them (k0 with v0)",
        ),
    ],
)
def test_remarks(cell: Cell, remark: str) -> None:
    assert remark in _lines(_matrix([[cell, _cell()]]))


def test_pairs_that_were_not_checked_do_not_agree() -> None:
    found = _lines(_matrix([[Cell(error="lost"), _cell()], [Cell(error="lost"), _cell(A)]]))
    assert found[2] == "k0                     clean 0/0/0  not checked  agrees 0/0/0"
    assert "not checked: lost (k0 with v0 and k1 with v0)" in found
    assert found[-1] == "1 of 4 pairs agree (--fail-on warning); 2 not checked"


def test_a_subject_cannot_move_the_cursor() -> None:
    assert "error CAP101 KVM\\x1b[2J: the pair" in _lines(_matrix([[_cell(_finding("KVM\x1b[2J"))]]))


def test_as_data() -> None:
    cells = [_cell(A, left_out=3, revisions=("1f", None), known=2), Cell(error="lost")]
    found = json.loads(report.as_json(_matrix([cells])))
    assert (found["version"], found["fail_on"], [one["label"] for one in found["vmms"]]) == (1, "warning", ["v0", "v1"])
    first, second = found["cells"]
    assert (first["kernel"], first["vmm"], first["findings"], first["kernel_revision"]) == ("k0", "v0", [A], "1f")
    assert (first["baseline"], first["known_upstream"], first["vmm_revision"]) == ({"left_out": 3}, 2, None)
    assert second == {"kernel": "k0", "vmm": "v1", "error": "lost"}
    assert "baseline" not in json.loads(report.as_json(_matrix([[_cell()]])))["cells"][0]
