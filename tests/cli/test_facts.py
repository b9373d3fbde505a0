"""Rows of a query over the named trees, as text, JSON and CSV, and the vocabulary without one."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pytest
from conftest import Caplint, kernel

QUERY = "SELECT cap, line, NULL AS missing FROM cap_check ORDER BY line DESC LIMIT 2"


def test_facts(caplint: Caplint, tmp_path: Path) -> None:
    words = ("facts", QUERY, kernel(tmp_path / "k"))
    run = caplint(*words)
    assert (run.status, run.err) == (0, "")
    assert run.out == "cap               line  missing\nKVM_CAP_NR_VCPUS  10\nKVM_CAP_HLT       7\n"
    assert json.loads(caplint(*words, "--output-format", "json").out) == [
        {"cap": "KVM_CAP_NR_VCPUS", "line": 10, "missing": None},
        {"cap": "KVM_CAP_HLT", "line": 7, "missing": None},
    ]
    assert list(csv.reader(io.StringIO(caplint(*words, "--output-format", "csv").out))) == [
        ["cap", "line", "missing"],
        ["KVM_CAP_NR_VCPUS", "10", ""],
        ["KVM_CAP_HLT", "7", ""],
    ]


@pytest.mark.parametrize(
    ("query", "text"),
    [
        ("SELECT 1 AS a WHERE 0", "a\n"),
        ("SELECT char(27) || '[31m' AS a", "a\n\\x1b[31m\n"),
        ("SELECT x'00ff' AS a", "a\nb'\\x00\\xff'\n"),
        ("SELECT name, role, project FROM tree;", "name    role    project\nkernel  kernel  linux\n"),
        ("SELECT implies('A && B', 'A') AS yes, satisfiable('A && !A') AS no", "yes  no\n1    0\n"),
    ],
)
def test_facts_of_every_kind(caplint: Caplint, tmp_path: Path, query: str, text: str) -> None:
    assert caplint("facts", query, kernel(tmp_path / "k")).out == text


def test_a_blob_as_json(caplint: Caplint, tmp_path: Path) -> None:
    run = caplint("facts", "SELECT x'00ff' AS a", kernel(tmp_path / "k"), "--output-format", "json")
    assert json.loads(run.out) == [{"a": "b'\\x00\\xff'"}]


@pytest.mark.parametrize("table", ["macro", "call", "blob"])
def test_facts_are_those_of_the_named_trees(caplint: Caplint, tmp_path: Path, table: str) -> None:
    """The store also holds the facts of trees that were read before."""
    made, other = (
        kernel(tmp_path / "k"),
        kernel(tmp_path / "l", {"virt/kvm/other.c": "#define KVM_OTHER 1\nint f(void) { return KVM_CAP_HLT + g(); }"}),
    )
    query = f"SELECT count(*) FROM {table}"
    before = caplint("facts", query, made).out
    assert caplint("facts", query, other).out != before
    assert caplint("facts", query, made).out == before


def test_facts_without_a_question_shows_the_vocabulary(caplint: Caplint) -> None:
    run = caplint("facts")
    assert run.status == 0
    for name in ("CREATE TABLE blob", "CREATE TEMP VIEW cap AS", "CREATE TEMP VIEW cap_check AS", "-- A `#define`."):
        assert name in run.out
