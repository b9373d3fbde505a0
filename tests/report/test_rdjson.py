"""Diagnostics for reviewdog against its published schema, and which fixes become suggestions."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from ci_outcome import HOSTILE_PATH, finding, hostile, outcome, text
from conftest import X86

from caplint.findings.finding import Finding
from caplint.findings.fix import Fix, LineEdit

# What reviewdog/reviewdog, proto/rdf/jsonschema/DiagnosticResult.json, says of the members that are written, and what
# the comments of reviewdog.proto require besides.
_POSITION = {
    "type": "object",
    "required": ["line"],
    "properties": {"line": {"type": "integer", "minimum": 1}, "column": {"type": "integer", "minimum": 1}},
    "additionalProperties": False,
}
_RANGE = {
    "type": "object",
    "required": ["start"],
    "properties": {"start": _POSITION, "end": _POSITION},
    "additionalProperties": False,
}
SCHEMA = {
    "type": "object",
    "required": ["source", "diagnostics"],
    "properties": {
        "source": {"type": "object", "required": ["name"], "properties": {"name": {"type": "string"}}},
        "diagnostics": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["message", "location"],
                "properties": {
                    "message": {"type": "string", "minLength": 1},
                    "location": {
                        "type": "object",
                        "required": ["path"],
                        "properties": {"path": {"type": "string"}, "range": _RANGE},
                    },
                    "severity": {"enum": ["UNKNOWN_SEVERITY", "ERROR", "WARNING", "INFO"]},
                    "code": {"type": "object", "required": ["value"], "properties": {"value": {"type": "string"}}},
                    "suggestions": {
                        "type": "array",
                        "items": {
                            "type": "object",
                            "required": ["range", "text"],
                            "properties": {"range": _RANGE, "text": {"type": "string"}},
                        },
                    },
                },
                "additionalProperties": False,
            },
        },
    },
}


def _fixed(*edits: LineEdit) -> Finding:
    return replace(finding(), fix=Fix("mend it", edits))


def _only(tmp_path: Path, found: Finding) -> Any:
    (diagnostic,) = json.loads(text(outcome(tmp_path, found), "rdjson"))["diagnostics"]
    return diagnostic


@pytest.mark.parametrize(("severity", "word"), [("error", "ERROR"), ("warning", "WARNING"), ("note", "INFO")])
def test_a_finding(tmp_path: Path, severity: str, word: str) -> None:
    assert _only(tmp_path, finding(severity)) == {
        "message": f"KVM_CAP_X on x86: is \nkernel:{X86}:2\nqemu:q.h:1: seen ",
        "location": {"path": X86, "range": {"start": {"line": 2, "column": 5}}},
        "severity": word,
        "code": {"value": "CAP999"},
    }


def test_it_fits_the_published_schema(tmp_path: Path) -> None:
    fixed = _fixed(LineEdit("kernel", X86, 1, ("first", "second"), ("one",)))
    for findings in ((), (finding(), hostile(), fixed)):
        log = json.loads(text(outcome(tmp_path, *findings), "rdjson"))
        jsonschema.validate(log, SCHEMA)
        assert len(log["diagnostics"]) == len(findings)


def test_a_path_stays_the_file_s(tmp_path: Path) -> None:
    found = _only(tmp_path, hostile())
    assert found["location"]["path"] == HOSTILE_PATH
    assert found["message"].replace("\t", "").replace("\n", "").isprintable()


@pytest.mark.parametrize(
    ("line", "old", "new", "stop"),
    [
        (2, ("second",), ("other", "lines"), 2),
        (1, ("first", "second"), ("one",), 2),
        (2, ("second",), (), 2),  # an empty text deletes the lines
    ],
)
def test_a_fix_becomes_a_suggestion_for_the_lines_that_are_commented_on(
    tmp_path: Path, line: int, old: tuple[str, ...], new: tuple[str, ...], stop: int
) -> None:
    found = _only(tmp_path, _fixed(LineEdit("kernel", X86, line, old, new)))
    lines = {"start": {"line": line}, "end": {"line": stop}}
    assert found["suggestions"] == [{"range": lines, "text": "\n".join(new)}]
    assert found["location"]["range"] == lines
    assert "--diff" not in found["message"]


def test_a_fix_of_other_lines_leaves_the_comment_where_the_fault_is(tmp_path: Path) -> None:
    found = _only(tmp_path, _fixed(LineEdit("kernel", X86, 1, ("first",), ("one", "more"))))
    assert found["suggestions"][0]["range"] == {"start": {"line": 1}, "end": {"line": 1}}
    assert found["location"]["range"] == {"start": {"line": 2, "column": 5}}


@pytest.mark.parametrize(
    "edits",
    [
        (LineEdit("kernel", X86, 1, ("first",), ("one",)), LineEdit("kernel", X86, 2, ("second",), ("two",))),
        (LineEdit("kernel", "other.c", 1, ("first",), ("one",)),),
        (LineEdit("qemu", X86, 1, ("first",), ("one",)),),
    ],
)
def test_a_fix_that_a_comment_cannot_hold_is_told(tmp_path: Path, edits: tuple[LineEdit, ...]) -> None:
    found = _only(tmp_path, _fixed(*edits))
    assert "suggestions" not in found
    assert found["message"].endswith("\n`--diff` shows how to mend it")
