"""Long output goes through the user's pager, as git's does, and only on a terminal."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys


def paged(text: str, *, wanted: bool = True) -> None:
    """Print a text; more than the terminal holds through $PAGER, else less, else as it is."""
    command = shlex.split(os.environ.get("PAGER") or "less")
    fits = text.count("\n") < shutil.get_terminal_size().lines
    program = shutil.which(command[0], path=_absolute_path()) if command else None
    if not wanted or fits or not sys.stdout.isatty() or program is None:
        sys.stdout.write(text)
        return
    sys.stdout.flush()
    # Colours pass, and nothing stays open that fits one screen: git's defaults.
    environment = {"LESS": "FRX", **os.environ}
    subprocess.run([program, *command[1:]], input=text.encode(), env=environment, check=False)


def _absolute_path() -> str:
    """Return PATH without its relative directories: `.` would run a program of the linted tree."""
    places = os.environ.get("PATH", os.defpath).split(os.pathsep)
    return os.pathsep.join(place for place in places if place.startswith("/"))
