"""Standard streams that are closed, or are full: exit codes mean what they always mean, and no traceback."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from conftest import HEADER, age, kernel

from caplint.cli import streams

CODE = "from caplint.cli.main import entry; entry()"
FULL = Path("/dev/full")
needs_full = pytest.mark.skipif(not FULL.exists(), reason="there is no /dev/full")


def _run(
    place: Path, words: list[str | Path], closed: tuple[int, ...] = (), full: tuple[int, ...] = ()
) -> subprocess.CompletedProcess[bytes]:
    def redirect() -> None:
        for number in full:
            os.dup2(os.open(FULL, os.O_WRONLY), number)
        for number in closed:
            os.close(number)

    variables = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2]), "CAPLINT_CACHE": str(place / "cache")}
    return subprocess.run(
        [sys.executable, "-c", CODE, *words], cwd=place, env=variables, capture_output=True, check=False,
        preexec_fn=redirect,
    )  # fmt: skip


def _wrong(place: Path) -> list[str | Path]:
    tree = kernel(place / "k", {"tools/include/uapi/linux/kvm.h": HEADER.replace("NR_VCPUS 9", "NR_VCPUS 8")})
    age(tree)
    return ["check", tree, "--select", "CAP101"]


@pytest.mark.parametrize("closed", [(0,), (2,), (0, 2)])
def test_a_closed_stream_that_is_not_needed(tmp_path: Path, closed: tuple[int, ...]) -> None:
    run = _run(tmp_path, _wrong(tmp_path), closed)
    assert run.returncode == 1
    assert b"1 error" in run.stdout
    assert b"Traceback" not in run.stdout + run.stderr
    assert _run(tmp_path, ["check", tmp_path / "gone"], closed).returncode == 2


@pytest.mark.parametrize("closed", [(1,), (0, 1), (1, 2), (0, 1, 2)])
@pytest.mark.parametrize("words", [None, ["--help"], ["rules"]])
def test_a_closed_output_is_an_error(tmp_path: Path, closed: tuple[int, ...], words: list[str | Path] | None) -> None:
    run = _run(tmp_path, words or _wrong(tmp_path), closed)
    assert run.returncode == 2
    assert run.stdout == b""
    assert len(run.stderr.splitlines()) == (2 not in closed)
    assert b"Bad file descriptor" in run.stderr or 2 in closed


@needs_full
@pytest.mark.parametrize("words", [None, ["--help"], ["--version"], ["check", "--help"], ["config"], ["rules"]])
def test_a_full_output_is_one_line(tmp_path: Path, words: list[str | Path] | None) -> None:
    run = _run(tmp_path, words or _wrong(tmp_path), full=(1,))
    assert run.returncode == 2
    (line,) = run.stderr.decode().splitlines()
    assert line.startswith("caplint: ")
    assert "No space left on device" in line
    assert _run(tmp_path, words or _wrong(tmp_path), full=(1, 2)).returncode == 2


def test_a_record_from_a_closed_input_is_one_line(tmp_path: Path) -> None:
    run = _run(tmp_path, [*_wrong(tmp_path), "--probe", "-"], closed=(0,))
    assert run.returncode == 2
    (line,) = run.stderr.splitlines()
    assert line.startswith(b"caplint: -: standard input ")


@needs_full
def test_errors_that_nobody_can_be_told(tmp_path: Path) -> None:
    assert _run(tmp_path, ["check", tmp_path / "gone"], full=(2,)).returncode == 2
    assert _run(tmp_path, _wrong(tmp_path), full=(2,)).returncode == 1


def test_no_file_takes_the_number_of_a_closed_stream(tmp_path: Path) -> None:
    code = (
        "import os; from caplint.cli import streams; streams.prepare(); "
        "print(os.open(os.devnull, 0), file=open('n', 'w'))"
    )
    subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, check=True,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
        preexec_fn=lambda: os.closerange(0, 3),
    )  # fmt: skip
    assert int((tmp_path / "n").read_text()) > 2


def test_an_output_that_another_program_has_made_non_blocking_is_waited_for() -> None:
    reading, writing = os.pipe()
    os.set_blocking(writing, False)
    out = streams._text(streams._Output(writing, "standard output"), None)
    text = "a" * 1_000_000

    def slowly() -> bytes:
        time.sleep(0.2)
        with os.fdopen(reading, "rb") as file:
            return file.read()

    with ThreadPoolExecutor(1) as reader:
        read = reader.submit(slowly)
        try:
            out.write(text)
            out.flush()
        finally:
            os.close(writing)
        assert read.result() == text.encode()
