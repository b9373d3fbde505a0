"""Files that are replaced as a whole or not at all."""

from __future__ import annotations

import os
import stat
import tempfile
from pathlib import Path

from caplint.errors import CaplintError


def replace_file(path: Path, text: str) -> None:
    """Put the text into the file. Until it is all on the disk, the file stays what it was.

    A file that was there keeps its mode. Raises `CaplintError` where it cannot be written, and for a link, which
    may lead out of a tree that somebody else made, a FIFO or a device.
    """
    target = path.parent.resolve() / path.name
    try:
        mode = _mode(path)
        handle, name = tempfile.mkstemp(prefix=f".{target.name}.", dir=target.parent)
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                file.write(text)
                file.flush()
                os.fchmod(file.fileno(), mode)
                os.fsync(file.fileno())
            os.replace(name, target)  # noqa: PTH105 - beside mkstemp's name
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise
    except OSError as error:
        raise CaplintError(f"{path}: cannot be written: {error.strerror}; it is as it was") from error


def _mode(path: Path) -> int:
    """The mode of the file that is there, or of a new one."""
    try:
        status = path.lstat()
    except FileNotFoundError:
        return 0o666 & ~_umask()
    if stat.S_ISLNK(status.st_mode):
        raise CaplintError(f"{path}: is a link to {path.readlink()}; name the file that is to be written itself")
    if not stat.S_ISREG(status.st_mode):
        raise CaplintError(f"{path}: cannot be written: it is not a regular file")
    return status.st_mode & 0o7777


def _umask() -> int:
    """What the process masks out of new files' modes; there is no other way to ask."""
    mask = os.umask(0o077)
    os.umask(mask)
    return mask
