"""pre-commit runs the shipped hooks, configured as docs/hooks.md shows it, in repositories of the mini-trees."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

import pytest
from conftest import commit, git, trusted
from hook_repositories import (
    ACCEL,
    CONFIG,
    HEADER,
    ROOT,
    examples,
    git_commit,
    local,
    renumber,
    repository,
    run,
    shipped,
)
from ruamel.yaml import YAML

from caplint.util.shipped_files import FIXTURES

WRONG = "CAP101 KVM_CAP_HLT"
KERNEL_EXAMPLE, QEMU_EXAMPLE = examples()


@pytest.fixture
def surroundings(
    apart: Path, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    # One store for all tests here: the mini-trees' facts are those of every one.
    monkeypatch.setenv("CAPLINT_CACHE", str(tmp_path_factory.getbasetemp() / "cache"))
    monkeypatch.delenv("PYTHONDONTWRITEBYTECODE", raising=False)
    monkeypatch.setenv("PYTHONPYCACHEPREFIX", str(tmp_path_factory.getbasetemp() / "bytecode"))
    monkeypatch.setenv("PRE_COMMIT_HOME", str(tmp_path / "pre-commit"))
    monkeypatch.setenv("CAPLINT_KERNEL", str(FIXTURES / "linux"))


@pytest.fixture
def checkout(surroundings: None, tmp_path: Path) -> Path:
    """A QEMU repository with the hook of the page's example installed."""
    root = repository(tmp_path / "q", "qemu", local(QEMU_EXAMPLE))
    assert run(root, "pre-commit", "install").returncode == 0
    return root


def test_a_harmless_change_passes(checkout: Path) -> None:
    with (checkout / ACCEL).open("a") as file:
        file.write("/* harmless */\n")
    done = git_commit(checkout, "-a")
    assert done.returncode == 0, done.stderr
    assert "Passed" in done.stderr
    assert "CAP407 (needs the call graph" in done.stderr


def test_a_change_that_breaks_fails_and_shows_what(checkout: Path) -> None:
    renumber(checkout / HEADER)
    git(checkout, "add", "-A")
    done = git_commit(checkout)
    assert done.returncode == 1
    assert "Failed" in done.stderr
    assert f"{HEADER}:43:9: error {WRONG}: is 777 here and 1 in the kernel's UAPI header" in done.stderr


def test_nothing_runs_for_other_files(checkout: Path) -> None:
    (checkout / "MAINTAINERS").write_text("nobody\n")
    renumber(checkout / HEADER)
    git(checkout, "add", "MAINTAINERS")
    done = git_commit(checkout)
    assert done.returncode == 0
    assert "(no files to check)Skipped" in done.stderr


def test_only_what_is_staged_counts(checkout: Path) -> None:
    with (checkout / ACCEL).open("a") as file:
        file.write("/* harmless */\n")
    git(checkout, "add", "-A")
    renumber(checkout / HEADER)
    assert git_commit(checkout).returncode == 0
    assert "777" in (checkout / HEADER).read_text()
    assert git_commit(checkout, "-a").returncode == 1


def test_a_part_of_a_file_is_staged(checkout: Path) -> None:
    good = (checkout / HEADER).read_text()
    renumber(checkout / HEADER)
    git(checkout, "add", "-A")
    (checkout / HEADER).write_text(good)
    assert WRONG in git_commit(checkout).stderr
    git(checkout, "add", "-A")
    (checkout / HEADER).write_text(f"{good}/* harmless */\n")
    git(checkout, "add", "-A")
    renumber(checkout / HEADER)
    assert git_commit(checkout).returncode == 0


def test_one_file_of_several(checkout: Path) -> None:
    """`git commit FILE` has an index of its own."""
    with (checkout / ACCEL).open("a") as file:
        file.write("/* harmless */\n")
    renumber(checkout / HEADER)
    git(checkout, "add", "-A")
    assert git_commit(checkout, HEADER).returncode == 1
    assert git_commit(checkout, ACCEL).returncode == 0


def test_in_a_directory_below(checkout: Path) -> None:
    renumber(checkout / HEADER)
    assert WRONG in git_commit(checkout / "accel", "-a").stderr


def test_in_a_worktree(checkout: Path, tmp_path: Path) -> None:
    tree = tmp_path / "worktree"
    git(checkout, "worktree", "add", "-q", str(tree))
    renumber(checkout / HEADER)
    renumber(tree / HEADER, "KVM_CAP_MP_STATE")
    done = git_commit(tree, "-a")
    assert done.returncode == 1
    assert "CAP101 KVM_CAP_MP_STATE" in done.stderr
    assert "KVM_CAP_HLT" not in done.stderr
    git(tree, "checkout", "-q", HEADER)
    assert git_commit(tree, "--allow-empty").returncode == 0


def test_the_first_commit(surroundings: None, tmp_path: Path) -> None:
    root = repository(tmp_path / "q", "qemu", local(QEMU_EXAMPLE), committed=False)
    git(root, "init", "-q")
    assert run(root, "pre-commit", "install").returncode == 0
    sound = (root / HEADER).read_text()
    renumber(root / HEADER)
    git(root, "add", "-A")
    assert WRONG in git_commit(root).stderr
    (root / HEADER).write_text(sound)
    assert git_commit(root, "-a").returncode == 0


def test_of_a_kernel(surroundings: None, tmp_path: Path) -> None:
    root = repository(tmp_path / "k", "linux", local(KERNEL_EXAMPLE))
    run(root, "pre-commit", "install")
    renumber(root / "include/uapi/linux/kvm.h")
    done = git_commit(root, "-a", CAPLINT_KERNEL="/gone", CAPLINT_QEMU=str(FIXTURES / "qemu"))
    assert done.returncode == 1
    assert "error CAP101 KVM_CAP_HLT" in done.stderr


def test_without_the_other_tree_it_says_what_was_not_checked(checkout: Path) -> None:
    with (checkout / ACCEL).open("a") as file:
        file.write("/* harmless */\n")
    done = git_commit(checkout, "-a", CAPLINT_KERNEL="")
    assert done.returncode == 0
    reason = " (needs a kernel tree (--kernel or CAPLINT_KERNEL)); "
    (line,) = [line for line in done.stderr.splitlines() if reason in line]
    assert line.startswith("skipped: CAP101, ")


def test_another_tree_that_is_not_there(checkout: Path) -> None:
    renumber(checkout / HEADER)
    done = git_commit(checkout, "-a", CAPLINT_KERNEL="/gone")
    assert done.returncode == 1
    assert "caplint: CAPLINT_KERNEL: /gone: no such directory\n" in done.stderr
    assert "exit code: 2" in done.stderr


def test_the_configuration_names_the_other_tree(checkout: Path) -> None:
    text = f'[trees.linux]\npath = "{FIXTURES / "linux"}"\n'
    (checkout / "caplint.toml").write_text(text)
    renumber(checkout / HEADER)
    git(checkout, "add", "-A")
    assert "caplint.toml: sets values that need trust: trees;" in git_commit(checkout, CAPLINT_KERNEL="").stderr
    trusted(checkout, text)
    assert WRONG in git_commit(checkout, CAPLINT_KERNEL="").stderr


def test_pre_commit_installs_it(surroundings: None, tmp_path: Path) -> None:
    """As users have it, from a repository of caplint; pip takes what it needs from the packages that are here."""
    source = tmp_path / "caplint"
    for name in ("caplint", "rules", "fixtures", "docs/man"):
        shutil.copytree(ROOT / name, source / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "README.md", "LICENSE", ".pre-commit-hooks.yaml"):
        shutil.copy(ROOT / name, source / name)
    revision = commit(source)
    packages = tmp_path / "packages"
    packages.mkdir()
    for entry in next(Path(place) for place in sys.path if place.endswith("site-packages")).iterdir():
        if "caplint" not in entry.name:
            (packages / entry.name).symlink_to(entry)
    root = repository(tmp_path / "q", "qemu")
    (entry,) = QEMU_EXAMPLE["repos"]
    with (root / CONFIG).open("w") as file:
        YAML(typ="safe").dump({"repos": [{**entry, "repo": str(source), "rev": revision}]}, file)
    commit(root)
    renumber(root / HEADER)
    git(root, "add", "-A")
    offline = {
        "PIP_NO_INDEX": "1",
        "PIP_NO_DEPS": "1",
        "PIP_NO_BUILD_ISOLATION": "0",
        "VIRTUALENV_NO_PERIODIC_UPDATE": "1",
    }
    path = os.environ["PATH"] + f":{Path(sys.executable).parent}"
    done = run(root, "pre-commit", "install-hooks", PATH=path, PYTHONPATH=str(packages), **offline)
    assert done.returncode == 0, done.stdout + done.stderr
    # caplint takes no module from PYTHONPATH, so its libraries are named to the environment that pip has made.
    (libraries,) = (tmp_path / "pre-commit").glob("repo*/py_env*/lib/python*/site-packages")
    (libraries / "packages.pth").write_text(f"{packages}\n")
    done = run(root, "pre-commit", "run", PATH=path, **offline)
    assert done.returncode == 1, done.stdout + done.stderr
    assert WRONG in done.stdout, done.stdout
    assert len(list((tmp_path / "pre-commit").glob("repo*/py_env*/bin/caplint"))) == 1


def test_what_the_hooks_are() -> None:
    assert set(shipped()) == {"caplint-kernel", "caplint-qemu", "caplint-libvirt"}
    for hook in shipped().values():
        assert (hook["language"], hook["pass_filenames"], hook["require_serial"]) == ("python", False, True)
    done = run(ROOT, "pre-commit", "validate-manifest", ".pre-commit-hooks.yaml")
    assert (done.returncode, done.stdout) == (0, "")
