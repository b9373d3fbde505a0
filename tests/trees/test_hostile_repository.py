"""Nothing that a linted repository says is run: neither by its configuration, its hooks nor its attributes."""

from __future__ import annotations

import os
import subprocess
from contextlib import suppress
from pathlib import Path

import hostile_repositories
import pytest
from conftest import X86, Caplint, commit, git, kernel, lay
from hostile_repositories import monitored, trapped

DIFF = """\
--- a/arch/x86/kvm/x86.c
+++ b/arch/x86/kvm/x86.c
@@ -1,3 +1,4 @@
+/* tea */
 int kvm_vm_ioctl_check_extension(struct kvm *kvm, long ext)
 {
 \tint r;
"""
LOOKS = [
    ("check", "{}@HEAD"), ("check", "{}@HEAD~1"), ("check", "--staged", "{}"), ("check", "--base", "HEAD", "{}"),
    ("check", "--base", "HEAD~1", "--staged", "{}"), ("check", "{}"), ("diff", "HEAD~1..HEAD", "{}"),
    ("matrix", "--kernel", "{}@mast*", "--kernel", "{}@HEAD~1", "--qemu", "{qemu}"),
]  # fmt: skip


@pytest.fixture
def trap(tmp_path: Path) -> Path:
    """A program that leaves a mark when it is run; the mark."""
    return hostile_repositories.trap(tmp_path)


@pytest.fixture
def tree(tmp_path: Path, trap: Path) -> Path:
    """A kernel in a repository that would have everything run that git can be made to run."""
    root = trapped(tmp_path / "k", tmp_path / "trap")
    trap.unlink(missing_ok=True)
    return root


def test_the_trap_works(tree: Path, trap: Path) -> None:
    """Git's own commands fall into it, so that silence below means something."""
    with suppress(subprocess.CalledProcessError):
        git(tree, "ls-files", "-s")
    assert trap.exists()


@pytest.mark.parametrize("words", LOOKS)
def test_nothing_is_run(caplint: Caplint, tree: Path, trap: Path, words: tuple[str, ...], tmp_path: Path) -> None:
    from conftest import qemu  # noqa: PLC0415

    other = qemu(tmp_path / "q")
    run = caplint(*(word.format(tree, qemu=other) for word in words), "--fail-on", "never")
    assert (run.status, trap.exists()) == (0, False), run.err


@pytest.mark.parametrize("how", ["include", "includeIf", "worktree", "git file", "commondir", "bare"])
def test_nothing_is_run_wherever_it_is_configured(caplint: Caplint, tmp_path: Path, trap: Path, how: str) -> None:
    root = monitored(tmp_path / "k", tmp_path / "trap", how)
    if how != "bare":
        with suppress(subprocess.CalledProcessError):
            git(root, "status")
        assert trap.exists()
        trap.unlink()
    looks: list[tuple[str, ...]] = [("check", f"{root}@HEAD")]
    if how != "bare":
        looks += [("check", "--staged", f"{root}"), ("check", "--base", "HEAD", f"{root}")]
    for words in looks:
        assert (caplint(*words).status, trap.exists()) == (0, False)


def test_nothing_is_run_for_a_range(caplint: Caplint, tree: Path, trap: Path) -> None:
    """History is read with git log and git merge-base, which obey more of a configuration than others."""
    lines = "[log]\n\tshowSignature = true\n\tmailmap = true\n[diff]\n\torderFile = /dev/zero\n\tnoprefix = true\n"
    with (tree / ".git/config").open("a") as file:
        file.write(lines)
    later = git(tree, "commit-tree", "HEAD^{tree}", "-p", "HEAD", "-m", "later")
    last = git(tree, "commit-tree", "HEAD^{tree}", "-p", later, "-m", "last")
    lay(tree, {".git/refs/heads/later": f"{last}\n"})
    trap.unlink(missing_ok=True)
    for words in (("diff", "HEAD..later"), ("diff", "HEAD...later"), ("check", "--base", "later")):
        run = caplint(*words, tree, "--fail-on", "never")
        assert (run.status, trap.exists()) == (0, False), run.err


def test_the_environment_configures_nothing(
    caplint: Caplint, tmp_path: Path, trap: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever wrote an `.envrc` may have written these."""
    commit(kernel(tmp_path / "k"))
    lay(tmp_path / "home", {".gitconfig": f"[core]\n\tfsmonitor = {tmp_path}/trap\n"})
    for name, value in {
        "GIT_CONFIG_COUNT": "1", "GIT_CONFIG_KEY_0": "core.fsmonitor", "GIT_CONFIG_VALUE_0": f"{tmp_path}/trap",
        "GIT_CONFIG_PARAMETERS": f"'core.fsmonitor={tmp_path}/trap'", "GIT_EXEC_PATH": str(tmp_path / "exec"),
        "GIT_CONFIG_GLOBAL": str(tmp_path / "home/.gitconfig"), "HOME": str(tmp_path / "home"),
        "GIT_TRACE": str(tmp_path / "trace"), "GIT_TRACE2": str(tmp_path / "trace"), "GIT_SSH": str(tmp_path / "trap"),
        "GIT_TEMPLATE_DIR": str(tmp_path / "home"), "GIT_ALTERNATE_OBJECT_DIRECTORIES": str(tmp_path / "other"),
        "GIT_NAMESPACE": "x", "GIT_REPLACE_REF_BASE": "refs/heads", "GIT_ICASE_PATHSPECS": "1",
    }.items():  # fmt: skip
        monkeypatch.setenv(name, value)
    for words in (("check", f"{tmp_path}/k@HEAD"), ("check", "--staged", f"{tmp_path}/k")):
        run = caplint(*words)
        assert (run.status, run.err, trap.exists(), (tmp_path / "trace").exists()) == (0, "", False, False)


def test_nothing_is_run_for_a_patch(caplint: Caplint, tree: Path, trap: Path, tmp_path: Path) -> None:
    (tmp_path / "tea.patch").write_text(DIFF)
    run = caplint("patch", tmp_path / "tea.patch", "--kernel", tree, "--fail-on", "never")
    assert (run.status, trap.exists()) == (0, False), run.err


@pytest.mark.parametrize("url", ["ext::{}", "ssh://host/x", "{}"])
def test_a_missing_object_is_not_fetched(caplint: Caplint, tree: Path, trap: Path, url: str) -> None:
    """Git before 2.45 knows no GIT_NO_LAZY_FETCH: it must not know of anywhere to fetch from."""
    oid = git(tree, "rev-parse", f"HEAD:{X86}")
    git(tree, "config", "remote.origin.url", url.format(trap.with_name("trap")))
    (tree / ".git/objects" / oid[:2] / oid[2:]).unlink()
    trap.unlink(missing_ok=True)
    with suppress(subprocess.CalledProcessError):
        git(tree, "cat-file", "blob", oid)
    assert trap.exists() or url == "{}"
    trap.unlink(missing_ok=True)
    run = caplint("check", f"{tree}@HEAD")
    assert (run.status, trap.exists()) == (2, False)
    assert f"cannot read object {oid} from the repository" in run.err


@pytest.mark.parametrize("entry", [".", "", "{tree}/bin", "{tree}", "{elsewhere}"])
def test_git_is_not_taken_from_what_is_linted(
    caplint: Caplint, tmp_path: Path, trap: Path, monkeypatch: pytest.MonkeyPatch, entry: str
) -> None:
    root = kernel(tmp_path / "k")
    commit(root)
    for place in (root / "bin", root):
        place.mkdir(exist_ok=True)
        (place / "git").write_text(f"#!/bin/sh\necho run >> {trap}\n")
        (place / "git").chmod(0o755)
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere/git").symlink_to(root / "git")  # itself outside, and what it leads to inside
    path = entry.format(tree=root, elsewhere=tmp_path / "elsewhere")
    monkeypatch.setenv("PATH", f"{path}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.chdir(root)
    (tmp_path / "tea.patch").write_text(DIFF)
    for words in (("check", f"{root}@HEAD"), ("check", "--staged")):
        run = caplint(*words)
        assert (run.status, run.err, trap.exists()) == (0, "", False)


def test_git_of_the_linted_tree_alone_is_none(
    caplint: Caplint, tmp_path: Path, trap: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = kernel(tmp_path / "k", {"git": f"#!/bin/sh\necho run >> {trap}\n"})
    commit(root)
    (root / "git").chmod(0o755)
    monkeypatch.setenv("PATH", f"{root}:.")
    run = caplint("check", f"{root}@HEAD")
    assert (run.status, trap.exists()) == (2, False)
    assert "git is not installed in an absolute directory of PATH outside of the linted trees" in run.err


def test_a_repository_is_left_as_it_is_and_nothing_stays_behind(
    caplint: Caplint, tree: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "temporary").mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "temporary"))
    before = {path: path.lstat().st_mtime_ns for path in (tree / ".git").rglob("*")}
    for words in LOOKS[:6]:
        caplint(*(word.format(tree) for word in words), "--fail-on", "never")
    assert {path: path.lstat().st_mtime_ns for path in (tree / ".git").rglob("*")} == before
    assert list((tmp_path / "temporary").iterdir()) == []


def test_the_private_directory_is_outside_of_what_is_linted(
    caplint: Caplint, tree: Path, trap: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tree))
    before = sorted(tree.iterdir())
    assert (caplint("check", f"{tree}@HEAD").status, trap.exists()) == (0, False)
    assert sorted(tree.iterdir()) == before


def test_nothing_in_a_tree_configures_caplint(caplint: Caplint, tmp_path: Path, apart: Path) -> None:
    """A tree's own caplint.toml counts only for those who work in it, or name it."""
    tree = kernel(tmp_path / "k", {"caplint.toml": 'rules = ["."]\nfail-on = "tea"\n', "CAP999-tea.md": "no page\n"})
    assert caplint("check", tree).status == 0
