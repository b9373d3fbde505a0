"""Private git directory of caplint, which git uses as the repository while it reads the objects of another one.

Git obeys the configuration, hooks, attributes and references of the repository that it runs in. So it runs in this
one, which contains only files that were read and validated here, and is only given the location of the objects.
"""

from __future__ import annotations

import os
import shutil
import tempfile
import weakref
from collections.abc import Iterable
from pathlib import Path

from caplint.trees.git_place import GitPlace
from caplint.trees.git_program import is_below
from caplint.trees.git_references import shallow_form
from caplint.trees.names import shown
from caplint.util.errors import CaplintError
from caplint.util.regular_file import read_regular

_CONFIGURATION = """\
[core]
	repositoryFormatVersion = 0
	bare = true
	fsmonitor = false
	hooksPath = /dev/null
	attributesFile = /dev/null
	commitGraph = false
	multiPackIndex = false
	bigFileThreshold = 32m
[protocol]
	allow = never
"""
_LARGEST_INDEX = 512_000_000


class PrivateGit:
    """Directory outside the linted trees that only this user can read; removed together with this object."""

    def __init__(self, place: GitPlace) -> None:
        """Create the directory. Raises `CaplintError` if that fails, or if the repository is damaged."""
        inputs = [os.path.realpath(path) for path in (place.top, place.own, place.common)]
        self.path = _new_directory(inputs)
        # A forked process that drops its copy must not remove the directory of its parent.
        self._end = weakref.finalize(self, _remove, self.path, os.getpid())
        self.write("config", _CONFIGURATION.encode())
        self.write("HEAD", b"ref: refs/heads/none\n")
        (self.path / "refs").mkdir()
        if shallow := shallow_form(place.common / "shallow"):
            self.write("shallow", shallow)

    def write(self, name: str, content: bytes) -> None:
        """Write a file into the directory. Raises `CaplintError` if the disk is full."""
        try:
            (self.path / name).write_bytes(content)
        except OSError as error:
            raise CaplintError(f"{self.path}: cannot write: {error.strerror}; set TMPDIR elsewhere") from error

    def take_index(self, index: Path) -> None:
        """Copy an index, with the shared index of a split one; a missing index is skipped."""
        (self.path / "index").unlink(missing_ok=True)
        if not os.path.lexists(index):
            return
        content = read_regular(index, _LARGEST_INDEX)
        if not content.startswith(b"DIRC"):
            raise CaplintError(f"{shown(index)}: is not a git index; it is damaged")
        self.write("index", content)
        for name in _shared(content):
            if os.path.lexists(index.parent / name):
                self.write(name, read_regular(index.parent / name, _LARGEST_INDEX))

    def close(self) -> None:
        """Remove the directory."""
        self._end()


def _shared(content: bytes) -> Iterable[str]:
    """Yield possible names of the shared index of a split one: gitformat-index(5), the extension `link`."""
    at = content.find(b"link")
    while at >= 0:
        yield f"sharedindex.{content[at + 8 : at + 28].hex()}"
        at = content.find(b"link", at + 1)


def _new_directory(inputs: list[str]) -> Path:
    for parent in (tempfile.gettempdir(), "/tmp", "/var/tmp"):  # noqa: S108 - mkdtemp makes it private
        real = os.path.realpath(parent)
        if not any(is_below(real, place) for place in inputs):
            try:
                return Path(tempfile.mkdtemp(prefix="caplint-git-", dir=real))
            except OSError:
                continue
    raise CaplintError("no place for temporary files outside of the linted trees; set TMPDIR to a directory elsewhere")


def _remove(path: Path, owner: int) -> None:
    if os.getpid() == owner:
        shutil.rmtree(path, ignore_errors=True)
