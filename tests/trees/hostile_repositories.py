"""Repositories that would have everything run that git can be made to run, and ones that would have it wait."""

from __future__ import annotations

import os
import socket
import stat
from collections.abc import Callable
from pathlib import Path

import pytest
from conftest import commit, git, kernel, lay

# What git itself would run for the owner of such a repository, by the keys of git-config(1).
COMMANDS = [
    "core.fsmonitor", "core.pager", "core.sshCommand", "core.editor", "core.askPass", "core.gitProxy",
    "core.alternateRefsCommand", "credential.helper", "sequence.editor", "trailer.tea.command", "browser.tea.cmd",
    "diff.external", "diff.tea.textconv", "diff.tea.command", "filter.tea.clean", "filter.tea.smudge",
    "filter.tea.process", "merge.tea.driver", "pager.ls-files", "pager.ls-tree", "pager.apply", "gpg.program",
    "gpg.ssh.program", "gpg.ssh.defaultKeyCommand", "gpg.x509.program", "interactive.diffFilter",
    "remote.origin.uploadpack", "uploadpack.packObjectsHook", "difftool.tea.cmd",
]  # fmt: skip
ALIASES = ["ls-files", "ls-tree", "rev-parse", "cat-file", "for-each-ref"]
HOOKS = [
    "fsmonitor-watchman", "post-index-change", "post-checkout", "pre-commit", "reference-transaction", "pre-auto-gc",
    "applypatch-msg", "sendemail-validate", "post-merge",
]  # fmt: skip


def trap(place: Path) -> Path:
    """A program that leaves a mark when it is run; the mark."""
    program, mark = place / "trap", place / "mark"
    program.write_text(f"#!/bin/sh\necho run >> {mark}\nexit 1\n")
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    return mark


def trapped(root: Path, program: Path) -> Path:
    """A kernel with two commits, in a repository all of whose settings run the program."""
    commit(kernel(root))
    lay(root, {"virt/kvm/new.c": ""})
    commit(root)
    for key in COMMANDS:
        git(root, "config", key, str(program))
    for alias in ALIASES:
        git(root, "config", f"alias.{alias}", f"!{program}")
    for key, value in {
        "core.attributesFile": str(root / "own-attributes"), "core.hooksPath": str(root / "own-hooks"),
        "remote.origin.url": f"ext::{program}", "remote.origin.promisor": "true",
        "remote.origin.partialclonefilter": "blob:none", "protocol.ext.allow": "always", "protocol.allow": "always",
        "safe.directory": "*", "core.untrackedCache": "true",
    }.items():  # fmt: skip
        git(root, "config", key, value)
    attributes = "* filter=tea diff=tea merge=tea\n"
    lay(root, {".gitattributes": attributes, ".git/info/attributes": attributes, "own-attributes": attributes})
    for hook in HOOKS:
        for place in (root / ".git/hooks", root / "own-hooks"):
            lay(place, {hook: f"#!/bin/sh\nexec {program}\n"})
            (place / hook).chmod(0o755)
    git(root, "config", "extensions.partialClone", "origin")
    return root


def git_that(place: Path, monkeypatch: pytest.MonkeyPatch, script: str) -> None:
    """Have a script of the shell run as git, from a directory below the place."""
    lay(place / "bin", {"git": f"#!/bin/sh\n{script}\n"})
    (place / "bin/git").chmod(0o755)
    monkeypatch.setenv("PATH", f"{place}/bin:{os.environ['PATH']}")


def monitored(root: Path, program: Path, how: str) -> Path:
    """A kernel whose monitor is the program, as one of several kinds of configuration says."""
    commit(kernel(root))
    lay(root, {"virt/kvm/new.c": ""})
    commit(root)
    setting, config = f"[core]\n\tfsmonitor = {program}\n", root / ".git/config"
    text = config.read_text()
    match how:
        case "include":
            lay(root, {"evil": setting})
            config.write_text(f"{text}[include]\n\tpath = ../evil\n")
        case "includeIf":
            lay(root, {"evil": setting})
            config.write_text(f'{text}[includeIf "gitdir:**"]\n\tpath = ../evil\n')
        case "worktree":
            config.write_text(f"{text}[extensions]\n\tworktreeConfig = true\n")
            lay(root, {".git/config.worktree": setting})
        case "git file":
            (root / ".git").rename(root / "moved")
            (root / "moved/config").write_text(text + setting)
            lay(root, {".git": "gitdir: moved\n"})
        case "commondir":
            config.write_text(text + setting)
            lay(root, {".git/commondir": ".\n"})
        case "bare":
            (root / ".git").rename(root.with_name("bare"))
            (root.with_name("bare") / "config").write_text(text.replace("bare = false", "bare = true") + setting)
            return root.with_name("bare")
        case _:
            raise AssertionError(how)
    return root


def _fifo(file: Path) -> None:
    os.mkfifo(file)


def _device(file: Path) -> None:
    file.symlink_to("/dev/zero")


def _socket(file: Path) -> None:
    here = Path.cwd()
    os.chdir(file.parent)  # a socket's path is short
    try:
        socket.socket(socket.AF_UNIX).bind(file.name)
    finally:
        os.chdir(here)


def _directory(file: Path) -> None:
    file.mkdir()


def _linked_fifo(file: Path) -> None:
    os.mkfifo(file.with_name("pipe"))
    file.symlink_to("pipe")


KINDS: dict[str, Callable[[Path], None]] = {
    "FIFO": _fifo, "device": _device, "socket": _socket, "directory": _directory, "link to a FIFO": _linked_fifo,
}  # fmt: skip
