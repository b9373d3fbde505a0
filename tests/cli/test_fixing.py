"""--diff prints fixes that git applies; --fix makes them, and touches nothing else."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from conftest import UAPI, Caplint, commit, git

from caplint.cli.fixing import tell_refused
from caplint.findings.finding import Finding, Location
from caplint.findings.fix import LineEdit
from caplint.fixes.draft import Draft
from caplint.fixes.uncommitted import changed, uncommitted
from caplint.trees.detect import directory_tree
from caplint.trees.directory import DirectoryTree
from caplint.util import shipped_files

LAST = "#define KVM_CAP_DIRTY_LOG_RING_ACQ_REL 223\n"
NEW = "#define KVM_CAP_PPIN 223\n"
RENUMBERED = "#define KVM_CAP_PPIN 224\n"
SELECT = ("--select", "CAP102,CAP105")


@pytest.fixture
def linux(apart: Path) -> Path:
    """A copy of the mini-kernel under git, in which the working tree adds a capability that takes a taken number."""
    place = apart / "linux"
    shutil.copytree(shipped_files.FIXTURES / "linux", place)
    commit(place)
    _write(place, LAST, LAST + NEW)
    return place


def _write(place: Path, old: str, new: str) -> None:
    file = place / UAPI
    text = file.read_text()
    assert text.count(old) == 1
    file.write_text(text.replace(old, new))


def _added(linux: Path) -> list[str]:
    return [line for line in git(linux, "diff", "HEAD").splitlines() if line[:1] in "+-" and line[1:2] not in "+-"]


def test_diff_prints_what_git_applies(caplint: Caplint, linux: Path) -> None:
    run = caplint("check", "--kernel", linux, "--base", "HEAD", *SELECT, "--diff")
    assert run.status == 1
    assert run.out.startswith("# kernel: ")
    assert _added(linux) == ["+" + NEW.strip()]
    subprocess.run(["git", "apply", "-"], cwd=linux, input=run.out, text=True, check=True)
    assert _added(linux) == ["+" + RENUMBERED.strip()]
    assert caplint("check", "--kernel", linux, "--base", "HEAD", *SELECT, "--diff").out == ""


def test_fix_leaves_uncommitted_lines_alone(caplint: Caplint, linux: Path) -> None:
    run = caplint("check", "--kernel", linux, "--base", "HEAD", *SELECT, "--fix")
    assert (run.status, run.out) == (2, "")
    assert "not committed, and a fix changes it; commit first, or add --force. Nothing was written" in run.err
    assert _added(linux) == ["+" + NEW.strip()]


def test_fix_with_force(caplint: Caplint, linux: Path) -> None:
    run = caplint("check", "--kernel", linux, "--base", "HEAD", *SELECT, "--fix", "--force")
    assert run.status == 0
    assert "fixed 2 findings in 1 file" in run.err
    assert _added(linux) == ["+" + RENUMBERED.strip()]
    assert "fixed 0 findings\n" in caplint("check", "--kernel", linux, "--base", "HEAD", *SELECT, "--fix").err


def test_fix_of_committed_lines_keeps_uncommitted_ones(caplint: Caplint, linux: Path) -> None:
    commit(linux)
    _write(linux, "#define KVM_RUN ", "/* Mine. */\n#define KVM_RUN ")
    run = caplint("check", "--kernel", linux, "--base", "HEAD~1", *SELECT, "--fix")
    assert run.status == 0
    assert _added(linux) == ["+/* Mine. */", "-" + NEW.strip(), "+" + RENUMBERED.strip()]


def test_a_tree_in_no_repository_has_no_uncommitted_lines(
    caplint: Caplint, linux: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(linux.parent))
    shutil.rmtree(linux / ".git")
    tree = directory_tree(str(linux))
    assert isinstance(tree, DirectoryTree)
    draft = Draft((linux / UAPI).read_bytes())
    draft.edit([LineEdit("kernel", UAPI, 1, (draft.before.decode().split("\n")[0],), ("other",))])
    assert uncommitted(tree, {UAPI: draft}) == []


def test_an_untracked_file_is_uncommitted(caplint: Caplint, linux: Path) -> None:
    commit(linux)
    git(linux, "rm", "-q", "--cached", UAPI)
    git(linux, "commit", "-q", "-m", "out")
    run = caplint("check", "--kernel", linux, "--base", "HEAD~2", *SELECT, "--fix")
    assert run.status == 2
    assert "not committed" in run.err


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (("--diff", "--fix"), "--diff prints the fixes, but --fix makes them"),
        (("--force",), "--force is for --fix only"),
    ],
)
def test_options_that_do_not_fit(caplint: Caplint, linux: Path, words: tuple[str, ...], reason: str) -> None:
    run = caplint("check", "--kernel", linux, *words)
    assert (run.status, run.out) == (2, "")
    assert reason in run.err


def test_the_index_is_not_written(caplint: Caplint, linux: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    git(linux, "add", "-A")
    monkeypatch.chdir(linux)
    run = caplint("check", "--staged", *SELECT, "--fix", "--force")
    assert run.status == 2
    assert "is not a working tree, so --fix cannot write; use --diff" in run.err
    assert _added(linux) == ["+" + NEW.strip()]


def test_diff_of_two_revisions(caplint: Caplint, linux: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    commit(linux)
    monkeypatch.chdir(linux)
    run = caplint("diff", "HEAD~1..HEAD", *SELECT, "--diff")
    assert run.status == 1
    assert "\n+" + RENUMBERED in run.out


def test_diff_on_top_of_a_patch(caplint: Caplint, linux: Path) -> None:
    patch = git(linux, "diff") + "\n"
    git(linux, "checkout", "-q", ".")
    (linux.parent / "one.patch").write_text(patch)
    run = caplint("patch", linux.parent / "one.patch", "--kernel", linux, *SELECT, "--diff")
    assert run.status == 1
    assert "\n-" + NEW + "+" + RENUMBERED in run.out


def test_a_file_with_control_characters_gets_no_fix(caplint: Caplint, linux: Path) -> None:
    _write(linux, "#define KVM_RUN ", "/* \x1b[31m */\n#define KVM_RUN ")
    run = caplint("check", "--kernel", linux, "--base", "HEAD", *SELECT, "--diff")
    assert (run.status, run.out) == (1, "")


def test_what_is_told_of_fixes_controls_no_terminal(
    caplint: Caplint, linux: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    place = linux.rename(linux.parent / "li\x1b[31mnux")
    words = ("check", "--tree", f"\x1b[32mk=kernel:{place}", "--base", "HEAD", *SELECT, "--diff")
    out = caplint(*words).out
    assert "\n+" + RENUMBERED in out
    assert "\x1b" not in out
    place_of = Location("k", "a.c", 1)
    finding = Finding("CAP105", "number-gap", "note", "KVM\x1b[33m", None, None, "message", place_of)
    tell_refused([(finding, "of \x1b[34m")])
    assert capsys.readouterr().err == "not fixed: CAP105 KVM\\x1b[33m (k:a.c:1): of \\x1b[34m\n"


def test_before_the_first_commit_every_line_is_uncommitted(caplint: Caplint, linux: Path) -> None:
    shutil.rmtree(linux / ".git")
    git(linux, "init", "-q")
    tree = directory_tree(str(linux))
    assert isinstance(tree, DirectoryTree)
    draft = Draft((linux / UAPI).read_bytes())
    draft.edit([LineEdit("kernel", UAPI, 1, (draft.before.decode().split("\n")[0],), ("other",))])
    assert uncommitted(tree, {UAPI: draft}) == [(UAPI, 1)]


def test_lines_around_removed_ones_are_uncommitted() -> None:
    assert changed([b"a\n", b"b\n", b"c\n"], [b"a\n", b"c\n"]) == [(0, 2)]


def test_of_many_lines_all_count_as_uncommitted() -> None:
    """To compare them one by one takes the square of their number."""
    same = [b"%d\n" % number for number in range(2_100)]
    assert changed([b"a\n", *same, b"b\n"], [b"c\n", *same, b"d\n"]) == [(0, 2_102)]
    assert changed([b"a\n", *same[:9], b"b\n"], [b"c\n", *same[:9], b"d\n"]) == [(0, 1), (10, 11)]


def test_a_link_is_not_written_through(caplint: Caplint, linux: Path) -> None:
    commit(linux)
    (linux / UAPI).rename(linux / "include/uapi/linux/real.h")
    (linux / UAPI).symlink_to("real.h")
    run = caplint("check", "--kernel", linux, "--base", "HEAD~1", *SELECT, "--fix", "--force")
    assert run.status == 2
    assert "is a link or not a regular file; nothing was written" in run.err


def test_reports_carry_the_fix(caplint: Caplint, linux: Path, sarif_schema: Any) -> None:
    words = ("check", "--kernel", linux, "--base", "HEAD", *SELECT, "--output-format")
    (finding, _) = json.loads(caplint(*words, "json").out)["findings"]
    assert finding["fix"]["title"] == "take the next free number, 224"
    (edit,) = finding["fix"]["edits"]
    assert (edit["tree"], edit["path"], edit["old"], edit["new"]) == (
        "kernel",
        UAPI,
        [NEW.strip()],
        [RENUMBERED.strip()],
    )
    log = json.loads(caplint(*words, "sarif").out)
    jsonschema.Draft4Validator(sarif_schema).validate(log)
    (fix,) = log["runs"][0]["results"][0]["fixes"]
    (change,) = fix["artifactChanges"]
    assert change["artifactLocation"] == {"uri": UAPI, "uriBaseId": "kernel"}
    assert change["replacements"] == [
        {
            "deletedRegion": {"startLine": edit["line"], "startColumn": 1, "endLine": edit["line"] + 1, "endColumn": 1},
            "insertedContent": {"text": RENUMBERED},
        }
    ]
    assert "2 findings can be fixed: `--diff` shows how" in caplint(*words, "text").out


def test_rules_with_fixes_are_marked(caplint: Caplint) -> None:
    out = caplint("rules", "--select", "CAP101,CAP105").out
    assert [line.split()[3] == "fix" for line in out.splitlines()[1:3]] == [False, True]
    found = json.loads(caplint("rules", "--select", "CAP105", "--output-format", "json").out)
    assert found[0]["fix"] == "next-free-number"


def test_a_page_that_names_no_fixer(caplint: Caplint, linux: Path, tmp_path: Path) -> None:
    page = (shipped_files.RULES / "CAP105-number-gap.md").read_text()
    (tmp_path / "pages").mkdir()
    changed = page.replace("CAP105", "HSE001").replace("number-gap", "house").replace("next-free-number", "next-number")
    (tmp_path / "pages" / "HSE001-house.md").write_text(changed)
    words = ("check", "--kernel", linux, "--base", "HEAD", "--rules", tmp_path / "pages", "--select", "HSE001")
    run = caplint(*words)
    assert run.status == 2
    assert "HSE001-house.md: front matter: fix: unknown fixer 'next-number'; did you mean next-free-number?" in run.err


def test_the_demonstration_prints_its_fixes(caplint: Caplint) -> None:
    run = caplint("demo", "--diff")
    assert (run.status, run.err) == (0, "")
    assert run.out.count("-#define KVM_CAP_PPIN 250\n+#define KVM_CAP_PPIN 224\n") == 2
