"""Atomic replacement of files."""

from __future__ import annotations

import os
import stat
import tempfile
from pathlib import Path

from caplint.util.errors import CaplintError


def replace_file(path: Path, text: str) -> None:
    """Replace the file's content by the text. The file is unchanged until all of the text is on the disk.

    An existing file keeps its mode. Raises `CaplintError` if the file cannot be written, and for a link (which may lead
    out of an untrusted tree), a FIFO or a device.
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
        raise CaplintError(f"{path}: cannot be written: {error.strerror}; the file is unchanged") from error


def _mode(path: Path) -> int:
    """Return the mode of the existing file, or the default mode of a new one."""
    try:
        status = path.lstat()
    except FileNotFoundError:
        return 0o666 & ~_umask()
    if stat.S_ISLNK(status.st_mode):
        raise CaplintError(f"{path}: is a link to {path.readlink()}; name its target instead")
    if not stat.S_ISREG(status.st_mode):
        raise CaplintError(f"{path}: cannot be written: it is not a regular file; name another")
    return status.st_mode & 0o7777


def _umask() -> int:
    """Return the process's umask, which can only be read by setting it."""
    mask = os.umask(0o077)
    os.umask(mask)
    return mask
