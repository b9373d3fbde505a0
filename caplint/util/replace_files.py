"""Replacement of several files of one directory tree: all of them, or none."""

from __future__ import annotations

import os
import stat
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

from caplint.util.errors import CaplintError
from caplint.util.escape import visible
from caplint.util.regular_file import read_regular

Place = tuple[Path, str]
"""Root of a tree, and the path of a file in it, as the system names it."""


def replace_files(contents: Mapping[Place, tuple[bytes, bytes]]) -> None:
    """Replace files, given with their content before and after.

    All new contents are on the disk before the first file is replaced; if one cannot be, or the process is interrupted,
    those before it get their old content back. A process that is killed between two replacements leaves the first
    files in the given order new, and the others old: each is whole, and files named `.caplint.*` beside the old ones
    hold what they would have become. Raises `CaplintError` if a file does not hold the content before, or is not a
    regular file of its tree: a link on the way to it, `..` and `.git` are refused.
    """
    targets = {place: _target(*place) for place in contents}
    for place, (before, _) in contents.items():
        if read_regular(targets[place], len(before) + 1) != before:
            raise CaplintError(f"{_name(targets[place])}: has changed meanwhile; nothing was written")
    with _written({targets[place]: after for place, (_, after) in contents.items()}) as fresh:
        done: list[tuple[Path, bytes]] = []
        try:
            for place, (before, _) in contents.items():
                os.replace(fresh[targets[place]], targets[place])  # noqa: PTH105 - names of mkstemp
                done.append((targets[place], before))
        except BaseException as error:
            _restore(done)
            if isinstance(error, OSError):
                raise _failure(error) from error
            raise


def _failure(error: OSError, place: Path | None = None) -> CaplintError:
    return CaplintError(f"{_name(place or error.filename)}: cannot be written: {error.strerror}; nothing was written")


def _name(place: object) -> str:
    return visible(os.fsdecode(os.fsencode(str(place))))


def _target(root: Path, path: str) -> Path:
    """Return the place of a file. Raises `CaplintError` if the path leads out of the tree, or through a link."""
    parts = path.split("/")
    place = root.resolve()
    for number, part in enumerate(parts, 1):
        if part in {"", ".", ".."} or part.lower() == ".git" or "\0" in part:
            raise CaplintError(f"{_name(path)}: is not a file of a tree; nothing was written")
        place /= part
        try:
            mode = place.lstat().st_mode
        except OSError as error:
            raise _failure(error, place) from error
        if not (stat.S_ISREG(mode) if number == len(parts) else stat.S_ISDIR(mode)):
            raise CaplintError(f"{_name(place)}: is a link or not a regular file; nothing was written")
    return place


@contextmanager
def _written(contents: Mapping[Path, bytes]) -> Iterator[dict[Path, str]]:
    """Write new contents beside their files; yield the temporary names, which are gone in the end."""
    names: dict[Path, str] = {}
    try:
        for target, content in contents.items():
            mode = stat.S_IMODE(target.lstat().st_mode)
            handle, names[target] = tempfile.mkstemp(prefix=".caplint.", dir=target.parent)
            with os.fdopen(handle, "wb") as file:
                file.write(content)
                file.flush()
                os.fchmod(file.fileno(), mode & 0o777)
                os.fsync(file.fileno())
        yield names
    except OSError as error:
        raise _failure(error) from error
    finally:
        for name in names.values():
            with suppress(OSError):
                Path(name).unlink(missing_ok=True)


def _restore(done: list[tuple[Path, bytes]]) -> None:
    """Give files their old content back."""
    for target, before in done:
        with _written({target: before}) as fresh:
            os.replace(fresh[target], target)  # noqa: PTH105
