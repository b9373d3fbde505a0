"""Choice of the git program: never one inside the linted trees, nor one that depends on the working directory."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

from caplint.util.errors import CaplintError


def git_program(inputs: Iterable[Path]) -> str:
    """Return the first git in PATH's absolute directories that lies outside the inputs.

    A relative entry of PATH, such as `.`, would run a program of the working directory, which may be a linted tree.
    Raises `CaplintError` if there is none.
    """
    places = [os.path.realpath(place) for place in inputs]
    for directory in os.environ.get("PATH", os.defpath).split(os.pathsep):
        program = f"{directory}/git"
        if (
            directory.startswith("/")
            and os.path.isfile(program)  # noqa: PTH113 - False for a name with a NUL
            and os.access(program, os.X_OK)
            and not any(is_below(real, place) for real in _real(program) for place in places)
        ):
            return program
    raise CaplintError(
        "git is not installed in an absolute directory of PATH outside of the linted trees; "
        "it is needed to read revisions, the index and patches"
    )


def _real(program: str) -> tuple[str, str]:
    """Return the resolved directory and the resolved file of a program."""
    return os.path.realpath(os.path.dirname(program)), os.path.realpath(program)  # noqa: PTH120


def is_below(path: str, place: str) -> bool:
    """Return whether a path equals a place or lies below it; both must be resolved."""
    return path == place or path.startswith(f"{place.rstrip('/')}/")
