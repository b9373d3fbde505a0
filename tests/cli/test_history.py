"""caplint history: its words, its formats, and one clear line for a repository that cannot tell a history."""

from __future__ import annotations

import csv
import io
import json
import shutil
from importlib import resources
from pathlib import Path

import jsonschema
import pytest
from conftest import HEADER, UAPI, Caplint, commit, git, kernel, lay


@pytest.fixture
def repository(apart: Path) -> Path:
    """A kernel of two commits and one tag."""
    root = kernel(apart / "k")
    commit(root, "=first")
    git(root, "tag", "v1.0")
    lay(root, {UAPI: HEADER + "#define KVM_CAP_FOO 2\n"})
    commit(root, "second")
    return root


def _schema() -> object:
    return json.loads(resources.files("caplint").joinpath("schemas/history.json").read_text("utf-8"))


def test_text(caplint: Caplint, repository: Path) -> None:
    run = caplint("history", "foo", "KVM_CAP_H*", "--kernel", "k")
    oid = git(repository, "rev-parse", "HEAD")
    day = git(repository, "log", "-1", "--format=%cs")
    assert run.status == 0
    assert run.out.splitlines() == [
        "kernel (k): 2 states, v1.0 to HEAD",
        "KVM_CAP_HLT",
        "  v1.0        header: brought, number 1",
        f"                {git(repository, 'rev-parse', 'v1.0')[:12]} {day} =first",
        "  v1.0        check on x86: always (already there)",
        "  v1.0        documentation: mentioned (already there)",
        "KVM_CAP_FOO",
        f"  {day}  header: brought, number 2",
        f"                {oid[:12]} {day} second",
    ]


def test_json_is_what_the_schema_says(caplint: Caplint, repository: Path) -> None:
    found = json.loads(caplint("history", "--kernel", "k", "--output-format", "json").out)
    jsonschema.validate(found, _schema())
    (tree,) = found["trees"]
    (event,) = [event for event in tree["events"] if event["cap"] == "KVM_CAP_FOO"]
    assert event["commits"][0]["id"] == git(repository, "rev-parse", "HEAD")
    assert [state["label"] for state in tree["states"]] == ["v1.0", "HEAD"]


def test_csv_has_no_formula(caplint: Caplint, repository: Path) -> None:
    rows = list(csv.DictReader(io.StringIO(caplint("history", "HLT", "--kernel", "k", "--output-format", "csv").out)))
    assert [(row["place"], row["event"], row["subject"]) for row in rows] == [
        ("header", "brought", "'=first"), ("check", "present", ""), ("documentation", "present", ""),
    ]  # fmt: skip


def test_same_input_same_bytes(caplint: Caplint, repository: Path) -> None:
    words = ("history", "--kernel", "k", "--output-format", "json")
    assert caplint(*words).out == caplint(*words).out


def test_a_capability_behind_the_repository(caplint: Caplint, repository: Path) -> None:
    run = caplint("history", "--header-only", "--kernel", "k", "KVM_CAP_FOO")
    assert (run.status, "KVM_CAP_HLT" in run.out, "KVM_CAP_FOO" in run.out) == (0, False, True)


def test_a_capability_that_never_was(caplint: Caplint, repository: Path) -> None:
    run = caplint("history", "KVM_CAP_FOOO", "--kernel", "k", "--header-only")
    assert (run.status, run.out) == (2, "")
    assert run.err == "caplint: no header of this history defines KVM_CAP_FOOO; did you mean KVM_CAP_FOO?\n"


def test_a_bare_repository_and_one_that_a_tree_names(caplint: Caplint, repository: Path) -> None:
    git(repository, "clone", "-q", "--bare", ".", "../bare")
    whole = caplint("history", "--kernel", "k", "--output-format", "csv")
    bare = caplint("history", "--kernel", "bare", "--output-format", "csv")
    assert bare.out == whole.out
    assert caplint("history", "--tree", "kernel=kernel:bare", "--output-format", "csv").out == whole.out
    assert caplint("history", "--kernel", "k@v1.0", "--output-format", "json").status == 0


def test_states_of_a_repository_and_directories(caplint: Caplint, repository: Path) -> None:
    shutil.copytree(repository, "copy", ignore=shutil.ignore_patterns(".git"))
    lay(Path("copy"), {UAPI: HEADER})
    run = caplint("history", "FOO", "--kernel", "k@v1.0", "k@HEAD", "copy@vendor kernel", "--header-only")
    assert [line.split(":")[0] for line in run.out.splitlines()[1:]] == [
        "KVM_CAP_FOO", "  HEAD           header", "  vendor kernel  header",
    ]  # fmt: skip


def _refused(caplint: Caplint, *words: str) -> str:
    run = caplint("history", *words)
    assert (run.status, run.out) == (2, "")
    assert run.err.count("\n") == 1
    return run.err


def test_no_repository(caplint: Caplint, apart: Path) -> None:
    assert "no repository given" in _refused(caplint)
    kernel(apart / "d")
    assert "not in a git repository" in _refused(caplint, "--kernel", "d")
    assert "no such directory" in _refused(caplint, "--kernel", "gone")
    assert "write NAME=kernel:REPO" in _refused(caplint, "--tree", "x=manager:d")


def test_a_directory_in_the_working_tree_of_another_repository(caplint: Caplint, repository: Path) -> None:
    kernel(repository / "untracked")
    assert "no repository of its own" in _refused(caplint, "--kernel", "k/untracked")


def test_a_repository_without_commits(caplint: Caplint, apart: Path) -> None:
    git(kernel(apart / "k"), "init", "-q")
    assert "HEAD is not a commit" in _refused(caplint, "--kernel", "k")


def test_a_shallow_clone_is_refused_with_the_way_out(caplint: Caplint, repository: Path) -> None:
    git(repository, "clone", "-q", "--depth", "1", f"file://{repository}", "../shallow")
    told = _refused(caplint, "--kernel", "shallow")
    assert "its history is incomplete; the clone is shallow" in told
    assert "fetch --unshallow" in told


def test_a_partial_clone_is_refused_and_fetches_nothing(caplint: Caplint, repository: Path) -> None:
    git(repository, "config", "uploadpack.allowFilter", "true")
    git(repository, "clone", "-q", "--bare", "--filter=blob:none", f"file://{repository}", "../partial")
    before = sorted(Path("partial/objects/pack").iterdir())
    assert "fetch --refetch --no-filter" in _refused(caplint, "--kernel", "partial")
    git(repository, "clone", "-q", "--bare", "--filter=tree:0", f"file://{repository}", "../treeless")
    assert "fetch --refetch --no-filter" in _refused(caplint, "--kernel", "treeless")
    assert sorted(Path("partial/objects/pack").iterdir()) == before


@pytest.mark.parametrize("what", ["HEAD", "HEAD~1", "HEAD:include/uapi/linux/kvm.h", "HEAD~1^{tree}"])
def test_a_corrupted_repository_is_one_line(caplint: Caplint, repository: Path, what: str) -> None:
    oid = git(repository, "rev-parse", what)
    file = repository / f".git/objects/{oid[:2]}/{oid[2:]}"
    file.chmod(0o644)
    file.write_bytes(file.read_bytes()[: -len(file.read_bytes()) // 2])
    _refused(caplint, "--kernel", "k")


def test_unrelated_histories(caplint: Caplint, repository: Path) -> None:
    git(repository, "checkout", "-q", "--orphan", "other")
    commit(repository, "unrelated")
    git(repository, "tag", "v0.5")
    git(repository, "checkout", "-q", "master")
    run = caplint("history", "FOO", "--kernel", "k", "--header-only")
    assert run.status == 0
    assert "note: 1 tags are not on the line of first parents" in run.out
    assert "is on the line" in _refused(caplint, "--kernel", "k", "--tags", "v0.*")
    git(repository, "merge", "-q", "--allow-unrelated-histories", "-s", "ours", "-m", "join", "other")
    assert caplint("history", "FOO", "--kernel", "k", "--header-only").status == 0


def test_nothing_of_the_repository_is_executed(caplint: Caplint, repository: Path) -> None:
    lay(repository, {".gitattributes": "* diff=evil filter=evil\n"})
    commit(repository, "attributes")
    trap = repository.parent / "trapped"
    for key in ("diff.evil.textconv", "diff.evil.command", "diff.external", "core.fsmonitor", "core.pager",
                "filter.evil.smudge", "core.alternateRefsCommand", "gpg.program", "core.sshCommand"):  # fmt: skip
        git(repository, "config", key, f"touch {trap}; cat")
    git(repository, "config", "log.showSignature", "true")
    git(repository, "config", "log.follow", "true")
    assert caplint("history", "--kernel", "k").status == 0
    assert not trap.exists()
