"""Location of a repository: found where git finds it, from a few of its files, in directories made by hand."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from conftest import lay

from caplint.trees.git_place import GitPlace, NoRepositoryError, is_top, locate, read_line
from caplint.util.errors import CaplintError


def _repository(root: Path, config: str = "") -> Path:
    """The least that git takes for a repository, as a bare one has it."""
    lay(root, {"HEAD": "ref: refs/heads/main\n", "config": config, "objects/info/packs": "", "refs/heads/x": ""})
    return root


@pytest.fixture
def top(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working tree with a directory below; nothing above the test's own directory is looked at."""
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path))
    _repository(tmp_path / "k/.git")
    (tmp_path / "k/virt/kvm").mkdir(parents=True)
    return tmp_path / "k"


def test_the_top_and_a_directory_below(top: Path) -> None:
    git = top / ".git"
    assert locate(top) == GitPlace(top, git, git, "")
    assert locate(top / "virt/kvm") == GitPlace(top, git, git, "virt/kvm/")
    assert locate(top).objects == git / "objects"


def test_links_to_a_directory_and_to_a_repository_are_resolved(top: Path, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(top / "virt")
    assert locate(tmp_path / "link") == GitPlace(top, top / ".git", top / ".git", "virt/")
    (tmp_path / "other").mkdir()
    (tmp_path / "other/.git").symlink_to(top / ".git")
    assert locate(tmp_path / "other") == GitPlace(tmp_path / "other", top / ".git", top / ".git", "")


def test_a_bare_repository_is_its_own_top(top: Path, tmp_path: Path) -> None:
    bare = _repository(tmp_path / "bare.git")
    assert locate(bare) == GitPlace(bare, bare, bare, "")
    assert locate(bare / "refs/heads") == locate(bare)  # what lies in it is no directory of a tree
    for lacking in ("HEAD", "objects", "refs"):
        other = _repository(tmp_path / f"without {lacking}")
        (other / lacking).rename(tmp_path / f"aside {lacking}")
        with pytest.raises(NoRepositoryError):
            locate(other)


@pytest.mark.parametrize("named", ["{main}/.git/worktrees/w", "../k/.git/worktrees/w"])
def test_a_working_tree_beside_the_first_one(top: Path, tmp_path: Path, named: str) -> None:
    own = lay(top / ".git/worktrees/w", {"HEAD": "", "commondir": "../..\n"})
    other = lay(tmp_path / "w", {".git": f"gitdir: {named.format(main=top)}\n", "virt/x.c": ""})
    assert locate(other / "virt") == GitPlace(other, own, top / ".git", "virt/")


@pytest.mark.parametrize("inner", ["an empty directory", "a link to nowhere"])
def test_a_git_that_is_none_is_passed_over(top: Path, inner: str) -> None:
    if inner == "an empty directory":
        (top / "virt/.git").mkdir()
    else:
        (top / "virt/.git").symlink_to("gone")
    assert locate(top / "virt/kvm").top == top


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("", "must contain exactly one path"),
        ("gitdir: a\ngitdir: b\n", "must contain exactly one path"),
        ("tea: x\n", "is not a repository and does not name one"),
        ("gitdir: gone\n", "/gone, which is not a directory"),
        ("gitdir: ../file\n", "/file, which is not a directory"),
    ],
)
def test_a_git_file_that_names_no_repository(top: Path, content: str, said: str) -> None:
    lay(top, {"virt/.git": content, "file": ""})
    with pytest.raises(CaplintError, match=f"^{top}/virt/.git: .*{said}") as error:
        locate(top / "virt/kvm")
    assert not isinstance(error.value, NoRepositoryError)  # it is one, and damaged


def test_nothing_is_found_above_a_ceiling(top: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", f":{top}:/elsewhere")
    assert locate(top).prefix == ""  # the directory itself is always looked at
    with pytest.raises(NoRepositoryError, match=f"^{top}/virt: not in a git repository; give a directory inside one$"):
        locate(top / "virt")


def test_a_repository_without_objects_is_damaged(top: Path) -> None:
    (top / ".git/objects/info/packs").unlink()
    (top / ".git/objects/info").rmdir()
    (top / ".git/objects").rmdir()
    with pytest.raises(CaplintError, match=r"k/\.git: is not a repository: it has no directory of objects"):
        locate(top)


@pytest.mark.parametrize(
    "config",
    [
        "[core]\n\trepositoryformatversion = 0\n",
        "[extensions]\n\tworktreeConfig = true\n\tpartialClone = origin\n\tpreciousObjects\n",
        "[EXTENSIONS]\n\tObjectFormat = SHA1\n",
        '[extensions]\n\trefStorage = "files"\n',
        '[extensions "sub"]\n\ttea = 1\n',
        "[extensions]\n# tea = 1\n; tea = 1\n\n",
        "[extensions]\n\tnoop\n[core]\n\ttea = 1\n",
        "[extensionsx]\n\ttea = 1\n",
        "\xff\0[[[",
    ],
)
def test_formats_that_are_read(top: Path, config: str) -> None:
    (top / ".git/config").write_text(config)
    assert locate(top).top == top


@pytest.mark.parametrize(
    ("config", "said"),
    [
        ("[extensions]\n\tobjectFormat = sha256\n", "uses SHA256 object ids"),
        ("[extensions]\n\tobjectFormat\n", "uses  object ids"),
        ("[extensions] refStorage = reftable\n", "has the extension refstorage = reftable, which"),
        ("[core]\n\tx = 1\n[ Extensions ]\n\tTea\n", "has the extension tea, which"),
        ("[extensions]\n\tnoop = 1\n\ttea = \x1b[31m\n", r"has the extension tea = \S*\[31m, which"),
    ],
)
def test_formats_that_are_not_read(top: Path, config: str, said: str) -> None:
    (top / ".git/config").write_text(config)
    with pytest.raises(CaplintError, match=rf"k/\.git: {said}"):
        locate(top)


def test_a_repository_without_a_configuration_has_the_oldest_format(top: Path) -> None:
    (top / ".git/config").unlink()
    assert locate(top).top == top


def test_clones_of_a_part(top: Path) -> None:
    place = locate(top)
    assert (place.is_shallow, place.is_partial) == (False, False)
    lay(top / ".git", {"objects/pack/a.pack": "", "shallow": ""})
    assert (place.is_shallow, place.is_partial) == (True, False)
    lay(top / ".git", {"objects/pack/a.promisor": ""})
    assert place.is_partial


@pytest.mark.parametrize("content", [b"", b"\n", b"a\0b\n", b"a\nb\n"])
def test_a_file_without_one_line_is_an_error(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "file").write_bytes(content)
    with pytest.raises(CaplintError, match=f"^{tmp_path}/file: must contain exactly one path$"):
        read_line(tmp_path / "file")


def test_a_line_is_a_path_of_any_bytes(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b" a \xff b\r\n")
    assert os.fsencode(read_line(tmp_path / "file")) == b" a \xff b"


def test_what_is_the_top_of_a_repository(top: Path, tmp_path: Path) -> None:
    (tmp_path / "plain").mkdir()
    lay(top, {"virt/x.c": ""})
    places = {"k": True, "k/virt": False, "plain": False, "gone": False, "k/virt/x.c": False}
    assert {name: is_top(str(tmp_path / name)) for name in places} == places
