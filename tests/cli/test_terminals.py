"""Every command on terminals that are narrow or can do nothing, without colour, and before a reader of one line."""

from __future__ import annotations

import os
import pty
import re
import struct
import subprocess
import sys
import termios
from fcntl import ioctl
from pathlib import Path

import pytest
from test_streams import WORDS, place

__all__ = ["place"]

_ROOT = Path(__file__).parents[2]
_TEXT = {name: re.sub(r" --output-format \w+", "", words) for name, words in WORDS.items()}


def _on_terminal(place: Path, words: str, columns: int, **variables: str) -> tuple[int, str]:
    """Exit code, and what a command prints on a terminal of so many columns."""
    own, other = pty.openpty()
    ioctl(other, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    environment = {
        **os.environ, "PYTHONPATH": str(_ROOT), "CAPLINT_CACHE": str(place / "cache"), "PAGER": "cat",
        "SOURCE_DATE_EPOCH": "0", "COLUMNS": str(columns), **variables,
    }  # fmt: skip
    command = [sys.executable, "-c", "from caplint.cli.main import entry; entry()", *words.split()]
    streams = {"stdin": subprocess.DEVNULL, "stdout": other, "stderr": subprocess.STDOUT}
    with subprocess.Popen(command, cwd=place, env=environment, **streams) as run:  # type: ignore[call-overload]
        os.close(other)
        printed = b""
        try:
            while piece := os.read(own, 65536):
                printed += piece
        except OSError:  # the terminal ends with the command
            pass
    os.close(own)
    text = printed.decode().replace("\r\n", "\n")
    return run.returncode, re.sub(r" in \d+\.\d+ s$", " in N s", text, flags=re.MULTILINE)


@pytest.mark.parametrize("words", _TEXT.values(), ids=_TEXT)
def test_no_colour_and_no_abilities(place: Path, words: str) -> None:
    """Neither setting lets a control character through, and both print the same, however narrow the terminal is."""
    _on_terminal(place, words, 80, TERM="dumb")  # what is read first shows its progress
    plain = _on_terminal(place, words, 40, TERM="xterm", NO_COLOR="1")
    dumb = _on_terminal(place, words, 40, TERM="dumb", NO_COLOR="")
    assert plain == dumb
    status, printed = plain
    assert status == 0
    assert printed.strip()
    assert "\x1b" not in printed
    assert "Traceback" not in printed


@pytest.mark.parametrize("words", _TEXT.values(), ids=_TEXT)
def test_a_reader_of_one_line(place: Path, words: str) -> None:
    code = "from caplint.cli.main import entry; entry()"
    line = f"set -o pipefail; {sys.executable} -c '{code}' {words} 2>&1 | head -1"
    variables = {**os.environ, "PYTHONPATH": str(_ROOT), "CAPLINT_CACHE": str(place / "cache")}
    done = subprocess.run(["bash", "-c", line], cwd=place, env=variables, capture_output=True, check=False)
    assert (done.returncode, done.stderr) == (0, b"")
    assert len(done.stdout.splitlines()) <= 1
    assert b"Traceback" not in done.stdout


@pytest.mark.parametrize("columns", ["40", "1", "0", "-3", "x", "9" * 20])
def test_help_for_odd_widths(columns: str) -> None:
    command = [sys.executable, "-c", "from caplint.cli.main import entry; entry()", "inventory", "--help"]
    variables = {**os.environ, "PYTHONPATH": str(_ROOT), "COLUMNS": columns}
    done = subprocess.run(command, env=variables, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert "--history" in done.stdout
