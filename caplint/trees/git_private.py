"""A git directory of caplint's own: what git takes for the repository while it reads another's objects.

Git obeys the configuration, hooks, attributes and references of the repository that it runs in. So it runs in this
one, which is empty but for what was read and validated here, and is only told where the objects are.
"""

from __future__ import annotations

import os
import shutil
import tempfile
import weakref
from collections.abc import Iterable
from pathlib import Path

from caplint.errors import CaplintError
from caplint.regular_file import read_regular
from caplint.trees.git_place import GitPlace
from caplint.trees.git_program import is_below
from caplint.trees.git_references import shallow_form
from caplint.trees.names import shown

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
    """A directory that only this user can read, outside of what is linted; it goes when this object does."""

    def __init__(self, place: GitPlace) -> None:
        """Raises `CaplintError` where no such directory can be made, or the repository is damaged."""
        inputs = [os.path.realpath(path) for path in (place.top, place.own, place.common)]
        self.path = _new_directory(inputs)
        # A forked process that drops its copy must not remove what the other works with.
        self._end = weakref.finalize(self, _remove, self.path, os.getpid())
        self.write("config", _CONFIGURATION.encode())
        self.write("HEAD", b"ref: refs/heads/none\n")
        (self.path / "refs").mkdir()
        if shallow := shallow_form(place.common / "shallow"):
            self.write("shallow", shallow)

    def write(self, name: str, content: bytes) -> None:
        """Put a file there. Raises `CaplintError` where the disk is full."""
        try:
            (self.path / name).write_bytes(content)
        except OSError as error:
            raise CaplintError(f"{self.path}: cannot be written: {error.strerror}; see TMPDIR") from error

    def take_index(self, index: Path) -> None:
        """Copy an index, and the shared one that a split index rests on; none where there is none."""
        (self.path / "index").unlink(missing_ok=True)
        if not os.path.lexists(index):
            return
        content = read_regular(index, _LARGEST_INDEX)
        if not content.startswith(b"DIRC"):
            raise CaplintError(f"{shown(index)}: is no index of git; it is damaged")
        self.write("index", content)
        for name in _shared(content):
            if os.path.lexists(index.parent / name):
                self.write(name, read_regular(index.parent / name, _LARGEST_INDEX))

    def close(self) -> None:
        """Remove the directory."""
        self._end()


def _shared(content: bytes) -> Iterable[str]:
    """The names that the shared index of a split one may have: gitformat-index(5), the extension `link`."""
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
