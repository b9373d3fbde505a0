"""Remembered outcomes: the same as computed ones to the byte, and never those of anything else."""

from __future__ import annotations

import io
import os
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from conftest import HEADER, QEMU_UAPI, UAPI, X86, Caplint, age, commit, kernel, lay, qemu

from caplint.c.tables import Repairs
from caplint.config.run import with_machines
from caplint.config.settings import Config, Suppression
from caplint.engine import outcome_cache
from caplint.engine.check import check
from caplint.engine.compare import compare
from caplint.engine.outcome import Outcome
from caplint.engine.outcome_cache import recalled
from caplint.engine.outcome_json import parse, render
from caplint.machine.record import Answer, Machine
from caplint.report import FORMATS, writer
from caplint.report.style import Style
from caplint.rules.page import Rule, load
from caplint.trees.detect import against, directory_tree, revision_tree
from caplint.trees.tree import Tree
from caplint.util import shipped_files

MISMATCH = HEADER.replace("NR_VCPUS 9", "NR_VCPUS 8")
BROKEN = "int KVM_CAP_LOST(\n#define KVM_CAP_PASTE(x) KVM_CAP_##x\nint z = KVM_CAP_PASTE(HLT);\n"
BOX = Machine("box", "6.12.3", "x86", 0, 9, (Answer(0, "KVM_CAP_IRQCHIP", 1, 1),))


class Runs:
    """Runs over a pair with findings, of which it is known whether they were worked out."""

    def __init__(self, place: Path) -> None:
        self.kernel = kernel(place / "k", {UAPI: f"{HEADER}#define KVM_CAP_NEW 10\n", "arch/x86/kvm/b.c": BROKEN})
        self.qemu = qemu(place / "q", {QEMU_UAPI: MISMATCH})
        age(place)
        self.config = Config(cache=str(place / "cache"), jobs=1)
        self.rules = load([shipped_files.RULES])
        self.computed = 0

    def trees(self) -> list[Tree]:
        return [directory_tree(str(self.kernel)), directory_tree(str(self.qemu))]

    def __call__(self, config: Config | None = None, rules: list[Rule] | None = None, asked: str = "") -> Outcome:
        trees, chosen, settings = self.trees(), rules or self.rules, config or self.config

        def compute() -> Outcome:
            self.computed += 1
            return check(trees, chosen, settings)

        return recalled(trees, chosen, settings, compute, asked)

    def touched(self, file: Path) -> Outcome:
        """The outcome after a file's stamp has changed."""
        os.utime(file, (5, 5))
        return self()

    def files(self) -> list[Path]:
        return sorted((Path(self.config.cache) / "outcomes").iterdir())


@pytest.fixture
def runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Runs:
    monkeypatch.delenv("CAPLINT_CACHE", raising=False)
    return Runs(tmp_path)


def _reports(outcome: Outcome) -> dict[str, str]:
    texts = {}
    for name in FORMATS:
        out = io.StringIO()
        writer("check", name)(replace(outcome, seconds=0.0), out, Style())
        texts[name] = out.getvalue()
    return texts


def test_what_is_remembered_is_what_was_computed(runs: Runs) -> None:
    first, second = runs(), runs()
    assert runs.computed == 1
    assert first.findings
    assert first.coverage.blind
    assert first.coverage.pasted
    assert first.skipped
    assert (second.findings, second.coverage, second.sizes) == (first.findings, first.coverage, first.sizes)
    assert _reports(second) == _reports(first)


def test_a_comparison_and_suppressions_are_remembered_too(runs: Runs) -> None:
    commit(runs.kernel)
    lay(runs.kernel, {UAPI: HEADER.replace("HLT 1", "HLT 2")})
    gone = Suppression("CAP101", "KVM_CAP_NONE", "never was", "x86")
    config = replace(runs.config, suppress=(gone, Suppression("CAP101", "KVM_CAP_NR_VCPUS", "we know")))
    trees = runs.trees()
    against(trees[0], "HEAD", str(runs.kernel))
    outcome = compare(trees, runs.rules, config)
    assert outcome.findings
    assert outcome.resolved
    assert outcome.unused_suppressions == [gone]
    assert _reports(parse(render(outcome), trees, runs.rules)) == _reports(outcome)


def _page(rules: list[Rule], **changes: Any) -> list[Rule]:
    return [replace(rules[0], **changes), *rules[1:]]


CHANGES: dict[str, Callable[[Runs], object]] = {
    "a file": lambda runs: runs.touched(runs.kernel / X86),
    "a file of the other tree": lambda runs: runs.touched(runs.qemu / QEMU_UAPI),
    "a rule's page": lambda runs: runs(rules=_page(runs.rules, body=runs.rules[0].body + "\n")),
    "a rule's severity": lambda runs: runs(rules=_page(runs.rules, severity="note")),
    "fewer rules": lambda runs: runs(rules=runs.rules[1:]),
    "an ignored rule": lambda runs: runs(replace(runs.config, ignore=("CAP101",))),
    "a suppression": lambda runs: runs(replace(runs.config, suppress=(Suppression("CAP101", "KVM_CAP_HLT", "so"),))),
    "the oldest kernel": lambda runs: runs(replace(runs.config, oldest_kernel="5.10")),
    "ABIs": lambda runs: runs(replace(runs.config, abis=("x86_64",))),
    "a vendor's range": lambda runs: runs(replace(runs.config, vendor_range=((1, 2),))),
    "a repair": lambda runs: runs(replace(runs.config, repairs=Repairs(("word",)))),
    "a machine": lambda runs: runs(with_machines(runs.config, (BOX,))),
    "the call graph": lambda runs: runs(asked="deep"),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_with_any_change_it_is_computed_anew(runs: Runs, change: Callable[[Runs], object]) -> None:
    runs()
    change(runs)
    assert runs.computed == 2


def test_another_answer_of_a_machine_is_another_outcome(runs: Runs, monkeypatch: pytest.MonkeyPatch) -> None:
    commit(runs.kernel)
    monkeypatch.setattr(runs, "trees", lambda: [revision_tree(str(runs.kernel), "HEAD")])
    other = replace(BOX, answers=(Answer(0, "KVM_CAP_IRQCHIP", 0, 1),))
    outcomes = [runs(with_machines(runs.config, (machine,))) for machine in (BOX, other, BOX, other)]
    assert runs.computed == 2
    assert [_reports(outcome) for outcome in outcomes[:2]] == [_reports(outcome) for outcome in outcomes[2:]]


def test_a_machine_has_the_version_looked_at_and_a_new_one_is_another_outcome(runs: Runs) -> None:
    config = with_machines(runs.config, (BOX,))
    makefile = runs.kernel / "Makefile"  # which lies outside the directories that are walked
    for computed, text in enumerate((None, "VERSION = 6\nPATCHLEVEL = 12\n", "VERSION = 6\nPATCHLEVEL = 13\n"), 1):
        if text is not None:
            makefile.write_text(text, "utf-8")
            age(runs.kernel)
        for _ in range(2):
            runs(config)
        assert runs.computed == computed
    os.utime(makefile)  # so young that it may change again under the same stamp
    runs(config)
    runs(config)
    assert runs.computed == 5


def test_another_name_of_a_tree_is_another_outcome(runs: Runs) -> None:
    runs()
    runs.kernel = runs.kernel.rename(runs.kernel.with_name("elsewhere"))
    runs()
    assert runs.computed == 2


def test_another_program_computes_anew(runs: Runs, monkeypatch: pytest.MonkeyPatch) -> None:
    runs()
    monkeypatch.setattr(outcome_cache, "code_identity", lambda: "a later version")
    runs()
    assert runs.computed == 2


def test_settings_that_change_no_outcome_are_not_asked(runs: Runs) -> None:
    runs()
    runs(replace(runs.config, jobs=2, fail_on="note", coverage_floor=50.0))
    assert runs.computed == 1


def test_nothing_is_kept_without_a_cache(runs: Runs, tmp_path: Path) -> None:
    for _ in range(2):
        runs(replace(runs.config, cache="none"))
    assert runs.computed == 2
    assert not (tmp_path / "cache").exists()


def test_nothing_is_kept_of_a_state_that_may_still_change(runs: Runs) -> None:
    os.utime(runs.kernel / X86)
    runs()
    runs()
    assert runs.computed == 2
    assert not (Path(runs.config.cache) / "outcomes").exists()


def test_nothing_is_kept_of_a_tree_that_changes_meanwhile(runs: Runs) -> None:
    trees = runs.trees()

    def compute() -> Outcome:
        outcome = check(trees, runs.rules, runs.config)
        os.utime(runs.kernel / X86, (5, 5))
        return outcome

    recalled(trees, runs.rules, runs.config, compute)
    assert not (Path(runs.config.cache) / "outcomes").exists()


def test_nothing_is_kept_of_a_run_that_lost_a_process(runs: Runs) -> None:
    trees = runs.trees()
    outcome = check(trees, runs.rules, runs.config)
    recalled(trees, runs.rules, runs.config, lambda: replace(outcome, passing=True))
    assert not (Path(runs.config.cache) / "outcomes").exists()


@pytest.mark.parametrize("damage", [b"", b"\xff", b"{}", b"no digest\n{}"], ids=repr)
def test_a_damaged_file_is_computed_anew_and_replaced(runs: Runs, damage: bytes) -> None:
    first = runs()
    (file,) = runs.files()
    whole = file.read_bytes()
    file.write_bytes(damage)
    assert runs().findings == first.findings
    assert runs.computed == 2
    assert runs.files() == [file]
    assert file.read_bytes() == whole


def test_a_single_wrong_letter_is_noticed(runs: Runs) -> None:
    runs()
    (file,) = runs.files()
    file.write_text(file.read_text().replace("KVM_CAP_NR_VCPUS", "KVM_CAP_NR_VCPUZ"))
    assert "VCPUZ" not in repr(runs().findings)


def test_an_old_outcome_is_computed_anew_so_that_its_facts_stay(runs: Runs) -> None:
    runs()
    (file,) = runs.files()
    then = time.time() - 8 * 86_400
    os.utime(file, (then, then))
    runs()
    assert runs.computed == 2


def test_the_oldest_outcomes_are_forgotten(runs: Runs, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(3):
        runs(asked=str(number))
        monkeypatch.setattr(outcome_cache, "_KEEP_BYTES", runs.files()[0].stat().st_size * 5 // 2)
        for file in runs.files():
            os.utime(file, (file.stat().st_atime, file.stat().st_mtime - 10))
    assert len(runs.files()) == 2
    runs(asked="2")
    assert runs.computed == 3
    runs(asked="0")
    assert runs.computed == 4


def test_a_fleet_of_outcomes_is_kept(runs: Runs) -> None:
    for number in range(60):
        runs(asked=str(number))
    runs(asked="0")
    assert runs.computed == 60


def test_outcomes_that_are_too_old_to_be_recalled_are_removed(runs: Runs) -> None:
    runs()
    (old,) = runs.files()
    os.utime(old, (5, 5))
    runs(asked="another")
    assert not old.exists()
    assert len(runs.files()) == 1


def test_where_nothing_can_be_written_the_outcome_is_the_same(runs: Runs) -> None:
    Path(runs.config.cache).mkdir()
    (Path(runs.config.cache) / "outcomes").write_text("in the way")
    assert runs().findings == runs().findings
    assert runs.computed == 2


def test_the_command_recalls_without_its_engine(caplint: Caplint, tmp_path: Path, monkeypatch: Any) -> None:
    pair = Runs(tmp_path / "pair")
    words = ("check", "--kernel", pair.kernel, "--qemu", pair.qemu, "--output-format", "json")
    first = caplint(*words)
    monkeypatch.setattr("caplint.engine.check.check", None)
    second = caplint(*words)
    assert (second.status, second.out, second.err) == (first.status, first.out, first.err)
    assert first.status == 1


def _patch(place: Path, number: int) -> Path:
    """A patch that gives a new capability a number."""
    line = f"#define KVM_CAP_LATER {number}"
    text = f"""From: a@example.org
Subject: [PATCH] later

--- a/{UAPI}
+++ b/{UAPI}
@@ -3,2 +3,3 @@
 #define KVM_CAP_NR_VCPUS 9
 #define KVM_CAP_NEW 10
+{line}
"""
    file = place / f"{number}.patch"
    file.write_text(text)
    return file


def test_a_patch_is_recalled_and_another_one_is_not(caplint: Caplint, tmp_path: Path, monkeypatch: Any) -> None:
    pair = Runs(tmp_path / "pair")
    words = ("--kernel", pair.kernel, "--qemu", pair.qemu, "--output-format", "json")
    first, other = _patch(tmp_path, 200), _patch(tmp_path, 11)
    runs = [caplint("patch", file, *words) for file in (first, other)]
    assert runs[0].out != runs[1].out
    monkeypatch.setattr("caplint.engine.compare.compare_series", None)
    for file, run in zip((first, other), runs, strict=True):
        again = caplint("patch", file, *words)
        assert (again.status, again.out, again.err) == (run.status, run.out, run.err)


def test_a_difference_of_revisions_is_recalled(caplint: Caplint, tmp_path: Path, monkeypatch: Any) -> None:
    pair = Runs(tmp_path / "pair")
    commit(pair.kernel)
    lay(pair.kernel, {UAPI: HEADER.replace("HLT 1", "HLT 2")})
    commit(pair.kernel)
    words = ("diff", "HEAD~1..HEAD", pair.kernel, "--qemu", pair.qemu, "--output-format", "json")
    first = caplint(*words)
    assert first.status == 1
    monkeypatch.setattr("caplint.engine.compare.compare", None)
    second = caplint(*words)
    assert (second.status, second.out, second.err) == (first.status, first.out, first.err)


HEAVY = (
    "networkx",
    "pysat",
    "tree_sitter",
    "pycparser",
    "pcpp",
    "pebble",
    "markdown_it",
    "rich",
    "caplint.engine.check",
)


def test_a_warm_run_loads_nothing_heavy(caplint: Caplint, tmp_path: Path) -> None:
    pair = Runs(tmp_path / "pair")
    words = ["check", "--kernel", str(pair.kernel), "--qemu", str(pair.qemu), "--fail-on", "never"]
    caplint(*words)
    loaded = f"print([name for name in {HEAVY!r} if name in sys.modules])"
    script = f"import sys; from caplint.cli.main import main; main({words!r}); {loaded}"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"
