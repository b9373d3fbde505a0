"""Findings that are known upstream: apart from the others in a whole check, and nowhere else."""

from __future__ import annotations

import json
from dataclasses import replace
from importlib import resources
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from conftest import HEADER, QEMU_UAPI, X86, Caplint, bare_kernel, commit, kernel, lay, made_up_rule, qemu

from caplint.coverage.summary import Coverage
from caplint.engine.outcome import Outcome
from caplint.engine.upstream import SHIPPED, read, render, without_known
from caplint.findings.finding import Finding, Location, identify
from caplint.util.errors import CaplintError

WRONG = HEADER.replace("HLT 1", "HLT 2")
ENTRY = {
    "code": "CAP101", "severity": "error", "subject": "KVM_CAP_HLT", "tree": "vmm", "path": QEMU_UAPI,
    "state": "mended", "mended": "QEMU 99", "reason": "was wrong once", "fingerprints": ["0" * 16],
}  # fmt: skip


def _toml(entry: dict[str, Any]) -> str:
    pairs = ", ".join(f"{key} = {json.dumps(value)}" for key, value in entry.items())
    return f"version = 1\nfindings = [\n    {{ {pairs} }},\n]\n"


@pytest.fixture
def words(caplint: Caplint, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, apart: Path) -> tuple[str, ...]:
    """Options of a check whose only finding is listed in known.toml, which a trusted configuration names."""
    kernel(tmp_path / "k")
    root = qemu(tmp_path / "q", {QEMU_UAPI: WRONG})
    commit(root)
    monkeypatch.chdir(root)
    words = ("check", "--kernel", "../k", "--select", "CAP101", "--output-format")
    (found,) = json.loads(caplint(*words, "json", "--qemu", ".").out)["findings"]
    lay(tmp_path, {"known.toml": _toml({**ENTRY, "fingerprints": [found["fingerprint"]]}),
                   "our.toml": 'known = ["known.toml"]\n'})  # fmt: skip
    return (*words[:-1], "--config", "../our.toml", "--output-format")


def test_it_does_not_fail_a_check(caplint: Caplint, words: tuple[str, ...]) -> None:
    run = caplint(*words, "text", "--qemu", ".")
    assert run.status == 0
    assert "0 errors, 0 warnings, 0 notes\n1 known upstream, `--known` shows them\n" in run.out
    assert "KVM_CAP_HLT" not in run.out
    run = caplint(*words, "text", "--qemu", ".", "--known")
    assert run.status == 0
    assert "error CAP101 KVM_CAP_HLT" in run.out
    assert "  known upstream, mended in QEMU 99: was wrong once\n" in run.out
    assert "\n1 known upstream\n" in run.out


def test_formats_for_programs_mark_it(caplint: Caplint, words: tuple[str, ...], sarif_schema: Any) -> None:
    run = caplint(*words, "json", "--qemu", ".")
    whole = json.loads(run.out)
    jsonschema.validate(whole, json.loads(resources.files("caplint").joinpath("schemas/check.json").read_text("utf-8")))
    known = {"state": "mended", "mended": "QEMU 99", "reason": "was wrong once"}
    assert (run.status, whole["findings"][0]["known"]) == (0, known)
    assert json.loads(caplint(*words, "jsonl", "--qemu", ".").out)["known"] == known
    log = json.loads(caplint(*words, "sarif", "--qemu", ".").out)
    jsonschema.validate(log, sarif_schema)
    (result,) = log["runs"][0]["results"]
    (suppression,) = result["suppressions"]
    assert (suppression["kind"], suppression["status"]) == ("external", "accepted")
    assert suppression["justification"] == "mended in QEMU 99: was wrong once"


@pytest.mark.parametrize("name", ["concise", "github", "gitlab", "rdjson", "junit", "b4"])
def test_other_formats_leave_it_out(caplint: Caplint, words: tuple[str, ...], name: str) -> None:
    assert "KVM_CAP_HLT" not in caplint(*words, name, "--qemu", ".").out


def test_concise_shows_it_if_asked(caplint: Caplint, words: tuple[str, ...]) -> None:
    assert "[known upstream, mended in QEMU 99: was wrong once]\n" in caplint(*words, "concise", "--known", ".").out


def test_a_comparison_is_not_affected(caplint: Caplint, words: tuple[str, ...]) -> None:
    lay(Path(), {QEMU_UAPI: HEADER})
    commit(Path())
    lay(Path(), {QEMU_UAPI: WRONG})
    run = caplint(*words, "text", "--base", "HEAD")
    assert (run.status, "error CAP101 KVM_CAP_HLT" in run.out, "known" in run.out) == (1, True, False)


def test_a_file_that_is_found_needs_trust(caplint: Caplint, words: tuple[str, ...]) -> None:
    Path("caplint.toml").write_text('known = ["../known.toml"]\n', "utf-8")
    run = caplint("check", "--kernel", "../k", ".")
    assert run.status == 2
    assert "sets values that need trust: known; review it" in run.err


def _outcome(root: Path, *findings: Finding) -> Outcome:
    tree = bare_kernel(root / "k", {})
    found = identify(findings, {tree.name: tree.role})
    return Outcome([tree], {}, found, 0, [], [], Coverage([], [], [], {}), [made_up_rule()])


FOUND = Finding("CAP999", "made-up", "warning", "A", "x86", "f", "is wrong", Location("kernel", X86, 1), parts=("a",))


@pytest.mark.parametrize(
    ("finding", "is_known"),
    [
        (FOUND, True),
        (replace(FOUND, severity="note"), True),
        (replace(FOUND, severity="error"), False),
        (replace(FOUND, parts=("a", "b")), False),
        (replace(FOUND, parts=()), True),
        (replace(FOUND, place=Location("kernel", X86, 99), message="is still wrong"), True),
        (replace(FOUND, subject="B"), False),
    ],
)
def test_a_worse_finding_is_not_known(tmp_path: Path, finding: Finding, *, is_known: bool) -> None:
    fingerprint = _outcome(tmp_path, FOUND).findings[0].fingerprint
    entry = {**ENTRY, "severity": "warning", "parts": ["a"], "fingerprints": [fingerprint]}
    lay(tmp_path, {"known.toml": _toml(entry)})
    outcome = without_known(_outcome(tmp_path, finding), [tmp_path / "known.toml"], shown=False)
    assert (len(outcome.known), len(outcome.findings)) == ((1, 0) if is_known else (0, 1))


BAD = [
    ("", "version must be 1"),
    ("version = 2\n", "version must be 1"),
    ("version = 1\nfinding = []\n", "unknown key finding"),
    (_toml({**ENTRY, "code": 7}), "findings[1].code must be a string"),
    (_toml({**ENTRY, "state": "known"}), "findings[1].state: must be one of kept ABI, deliberate"),
    (_toml({**ENTRY, "severity": "fatal"}), "findings[1].severity: must be one of error"),
    (_toml({**ENTRY, "fingerprints": ["x"]}), "findings[1].fingerprints: 'x' is not 16 hexadecimal digits"),
    (_toml({**ENTRY, "parts": [1]}), "findings[1].parts: must be a list of strings"),
    (_toml({**ENTRY, "state": "deliberate"}), "belong together"),
    (_toml({key: value for key, value in ENTRY.items() if key != "mended"}), "belong together"),
    (_toml({key: value for key, value in ENTRY.items() if key != "reason"}), "findings[1].reason is missing"),
    ("version = 1\nfindings = [7]\n", "findings[1] must be a table"),
]


@pytest.mark.parametrize(("text", "message"), BAD)
def test_what_is_wrong_with_a_file_is_said(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "known.toml"
    path.write_text(text, "utf-8")
    with pytest.raises(CaplintError) as error:
        read(path)
    assert message in str(error.value)
    assert str(error.value).startswith(str(path))


def test_json_that_is_none(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text("[" * 100_000, "utf-8")
    with pytest.raises(CaplintError, match="is not JSON"):
        read(tmp_path / "a.json")


def test_the_shipped_file() -> None:
    entries = read(SHIPPED)
    assert render(entries) == SHIPPED.read_text("utf-8")
    fingerprints = [text for entry in entries for text in entry.fingerprints]
    assert len(fingerprints) == len(set(fingerprints)) >= len(entries) > 0
    assert all(entry.fingerprints and entry.reason for entry in entries)
