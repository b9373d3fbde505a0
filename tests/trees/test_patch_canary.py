"""Patches whose files imitate a repository of git, each with a command that leaves a mark: nothing runs it."""

from __future__ import annotations

import stat
from collections.abc import Callable
from pathlib import Path

import pytest
from conftest import Caplint, git, kernel, qemu

from caplint.errors import CaplintError
from caplint.trees.apply import changes
from caplint.trees.detect import directory_tree

Make = Callable[[str], dict[str, str]]
BARE = {"HEAD": "ref: refs/heads/m\n", "objects/x": "x\n", "refs/x": "x\n"}


def _below(directory: str, files: dict[str, str]) -> dict[str, str]:
    return {f"{directory}/{path}": text for path, text in files.items()}


def _filter(command: str) -> str:
    return f'[filter "t"]\n\tclean = {command}\n\tsmudge = {command}\n[core]\n\trepositoryformatversion = 0\n'


SHAPES: dict[str, Make] = {
    "filter": lambda run: {**BARE, "info/attributes": "* filter=t\n", "config": _filter(run)},
    "fsmonitor": lambda run: {**BARE, "config": f"[core]\n\tfsmonitor = {run}\n"},
    "hooks": lambda run: {**BARE, "hooks/post-index-change": f"#!/bin/sh\n{run}\n", "hooks/post-checkout": f"{run}\n"},
    "hooks path": lambda run: {**BARE, "config": "[core]\n\thooksPath = h\n", "h/post-index-change": f"{run}\n"},
    "include": lambda run: {
        **BARE, "config": "[include]\n\tpath = other\n", "other": _filter(run), "info/attributes": "* filter=t\n",
    },
    "git file": lambda run: {".git": "gitdir: x\n", **_below("x", {**BARE, "config": _filter(run)})},
    "git directory": lambda run: _below(".git", {**BARE, "config": _filter(run), "info/attributes": "* filter=t\n"}),
    "attributes": lambda run: {**BARE, ".gitattributes": "* filter=t\n", "config": _filter(run)},
    "alternates": lambda run: {**BARE, "objects/info/alternates": "/x\n", "config": f"[core]\n\tfsmonitor = {run}\n"},
    "worktree's": lambda run: {
        **BARE,
        "config": "[extensions]\n\tworktreeConfig = true\n",
        "config.worktree": f"[core]\n\tfsmonitor = {run}\n",
    },
    "core.worktree": lambda run: {**BARE, "config": f"[core]\n\tworktree = ..\n\tbare = false\n\tfsmonitor = {run}\n"},
    "textconv": lambda run: {
        **BARE, "info/attributes": "* diff=t\n", "config": f'[diff "t"]\n\ttextconv = {run}\n\tcommand = {run}\n',
    },
    "below a directory": lambda run: _below("arch/x86/kvm", {**BARE, "config": f"[core]\n\tfsmonitor = {run}\n"}),
    "far below": lambda run: _below("virt/kvm/a/b/c.git", {**BARE, "config": _filter(run)}),
    "capitals": lambda run: _below(".GIT", {**BARE, "config": _filter(run)}),
    "folded names": lambda run: {
        "head": "ref: refs/heads/m\n", "OBJECTS/x": "x\n", "Refs/x": "x\n", "config": _filter(run),
    },
    "invisible letters": lambda run: _below(".g\u200cit", {**BARE, "config": _filter(run)}),
    "NTFS": lambda run: _below("git~1", {**BARE, "config": _filter(run)}),
}  # fmt: skip


def _diff(files: dict[str, str]) -> str:
    """Make the files, then change each of them: by then they are where git would look for them."""
    made, changed = [], []
    for path, text in files.items():
        head = f"diff --git a/{path} b/{path}\n"
        lines = [f"+{line}\n" for line in text.splitlines()]
        made += [head, f"new file mode 100644\n--- /dev/null\n+++ b/{path}\n@@ -0,0 +1,{len(lines)} @@\n", *lines]
        changed += [head, f"--- a/{path}\n+++ b/{path}\n@@ -1,{len(lines)} +1,{len(lines) + 1} @@\n"]
        changed += [*(f" {line[1:]}" for line in lines), "+# y\n"]
    return "".join([*made, *changed])


@pytest.fixture
def mark(tmp_path: Path) -> Path:
    """A program that leaves a mark when it is run; the mark."""
    program, mark = tmp_path / "trap", tmp_path / "mark"
    program.write_text(f"#!/bin/sh\necho run >> {mark}\nexec cat\n")
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    return mark


def test_the_trap_works(tmp_path: Path, mark: Path) -> None:
    """git itself falls into it."""
    for path, text in SHAPES["filter"](str(tmp_path / "trap")).items():
        place = tmp_path / "bare" / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text)
    diff = tmp_path / "p"
    diff.write_text("--- a/config\n+++ b/config\n@@ -1,1 +1,2 @@\n" + ' [filter "t"]\n+# y\n')
    git(tmp_path / "bare", "apply", "--unidiff-zero", str(diff))
    assert mark.exists()


@pytest.mark.parametrize("how", ["kernel", "qemu", "diff only"])
@pytest.mark.parametrize("shape", list(SHAPES))
def test_nothing_is_run(caplint: Caplint, tmp_path: Path, mark: Path, shape: str, how: str) -> None:
    diff = tmp_path / "p.patch"
    diff.write_text(_diff(SHAPES[shape](str(tmp_path / "trap"))))
    trees: dict[str, tuple[str | Path, ...]] = {
        "kernel": ("--kernel", kernel(tmp_path / "k")),
        "qemu": ("--qemu", qemu(tmp_path / "q")),
        "diff only": ("--diff-only",),
    }
    run = caplint("patch", diff, *trees[how])
    assert (run.status, run.out, run.err.count("\n"), mark.exists()) == (2, "", 1, False), run.err
    assert run.err.endswith("; refused\n")


@pytest.mark.parametrize("shape", list(SHAPES))
def test_nothing_is_run_for_an_example_of_a_rule(tmp_path: Path, mark: Path, shape: str) -> None:
    diff = _diff(SHAPES[shape](str(tmp_path / "trap")))
    with pytest.raises(CaplintError, match="refused"):
        changes(directory_tree(str(kernel(tmp_path / "k"))), diff.encode(), "p")
    assert not mark.exists()


def test_what_the_tree_has_already_counts(caplint: Caplint, tmp_path: Path) -> None:
    tree = kernel(tmp_path / "k", {"virt/kvm/objects/x": "", "virt/kvm/refs/x": ""})
    (tmp_path / "p").write_text("--- /dev/null\n+++ b/virt/kvm/HEAD\n@@ -0,0 +1 @@\n+x\n")
    run = caplint("patch", tmp_path / "p", "--kernel", tree)
    assert (run.status, run.out) == (2, "")
    assert "virt/kvm/ would hold HEAD, objects and refs, as a repository of git does; refused" in run.err


def test_no_program_is_started(caplint: Caplint, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever a patch holds: there is nothing that could be misled."""
    monkeypatch.setattr("subprocess.Popen", None)
    monkeypatch.setenv("CAPLINT_CACHE", "none")
    (tmp_path / "p").write_text("--- /dev/null\n+++ b/virt/kvm/x.c\n@@ -0,0 +1 @@\n+int x;\n")
    run = caplint("patch", tmp_path / "p", "--kernel", kernel(tmp_path / "k"), "--fail-on", "never")
    assert run.status == 0, run.err


def test_attributes_of_a_patch_change_nothing(caplint: Caplint, tmp_path: Path) -> None:
    tree = directory_tree(str(kernel(tmp_path / "k", {"virt/kvm/x.c": "a\n"})))
    change = "--- a/virt/kvm/x.c\n+++ b/virt/kvm/x.c\n@@ -1 +1,2 @@\n a\n+b \n"
    for path in ("git/attributes", "info/attributes", ".gitattributes", "virt/kvm/.gitattributes"):
        diff = _diff({path: "* text eol=crlf whitespace=trailing-space\n"}) + change
        assert changes(tree, diff.encode(), "p")["virt/kvm/x.c"] == b"a\nb \n"
