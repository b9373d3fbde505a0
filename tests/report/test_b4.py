"""The check for b4, read by b4 itself."""

from __future__ import annotations

import argparse
import json
import shlex
import sys
from email.message import EmailMessage
from pathlib import Path

import pytest
from b4 import LoreMessage, setup_config
from b4.review.checks import run_perpatch_checks
from ci_outcome import finding, hostile, outcome, text
from conftest import X86

from caplint.findings.finding import Finding


@pytest.mark.parametrize(
    ("findings", "status"),
    [
        ((), "pass"),
        ((finding("note"),), "pass"),
        ((finding("warning"), finding("note")), "warn"),
        ((finding("error"), finding("warning")), "fail"),
    ],
)
def test_what_b4_reads(tmp_path: Path, findings: tuple[Finding, ...], status: str) -> None:
    (check,) = _read_by_b4(tmp_path, text(outcome(tmp_path / "trees", *findings), "b4"))
    assert (check["tool"], check["status"], check["url"]) == ("caplint", status, "")
    assert check["summary"].endswith("; 2 suppressed; 5 hidden by the baseline")
    assert check["details"].splitlines()[-1].startswith("coverage: ")


def test_details_are_lines(tmp_path: Path) -> None:
    (check,) = json.loads(text(outcome(tmp_path, finding()), "b4"))
    assert check["details"].splitlines()[:4] == [
        "warning CAP999 KVM_CAP_X on x86: is ",
        f"  kernel:{X86}:2",
        "  qemu:q.h:1: seen ",
        "skipped: CAP103 (needs a VMM tree (--qemu))",
    ]


def test_whatever_names_hold_is_text(tmp_path: Path) -> None:
    (check,) = _read_by_b4(tmp_path, text(outcome(tmp_path / "trees", hostile()), "b4"))
    assert check["summary"].isprintable()
    assert all(line.isprintable() or "\t" in line for line in check["details"].splitlines())


def test_the_command_as_b4_runs_it(tmp_path: Path, apart: Path) -> None:
    command = f"{shlex.quote(sys.executable)} -m caplint demo --output-format b4"
    mail = _mail()
    found = run_perpatch_checks([("id", mail)], [command], str(apart))
    assert [(check["tool"], check["status"]) for check in found["id"]] == [("caplint", "warn")]
    found = run_perpatch_checks([("id", mail)], [f"{command} --select NEVER1"], str(apart))
    (failed,) = found["id"]
    assert (failed["status"], failed["summary"]) == ("fail", "exited with error code 2")
    assert failed["details"] == "caplint: NEVER1: unknown rule; `caplint rules` lists all rules"


def test_lines_for_b4_prep(apart: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The other protocol of b4: lines, of which none may be on standard error."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(apart))
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", "/dev/null")
    setup_config(argparse.Namespace(config={}))
    command = f"{shlex.quote(sys.executable)} -m caplint demo --output-format concise"

    def check(line: str) -> list[tuple[str, str]]:
        found: list[tuple[str, str]] = LoreMessage.run_local_check(["sh", "-c", line], "id", _mail(), nocache=True)
        return found

    found = check(f"{command} 2>/dev/null")
    assert {flag for flag, _ in found} == {"warning"}
    assert any("warning CAP204 KVM_CAP_PPIN on x86: " in line for _, line in found)
    assert check(f"{command} --select CAP101 2>/dev/null") == [("success", "sh: passed all checks")]
    assert check(f"{command} --select NEVER1 2>/dev/null") == [("fail", "sh: Exited with error code 2")]


def _read_by_b4(directory: Path, written: str) -> list[dict[str, str]]:
    """What b4 makes of a command that writes this."""
    file = directory / "written"
    file.write_text(written, "utf-8")
    found: dict[str, list[dict[str, str]]] = run_perpatch_checks(
        [("id", _mail())], [f"cat {shlex.quote(str(file))}"], str(directory)
    )
    return found["id"]


def _mail() -> EmailMessage:
    mail = EmailMessage()
    mail["Subject"] = "[PATCH] KVM: add a capability"
    mail["From"] = "A Developer <dev@example.org>"
    mail["Message-Id"] = "<id@example.org>"
    mail.set_content("A patch.\n")
    return mail
