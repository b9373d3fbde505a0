"""Pager for long output on a terminal, used as git uses it."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys


def paged(text: str, *, wanted: bool = True) -> None:
    """Print a text; pipe it through $PAGER, else less, if it is longer than the terminal."""
    command = shlex.split(os.environ.get("PAGER") or "less")
    fits = text.count("\n") < shutil.get_terminal_size().lines
    program = shutil.which(command[0], path=_absolute_path()) if command else None
    if not wanted or fits or not sys.stdout.isatty() or program is None:
        sys.stdout.write(text)
        return
    sys.stdout.flush()
    # git's defaults: pass colours through, and exit if the text fits one screen.
    environment = {"LESS": "FRX", **os.environ}
    subprocess.run([program, *command[1:]], input=text.encode(), env=environment, check=False)


def _absolute_path() -> str:
    """Return PATH without its relative directories: `.` would run a program of the linted tree."""
    directories = os.environ.get("PATH", os.defpath).split(os.pathsep)
    return os.pathsep.join(directory for directory in directories if directory.startswith("/"))
