"""Files of patches that a command line names: files, compressed or not, directories, maildirs and quilt series.

A directory is input like any other: it may name files, or lead to files, that are none of it. Those are refused.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from caplint.trees.mail import LARGEST
from caplint.trees.patch_text import PatchText
from caplint.util.compressed import expanded
from caplint.util.errors import CaplintError
from caplint.util.regular_file import read_regular, standard_input

_PATCH = re.compile(r".*\.(?:patch|diff|mbox|mbx|eml)(?:\.gz|\.xz)?", re.IGNORECASE)
_QUILT = ("", "patches", "debian/patches")
"""Directories in which a tree keeps its quilt series."""
_MOST_FILES = 10_000
_LARGEST_LIST = 1_000_000
_LARGEST_TOTAL = 4 * LARGEST
"""Limit on the bytes of all files together."""


def patch_texts(names: Iterable[str]) -> Iterator[PatchText]:
    """Yield the files that some names stand for, in order; `-` is standard input.

    Raises `CaplintError`, one line that begins with the name, for what cannot be read or would lead out of a directory.
    """
    read_input = False
    total = 0
    for name in names:
        if name == "-" and read_input:
            raise CaplintError("-: standard input can be read only once; give - once")
        read_input |= name == "-"
        for text in _texts(name):
            total += len(text.content)
            if total > _LARGEST_TOTAL:
                raise CaplintError(
                    f"{text.label}: with it, the patches have more than {_LARGEST_TOTAL:,} bytes; give fewer at a time"
                )
            yield text


def _texts(name: str) -> Iterator[PatchText]:
    if name == "-":
        yield PatchText("standard input", expanded(standard_input(LARGEST), "standard input", LARGEST))
        return
    path = Path(name)
    if not name or not path.is_dir():
        content = _content(path)
        if path.name.startswith("series") and (entries := _entries(content, path.parent)):
            yield from _series(path.parent, entries)
        else:
            yield PatchText(_shown(path), content)
        return
    quilt = next((found for place in _QUILT if (found := path / place / "series").is_file()), None)
    if (path / "cur").is_dir() and (path / "new").is_dir():
        yield from _maildir(path)
    elif quilt is not None:
        _stay_below(path, quilt)
        yield from _series(quilt.parent, _listed(read_regular(quilt, _LARGEST_LIST), _shown(quilt)))
    else:
        yield from _directory(path)


def _content(path: Path) -> bytes:
    return expanded(read_regular(path, LARGEST), _shown(path), LARGEST)


def _shown(path: Path) -> str:
    """Return a path as text; findings and the store hold it, so bytes that are not UTF-8 are escaped."""
    return os.fsencode(path).decode("utf-8", "backslashreplace")


def _directory(directory: Path) -> Iterator[PatchText]:
    names = sorted(name for name in _names(directory) if _PATCH.fullmatch(name) and not name.startswith("."))
    if not names:
        raise CaplintError(
            f"{_shown(directory)}: a directory without patches (*.patch, *.diff, *.mbox, also with .gz or .xz), "
            "a quilt series or a maildir"
        )
    for name in names:
        _stay_below(directory, directory / name)
        yield PatchText(_shown(directory / name), _content(directory / name))


def _maildir(directory: Path) -> Iterator[PatchText]:
    mails = [(name, part) for part in ("cur", "new") for name in _names(directory / part) if not name.startswith(".")]
    if not mails:
        raise CaplintError(f"{_shown(directory)}: the maildir has no mail; name another directory")
    for name, part in sorted(mails):  # a name begins with the time of arrival
        file = directory / part / name
        _stay_below(directory, file)
        yield PatchText(_shown(file), _content(file), _shown(directory), mailbox=True)


def _names(directory: Path) -> list[str]:
    try:
        names = os.listdir(directory)  # noqa: PTH208 - names alone
    except OSError as error:
        raise CaplintError(f"{_shown(directory)}: cannot be read: {error.strerror}") from None
    if len(names) > _MOST_FILES:
        raise CaplintError(f"{_shown(directory)}: more than {_MOST_FILES:,} files; name those that are patches")
    return names


def _stay_below(directory: Path, file: Path) -> None:
    if not Path(os.path.realpath(file)).is_relative_to(os.path.realpath(directory)):
        raise CaplintError(f"{_shown(file)}: is a link out of {_shown(directory)}; refused. Name the file it leads to")


def _series(directory: Path, entries: list[tuple[str, int | None]]) -> Iterator[PatchText]:
    for name, strip in entries:
        _stay_below(directory, directory / name)
        yield PatchText(_shown(directory / name), _content(directory / name), _shown(directory), strip=strip)


def _entries(content: bytes, directory: Path) -> list[tuple[str, int | None]]:
    """Return the patches of a quilt series file; empty for a file of any other kind."""
    if len(content) > _LARGEST_LIST:
        return []
    try:
        listed = _listed(content, "series")
    except CaplintError:
        return []
    return listed if all((directory / name).is_file() for name, _ in listed) else []


def _listed(content: bytes, label: str) -> list[tuple[str, int | None]]:
    """Return the patches that a quilt series file lists, with the number of directories to strip (quilt(1))."""
    found: list[tuple[str, int | None]] = []
    for number, line in enumerate(content.split(b"\n"), 1):
        words = os.fsdecode(line.partition(b" #")[0]).split()
        if not words or words[0].startswith("#"):
            continue
        name, options = words[0], words[1:]
        if {"..", ".", ""} & set(name.split("/")) or "\0" in name:
            raise CaplintError(f"{label}:{number}: {name[:200]!r} lies outside of the directory of the series; refused")
        found.append((name, _strip(options, f"{label}:{number}")))
    if not 0 < len(found) <= _MOST_FILES:
        raise CaplintError(f"{label}: lists {'no patch' if not found else f'more than {_MOST_FILES:,} patches'}")
    return found


def _strip(options: list[str], where: str) -> int | None:
    strip = None
    for option in options:
        if option == "-R":
            raise CaplintError(f"{where}: applies a patch in reverse (-R), which caplint does not; reverse the patch")
        level = re.fullmatch(r"-p(ab|[0-9])", option)
        if level is None:
            raise CaplintError(f"{where}: unknown option {option[:100]!r}; known are -p0 to -p9 and -pab")
        strip = 1 if level[1] == "ab" else int(level[1])
    return strip
