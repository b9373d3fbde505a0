"""Files that are replaced as a whole or not at all."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from caplint.util.errors import CaplintError


def replace_file(path: Path, text: str) -> None:
    """Put the text into the file. Until it is all on the disk, the file stays what it was.

    A link is followed, a file that was there keeps its mode. Raises `CaplintError` where it cannot be written.
    """
    target = path.resolve()
    try:
        mode = target.stat().st_mode & 0o7777 if target.exists() else 0o666 & ~_umask()
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


def _umask() -> int:
    """What the process masks out of new files' modes; there is no other way to ask."""
    mask = os.umask(0o077)
    os.umask(mask)
    return mask
