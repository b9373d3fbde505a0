"""The Code Quality report against GitLab's documented shape and its parser's schema."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest
from ci_outcome import HOSTILE_PATH, finding, hostile, outcome, text
from conftest import X86

# What docs.gitlab.com, "Code Quality report format", requires, in the terms of the parser's own schema (gitlabhq,
# app/validators/json_schemas/codeclimate.json), which asks for less.
SCHEMA = {
    "type": "array",
    "items": {
        "type": "object",
        "required": ["description", "check_name", "fingerprint", "location", "severity"],
        "properties": {
            "description": {"type": "string", "minLength": 1},
            "check_name": {"type": "string", "minLength": 1},
            "fingerprint": {"type": "string", "minLength": 1},
            "severity": {"enum": ["info", "minor", "major", "critical", "blocker"]},
            "location": {
                "type": "object",
                "required": ["path", "lines"],
                "properties": {
                    # Relative to the repository, without a leading ./
                    "path": {"type": "string", "pattern": "^[^/.]"},
                    "lines": {"type": "object", "required": ["begin"], "properties": {"begin": {"type": "integer"}}},
                },
            },
        },
    },
}


@pytest.mark.parametrize(("severity", "word"), [("error", "critical"), ("warning", "major"), ("note", "info")])
def test_a_finding(tmp_path: Path, severity: str, word: str) -> None:
    (entry,) = json.loads(text(outcome(tmp_path, finding(severity)), "gitlab"))
    assert entry == {
        "description": "CAP999 KVM_CAP_X on x86: is  (in kernel)",
        "check_name": "CAP999",
        "fingerprint": "0123456789abcdef",
        "severity": word,
        "location": {"path": X86, "lines": {"begin": 2}},
    }


def test_it_has_the_documented_shape(tmp_path: Path) -> None:
    for findings in ((), (finding(), hostile())):
        found = json.loads(text(outcome(tmp_path, *findings), "gitlab"))
        jsonschema.validate(found, SCHEMA)
        assert len(found) == len(findings)


def test_a_path_stays_the_file_s(tmp_path: Path) -> None:
    (entry,) = json.loads(text(outcome(tmp_path, hostile()), "gitlab"))
    assert entry["location"]["path"] == HOSTILE_PATH
    assert entry["description"].replace("\t", "").isprintable()
