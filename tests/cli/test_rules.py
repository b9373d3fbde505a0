"""List of the rules, their tests by examples, and the public faults that they would have caught."""

from __future__ import annotations

import json
from pathlib import Path

from conftest import Caplint, lay

from caplint.rules.page import load
from caplint.util import shipped_files


def test_rules_are_tested_by_their_examples(caplint: Caplint) -> None:
    run = caplint("rules", "--test", "--select", "CAP101")
    (rule,) = [rule for rule in load([shipped_files.RULES]) if rule.code == "CAP101"]
    examples = len(rule.bad) + len(rule.good)
    assert run.out == f"{examples} examples of 1 rule, each rule on the bare mini-trees: all passed\n"
    assert caplint("rules", "--test", "--select", "CAP101,CAP102").out.count(" of 2 rules, ") == 1


def test_rules(caplint: Caplint, apart: Path) -> None:
    pages = load([shipped_files.RULES])
    listed, _, end = caplint("rules").out.partition("\n\n")
    lines = [line for line in listed.splitlines() if line.startswith("  ")]
    assert [line.split()[:3] for line in lines] == [[page.code, page.severity, page.name] for page in pages]
    assert all(line.endswith(page.title) for line, page in zip(lines, pages, strict=True))
    assert [line for line in listed.splitlines() if line not in lines] == [
        "numbers, constants and layouts of headers", "the kernel's handlers", "model-specific registers", "the VMM",
        "documentation and self-tests", "patches and series",
    ]  # fmt: skip
    assert end.splitlines()[0] == f"{len(pages)} rules; `caplint explain CODE` shows the page of a rule"
    found = json.loads(caplint("rules", "--output-format", "json", "--select", "CAP101").out)
    assert found == [
        {
            "code": "CAP101",
            "name": "number-mismatch",
            "severity": "error",
            "in_patch": None,
            "needs": ["kernel"],
            "since": "0.1.0",
            "fix": None,
            "title": "A capability has different numbers in two headers",
            "history": pages[0].history,
            "subject": "numbers, constants and layouts of headers",
        }
    ]
    (apart / "caplint.toml").write_text('ignore = ["CAP101"]')
    assert caplint("rules", "--select", "CAP101").out.splitlines()[1].endswith("in two headers (ignored)")


def test_rules_say_which_public_faults_they_would_have_caught(caplint: Caplint, tmp_path: Path) -> None:
    shipped = (shipped_files.RULES / "CAP103-stale-header.md").read_text("utf-8").replace("CAP103", "HSE001")
    history = "\n## History\n\n- 2020-01, a list: it was\n  wrong.\n- 2021-02, a tracker: again.\n\nSome text.\n"
    lay(tmp_path / "pages", {"HSE001-page.md": shipped.replace("stale-header", "ours") + history})
    words = ("rules", "--rules", str(tmp_path / "pages"), "--select", "HSE001")
    plain = caplint(*words).out.splitlines()
    assert (plain[0], plain[-1]) == ("further rules", "`--history` shows 2 public faults that they would have caught")
    assert caplint(*words, "--history").out.splitlines()[2:4] == [
        "      - 2020-01, a list: it was wrong.", "      - 2021-02, a tracker: again.",
    ]  # fmt: skip
