"""The store among other writers, on a full disk, below a home that is read-only, and under a clock that jumps."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from runs import ENTRY, SLOW, run, start, tree, truth

WRITERS = 8
LIMITED = f"""
import resource, signal
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (20000, 20000))
{ENTRY}
"""


def test_eight_writers_at_once(tmp_path: Path) -> None:
    """All begin with an empty store, and write the same and each something of its own."""
    made = tree(tmp_path / "k")
    writers = [start(made, tmp_path / "cache", "--jobs", "1", code=SLOW.replace("0.3", "0.02")) for _ in range(WRITERS)]
    for writer in writers:
        out, err = writer.communicate(timeout=120)
        assert (writer.returncode, out.decode(), err.decode()) == truth()
    assert run(made, tmp_path / "cache") == truth()


def _warned(found: tuple[int, str, str], words: str) -> None:
    """The answer is the same, and a line more says that there is no store."""
    lines = found[2].splitlines()
    warnings = [line for line in lines if line.startswith("caplint: warning: store ")]
    assert (*found[:2], [line for line in lines if line not in warnings]) == (*truth()[:2], truth()[2].splitlines())
    assert words in "".join(warnings)


@contextmanager
def _mounted(place: Path, options: str) -> Iterator[None]:
    """A file system in memory at a place; the test is skipped where none may be mounted."""
    place.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", options, "caplint-test", str(place)]
    if subprocess.run(command, capture_output=True, check=False).returncode:
        pytest.skip("only root may mount a file system")
    try:
        yield
    finally:
        subprocess.run(["umount", str(place)], check=True)


def test_a_file_system_that_is_full(tmp_path: Path) -> None:
    made = tree(tmp_path / "k")
    with _mounted(tmp_path / "small", "size=64k"):
        _warned(run(made, tmp_path / "small" / "cache"), "full")


def test_files_that_may_not_grow(tmp_path: Path) -> None:
    """What a quota does: writes fail where the file would become too large."""
    made = tree(tmp_path / "k")
    _warned(run(made, tmp_path / "cache", code=LIMITED), "store ")


def test_a_home_that_is_read_only(tmp_path: Path) -> None:
    """The store's own place, where nothing names another."""
    made, home = tree(tmp_path / "k"), tmp_path / "home"
    with _mounted(home, "ro"):
        found = run(made, "", HOME=str(home), XDG_CACHE_HOME=str(home / ".cache"))
    _warned(found, f"store {home}/.cache/caplint")


@pytest.mark.parametrize("when", [0.0, 10_000_000_000.0], ids=["1970", "2286"])
def test_a_file_of_another_time(tmp_path: Path, when: float) -> None:
    """One that is replaced, as editors and git do it, is read again though its size and time are as before."""
    made = tree(tmp_path / "k")
    file = made / "tools/include/uapi/linux/kvm.h"
    os.utime(file, (when, when))
    assert run(made, tmp_path / "cache") == truth()
    changed = file.with_suffix(".new")
    changed.write_text(file.read_text("utf-8").replace("HLT 2", "HLT 1"))
    os.utime(changed, (when, when))
    assert changed.stat().st_size == file.stat().st_size
    changed.rename(file)
    assert "CAP101" not in run(made, tmp_path / "cache")[1]


@pytest.mark.parametrize("when", [0.0, 10_000_000_000.0], ids=["1970", "2286"])
def test_a_clock_that_jumps(tmp_path: Path, when: float) -> None:
    """The store forgets by the day; a day in the past or far ahead makes it forget too much at most."""
    made = tree(tmp_path / "k")
    at = f"import time; time.time = lambda: {when}; {ENTRY}"
    for code in (ENTRY, at, ENTRY):
        assert run(made, tmp_path / "cache", code=code) == truth()
