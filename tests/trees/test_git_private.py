"""Private directory that stands for a repository: outside of it, complete, and gone with its owner alone."""

from __future__ import annotations

import os
import stat
import tempfile
from multiprocessing import get_context
from pathlib import Path

import pytest
from conftest import UAPI, commit, git, kernel, lay

from caplint.trees.git_place import GitPlace, locate
from caplint.trees.git_private import PrivateGit
from caplint.trees.git_process import Git
from caplint.util.errors import CaplintError


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A kernel of one commit."""
    commit(kernel(tmp_path / "k"))
    return tmp_path / "k"


def test_a_forked_process_removes_no_private_directory_of_its_parent(tmp_path: Path) -> None:
    commit(kernel(tmp_path / "k"))
    private = PrivateGit(locate(tmp_path / "k"))
    process = get_context("fork").Process(target=private.close)
    process.start()
    process.join()
    assert (process.exitcode, private.path.is_dir()) == (0, True)
    private.close()
    assert not private.path.exists()


def test_the_private_configuration_closes_every_way(root: Path) -> None:
    listed = Git(locate(root)).run("config", "--file", "config", "--list").decode().split()
    assert set(listed) >= {
        "core.bare=true", "core.fsmonitor=false", "core.hookspath=/dev/null", "core.attributesfile=/dev/null",
        "core.commitgraph=false", "core.multipackindex=false", "core.bigfilethreshold=32m", "protocol.allow=never",
    }  # fmt: skip


def test_only_the_user_can_read_it_and_git_finds_a_repository_in_it(root: Path) -> None:
    reader = Git(locate(root))
    path = reader.private.path
    assert stat.S_IMODE(path.stat().st_mode) == 0o700
    assert not path.is_relative_to(root)
    assert reader.run("rev-parse", "--is-bare-repository", "--absolute-git-dir").decode() == f"true\n{path}\n"
    del reader
    assert not path.exists()


def test_it_lies_outside_of_the_repository_wherever_temporary_files_lie(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "link").symlink_to(root)
    for place in (root, root / "virt", tmp_path / "link/virt"):
        monkeypatch.setattr(tempfile, "tempdir", str(place))
        assert not os.path.realpath(PrivateGit(locate(root)).path).startswith(f"{root}/")
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    assert PrivateGit(locate(root)).path.parent == tmp_path


def test_no_place_outside_is_an_error() -> None:
    everywhere = GitPlace(Path("/"), Path("/"), Path("/"), "")
    with pytest.raises(CaplintError, match="outside of the linted trees; set TMPDIR to a directory elsewhere"):
        PrivateGit(everywhere)


def test_a_shallow_clone_stays_one(root: Path) -> None:
    lay(root, {"virt/kvm/new.c": ""})
    last = commit(root)
    lay(root, {".git/shallow": last})
    assert (PrivateGit(locate(root)).path / "shallow").read_text() == f"{last}\n"
    assert Git(locate(root)).run("rev-list", last).decode() == f"{last}\n"


def test_an_index_is_taken_with_what_it_shares(root: Path) -> None:
    """A split index keeps most of its entries in another file; git reads both from one directory."""
    git(root, "update-index", "--split-index")
    lay(root, {"virt/kvm/new.c": ""})
    git(root, "add", "-A")
    reader = Git(locate(root))
    reader.private.take_index(root / ".git/index")
    listed = reader.run("ls-files").decode().splitlines()
    assert listed == git(root, "ls-files").splitlines()
    assert {UAPI, "virt/kvm/new.c"} <= {*listed}


def test_an_index_that_is_gone_is_not_remembered(root: Path) -> None:
    reader = Git(locate(root))
    reader.private.take_index(root / ".git/index")
    assert reader.run("ls-files") != b""
    reader.private.take_index(root / ".git/gone")
    assert reader.run("ls-files") == b""


def test_what_is_no_index_is_an_error(root: Path, tmp_path: Path) -> None:
    (tmp_path / "index").write_bytes(b"dirc\0\0\0\2")
    with pytest.raises(CaplintError, match=f"^{tmp_path}/index: is not a git index; it is damaged$"):
        PrivateGit(locate(root)).take_index(tmp_path / "index")


def test_a_file_that_cannot_be_written_says_where_to_go(root: Path) -> None:
    private = PrivateGit(locate(root))
    with pytest.raises(CaplintError, match=f"^{private.path}: cannot write: No such file or directory; set TMPDIR"):
        private.write("gone/file", b"")
