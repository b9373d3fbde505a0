"""docs/pre-commit.sh, copied as docs/hooks.md says, as git runs it."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest
from conftest import git
from hook_repositories import ACCEL, HEADER, ROOT, git_commit, renumber, repository

from caplint.util.shipped_files import FIXTURES

SCRIPT = ROOT / "docs" / "pre-commit.sh"


@pytest.fixture(autouse=True)
def surroundings(apart: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CAPLINT_KERNEL", str(FIXTURES / "linux"))
    monkeypatch.setenv("CAPLINT_QEMU", str(FIXTURES / "qemu"))


def _with_hook(root: Path, name: str, *, committed: bool = True) -> Path:
    repository(root, name, committed=committed)
    if not committed:
        git(root, "init", "-q")
    (root / ".git" / "hooks").mkdir(exist_ok=True)
    shutil.copy(SCRIPT, root / ".git" / "hooks" / "pre-commit")
    return root


def test_a_kernel(tmp_path: Path) -> None:
    root = _with_hook(tmp_path / "k", "linux")
    with (root / "virt/kvm/kvm_main.c").open("a") as file:
        file.write("/* harmless */\n")
    done = git_commit(root, "-a")
    assert (done.returncode, "0 errors, 0 warnings, 0 notes added" in done.stderr + done.stdout) == (0, True)
    renumber(root / "include/uapi/linux/kvm.h")
    done = git_commit(root / "arch", "-a")
    assert done.returncode == 1
    assert "error CAP101 KVM_CAP_HLT" in done.stderr + done.stdout


def test_a_qemu_and_a_part_of_what_changed(tmp_path: Path) -> None:
    root = _with_hook(tmp_path / "q", "qemu")
    renumber(root / HEADER)
    with (root / ACCEL).open("a") as file:
        file.write("/* harmless */\n")
    git(root, "add", ACCEL)
    assert git_commit(root).returncode == 0
    assert git_commit(root, "-a").returncode == 1


def test_a_file_that_is_only_deleted(tmp_path: Path) -> None:
    root = _with_hook(tmp_path / "q", "qemu")
    git(root, "rm", "-q", HEADER)
    done = git_commit(root)
    assert (done.returncode, done.stderr.startswith("caplint: ")) == (1, True)


@pytest.mark.parametrize(
    ("name", "path"), [("qemu", "MAINTAINERS"), ("linux", "Makefile"), ("linux", "net/core/dev.c")]
)
def test_nothing_runs_for_other_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, path: str) -> None:
    root = _with_hook(tmp_path / name, name)
    (root / path).parent.mkdir(parents=True, exist_ok=True)
    (root / path).write_text("changed\n")
    git(root, "add", "-A")
    monkeypatch.setenv("CAPLINT_CACHE", str(tmp_path / "untouched"))
    assert git_commit(root).returncode == 0
    assert not (tmp_path / "untouched").exists()


def test_the_first_commit(tmp_path: Path) -> None:
    root = _with_hook(tmp_path / "q", "qemu", committed=False)
    git(root, "add", "-A")
    assert git_commit(root).returncode == 0


def test_the_page_names_it() -> None:
    page = (ROOT / "docs" / "hooks.md").read_text("utf-8")
    assert SCRIPT.stat().st_mode & 0o111
    assert re.findall(r"^    cp (\S+)", page, re.MULTILINE) == ["docs/pre-commit.sh"]
