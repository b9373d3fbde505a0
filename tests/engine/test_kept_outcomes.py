"""Files of outcomes in the cache directory."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import pytest

from caplint.engine.kept_outcomes import keep, read

NAMES = [f"{number:064x}" for number in range(5)]
LARGE = 10**9


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "cache" / "outcomes"


def _kept(folder: Path) -> list[int]:
    return [number for number, name in enumerate(NAMES) if (folder / name).exists()]


def _names(folder: Path) -> list[str]:
    return sorted(file.name for file in folder.iterdir())


def _aged(file: Path, seconds: int) -> None:
    os.utime(file, (seconds, seconds))


@pytest.mark.parametrize("text", ["", "text", "é\n\0" * 1000])
def test_what_is_kept_can_be_read(folder: Path, text: str) -> None:
    keep(folder / NAMES[0], "first", LARGE, 0)
    keep(folder / NAMES[0], text, LARGE, 0)
    assert read(folder / NAMES[0], 0) == text
    assert _names(folder) == [NAMES[0]]


def test_missing_and_old_files(folder: Path) -> None:
    with pytest.raises(OSError, match="No such file"):
        read(folder / NAMES[0], 0)
    keep(folder / NAMES[0], "text", LARGE, 0)
    _aged(folder / NAMES[0], 1000)
    assert read(folder / NAMES[0], 1000) == "text"
    assert read(folder / NAMES[0], 1001) is None


def test_damaged_files(folder: Path) -> None:
    keep(folder / NAMES[0], "text", LARGE, 0)
    whole = (folder / NAMES[0]).read_bytes()
    for content in (b"", whole[:-1], whole + b"x", whole.replace(b"text", b"tezt"), b"\n" + whole, b"x" * 10_000):
        (folder / NAMES[0]).write_bytes(content)
        assert read(folder / NAMES[0], 0) is None


def test_old_files_go_when_another_is_kept(folder: Path) -> None:
    for number in range(3):
        keep(folder / NAMES[number], "text", LARGE, 0)
        _aged(folder / NAMES[number], 1000 + number)
    keep(folder / NAMES[3], "text", LARGE, 1001)
    assert _kept(folder) == [1, 2, 3]


def test_the_oldest_go_above_a_size(folder: Path) -> None:
    for number in range(4):
        keep(folder / NAMES[number], "x" * 1000, LARGE, 0)
        _aged(folder / NAMES[number], 1000 + number)
    size = (folder / NAMES[0]).stat().st_size
    keep(folder / NAMES[4], "x" * 1000, 3 * size, 0)
    assert _kept(folder) == [2, 3, 4]
    keep(folder / NAMES[0], "x" * 1000, 0, 0)
    assert _kept(folder) == []


def test_files_of_others_stay(folder: Path) -> None:
    keep(folder / NAMES[0], "text", LARGE, 0)
    foreign = {NAMES[1]: b"somebody's own", "notes.txt": b"", f".{NAMES[1]}.7": b"mine"}
    for name, content in foreign.items():
        (folder / name).write_bytes(content)
        _aged(folder / name, 1000)
    (folder / NAMES[2]).symlink_to(folder / "notes.txt")
    keep(folder / NAMES[0], "text", LARGE, 2000)
    assert _names(folder) == sorted([NAMES[0], *foreign, NAMES[2]])


def test_files_of_earlier_formats_and_killed_processes_go(folder: Path) -> None:
    keep(folder / NAMES[0], "text", LARGE, 0)
    (folder / NAMES[1]).write_bytes(hashlib.sha256(b"text").hexdigest().encode() + b"\ntext")
    (folder / f".{NAMES[2]}.7").write_bytes(b"")
    (folder / f".{NAMES[3]}.7").write_bytes(b"")
    _aged(folder / NAMES[1], 1000)
    _aged(folder / f".{NAMES[2]}.7", 1000)
    keep(folder / NAMES[0], "text", LARGE, 2000)
    assert _names(folder) == sorted([NAMES[0], f".{NAMES[3]}.7"])
