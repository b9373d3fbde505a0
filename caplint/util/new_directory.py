"""Writing of a new directory with files: all of it, or nothing."""

from __future__ import annotations

import os
import shutil
import stat
import tempfile
from collections.abc import Mapping
from pathlib import Path

from caplint.util.errors import CaplintError
from caplint.util.escape import visible


def want_free(directory: Path) -> None:
    """Raise `CaplintError` unless nothing is at the place, or an empty directory that is no link."""
    name = visible(str(directory))
    try:
        mode = directory.lstat().st_mode
        if stat.S_ISLNK(mode):
            raise CaplintError(f"{name}: is a link; name a directory with -o")
        if not stat.S_ISDIR(mode):
            raise CaplintError(f"{name}: exists already; name an empty directory with -o")
        if any(directory.iterdir()):
            raise CaplintError(f"{name}: holds files already; name an empty directory with -o")
    except FileNotFoundError:
        return
    except (OSError, ValueError) as error:
        raise _failure(directory, error) from error


def write_directory(directory: Path, files: Mapping[str, bytes]) -> None:
    """Write files, by their paths below a directory: to one beside it first, which then takes its name.

    Raises `CaplintError` if `want_free` does, or if something cannot be written.
    """
    want_free(directory)
    made = None
    try:
        directory.parent.mkdir(parents=True, exist_ok=True)
        target = directory.parent.resolve() / directory.name
        made = Path(tempfile.mkdtemp(prefix=".caplint.", dir=target.parent))
        made.chmod(0o777 & ~_umask())
        for path, content in files.items():
            place = made / path
            place.parent.mkdir(parents=True, exist_ok=True)
            with place.open("xb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
        made.rename(target)
    except (OSError, ValueError) as error:
        raise _failure(directory, error) from error
    finally:
        if made is not None and made.exists():
            shutil.rmtree(made, ignore_errors=True)


def _failure(directory: Path, error: Exception) -> CaplintError:
    reason = error.strerror if isinstance(error, OSError) else "no directory can have this name"
    return CaplintError(f"{visible(str(directory))}: cannot be written: {reason}; nothing was written")


def _umask() -> int:
    mask = os.umask(0o077)
    os.umask(mask)
    return mask
