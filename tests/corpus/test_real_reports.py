"""Reports and baselines of the real pairs."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import jsonschema
import junitparser
import pytest
import real_trees
from real_trees import Corpus

from caplint.engine.baseline import of_outcome, without
from caplint.engine.baseline_file import read, render
from caplint.engine.outcome import Outcome
from caplint.findings.known import Baseline
from caplint.report import writer
from caplint.report.style import Style
from caplint.trees.overlay import OverlayTree

pytestmark = pytest.mark.corpus
corpus = real_trees.corpus

FITTING = [("linux-6.12", "qemu-10.0"), ("linux-6.1", "qemu-7.2")]


def _text(outcome: Outcome, output_format: str) -> str:
    out = io.StringIO()
    writer("check", output_format)(outcome, out, Style())
    return out.getvalue()


@pytest.mark.parametrize(("kernel", "vmm"), FITTING)
def test_sarif_is_valid_and_points_at_names(corpus: Corpus, sarif_schema: Any, kernel: str, vmm: str) -> None:
    outcome = corpus.pair(kernel, vmm)
    log = json.loads(_text(outcome, "sarif"))
    jsonschema.Draft4Validator(sarif_schema).validate(log)
    (run,) = log["runs"]
    assert len(run["results"]) == len(outcome.findings)
    for result in run["results"]:
        place = result["locations"][0]["physicalLocation"]
        base = run["originalUriBaseIds"][place["artifactLocation"]["uriBaseId"]]["uri"]
        file = Path(unquote(urlsplit(base).path)) / unquote(place["artifactLocation"]["uri"])
        region = place["region"]
        line = file.read_text("utf-8").splitlines()[region["startLine"] - 1]
        assert region["snippet"]["text"] == line
        named = result["properties"]["subject"].startswith(("KVM_CAP_", "MSR_"))
        if result["ruleId"] == "CAP504":  # at what api.rst says of the name: a field, or the heading
            assert line[region["startColumn"] - 1 :] == line
            continue
        assert not named or line[region["startColumn"] - 1 :].startswith(("KVM_", "MSR_", "{ MSR_", "kvm_", "kvmppc_"))


@pytest.mark.parametrize(("kernel", "vmm"), FITTING)
def test_other_readers_count_as_we_do(corpus: Corpus, kernel: str, vmm: str) -> None:
    outcome = corpus.pair(kernel, vmm)
    (suite,) = junitparser.JUnitXml.fromstring(_text(outcome, "junit").encode())
    worse = {finding.code for finding in outcome.findings if finding.severity != "note"}
    assert (suite.tests, suite.failures) == (len(outcome.rules), len(worse))
    gitlab = json.loads(_text(outcome, "gitlab"))
    assert len({entry["fingerprint"] for entry in gitlab}) == len(gitlab) == len(outcome.findings)
    commands = [line for line in _text(outcome, "github").splitlines() if line.startswith("::")]
    assert len(commands) == len(outcome.findings)


@pytest.mark.parametrize(("kernel", "vmm"), FITTING)
def test_a_baseline_does_not_mind_moved_lines(corpus: Corpus, tmp_path: Path, kernel: str, vmm: str) -> None:
    outcome = corpus.pair(kernel, vmm)
    file = tmp_path / "baseline.toml"
    file.write_text(render(of_outcome(outcome, Baseline())), "utf-8")
    known = read(file)
    assert len(known.entries) == len(outcome.findings)
    tree = corpus.tree(kernel)
    paths = {finding.place.path for finding in outcome.findings if finding.place.tree == tree.name}
    moved = {path: b"/* moved */\n" * 7 + tree.read(path) for path in paths if path.endswith((".c", ".h"))}
    assert moved
    found = without(corpus.check(OverlayTree(tree, moved), corpus.tree(vmm)), known)
    assert (found.findings, found.unmatched, found.baselined) == ([], [], len(outcome.findings))
