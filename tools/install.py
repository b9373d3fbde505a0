"""`make run` and `make test`: installs a lock file into the environment of this Python, and says how far it is.

It runs before anything is installed, so it imports nothing but the standard library.
"""

from __future__ import annotations

import re
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

_ENTRY = re.compile(r"^([A-Za-z0-9][\w.-]*)==", re.MULTILINE)
_PIP = ("-m", "pip", "install", "--disable-pip-version-check", "--no-input", "--require-hashes", "--no-deps")


def entries(lock: str) -> list[str]:
    """Return the names of the packages in the text of a lock file, those for other systems included."""
    return _ENTRY.findall(lock)


def step(line: str, fetched: int, most: int) -> tuple[str, int]:
    """Return what a line of pip's output means for a person (empty: nothing), and the number of packages fetched."""
    if line.startswith("Collecting "):
        name = re.split(r"[=<>!~;\s]", line.removeprefix("Collecting "), maxsplit=1)[0]
        return f"fetching {fetched + 1} of {most}: {name}", fetched + 1
    if line.startswith("Installing collected packages"):
        return f"unpacking {fetched} packages", fetched
    return "", fetched


def install(lock: Path, show: Callable[[str], None]) -> tuple[int, str]:
    """Install the packages of a lock file. Returns pip's exit code and all of its output."""
    most = len(entries(lock.read_text("utf-8")))
    command = [sys.executable, *_PIP, "--progress-bar", "off", "-r", str(lock)]
    lines, fetched = [], 0
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace"
    ) as pip:
        assert pip.stdout is not None
        for line in pip.stdout:
            lines.append(line)
            text, fetched = step(line, fetched, most)
            if text:
                show(text)
    return pip.returncode, "".join(lines)


def main(arguments: list[str]) -> int:
    """Install the named lock file; the second word says what for."""
    lock, purpose = Path(arguments[0]), arguments[1]
    live = sys.stderr.isatty()
    started = time.monotonic()

    def show(text: str) -> None:
        if live:
            sys.stderr.write(f"\r\033[K{purpose}: {text}")
            sys.stderr.flush()

    sys.stderr.write(f"{purpose}: installing {lock} …" + ("" if live else "\n"))
    sys.stderr.flush()
    status, output = install(lock, show)
    if live:
        sys.stderr.write("\r\033[K")
    if status:
        sys.stderr.write(f"{output}{purpose}: pip could not install {lock}; its output is above\n")
    else:
        sys.stderr.write(f"{purpose}: installed in {time.monotonic() - started:.0f} s\n")
    return status


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except KeyboardInterrupt:  # pip has said what it was doing; `make` starts again where it was
        sys.exit(130)
