"""Pager for long output on a terminal, used as git uses it."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys


def paged(text: str, *, wanted: bool = True) -> None:
    """Print a text; pipe it through $PAGER, else less, if it is longer than the terminal."""
    program = _pager() if wanted and _is_long(text) and _is_terminal() else []
    if not program:
        sys.stdout.write(text)
        return
    sys.stdout.flush()
    # git's defaults: pass colours through, and exit if the text fits one screen.
    environment = {"LESS": "FRX", **os.environ}
    try:
        subprocess.run(program, input=text.encode(), env=environment, check=False)
    except OSError:  # no program, in spite of its name
        sys.stdout.write(text)


def _is_long(text: str) -> bool:
    return text.count("\n") >= shutil.get_terminal_size().lines


def _is_terminal() -> bool:
    """Tell whether a pager can work: on a dumb terminal, pagers ask before they begin."""
    return sys.stdout.isatty() and os.environ.get("TERM") != "dumb"


def _pager() -> list[str]:
    """Return the command of the pager; empty if there is none that may run.

    It is found in absolute directories only: `.` in PATH, or `./pager`, would run a program of the linted tree.
    """
    try:
        command = shlex.split(os.environ.get("PAGER") or "less")
    except ValueError:  # a quotation mark that is not closed
        return []
    if not command or (os.sep in command[0] and not command[0].startswith(os.sep)):
        return []
    directories = os.environ.get("PATH", os.defpath).split(os.pathsep)
    path = os.pathsep.join(directory for directory in directories if directory.startswith("/"))
    program = shutil.which(command[0], path=path)
    return [program, *command[1:]] if program else []
