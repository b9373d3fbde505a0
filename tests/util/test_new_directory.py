"""A new directory with files: written whole or not at all, and never over anything."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from caplint.util.errors import CaplintError
from caplint.util.new_directory import want_free, write_directory

FILES = {"kernel/0000.patch": b"one", "kernel/0001.patch": b"two", "qemu/0000.patch": b""}


def _held(root: Path) -> dict[str, bytes]:
    return {str(path.relative_to(root)): path.read_bytes() for path in root.rglob("*") if path.is_file()}


@pytest.mark.parametrize("exists", [False, True])
def test_files_are_written_below_a_new_or_empty_directory(tmp_path: Path, exists: bool) -> None:
    place = tmp_path / "deep" / "out"
    if exists:
        place.mkdir(parents=True)
    write_directory(place, FILES)
    assert _held(place) == FILES
    assert list(place.parent.iterdir()) == [place]
    assert place.stat().st_mode & 0o777 == 0o777 & ~_umask()


def _umask() -> int:
    mask = os.umask(0o022)
    os.umask(mask)
    return mask


def test_what_exists_is_not_touched(tmp_path: Path) -> None:
    full, file, link, loose = tmp_path / "full", tmp_path / "file", tmp_path / "link", tmp_path / "loose"
    full.mkdir()
    (full / "mine").write_text("x")
    file.write_text("y")
    (tmp_path / "target").mkdir()
    link.symlink_to(tmp_path / "target")
    loose.symlink_to(tmp_path / "nowhere")
    before = _held(tmp_path)
    for place, told in ((full, "holds files already"), (file, "exists already"), (link, "is a link"), (loose, "link")):
        with pytest.raises(CaplintError, match=told):
            write_directory(place, FILES)
    assert _held(tmp_path) == before
    assert not (tmp_path / "nowhere").exists()


def test_a_name_that_leads_into_a_file_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("y")
    for place in (tmp_path / "file" / "out", tmp_path / "a\0b", tmp_path / ("a" * 300)):
        with pytest.raises(CaplintError, match="nothing was written"):
            write_directory(place, FILES)
    assert _held(tmp_path) == {"file": b"y"}


def test_a_failure_in_the_middle_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(CaplintError, match="nothing was written"):
        write_directory(tmp_path / "out", {"a": b"1", "a/b": b"2"})
    assert list(tmp_path.iterdir()) == []


def test_a_free_place_is_free(tmp_path: Path) -> None:
    want_free(tmp_path / "no" / "such" / "directory")
    want_free(tmp_path)
