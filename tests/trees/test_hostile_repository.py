"""Nothing that a linted repository says is run: neither by its configuration, its hooks nor its attributes."""

from __future__ import annotations

import stat
import subprocess
from contextlib import suppress
from pathlib import Path

import pytest
from conftest import X86, Caplint, commit, git, kernel, lay

# What git itself would run for the owner of such a repository, by the keys of git-config(1).
COMMANDS = [
    "core.fsmonitor", "core.pager", "core.sshCommand", "core.editor", "core.askPass", "credential.helper",
    "diff.external", "diff.tea.textconv", "diff.tea.command", "filter.tea.clean", "filter.tea.smudge",
    "filter.tea.process", "merge.tea.driver", "pager.ls-files", "pager.apply", "gpg.program",
    "remote.origin.uploadpack", "uploadpack.packObjectsHook",
]  # fmt: skip
HOOKS = ["fsmonitor-watchman", "post-index-change", "post-checkout", "pre-commit", "reference-transaction"]
DIFF = """\
--- a/arch/x86/kvm/x86.c
+++ b/arch/x86/kvm/x86.c
@@ -1,3 +1,4 @@
+/* tea */
 int kvm_vm_ioctl_check_extension(struct kvm *kvm, long ext)
 {
 \tint r;
"""


@pytest.fixture
def trap(tmp_path: Path) -> Path:
    """A program that leaves a mark when it is run; the mark."""
    program, mark = tmp_path / "trap", tmp_path / "mark"
    program.write_text(f"#!/bin/sh\necho run >> {mark}\nexit 1\n")
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    return mark


@pytest.fixture
def tree(tmp_path: Path, trap: Path) -> Path:
    """A kernel in a repository that would have everything run that git can be made to run."""
    root = kernel(tmp_path / "k")
    commit(root)
    program = str(tmp_path / "trap")
    for key in COMMANDS:
        git(root, "config", key, program)
    git(root, "config", "remote.origin.url", f"ext::{program}")
    git(root, "config", "remote.origin.promisor", "true")
    git(root, "config", "extensions.partialClone", "origin")
    git(root, "config", "protocol.ext.allow", "always")
    lay(
        root, {".gitattributes": "* filter=tea diff=tea merge=tea\n", ".git/info/attributes": "* filter=tea diff=tea\n"}
    )
    for hook in HOOKS:
        lay(root, {f".git/hooks/{hook}": f"#!/bin/sh\nexec {program}\n"})
        (root / ".git/hooks" / hook).chmod(0o755)
    trap.unlink(missing_ok=True)
    return root


def test_the_trap_works(tree: Path, trap: Path) -> None:
    """Git's own commands fall into it, so that silence below means something."""
    with suppress(subprocess.CalledProcessError):
        git(tree, "ls-files", "-s")
    assert trap.exists()


@pytest.mark.parametrize(
    "words", [("check", "{}@HEAD"), ("check", "--staged", "{}"), ("check", "--base", "HEAD", "{}"), ("check", "{}")]
)
def test_nothing_is_run(caplint: Caplint, tree: Path, trap: Path, words: tuple[str, ...]) -> None:
    run = caplint(*(word.format(tree) for word in words), "--fail-on", "never")
    assert (run.status, trap.exists()) == (0, False), run.err


def test_nothing_is_run_for_a_patch(caplint: Caplint, tree: Path, trap: Path, tmp_path: Path) -> None:
    (tmp_path / "tea.patch").write_text(DIFF)
    run = caplint("patch", tmp_path / "tea.patch", "--kernel", tree, "--fail-on", "never")
    assert (run.status, trap.exists()) == (0, False), run.err


def test_a_missing_object_is_not_fetched(caplint: Caplint, tree: Path, trap: Path) -> None:
    oid = git(tree, "rev-parse", f"HEAD:{X86}")
    (tree / ".git/objects" / oid[:2] / oid[2:]).unlink()
    trap.unlink(missing_ok=True)
    run = caplint("check", f"{tree}@HEAD")
    assert (run.status, trap.exists()) == (2, False)
    assert f"object {oid} cannot be read from the repository" in run.err


def test_nothing_in_a_tree_configures_caplint(caplint: Caplint, tmp_path: Path, apart: Path) -> None:
    """A tree's own caplint.toml counts only for those who work in it, or name it."""
    tree = kernel(tmp_path / "k", {"caplint.toml": 'rules = ["."]\nfail-on = "tea"\n', "CAP999-tea.md": "no page\n"})
    assert caplint("check", tree).status == 0
