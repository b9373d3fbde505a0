"""SARIF against the schema of OASIS, and what the standard's prose asks for besides."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import jsonschema
import pytest
from ci_outcome import HOSTILE_PATH, finding, hostile, outcome, text
from conftest import X86, Caplint

from caplint.coverage.summary import Blind
from caplint.engine.outcome import Outcome
from caplint.report.sarif import SCHEMA
from caplint.util import shipped_files


def test_it_names_its_schema(sarif_schema: Any) -> None:
    assert sarif_schema["id"] == SCHEMA


def _validate(log: Any, schema: Any) -> None:
    jsonschema.Draft4Validator(schema, format_checker=jsonschema.FormatChecker()).validate(log)


def _run(run: Outcome) -> Any:
    (found,) = json.loads(text(run, "sarif"))["runs"]
    return found


@pytest.mark.parametrize("findings", [(), (finding(),), (hostile(), finding("error", related=20), finding("note"))])
def test_it_is_valid(tmp_path: Path, sarif_schema: Any, findings: tuple[Any, ...]) -> None:
    _validate(json.loads(text(outcome(tmp_path, *findings), "sarif")), sarif_schema)


def test_the_demonstration_is_valid_with_all_rules(caplint: Caplint, sarif_schema: Any) -> None:
    log = json.loads(caplint("demo", "--output-format", "sarif").out)
    _validate(log, sarif_schema)
    rules = log["runs"][0]["tool"]["driver"]["rules"]
    assert len(rules) == len(list(shipped_files.RULES.glob("*.md")))
    for rule in rules:
        assert rule["help"]["markdown"].startswith(f"# {rule['shortDescription']['text']}\n")
        assert "How to fix it" in rule["help"]["markdown"]
        assert "```" not in rule["help"]["markdown"]
        assert ".md)" not in rule["help"]["markdown"]
        assert rule["fullDescription"]["text"] not in rule["shortDescription"]["text"]


def test_a_result(tmp_path: Path) -> None:
    run = _run(outcome(tmp_path, finding()))
    (result,) = run["results"]
    assert result == {
        "ruleId": "CAP999",
        "ruleIndex": 2,
        "level": "warning",
        "message": {"text": "KVM_CAP_X on x86: is "},
        "locations": [
            {
                "physicalLocation": {
                    "artifactLocation": {"uri": X86, "uriBaseId": "kernel"},
                    "region": {"startLine": 2, "snippet": {"text": "second"}, "startColumn": 5},
                },
                "logicalLocations": [{"name": "f", "kind": "function"}],
            }
        ],
        "relatedLocations": [
            {
                "id": 1,
                "physicalLocation": {
                    "artifactLocation": {"uri": "q.h", "uriBaseId": "qemu"},
                    "region": {"startLine": 1},
                },
                "message": {"text": "seen "},
            }
        ],
        "partialFingerprints": {"caplint/v1": "0123456789abcdef"},
        "properties": {"subject": "KVM_CAP_X", "arch": "x86"},
    }
    rule = run["tool"]["driver"]["rules"][result["ruleIndex"]]
    assert rule["id"] == "CAP999"
    assert rule["defaultConfiguration"] == {"level": "warning"}
    assert rule["fullDescription"] == {"text": "First, with a link."}
    assert rule["help"]["text"] == "# It is made up\n\nFirst, with a link.\n\nThen."


def test_trees_are_base_uris(tmp_path: Path) -> None:
    bases = _run(outcome(tmp_path / "a b%c"))["originalUriBaseIds"]
    assert set(bases) == {"kernel", "qemu"}
    uri = bases["kernel"]["uri"]
    assert unquote(urlsplit(uri).path) == f"{tmp_path}/a b%c/linux/"
    assert uri.startswith("file:///")


def test_a_tree_that_is_nowhere_has_no_uri(tmp_path: Path) -> None:
    run = outcome(tmp_path)
    run.trees[0].revision = "v6.12"
    assert _run(run)["originalUriBaseIds"]["kernel"] == {"description": {"text": f"kernel: {tmp_path / 'linux'}"}}


def test_what_was_not_seen_is_notified(tmp_path: Path) -> None:
    (invocation,) = _run(outcome(tmp_path))["invocations"]
    blind, lost = invocation["toolExecutionNotifications"]
    assert blind["descriptor"] == {"id": "blind-spot", "index": 0}
    assert blind["message"]["text"].startswith("20 bytes not understood: ")
    place = blind["locations"][0]["physicalLocation"]
    assert unquote(place["artifactLocation"]["uri"]) == HOSTILE_PATH.replace("\ud800", "\\ud800")
    assert place["region"] == {"startLine": 7}
    assert lost["message"] == {"text": "unexplained name KVM_CAP_LOST"}


def test_what_was_not_done_is_notified(tmp_path: Path) -> None:
    (invocation,) = _run(outcome(tmp_path))["invocations"]
    skipped, unused, gone = invocation["toolConfigurationNotifications"]
    assert skipped["associatedRule"] == {"id": "CAP103", "index": 1}
    assert skipped["message"] == {"text": "CAP103 was skipped: needs a VMM tree (--qemu)"}
    assert skipped["level"] == "note"
    assert unused["descriptor"]["id"] == "unused-suppression"
    assert gone["message"]["text"].startswith("CAP999 KVM_CAP_GONE")


def test_a_tree_that_is_not_understood_at_all_makes_no_endless_file(tmp_path: Path) -> None:
    run = outcome(tmp_path)
    spots = [Blind("kernel", X86, line, 1, "why") for line in range(1, 5001)]
    found = _run(replace(run, coverage=replace(run.coverage, blind=spots)))
    notified = found["invocations"][0]["toolExecutionNotifications"]
    assert len(notified) == 1002
    assert notified[1000]["message"]["text"] == "4,000 more blind spots; `caplint coverage` lists all"


def test_a_message_has_neither_placeholders_nor_links(tmp_path: Path) -> None:
    (result,) = _run(outcome(tmp_path, hostile()))["results"]
    for message in (result["message"], result["relatedLocations"][0]["message"]):
        assert "{{0}}[a\\](1)" in message["text"]
        assert message["text"].replace("\t", "").isprintable()
