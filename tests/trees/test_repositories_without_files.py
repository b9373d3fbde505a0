"""Bare repositories, clones without checkout, worktrees, and clones that lack objects or history."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from conftest import HEADER, UAPI, X86, Caplint, commit, git, kernel, lay, qemu

JSON = ("--output-format", "json")
NEW = f"{HEADER}#define KVM_CAP_NEW 9\n"


@pytest.fixture
def root(tmp_path: Path, apart: Path) -> Path:
    """A kernel of two commits, the second of which adds a finding."""
    assert apart.is_dir()
    root = kernel(tmp_path / "k")
    commit(root, "first")
    git(root, "tag", "v1")
    lay(root, {UAPI: NEW})
    commit(root, "second")
    git(root, "config", "uploadpack.allowFilter", "true")
    return root


def _codes(out: str, key: str = "findings") -> list[str]:
    return [f"{entry['code']} {entry['subject']}" for entry in json.loads(out)[key]]


def _clone(root: Path, *words: str) -> Path:
    place = root.with_name("clone")
    git(root, "clone", "-q", *words, f"file://{root}", str(place))
    return place


@pytest.mark.parametrize("shape", ["--bare", "--mirror", "--no-checkout", "worktree", "bare worktree"])
def test_diff(caplint: Caplint, root: Path, shape: str, monkeypatch: pytest.MonkeyPatch) -> None:
    if shape == "worktree":
        place = root.with_name("w")
        git(root, "worktree", "add", "-q", "--no-checkout", "--detach", str(place))
    else:
        place = _clone(root, "--bare" if shape == "bare worktree" else shape)
    if shape == "bare worktree":
        git(place, "worktree", "add", "-q", "--detach", str(place.with_name("w")))
        place = place.with_name("w")
    words = ("--select", "CAP102", *JSON)
    for run in (
        caplint("diff", "v1..master", place, *words),
        caplint("diff", "v1...", place, "--qemu", qemu(root.with_name("q")), *words),
        caplint("diff", "v1..", "--kernel", place, *words),
    ):
        assert (run.status, _codes(run.out)) == (1, ["CAP102 KVM_CAP_NEW"]), run.err
    monkeypatch.chdir(place)
    assert _codes(caplint("diff", "v1..", *words).out) == ["CAP102 KVM_CAP_NEW"]


def test_diff_of_a_directory_that_is_neither(caplint: Caplint, tmp_path: Path, apart: Path) -> None:
    assert apart.is_dir()
    run = caplint("diff", "a..b", lay(tmp_path / "x", {"y": ""}))
    assert (run.status, run.err) == (
        2,
        f"caplint: {tmp_path}/x: not in a git repository; give a directory inside one\n",
    )
    root = lay(tmp_path / "z", {"y": ""})
    commit(root)
    assert "z@HEAD: unknown project" in caplint("diff", "HEAD..HEAD", root).err


def test_a_shallow_clone(caplint: Caplint, root: Path) -> None:
    place = _clone(root, "--depth", "1")
    git(place, "remote", "set-branches", "origin", "*")
    advice = f"the clone is shallow: get its history with git -C {place} fetch --unshallow, or --deepen=N"
    for words in (("diff", "v1..", place), ("check", "--base", "v1", place), ("check", f"{place}@HEAD~1")):
        run = caplint(*words)
        assert (run.status, run.err.count("\n")) == (2, 1)
        assert run.err.endswith(f"in this repository; {advice}\n")
    git(place, "fetch", "-q", "--depth", "1", "origin", "tag", "v1")
    assert _codes(caplint("diff", "v1..", place, "--select", "CAP102", *JSON).out) == ["CAP102 KVM_CAP_NEW"]
    for words in (("diff", "v1...", place), ("check", "--base", "v1", place)):
        run = caplint(*words)
        assert (run.status, run.err.count("\n")) == (2, 1)
        assert "have no commit in common; the clone is shallow" in run.err


def test_a_partial_clone_without_some_objects(caplint: Caplint, root: Path) -> None:
    """The clone has the objects of its checkout; of the earlier revision it lacks one."""
    place = _clone(root, "--filter=blob:none")
    run = caplint("diff", "v1..", place, *JSON)
    assert (run.status, _codes(run.out), _codes(run.out, "resolved")) == (0, [], []), run.out + run.err
    remedy = f"git -C {place} fetch --refetch --no-filter"
    lost = (
        f"kernel: 1 file cannot be read, because the partial clone lacks them, such as {UAPI}; get them with {remedy}"
    )
    assert lost in run.err
    assert f"(needs whole files; kernel is of a partial clone, which lacks {UAPI}: {remedy})" in run.err
    assert caplint("check", f"{place}@HEAD", *JSON).status == 1, "nothing of HEAD is missing"
    git(place, "fetch", "-q", "--refetch", "--no-filter")
    run = caplint("diff", "v1..", place, "--select", "CAP102", *JSON)
    assert (_codes(run.out), "partial" in run.err) == (["CAP102 KVM_CAP_NEW"], False), "nothing of before is remembered"


def test_what_a_missing_object_does_not_concern(caplint: Caplint, root: Path) -> None:
    lay(root, {"arch/x86/include/asm/other.h": "/* KVM_CAP_HLT */\n", "include/more.h": "int x;\n"})
    commit(root, "third")
    lay(root, {"arch/x86/include/asm/other.h": "/* KVM_CAP_HLT, */\n", UAPI: f"{NEW}#define KVM_CAP_MORE 1\n"})
    commit(root, "fourth")
    place = _clone(root, "--filter=blob:none", "--no-checkout")
    git(
        place,
        "sparse-checkout",
        "set",
        "--no-cone",
        *(f"/{path}" for path in ("include/uapi/", "virt/", "Documentation/", X86)),
    )
    git(place, "checkout", "-q", "master~1")
    git(place, "checkout", "-q", "master")
    run = caplint("diff", "master~1..master", place, *JSON)
    assert "CAP102 KVM_CAP_MORE" in _codes(run.out)
    assert "CAP202 KVM_CAP_MORE" in _codes(run.out)
    assert "kernel: 2 files cannot be read" in run.err
    assert "needs whole files" not in run.err


@pytest.mark.parametrize("kind", ["tree:0", "blob:none"])
def test_a_clone_that_has_hardly_anything(caplint: Caplint, root: Path, kind: str) -> None:
    place = _clone(root, f"--filter={kind}", "--no-checkout")
    run = caplint("check", f"{place}@HEAD", *JSON)
    assert "Traceback" not in run.err
    assert f"git -C {place} fetch --refetch --no-filter" in run.err
    assert run.status == (2 if kind == "tree:0" else 0)
    if run.status == 0:
        assert _codes(run.out) == []
        lost = "kernel: 4 files cannot be read, because the partial clone lacks them, such as Documentation/"
        assert lost in run.err


def test_commits_whose_objects_are_missing(caplint: Caplint, root: Path) -> None:
    lay(root, {UAPI: HEADER})
    commit(root, "third")
    lay(root, {UAPI: NEW})
    commit(root, "fourth")
    git(root, "tag", "v4")
    place = _clone(root, "--filter=blob:none", "--no-checkout")
    git(place, "checkout", "-q", "v1")
    git(place, "checkout", "-q", "v4")
    run = caplint("diff", "v1..v4", place, *JSON)
    assert "CAP102 KVM_CAP_NEW" in _codes(run.out)
    assert "Traceback" not in run.err


def test_a_damaged_repository_is_none_that_is_partial(caplint: Caplint, root: Path) -> None:
    oid = git(root, "rev-parse", f"HEAD:{UAPI}")
    (root / ".git/objects" / oid[:2] / oid[2:]).unlink()
    run = caplint("check", f"{root}@HEAD")
    assert (run.status, run.err) == (
        2,
        f"caplint: {root}: cannot read object {oid} from the repository; run `git fsck`\n",
    )
    shutil.rmtree(root / ".git/objects")
    assert "is not a repository" in caplint("check", f"{root}@HEAD").err
