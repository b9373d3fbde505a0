"""JUnit's XML, read back by junitparser and by the standard library's parser."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree as ET

import junitparser
from ci_outcome import finding, hostile, outcome, text
from conftest import X86

from caplint.engine.outcome import Outcome


def _suite(run: Outcome) -> junitparser.TestSuite:
    (suite,) = junitparser.JUnitXml.fromstring(text(run, "junit").encode())
    return suite


def test_a_case_per_rule(tmp_path: Path) -> None:
    suite = _suite(outcome(tmp_path, finding(), finding("error", "b.c"), finding("note", "c.c")))
    assert (suite.name, suite.tests, suite.failures, suite.errors, suite.skipped) == ("caplint", 3, 1, 0, 1)
    clean, skipped, failed = suite
    assert [case.name for case in suite] == ["CAP102 made-up", "CAP103 made-up", "CAP999 made-up"]
    assert clean.is_passed
    assert skipped.is_skipped
    assert skipped.result[0].message == "needs a VMM tree (--qemu)"
    (failure,) = failed.result
    assert (failure.type, failure.message) == ("CAP999", "2 findings: It is made up")
    assert failure.text.splitlines() == [
        "warning KVM_CAP_X on x86: is ",
        f"  kernel:{X86}:2",
        "  qemu:q.h:1: seen ",
        "error KVM_CAP_X on x86: is ",
        "  kernel:b.c:2",
        "  qemu:q.h:1: seen ",
    ]
    assert failed.system_out.startswith("note KVM_CAP_X on x86: is \n  kernel:c.c:2")


def test_a_note_fails_nothing(tmp_path: Path) -> None:
    suite = _suite(outcome(tmp_path, finding("note")))
    assert suite.failures == 0
    assert list(suite)[-1].is_passed


def test_the_counts_are_those_that_a_reader_counts(tmp_path: Path) -> None:
    suite = _suite(outcome(tmp_path, finding()))
    said = (suite.tests, suite.failures, suite.errors, suite.skipped)
    suite.update_statistics()  # type: ignore[no-untyped-call]
    assert (suite.tests, suite.failures, suite.errors, suite.skipped) == said


def test_the_trees_and_the_ledger_are_said(tmp_path: Path) -> None:
    root = ET.fromstring(text(outcome(tmp_path), "junit"))
    assert {entry.get("name"): entry.get("value") for entry in root.iter("property")}["kernel"] == f"{tmp_path}/linux"
    output = (root.findtext("testsuite/system-out") or "").splitlines()
    assert output[0] == "0 errors, 0 warnings, 0 notes; 2 suppressed; 5 hidden by the baseline"
    assert output[1] == "skipped: CAP103 (needs a VMM tree (--qemu))"
    assert output[-1].startswith("coverage: ")


def test_whatever_names_hold_is_text(tmp_path: Path) -> None:
    run = outcome(tmp_path, hostile())
    run = replace(run, skipped=[replace(run.skipped[0], reason=hostile().message)])
    root = ET.fromstring(text(run, "junit"))
    assert {element.tag for element in root.iter()} == {
        "testsuites", "testsuite", "properties", "property", "testcase", "skipped", "failure", "system-out",
    }  # fmt: skip
    (failure,) = root.iter("failure")
    assert "\\x1b]0;t\\x07\\x9b2J\\u202e::error::x%0A,:;=<&>\"'`$(x){0}" in (failure.text or "")
    assert "\\ufffe\\ud800" in (failure.text or "")
