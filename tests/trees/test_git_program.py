"""Choice of the git program: the first one of PATH that is neither linted nor depends on the working directory."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from caplint.trees.git_program import git_program, is_below
from caplint.util.errors import CaplintError


def _program(directory: Path, mode: int = 0o755) -> Path:
    directory.mkdir(parents=True, exist_ok=True)
    (directory / "git").write_text("#!/bin/sh\n")
    (directory / "git").chmod(mode)
    return directory / "git"


def _chosen(monkeypatch: pytest.MonkeyPatch, *entries: str | Path, inputs: tuple[Path, ...] = ()) -> str:
    monkeypatch.setenv("PATH", os.pathsep.join(map(str, entries)))
    return git_program(inputs)


def test_the_first_in_path_counts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    one, two = _program(tmp_path / "one"), _program(tmp_path / "two")
    assert _chosen(monkeypatch, one.parent, two.parent) == str(one)
    assert _chosen(monkeypatch, two.parent, one.parent) == str(two)
    assert _chosen(monkeypatch, tmp_path / "gone", "/", two.parent) == str(two)


@pytest.mark.parametrize("kind", ["a directory", "no program", "a link to nowhere"])
def test_what_cannot_be_run_is_passed_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str) -> None:
    odd, good = tmp_path / "odd", _program(tmp_path / "good")
    if kind == "a directory":
        (odd / "git").mkdir(parents=True)
    elif kind == "no program":
        _program(odd, 0o644)
    else:
        odd.mkdir()
        (odd / "git").symlink_to("nowhere")
    assert _chosen(monkeypatch, odd, good.parent) == str(good)


@pytest.mark.parametrize("entry", ["", ".", "bin", "./bin"])
def test_the_working_directory_decides_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, entry: str) -> None:
    _program(tmp_path)
    _program(tmp_path / "bin")
    good = _program(tmp_path / "good")
    monkeypatch.chdir(tmp_path)
    assert _chosen(monkeypatch, entry, good.parent) == str(good)


def test_what_is_linted_is_not_run_however_path_leads_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    inside = _program(tmp_path / "tree/tools")
    outside = _program(tmp_path / "tree-of-tools")
    for name, target in (("directory", inside.parent), ("file/git", inside)):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).symlink_to(target)
    # A directory inside whose git leads outside can be changed by whoever wrote the tree, too.
    (tmp_path / "tree/link").mkdir()
    (tmp_path / "tree/link/git").symlink_to(outside)
    ways = (inside.parent, tmp_path / "directory", tmp_path / "file", tmp_path / "tree/link")
    assert _chosen(monkeypatch, *ways, outside.parent, inputs=(tmp_path / "tree",)) == str(outside)
    (tmp_path / "alias").symlink_to("tree")
    for inputs in ((tmp_path / "alias",), (tmp_path / "tree/tools", tmp_path / "tree/link")):
        assert _chosen(monkeypatch, *ways, outside.parent, inputs=inputs) == str(outside)
    with pytest.raises(CaplintError, match=r"^git is not installed in an absolute directory of PATH outside of"):
        _chosen(monkeypatch, *ways, inputs=(tmp_path / "tree",))


@pytest.mark.parametrize(
    ("path", "place", "expected"),
    [
        ("/a", "/a", True),
        ("/a/b", "/a", True),
        ("/ab", "/a", False),
        ("/a", "/a/b", False),
        ("/a/b", "/", True),
        ("/", "/", True),
    ],
)
def test_below(path: str, place: str, expected: bool) -> None:
    assert is_below(path, place) is expected
