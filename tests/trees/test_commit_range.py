"""Commits of a range, each checked like a patch: the trees after them, their changes, or why they are not known."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest
from conftest import HEADER, KERNEL_FILES, UAPI, X86, commit, git, kernel, lay

from caplint.trees import commit_range
from caplint.trees.commit_range import CommitRange
from caplint.trees.detect import against, directory_tree
from caplint.trees.repository import Repository
from caplint.trees.tree import PatchFile, Tree
from caplint.util.errors import CaplintError

OTHER = "arch/x86/kvm/other.c"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A kernel to which three commits were made: a new file, one that nobody reads, and a file that goes."""
    root = kernel(tmp_path_factory.mktemp("commit_range") / "k")
    commit(root, "base")
    git(root, "tag", "base")
    lay(root, {OTHER: "int one;\n", UAPI: HEADER + "/* more */\n"})
    commit(root, "Add it")
    lay(root, {"README": "x"})
    commit(root, "Between")
    (root / X86).unlink()
    lay(root, {OTHER: "int two;\n"})
    commit(root, "Remove it")
    return root


@pytest.fixture
def root(made: Path, tmp_path: Path) -> Path:
    """A copy of it that may be changed."""
    shutil.copytree(made, tmp_path / "k", symlinks=True)
    return tmp_path / "k"


def _range(root: Path, first: str | None = "base", last: str | None = "HEAD", rest: str = "") -> CommitRange:
    ends = tuple(name and git(root, "rev-parse", name) for name in (first, last))
    return CommitRange(Repository(root), (ends[0], ends[1]), "base..", rest)


def _tree(root: Path) -> Tree:
    return against(directory_tree(str(root)), "base", str(root))


def test_each_step_has_the_files_of_its_commit(root: Path) -> None:
    steps = _range(root).read(_tree(root))
    ids = git(root, "rev-list", "--reverse", "base..HEAD").splitlines()
    assert [(step.series, step.ordinal, step.patch, step.count, step.word) for step in steps] == [
        ("base..", 1, f"{ids[0][:12]} Add it", 3, "commit"), ("base..", 3, f"{ids[2][:12]} Remove it", 3, "commit"),
    ]  # fmt: skip
    first, last = (step.trees["kernel"] for step in steps)
    bases = [step.trees["kernel"].base for step in steps]
    assert [base and (base.exists(OTHER), base.exists(X86)) for base in bases] == [(False, True)] * 2
    assert (first.read(OTHER), last.read(OTHER)) == (b"int one;\n", b"int two;\n")
    assert (first.exists(X86), last.exists(X86)) == (True, False)
    assert first.read(UAPI) == last.read(UAPI) == f"{HEADER}/* more */\n".encode()
    assert first.read("virt/kvm/kvm_main.c") == str(KERNEL_FILES["virt/kvm/kvm_main.c"]).encode()


def test_changes_that_are_not_committed_are_the_last_step(root: Path) -> None:
    lay(root, {OTHER: "int three;\n"})
    tree = _tree(root)
    steps = _range(root, rest="uncommitted changes").read(tree)
    assert [(step.ordinal, step.count) for step in steps] == [(1, 4), (3, 4), (4, 4)]
    assert (steps[-1].patch, steps[-1].trees["kernel"]) == ("uncommitted changes", tree)


def test_changes_of_files_are_those_of_patches(root: Path) -> None:
    names = [entry.patch.partition(" ")[2] for entry in _range(root).patch_files()]
    assert names == ["Add it", "Add it", "Between", "Remove it", "Remove it"]
    found = {(entry.ordinal, entry.path): entry.kind for entry in _range(root).patch_files()}
    assert found == {
        (1, OTHER): "added", (1, UAPI): "modified", (2, "README"): "added", (3, OTHER): "modified",
        (3, X86): "removed",
    }  # fmt: skip


def test_what_a_merge_brings_is_no_patch_but_a_step(root: Path) -> None:
    git(root, "checkout", "-q", "-b", "side", "base")
    lay(root, {"virt/kvm/side.c": "int side;\n"})
    commit(root, "side")
    git(root, "merge", "-q", "--no-ff", "-m", "merge", "master")
    merged = _range(root)
    assert [PatchFile("base..", 1, entry.patch, "virt/kvm/side.c", "added") for entry in merged.patch_files()] == (
        merged.patch_files()
    )
    steps = merged.read(_tree(root))
    assert [(step.ordinal, step.trees["kernel"].exists(OTHER)) for step in steps] == [(1, False), (2, True)]


def test_a_range_without_commits_has_no_step(root: Path) -> None:
    empty = _range(root, "HEAD")
    assert (empty.missing, empty.patch_files(), empty.read(_tree(root))) == ("", [], [])
    rest = _range(root, "HEAD", rest="staged changes").read(_tree(root))
    assert [(step.ordinal, step.count) for step in rest] == [(1, 1)]


@pytest.mark.parametrize(
    ("first", "last", "reason"),
    [
        (None, "HEAD", "base..: not a range of commits"),
        ("base", None, "base..: not a range of commits"),
        ("HEAD", "base", "base..: the commits do not lead from one end to the other; A...B begins where B diverged"),
        ("side", "HEAD", "base..: the commits do not lead from one end to the other; A...B begins where B diverged"),
    ],
)
def test_ends_that_no_commits_connect(root: Path, first: str | None, last: str | None, reason: str) -> None:
    git(root, "branch", "side", git(root, "commit-tree", "-p", "base", "-m", "side", "HEAD^{tree}"))
    found = _range(root, first, last, "uncommitted changes")
    assert (found.missing, found.patch_files(), found.read(_tree(root))) == (reason, [], [])


def test_a_history_that_cannot_be_read_is_the_reason(root: Path) -> None:
    lost = CommitRange(Repository(root), ("1" * 40, "2" * 40), "x..y")
    assert re.match(f"{root}: git log: ", lost.missing)


@pytest.mark.parametrize(("most", "missing"), [(3, False), (2, True)])
def test_so_many_commits_and_no_more(root: Path, monkeypatch: pytest.MonkeyPatch, most: int, *, missing: bool) -> None:
    monkeypatch.setattr(commit_range, "MOST_COMMITS", most)
    reason = f"base.. has more than {most} commits, and only so many are checked one by one"
    assert _range(root).missing == (reason if missing else "")


@pytest.mark.parametrize(("most", "missing"), [(5, False), (4, True)])
def test_so_many_files_and_no_more(root: Path, monkeypatch: pytest.MonkeyPatch, most: int, *, missing: bool) -> None:
    monkeypatch.setattr(commit_range, "_MOST_CHANGES", most)
    reason = f"base..: its commits change more than {most} files, too many to check one by one"
    assert _range(root).missing == (reason if missing else "")


def test_so_many_bytes_of_all_versions_and_no_more(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What nobody reads is not counted."""
    lay(root, {"README": "x" * 10_000})
    commit(root, "Much text")
    size = 2 * len("int one;\n") + len(HEADER + "/* more */\n")
    monkeypatch.setattr(commit_range, "_LARGEST", size)
    assert len(_range(root).read(_tree(root))) == 2
    monkeypatch.setattr(commit_range, "_LARGEST", size - 1)
    with pytest.raises(CaplintError, match=f"^base..: its commits change files of more than {size - 1} bytes, too"):
        _range(root).read(_tree(root))


def test_another_range_has_another_identity(root: Path) -> None:
    ranges = [_range(root), _range(root, "HEAD~1"), _range(root, last="HEAD~1"), _range(root, rest="staged changes")]
    assert len({found.identity for found in ranges}) == 4
    assert _range(root).identity == ranges[0].identity
