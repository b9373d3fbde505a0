"""caplint baseline, and check --baseline."""

from __future__ import annotations

import json
from importlib import resources
from pathlib import Path

import jsonschema
import pytest
from conftest import HEADER, QEMU_UAPI, UAPI, Caplint, kernel, lay, qemu

MISMATCH = HEADER.replace("NR_VCPUS 9", "NR_VCPUS 8")
NEW = f"{HEADER}#define KVM_CAP_NEW 10\n"

Words = tuple[str | Path, ...]


@pytest.fixture
def pair(tmp_path: Path) -> Words:
    """Options for a pair with an error and notes."""
    return (
        "--kernel", kernel(tmp_path / "k", {UAPI: NEW}), "--qemu", qemu(tmp_path / "q", {QEMU_UAPI: MISMATCH})
    )  # fmt: skip


def _entries(file: Path) -> list[str]:
    return [line for line in file.read_text().splitlines() if line.startswith("    {")]


def test_what_is_known_is_left_out(caplint: Caplint, pair: Words, apart: Path) -> None:
    assert caplint("check", *pair).status == 1
    run = caplint("baseline", "write", "b.toml", *pair)
    assert (run.status, run.out) == (0, "")
    assert run.err == "b.toml: 1 error, 0 warnings, 3 notes\n"
    run = caplint("check", *pair, "--baseline", "b.toml", "--fail-on", "note")
    assert run.status == 0
    assert "0 errors, 0 warnings, 0 notes; 4 hidden by the baseline" in run.out.splitlines()


def test_moved_lines_change_nothing_and_new_findings_are_seen(caplint: Caplint, pair: Words, tmp_path: Path) -> None:
    caplint("baseline", "write", "b.toml", *pair)
    lay(tmp_path / "q", {QEMU_UAPI: "\n\n/* moved */\n" + MISMATCH})
    assert caplint("check", *pair, "--baseline", "b.toml", "--fail-on", "note").status == 0
    lay(tmp_path / "q", {QEMU_UAPI: MISMATCH.replace("HLT 1", "HLT 2")})
    run = caplint("check", *pair, "--baseline", "b.toml", "--output-format", "concise")
    assert run.status == 1
    (line,) = run.out.splitlines()
    assert "CAP101 KVM_CAP_HLT" in line


def test_writing_twice_changes_nothing(caplint: Caplint, pair: Words, apart: Path) -> None:
    caplint("baseline", "write", "b.toml", *pair)
    first = (apart / "b.toml").read_bytes()
    run = caplint("baseline", "write", "b.toml", *pair)
    assert run.err == "b.toml: 1 error, 0 warnings, 3 notes; 0 new, 0 gone\n"
    assert (apart / "b.toml").read_bytes() == first


def test_reasons_survive_writing_and_pruning(caplint: Caplint, pair: Words, apart: Path, tmp_path: Path) -> None:
    file = apart / "b.toml"
    caplint("baseline", "write", file, *pair)
    file.write_text(file.read_text().replace(" },", ', reason = "we know" },'))
    assert caplint("baseline", "show", file).out.count(": we know\n") == 4
    lay(tmp_path / "q", {QEMU_UAPI: HEADER})
    caplint("baseline", "write", file, *pair)
    assert all("we know" in line for line in _entries(file))


def test_what_matches_nothing_any_more_is_said_and_pruned(
    caplint: Caplint, pair: Words, apart: Path, tmp_path: Path
) -> None:
    file = apart / "b.toml"
    caplint("baseline", "write", file, *pair)
    lay(tmp_path / "q", {QEMU_UAPI: NEW})
    gone = f"CAP101 KVM_CAP_NR_VCPUS (vmm:{QEMU_UAPI})"
    said = f"baseline entry that no longer matches: {gone}"
    assert said in caplint("check", *pair, "--baseline", file).out.splitlines()
    assert said in caplint("check", *pair, "--baseline", file, "--output-format", "concise").err.splitlines()
    before = _entries(file)
    run = caplint("baseline", "prune", file, *pair)
    assert (run.status, run.out) == (0, "")
    assert run.err.splitlines()[0] == f"removed: {gone}"
    assert run.err.splitlines()[-1] == f"{file}: 2 removed, 2 kept"
    assert set(_entries(file)) < set(before)
    written = file.stat().st_mtime_ns
    assert caplint("baseline", "prune", file, *pair).err == f"{file}: 0 removed, 2 kept\n"
    assert file.stat().st_mtime_ns == written


def test_with_a_tree_less_nothing_is_pruned(caplint: Caplint, pair: Words, apart: Path) -> None:
    file = apart / "b.toml"
    caplint("baseline", "write", file, *pair)
    before = file.read_bytes()
    run = caplint("baseline", "prune", file, *pair[:2])
    assert run.status == 2
    assert run.err == (
        f"caplint: {file}: was written with kernel, vmm; also name a tree for vmm, or its findings would be removed\n"
    )
    assert file.read_bytes() == before
    run = caplint("check", *pair[:2], "--baseline", file)
    assert "matches nothing" not in run.out


def test_entries_of_rules_that_do_not_run_are_kept(caplint: Caplint, pair: Words, apart: Path) -> None:
    file = apart / "b.toml"
    caplint("baseline", "write", file, *pair)
    (apart / "caplint.toml").write_text('ignore = ["CAP101"]')
    run = caplint("baseline", "prune", file, *pair)
    assert run.err == f"not checked: 1 finding whose rules did not run (kept)\n{file}: 0 removed, 4 kept\n"
    assert len(_entries(file)) == 4


def test_show(caplint: Caplint, pair: Words, apart: Path) -> None:
    caplint("baseline", "write", "b.toml", *pair)
    *lines, last = caplint("baseline", "show", "b.toml").out.splitlines()
    assert lines[0] == f"error CAP101 KVM_CAP_NR_VCPUS (vmm:{QEMU_UAPI})"
    assert len(lines) == 4
    assert last == "1 error, 0 warnings, 3 notes; written with kernel, vmm"


def test_json_says_what_was_left_out(caplint: Caplint, pair: Words, tmp_path: Path) -> None:
    caplint("baseline", "write", "b.toml", *pair)
    lay(tmp_path / "q", {QEMU_UAPI: NEW})
    schema = json.loads(resources.files("caplint").joinpath("schemas/check.json").read_text("utf-8"))
    words = ("check", *pair, "--output-format", "json")
    assert "baseline" not in json.loads(caplint(*words).out)
    found = json.loads(caplint(*words, "--baseline", "b.toml").out)
    jsonschema.validate(found, schema)
    assert found["baseline"]["left_out"] == 2
    assert "KVM_CAP_NR_VCPUS" in {entry["subject"] for entry in found["baseline"]["unmatched"]}


@pytest.mark.parametrize("words", [("check", "--baseline"), ("baseline", "write"), ("baseline", "prune")])
def test_what_is_no_baseline_is_fatal_and_stays(caplint: Caplint, pair: Words, apart: Path, words: Words) -> None:
    file = apart / "precious.c"
    file.write_text("int main(void);\n")
    run = caplint(*words, file, *pair)
    assert (run.status, run.out) == (2, "")
    assert run.err.startswith(f"caplint: {file}: not a baseline: ")
    assert run.err.count("\n") == 1
    assert file.read_text() == "int main(void);\n"


@pytest.mark.parametrize("words", [("check", "--baseline"), ("baseline", "show"), ("baseline", "prune")])
def test_one_that_is_not_there(caplint: Caplint, pair: Words, words: Words) -> None:
    trees = () if "show" in words else pair
    run = caplint(*words, "gone.toml", *trees)
    assert run.status == 2
    message = "cannot be read: No such file or directory; `caplint baseline write` creates one"
    assert run.err == f"caplint: gone.toml: {message}\n"


def test_a_check_that_fails_leaves_the_file(caplint: Caplint, pair: Words, apart: Path) -> None:
    caplint("baseline", "write", "b.toml", *pair)
    before = (apart / "b.toml").read_bytes()
    assert caplint("baseline", "write", "b.toml", "--kernel", "gone").status == 2
    assert (apart / "b.toml").read_bytes() == before
    assert [entry.name for entry in apart.iterdir()] == ["b.toml"]


def test_help_names_the_actions(caplint: Caplint) -> None:
    for words in (("baseline", "--help"), ("baseline", "write", "--help")):
        assert caplint(*words).status == 0
    run = caplint("baseline")
    assert run.status == 2
    assert "ACTION" in run.err
