"""Runs commands and ends with their exit codes; pipes that close and terminals that know few characters included."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import HEADER, X86, Caplint, age, kernel

from caplint import __version__

_ROOT = Path(__file__).parents[2]
_CODE = "from caplint.cli.main import entry; entry()"


def _run(
    place: Path, *words: str | Path, encoding: str = "utf-8", code: str = _CODE
) -> subprocess.CompletedProcess[bytes]:
    variables = {
        **os.environ, "PYTHONPATH": str(_ROOT), "CAPLINT_CACHE": str(place / "cache"), "PYTHONIOENCODING": encoding,
    }  # fmt: skip
    return subprocess.run(
        [sys.executable, "-c", code, *words], cwd=place, env=variables, capture_output=True, check=False
    )


@pytest.mark.parametrize(("copy", "status"), [(HEADER, 0), (HEADER.replace("NR_VCPUS 9", "NR_VCPUS 8"), 1), (None, 2)])
def test_exit_codes(tmp_path: Path, copy: str | None, status: int) -> None:
    tree = kernel(tmp_path / "k", {"tools/include/uapi/linux/kvm.h": copy} if copy else None)
    words = ("check", tree if copy else tmp_path / "gone", "--select", "CAP101")
    assert _run(tmp_path, *words).returncode == status


def test_a_run_that_knows_every_file_loads_nothing_to_read_one(tmp_path: Path) -> None:
    age(kernel(tmp_path / "k"))
    shown = f"import atexit, sys; atexit.register(lambda: sys.stderr.write(' '.join(sys.modules))); {_CODE}"
    heavy = {"tree_sitter", "pebble", "networkx", "pysat"}
    loaded = [_run(tmp_path, "check", "k", code=shown).stderr.decode().split() for _ in range(2)]
    assert heavy & {*loaded[0]} == {"tree_sitter", "pebble"}
    assert heavy & {*loaded[1]} == set()


def test_an_ascii_terminal(tmp_path: Path) -> None:
    run = _run(tmp_path, "explain", "CAP101", encoding="ascii")
    assert (run.returncode, run.stderr) == (0, b"")
    assert run.stdout.startswith(b"CAP101 number-mismatch \\xb7 error \\xb7 since 0.1.0")


def test_a_reader_that_leaves(tmp_path: Path) -> None:
    variables = {**os.environ, "PYTHONPATH": str(_ROOT), "CAPLINT_CACHE": str(tmp_path / "cache")}
    process = subprocess.Popen(
        [sys.executable, "-c", _CODE, "facts"], cwd=tmp_path, env=variables, stdout=-1, stderr=-1
    )  # more than a pipe holds
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.close()
    complaint = process.stderr.read()
    process.stderr.close()
    assert (process.wait(), complaint) == (0, b"")


@pytest.mark.parametrize(
    "words", [("--help",), ("check", "--help"), ("facts", "--help"), ("explain", "--help"), ("--version",)]
)
def test_help(caplint: Caplint, words: tuple[str, ...]) -> None:
    run = caplint(*words)
    assert (run.status, run.err) == (0, "")
    assert run.out.startswith("usage: caplint" if "--help" in words else f"caplint {__version__}\n")


def test_the_same_options_everywhere(caplint: Caplint, tmp_path: Path) -> None:
    tree = kernel(tmp_path / "k", {X86: ""})
    for words in (("check",), ("coverage",), ("facts", "SELECT 1")):
        for option in ((tree,), ("--kernel", tree), ("--tree", f"mine=kernel:{tree}")):
            assert caplint(*words, *option, "--jobs", "1").status in {0, 1}
