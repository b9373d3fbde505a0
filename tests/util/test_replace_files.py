"""Replacement of several files: all or none, and nothing outside of the tree."""

from __future__ import annotations

import os
import signal
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from caplint.util.errors import CaplintError
from caplint.util.replace_files import replace_files


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    place = tmp_path / "tree"
    (place / "sub").mkdir(parents=True)
    (place / "a").write_bytes(b"one\n")
    (place / "sub" / "b").write_bytes(b"two\n")
    return place


def _names(tree: Path) -> list[str]:
    return sorted(str(file.relative_to(tree)) for file in tree.rglob("*"))


def test_all_are_replaced_and_keep_their_mode(tree: Path) -> None:
    (tree / "a").chmod(0o755)
    before = _names(tree)
    replace_files({(tree, "a"): (b"one\n", b"1\n"), (tree, "sub/b"): (b"two\n", b"2\n")})
    assert ((tree / "a").read_bytes(), (tree / "sub" / "b").read_bytes()) == (b"1\n", b"2\n")
    assert (tree / "a").stat().st_mode & 0o777 == 0o755
    assert _names(tree) == before


@pytest.mark.parametrize(
    "path", ["../outside", "/etc/passwd", "sub/../a", "./a", "a/", ".git/config", "sub/.GIT/x", "gone", "a\0"]
)
def test_other_places_are_refused(tree: Path, path: str) -> None:
    (tree.parent / "outside").write_bytes(b"one\n")
    (tree / ".git").mkdir()
    (tree / ".git" / "config").write_bytes(b"one\n")
    (tree / "sub/.GIT").mkdir()
    (tree / "sub/.GIT/x").write_bytes(b"one\n")
    with pytest.raises(CaplintError, match="nothing was written"):
        replace_files({(tree, "a"): (b"one\n", b"1\n"), (tree, path): (b"one\n", b"1\n")})
    assert (tree / "a").read_bytes() == (tree.parent / "outside").read_bytes() == b"one\n"


@pytest.mark.parametrize("linked", ["file", "directory"])
def test_links_are_not_followed(tree: Path, linked: str) -> None:
    outside = tree.parent / "outside"
    outside.mkdir()
    (outside / "b").write_bytes(b"two\n")
    if linked == "file":
        (tree / "sub" / "b").unlink()
        (tree / "sub" / "b").symlink_to(outside / "b")
    else:
        (tree / "sub" / "b").unlink()
        (tree / "sub").rmdir()
        (tree / "sub").symlink_to(outside)
    with pytest.raises(CaplintError, match="link"):
        replace_files({(tree, "sub/b"): (b"two\n", b"2\n")})
    assert (outside / "b").read_bytes() == b"two\n"


def test_a_fifo_is_refused(tree: Path) -> None:
    (tree / "a").unlink()
    os.mkfifo(tree / "a")
    with pytest.raises(CaplintError, match="not a regular file"):
        replace_files({(tree, "a"): (b"one\n", b"1\n")})


def test_a_file_that_has_changed_is_left_alone(tree: Path) -> None:
    with pytest.raises(CaplintError, match="has changed meanwhile"):
        replace_files({(tree, "a"): (b"one\n", b"1\n"), (tree, "sub/b"): (b"other\n", b"2\n")})
    assert (tree / "a").read_bytes() == b"one\n"


def test_what_was_replaced_is_restored(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    replace = os.replace
    targets: list[str] = []

    def failing(source: str, target: Path) -> None:
        targets.append(Path(target).name)
        if targets == ["a", "b"]:
            raise OSError(28, "No space left on device", str(target))
        replace(source, target)

    monkeypatch.setattr(os, "replace", failing)
    before = _names(tree)
    with pytest.raises(CaplintError, match="No space left on device; nothing was written"):
        replace_files({(tree, "a"): (b"one\n", b"1\n"), (tree, "sub/b"): (b"two\n", b"2\n")})
    assert (tree / "a").read_bytes() == b"one\n"
    assert targets == ["a", "b", "a"]
    assert _names(tree) == before


def test_no_program_of_the_user_is_made_of_a_file(tree: Path) -> None:
    """What may run as its owner has been read by nobody since it was changed."""
    (tree / "a").chmod(0o6755)
    replace_files({(tree, "a"): (b"one\n", b"1\n")})
    assert stat.S_IMODE((tree / "a").stat().st_mode) == 0o755


def test_all_are_on_the_disk_before_the_first_is_replaced(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    done: list[str] = []
    replace, sync = os.replace, os.fsync

    def replaced(source: str, target: Path) -> None:
        done.append("replace")
        replace(source, target)

    def synced(number: int) -> None:
        done.append("sync")
        sync(number)

    monkeypatch.setattr(os, "replace", replaced)
    monkeypatch.setattr(os, "fsync", synced)
    replace_files({(tree, "a"): (b"one\n", b"1\n"), (tree, "sub/b"): (b"two\n", b"2\n")})
    assert done == ["sync", "sync", "replace", "replace"]


def test_a_full_disk_is_one_visible_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object, **named: str) -> None:
        raise OSError(28, "No space left on device", f"{named['dir']}/x")

    place = tmp_path / "t\x1b[31m"
    place.mkdir()
    (place / "a").write_bytes(b"one\n")
    monkeypatch.setattr("tempfile.mkstemp", full)
    with pytest.raises(CaplintError, match="No space left on device; nothing was written") as error:
        replace_files({(place, "a"): (b"one\n", b"1\n")})
    assert "\x1b" not in str(error.value)
    assert (place / "a").read_bytes() == b"one\n"


_KILLED = """
import os, signal, sys
from pathlib import Path
from caplint.util.replace_files import replace_files

tree, allowed, number = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
replace, done = os.replace, []

def killed(old, new):
    if len(done) == allowed:
        os.replace = replace  # whoever restores may go on
        if number == signal.SIGINT:
            raise KeyboardInterrupt
        os.kill(os.getpid(), number)
    done.append(new)
    replace(old, new)

os.replace = killed
replace_files({(tree, name): (b"old %s" % name.encode(), b"new") for name in ("a", "b", "sub/c")})
"""


def _killed(tmp_path: Path, allowed: int, number: int) -> list[bytes]:
    """Contents of three files after a process was stopped when it had replaced so many of them."""
    (tmp_path / "sub").mkdir()
    names = ("a", "b", "sub/c")
    for name in names:
        (tmp_path / name).write_bytes(b"old %s" % name.encode())
    words = [sys.executable, "-P", "-c", _KILLED, str(tmp_path), str(allowed), str(number)]
    assert subprocess.run(words, check=False, capture_output=True).returncode != 0
    left = [file for file in tmp_path.rglob("*") if file.is_file() and str(file.relative_to(tmp_path)) not in names]
    assert len(left) == (0 if number == signal.SIGINT else 3 - allowed)
    assert all(file.name.startswith(".caplint.") and file.read_bytes() == b"new" for file in left)
    return [(tmp_path / name).read_bytes() for name in names]


@pytest.mark.parametrize("allowed", range(3))
def test_a_killed_process_leaves_whole_files(tmp_path: Path, allowed: int) -> None:
    contents = _killed(tmp_path, allowed, signal.SIGKILL)
    assert contents == [b"new"] * allowed + [b"old a", b"old b", b"old sub/c"][allowed:]


@pytest.mark.parametrize("allowed", range(3))
def test_an_interrupted_process_leaves_everything_old(tmp_path: Path, allowed: int) -> None:
    assert _killed(tmp_path, allowed, signal.SIGINT) == [b"old a", b"old b", b"old sub/c"]
