"""The configuration files that the user trusts: a list in the user's own configuration directory.

A file that is only found, in a tree or above it, may have been written by anybody. Unless it is on this list, and says
what it said when it was put there, it must not set where caplint writes, what it runs, or what else it reads.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import shlex
import stat
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import platformdirs

from caplint.errors import CaplintError
from caplint.quoting import visible

FOUND_NAMES = ("caplint.toml", "pyproject.toml")
"""What a configuration must be called to be found."""
_MAX_BYTES = 1 << 20
_VERSION = 1
_OTHERS_WRITE = 0o022


def list_path() -> Path:
    """Where the list is kept."""
    return platformdirs.user_config_path("caplint") / "trusted.json"


def location(path: Path) -> str:
    """Return the place that is trusted: the directory without links, and the file's name in it.

    A file that is a link is trusted where the link lies, since its relative paths begin there.
    """
    return str(Path(os.path.realpath(path.parent)) / path.name)


def digest(values: dict[str, Any]) -> str:
    """Return a hash of the restricted settings; it changes with any of them and with nothing else."""
    return hashlib.sha256(json.dumps(values, sort_keys=True).encode()).hexdigest()


def demand(path: Path, values: dict[str, Any]) -> None:
    """Raise `CaplintError` unless the user trusts the file with these settings."""
    known = trusted().get(location(path))
    if known == digest(values):
        return
    quoted = shlex.quote(str(path))
    changed = "what has changed since you trusted it, " if known else "what only a trusted file may, "
    raise CaplintError(
        f"{path}: sets {changed}{', '.join(values)}; look at it, then run `caplint trust {quoted}`, "
        f"or name the file with --config {quoted}"
    )


def state(path: Path, values: dict[str, Any]) -> str:
    """Say in a word or two how the file stands: `trusted`, `not trusted`, `changed since it was trusted`, `no need`."""
    if not values:
        return "no need"
    known = trusted().get(location(path))
    if known is None:
        return "not trusted"
    return "trusted" if known == digest(values) else "changed since it was trusted"


def trusted() -> dict[str, str]:
    """Return the locations on the list with the digests of their settings; nothing of a list that others can write."""
    try:
        return _read(list_path())
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, RecursionError) as error:
        reason = error.strerror if isinstance(error, OSError) else str(error)
        sys.stderr.write(f"caplint: warning: {visible(str(list_path()))}: ignored, no file is trusted: {reason}\n")
        return {}


def add(path: Path, values: dict[str, Any]) -> None:
    """Put a file on the list, or renew its digest. Raises `CaplintError` where the list cannot be written."""
    with _changing() as files:
        files[location(path)] = digest(values)


def remove(path: Path) -> None:
    """Take a file off the list, whether it still exists or not. Raises `CaplintError` where it is not on it."""
    with _changing() as files:
        if files.pop(location(path), None) is None:
            raise CaplintError(f"{path}: is not on the list of trusted files; `caplint trust --list` shows it")


def _read(path: Path) -> dict[str, str]:
    """Read the list. Raises `OSError` or `ValueError`, saying why it is not used."""
    directory = path.parent.stat()
    _own(directory, f"its directory {visible(str(path.parent))}")
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY)
    with os.fdopen(descriptor, "rb") as file:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            raise ValueError("it is no regular file")
        _own(status, "it")
        content = file.read(_MAX_BYTES + 1)
    if len(content) > _MAX_BYTES:
        raise ValueError(f"it is larger than {_MAX_BYTES:,} bytes")
    data = json.loads(content)
    files = data.get("files") if isinstance(data, dict) and data.get("version") == _VERSION else None
    if not isinstance(files, dict) or not all(isinstance(value, str) for value in files.values()):
        raise ValueError("it is not as caplint writes it; remove it and trust the files anew")
    return files


def _own(status: os.stat_result, what: str) -> None:
    if status.st_uid != os.geteuid():
        raise ValueError(f"{what} belongs to another user")
    if status.st_mode & _OTHERS_WRITE:
        raise ValueError(f"others can write to {what}; take that away with chmod go-w")


@contextmanager
def _changing() -> Iterator[dict[str, str]]:
    """Give the list to be changed, and write it anew; of two processes one waits for the other."""
    path = list_path()
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        lock = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX)
            _own(os.fstat(lock), f"its directory {visible(str(path.parent))}")
            files = trusted()
            yield files
            _write(path, files)
        finally:
            os.close(lock)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else str(error)
        raise CaplintError(f"{path}: cannot be written: {reason}") from error


def _write(path: Path, files: dict[str, str]) -> None:
    """Replace the list as a whole or not at all; `mkstemp` gives mode 0600."""
    handle, name = tempfile.mkstemp(prefix=".trusted.", dir=path.parent)
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            json.dump({"version": _VERSION, "files": files}, file, indent=1, sort_keys=True)
            file.write("\n")
            file.flush()
            os.fsync(file.fileno())
        os.replace(name, path)  # noqa: PTH105 - beside mkstemp's name
    except BaseException:
        with suppress(OSError):
            os.unlink(name)  # noqa: PTH108
        raise
