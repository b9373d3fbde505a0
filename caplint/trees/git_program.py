"""Finds the git that is run: never one that lies in what is linted, nor one that depends on the working directory."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

from caplint.errors import CaplintError


def git_program(inputs: Iterable[Path]) -> str:
    """The first git of PATH's absolute directories that lies below none of the inputs.

    A relative entry of PATH, such as `.`, would run a program of the working directory, which may be a linted tree.
    Raises `CaplintError` where there is none.
    """
    places = [os.path.realpath(place) for place in inputs]
    for directory in os.environ.get("PATH", os.defpath).split(os.pathsep):
        program = f"{directory}/git"
        if (
            directory.startswith("/")
            and os.path.isfile(program)  # noqa: PTH113 - a name with a NUL is no file
            and os.access(program, os.X_OK)
            and not any(is_below(real, place) for real in _real(program) for place in places)
        ):
            return program
    raise CaplintError(
        "git is not installed in an absolute directory of PATH outside of the linted trees; "
        "it is needed to read revisions, the index and patches"
    )


def _real(program: str) -> tuple[str, str]:
    """Where a program's directory and its file are."""
    return os.path.realpath(os.path.dirname(program)), os.path.realpath(program)  # noqa: PTH120


def is_below(path: str, place: str) -> bool:
    """Whether a path is a place or lies below it; both without links."""
    return path == place or path.startswith(f"{place.rstrip('/')}/")
