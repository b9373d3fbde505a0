"""Programs that are run, and what they say when they fail."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from tools.errors import ToolError

_SHOWN = 3_000


def run(command: list[str], place: Path, **variables: str) -> str:
    """Run a program in a directory and return what it prints; the directory counts as in no repository of git.

    Raises `ToolError` with the end of its output if it fails or is missing.
    """
    environment = {**os.environ, "GIT_CEILING_DIRECTORIES": str(place.resolve().parent), **variables}
    try:
        done = subprocess.run(
            ["nice", *command], cwd=place, env=environment, check=False, stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace",
        )  # fmt: skip
    except FileNotFoundError as error:
        raise ToolError(f"{command[0]}: {error.strerror}") from error
    if done.returncode:
        raise ToolError(f"{' '.join(command)[:300]}: exit status {done.returncode}\n{done.stdout[-_SHOWN:]}")
    return done.stdout
