"""Reports: files, statistics, quiet runs, and the rules that a run selects."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from conftest import HEADER, QEMU_UAPI, UAPI, Caplint, git, kernel, qemu

MISMATCH = HEADER.replace("NR_VCPUS 9", "NR_VCPUS 8")
NEW = f"{HEADER}#define KVM_CAP_NEW 10\n"
Words = tuple[str | Path, ...]


@pytest.fixture
def pair(tmp_path: Path) -> Words:
    """Options for a pair with one error (CAP101) and one note (CAP501) among others."""
    trees = (kernel(tmp_path / "k", {UAPI: NEW}), qemu(tmp_path / "q", {QEMU_UAPI: MISMATCH}))
    return "check", "--kernel", trees[0], "--qemu", trees[1]


def codes(run_out: str) -> list[str]:
    return [line.split(": ")[1].split()[1] for line in run_out.splitlines()]


CONCISE = ("--output-format", "concise")


def test_rules_by_prefix(caplint: Caplint, pair: Words) -> None:
    assert codes(caplint(*pair, *CONCISE, "--select", "CAP101,CAP50").out) == ["CAP101", "CAP501"]
    assert codes(caplint(*pair, *CONCISE, "--select", "CAP1,CAP5", "--ignore", "CAP5,CAP103").out) == ["CAP101"]
    words = ("--select", "CAP101", "--extend-select", "doc-missing,CAP501")
    assert "unknown rule" in caplint(*pair, *words).err
    words = ("--ignore", "CAP", "--extend-select", "CAP501")
    assert codes(caplint(*pair, *CONCISE, *words).out) == ["CAP501"]


def test_what_the_command_line_leaves_out_is_not_skipped(caplint: Caplint, pair: Words) -> None:
    run = caplint(*pair, *CONCISE, "--select", "CAP1", "--ignore", "CAP101")
    assert "CAP101" not in run.err


@pytest.mark.parametrize(
    ("text", "words", "found"),
    [
        ('select = ["CAP101", "CAP501"]', (), ["CAP101", "CAP501"]),
        ('select = ["CAP5"]\nignore = ["CAP501"]', (), []),
        ('select = ["CAP5"]', ("--extend-select", "CAP101"), ["CAP101", "CAP501"]),
        ('select = ["CAP5"]', ("--select", "CAP101"), ["CAP101"]),
        ('ignore = ["CAP1"]\nselect = ["CAP1", "CAP501"]', ("--select", "CAP101"), ["CAP101"]),
        ('ignore = ["CAP101"]\nselect = ["CAP101"]', (), []),
        ('ignore = ["CAP101"]', ("--select", "CAP101"), []),
        ('select = ["CAP101"]\nextend-select = ["CAP501"]', (), ["CAP101", "CAP501"]),
    ],
)
def test_rules_of_the_file(  # noqa: PLR0917 - three of them are of the case
    caplint: Caplint, apart: Path, pair: Words, text: str, words: tuple[str, ...], found: list[str]
) -> None:
    (apart / "caplint.toml").write_text(f"{text}\n", "utf-8")
    assert codes(caplint(*pair, *CONCISE, *words).out) == found


def test_what_the_file_leaves_out_is_said(caplint: Caplint, apart: Path, pair: Words) -> None:
    (apart / "caplint.toml").write_text('select = ["CAP10", "CAP501"]\nignore = ["CAP101"]\n', "utf-8")
    run = caplint(*pair, *CONCISE)
    assert f"{apart}/caplint.toml: ignores 1 rule, does not select" in run.err
    assert "skipped: CAP101 (ignored by the configuration)\n" in run.err
    assert "(not selected by the configuration)\n" in run.err
    lines = caplint("rules").out.splitlines()
    assert sum(line.endswith("(ignored)") for line in lines) > 50


def test_rules_that_lack_something_take_one_line(caplint: Caplint, pair: Words) -> None:
    skipped = [line for line in caplint(*pair, *CONCISE).err.splitlines() if line.startswith("skipped: ")]
    assert [line.count("(needs ") for line in skipped] == [3]
    assert "CAP605 (needs a patch)" in skipped[0]


def test_statistics(caplint: Caplint, pair: Words) -> None:
    words = (*pair, "--select", "CAP101,CAP501", "--statistics")
    lines = caplint(*words).out.splitlines()
    assert [line.split() for line in lines[:3]] == [
        ["1", "error", "CAP101", "number-mismatch"], ["1", "note", "CAP501", "undocumented"], [],
    ]  # fmt: skip
    assert lines[3] == "1 error, 0 warnings, 1 note"
    assert caplint(*words, "-q").out.splitlines() == lines[:2]
    run = caplint(*words, "--output-format", "json")
    assert [(row["code"], row["findings"]) for row in json.loads(run.out)] == [("CAP101", 1), ("CAP501", 1)]
    assert run.status == 1
    run = caplint(*words, "--output-format", "sarif")
    assert (run.status, run.err) == (2, "caplint: --statistics are shown as text or json, not as sarif\n")


def test_a_quiet_run_shows_the_findings_only(caplint: Caplint, pair: Words) -> None:
    words = (*pair, "--select", "CAP101,CAP501")
    run = caplint(*words, "-q", *CONCISE)
    assert (run.status, len(run.out.splitlines()), run.err) == (1, 2, "")
    whole = [line for line in caplint(*words).out.splitlines() if not line.startswith("  caplint explain ")]
    quiet = caplint(*words, "--quiet").out.splitlines()
    assert whole[: len(quiet)] == quiet
    assert "coverage" not in caplint(*words, "--quiet").out
    assert caplint(*pair, "--select", "CAP102", "-q").out == ""


def test_exit_zero(caplint: Caplint, pair: Words) -> None:
    words = (*pair, "--select", "CAP101")
    assert [caplint(*words).status, caplint(*words, "--exit-zero").status] == [1, 0]
    assert caplint(*words, "--exit-zero").out.startswith("error CAP101")


def test_several_reports_of_one_run(caplint: Caplint, apart: Path, pair: Words) -> None:
    words = (*pair, "--select", "CAP101,CAP501")
    files = ("--output-file", "json=a.json", "--output-file", "sarif=b.sarif", "--output-file", "concise=c=d.txt")
    run = caplint(*words, *files)
    assert (run.status, run.out.partition(" in ")[0]) == (1, caplint(*words).out.partition(" in ")[0])
    found = json.loads((apart / "a.json").read_text("utf-8"))["findings"]
    assert [finding["code"] for finding in found] == ["CAP101", "CAP501"]
    assert json.loads((apart / "b.sarif").read_text("utf-8"))["version"] == "2.1.0"
    assert (apart / "c=d.txt").read_text("utf-8") == caplint(*words, *CONCISE).out


def test_a_file_in_place_of_standard_output(caplint: Caplint, apart: Path, pair: Words) -> None:
    words = (*pair, "--select", "CAP101", *CONCISE)
    shown = caplint(*words).out
    run = caplint(*words, "--output-file", "./x=y")
    assert (run.status, run.out, (apart / "x=y").read_text("utf-8")) == (1, "", shown)
    assert "coverage: " in run.err


@pytest.mark.parametrize(
    ("files", "said"),
    [
        (("sarfi=a",), "--output-file sarfi=a: sarfi is not a format; did you mean sarif?"),
        (("json=",), "--output-file json=: the name of the file is missing"),
        (("",), "--output-file : the name of the file is missing"),
        (("json=a", "concise=a"), "--output-file concise=a: a is named twice"),
        (("json=none/a",), "none/a: cannot be written"),
        (("json=.",), "cannot be written"),
    ],
)
def test_files_that_cannot_be_written(
    caplint: Caplint, apart: Path, pair: Words, files: tuple[str, ...], said: str
) -> None:
    run = caplint(*pair, "--select", "CAP101", *(word for file in files for word in ("--output-file", file)))
    assert run.status == 2
    assert run.err.startswith("caplint: ")
    assert said in run.err
    assert list(apart.glob("*a*")) == []


def test_a_link_is_not_followed(caplint: Caplint, apart: Path, pair: Words) -> None:
    (apart / "aim").write_text("kept", "utf-8")
    (apart / "link").symlink_to("aim")
    assert "is a link to aim" in caplint(*pair, "--output-file", "json=link").err
    assert (apart / "aim").read_text("utf-8") == "kept"


def test_series_that_are_reported_apart_have_one_file(caplint: Caplint, apart: Path, pair: Words) -> None:
    patches = []
    for name in ("one", "two"):
        text = f"{NEW}#define KVM_CAP_{name.upper()} 10\n"
        root = kernel(apart / name, {UAPI: NEW})
        git(root, "init", "-q")
        git(root, "add", "-A")
        (root / UAPI).write_text(text, "utf-8")
        (apart / f"{name}.patch").write_text(git(root, "diff"), "utf-8")
        patches.append(f"{name}.patch")
    words = ("patch", *patches, "--kernel", pair[2], "--select", "CAP102,CAP105")
    run = caplint(*words, "--output-file", "concise=all.txt")
    assert run.out.count("With ") == 2
    written = (apart / "all.txt").read_text("utf-8")
    assert written == caplint(*words, *CONCISE).out
    assert all(f"KVM_CAP_{name}" in written for name in ("ONE", "TWO"))
