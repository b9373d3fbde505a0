"""A file is replaced as a whole or stays what it was."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from caplint.errors import CaplintError
from caplint.replace import replace_file


def test_a_new_file_has_an_ordinary_mode(tmp_path: Path) -> None:
    old = os.umask(0o027)
    try:
        replace_file(tmp_path / "new", "é\n")
    finally:
        os.umask(old)
    assert (tmp_path / "new").read_bytes() == b"\xc3\xa9\n"
    assert (tmp_path / "new").stat().st_mode & 0o777 == 0o640


def test_an_old_one_keeps_its_mode(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("old")
    file.chmod(0o604)
    replace_file(file, "new")
    assert (file.read_text(), file.stat().st_mode & 0o777) == ("new", 0o604)


@pytest.mark.parametrize("there", [True, False])
def test_a_link_is_not_followed(tmp_path: Path, there: bool) -> None:
    file, link = tmp_path / "file", tmp_path / "link"
    if there:
        file.write_text("precious")
    link.symlink_to(file)
    with pytest.raises(CaplintError, match=r"link: is a link to .*/file; name the file"):
        replace_file(link, "new")
    assert link.is_symlink()
    assert (file.read_text() == "precious") if there else not file.exists()


def test_a_fifo_is_not_replaced(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo")
    with pytest.raises(CaplintError, match="fifo: cannot be written: it is not a regular file"):
        replace_file(tmp_path / "fifo", "new")
    assert (tmp_path / "fifo").is_fifo()


@pytest.mark.parametrize("fails", ["os.fsync", "os.replace", "os.fchmod"])
def test_what_goes_wrong_loses_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fails: str) -> None:
    file = tmp_path / "file"
    file.write_text("old")

    def fail(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(fails, fail)
    with pytest.raises(CaplintError, match="file: cannot be written: No space left on device; it is as it was"):
        replace_file(file, "new")
    assert file.read_text() == "old"
    assert [entry.name for entry in tmp_path.iterdir()] == ["file"]


def test_a_directory_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(CaplintError, match=r"gone/file: cannot be written: No such file or directory"):
        replace_file(tmp_path / "gone" / "file", "new")
