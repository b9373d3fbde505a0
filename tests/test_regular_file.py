"""Only regular files are opened, without waiting, and none that is too large is read."""

from __future__ import annotations

import os
import signal
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from caplint.errors import CaplintError
from caplint.regular_file import open_regular, read_regular


@pytest.fixture(autouse=True)
def _a_wait_is_a_failure() -> Iterator[None]:
    signal.alarm(10)
    yield
    signal.alarm(0)


def _fifo(path: Path) -> Path:
    os.mkfifo(path)
    return path


def _socket(path: Path) -> Path:
    with socket.socket(socket.AF_UNIX) as made:
        here = Path.cwd()
        os.chdir(path.parent)  # an address of a socket has at most 108 bytes
        made.bind(path.name)
        os.chdir(here)
    return path


def _link(path: Path) -> Path:
    path.symlink_to(_fifo(path.with_name("fifo")))
    return path


KINDS = {
    "directory": (lambda path: path.parent, "it is a directory, not a regular file"),
    "FIFO": (_fifo, "it is a FIFO, not a regular file"),
    "link to a FIFO": (_link, "it is a FIFO, not a regular file"),
    "socket": (_socket, "it is a socket, not a regular file"),
    "device": (lambda _: Path("/dev/zero"), "it is a device, not a regular file"),
    "nothing": (lambda path: path, "No such file or directory"),
    "below a file": (lambda _: Path("/proc/version/x"), "Not a directory"),
    "a NUL byte": (lambda _: Path("x\0y"), "no file can have this name"),
    "half a character": (lambda _: Path("\ud800"), "no file can have this name"),
    "a long name": (lambda _: Path("x" * 5000), "File name too long"),
}


@pytest.mark.parametrize("opens", [open_regular, read_regular])
@pytest.mark.parametrize(("make", "reason"), KINDS.values(), ids=list(KINDS))
def test_what_is_not_opened(tmp_path: Path, make: object, reason: str, opens: object) -> None:
    assert callable(make)
    assert callable(opens)
    place = make(tmp_path / "x")
    with pytest.raises(CaplintError) as error:
        opens(place)
    assert str(error.value) == f"{place}: cannot be read: {reason}"


@pytest.mark.parametrize("name", [b"x", b"\xff", "ä".encode()])
def test_a_regular_file(tmp_path: Path, name: bytes) -> None:
    path = tmp_path / os.fsdecode(name)
    path.write_bytes(b"a\r\nb\xff")
    assert read_regular(path) == b"a\r\nb\xff"
    with open_regular(path) as file:
        assert file.read() == b"a\r\nb\xff"


def _descriptors() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


def test_a_name_that_comes_to_mean_something_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The file is looked at before it is opened and after."""
    path, other = _fifo(tmp_path / "x"), tmp_path / "y"
    other.write_bytes(b"")
    regular = other.stat()
    before = _descriptors()
    monkeypatch.setattr(Path, "stat", lambda _: regular)
    with pytest.raises(CaplintError, match="it is a FIFO"):
        open_regular(path)
    assert _descriptors() == before


def test_a_file_that_is_too_large_is_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "x"
    with path.open("wb") as file:
        file.truncate(1 << 40)
    monkeypatch.setattr(os, "read", None)
    with pytest.raises(CaplintError) as error:
        read_regular(path)
    assert str(error.value) == f"{path}: 1,099,511,627,776 bytes; more than 64,000,000 are not read"


def test_the_limit(tmp_path: Path) -> None:
    path = tmp_path / "x"
    path.write_bytes(b"12345")
    assert read_regular(path, 5) == b"12345"
    with pytest.raises(CaplintError, match="5 bytes; more than 4 are not read"):
        read_regular(path, 4)


def test_a_file_that_says_it_is_empty() -> None:
    """Those of /proc do."""
    assert b"Linux" in read_regular(Path("/proc/version"))
    with pytest.raises(CaplintError, match="more than 10 are not read"):
        read_regular(Path("/proc/version"), 10)
