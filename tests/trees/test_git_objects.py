"""The object directory of a repository, before git reads it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from caplint.trees import git_objects
from caplint.trees.git_objects import check_objects
from caplint.util.errors import CaplintError


def _store(root: Path, borrowed: str = "") -> Path:
    for name in ("pack", "info", "ab"):
        (root / name).mkdir(parents=True)
    (root / "pack" / "x.pack").write_bytes(b"")
    (root / "ab" / "cd").write_bytes(b"")
    if borrowed:
        (root / "info" / "alternates").write_text(borrowed)
    return root


def test_files_and_directories_are_fine(tmp_path: Path) -> None:
    store = _store(tmp_path / "s")
    (store / "pack" / "deep").mkdir()
    (store / "pack" / "lost").symlink_to(tmp_path / "nowhere")
    (store / "pack" / "link").symlink_to(store / "ab" / "cd")
    check_objects(store, loose=True)
    check_objects(tmp_path / "gone", loose=True)


@pytest.mark.parametrize(
    ("place", "loose", "refused"),
    [("pack", False, True), ("info", False, True), ("ab", True, True), ("ab", False, False), ("zz", True, False)],
)
def test_a_fifo(tmp_path: Path, place: str, loose: bool, refused: bool) -> None:
    store = _store(tmp_path / "s")
    (store / place).mkdir(exist_ok=True)
    os.mkfifo(store / place / "fifo")
    if refused:
        with pytest.raises(CaplintError, match=f"{place}/fifo: neither a file nor a directory; remove it"):
            check_objects(store, loose=loose)
    else:
        check_objects(store, loose=loose)


def test_a_link_to_a_fifo(tmp_path: Path) -> None:
    store = _store(tmp_path / "s")
    os.mkfifo(tmp_path / "fifo")
    (store / "pack" / "link").symlink_to(tmp_path / "fifo")
    with pytest.raises(CaplintError, match="pack/link: neither a file nor a directory"):
        check_objects(store, loose=False)


@pytest.mark.parametrize(
    "line",
    [
        "{other}",
        "../other",
        '"{other}"',
        "# a comment\n\n{other}",
        '"../\\157ther"',
        '"../o\\ther"',
        "{other}\n../gone",
    ],
)
def test_borrowed_objects_are_checked_too(tmp_path: Path, line: str) -> None:
    other = _store(tmp_path / ("o\ther" if "\\ther" in line else "other"))
    os.mkfifo(other / "pack" / "fifo")
    store = _store(tmp_path / "s", line.replace("{other}", str(other)))
    with pytest.raises(CaplintError, match="neither a file nor a directory"):
        check_objects(store, loose=False)


def test_stores_that_borrow_from_each_other(tmp_path: Path) -> None:
    _store(tmp_path / "a", "../b\n../a\n")
    _store(tmp_path / "b", "../a\n")
    check_objects(tmp_path / "a", loose=True)


def test_bounds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(9):
        _store(tmp_path / str(number), f"../{number + 1}\n")
    with pytest.raises(CaplintError, match="too many levels of borrowed objects"):
        check_objects(tmp_path / "0", loose=False)
    check_objects(tmp_path / "4", loose=False)
    _store(tmp_path / "many", "".join(f"/{number}\n" for number in range(1001)))
    with pytest.raises(CaplintError, match="names more than 1000 directories of objects"):
        check_objects(tmp_path / "many", loose=False)
    monkeypatch.setattr(git_objects, "_PATIENCE", -1.0)
    with pytest.raises(CaplintError, match="listing takes longer than -1 s; run `git gc`"):
        check_objects(tmp_path / "8", loose=False)
