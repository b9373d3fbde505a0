"""Trust in configuration files: a list in the user's own configuration directory.

A file that caplint finds in or above a tree may have been written by anybody. Unless the list contains it with its
current restricted settings, it must not set where caplint writes, what it runs, or what else it reads.
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

from caplint.util.errors import CaplintError
from caplint.util.escape import visible

FOUND_NAMES = ("caplint.toml", "pyproject.toml")
"""File names that are searched for."""
_MAX_BYTES = 1 << 20
_VERSION = 1
_OTHERS_WRITE = 0o022


def list_path() -> Path:
    """Return the path of the list."""
    return platformdirs.user_config_path("caplint") / "trusted.json"


def location(path: Path) -> str:
    """Return the trusted location: the directory with links resolved, and the file's name in it.

    A link is trusted at its own location, because its relative paths start there.
    """
    return str(Path(os.path.realpath(path.parent)) / path.name)


def digest(values: dict[str, Any]) -> str:
    """Return a hash of the restricted settings; it depends on nothing else."""
    return hashlib.sha256(json.dumps(values, sort_keys=True).encode()).hexdigest()


def demand(path: Path, values: dict[str, Any]) -> None:
    """Raise `CaplintError` unless the user trusts the file with these settings."""
    trusted_digest = trusted().get(location(path))
    if trusted_digest == digest(values):
        return
    quoted = shlex.quote(str(path))
    changed = "values that changed since you trusted it: " if trusted_digest else "values that need trust: "
    raise CaplintError(
        f"{path}: sets {changed}{', '.join(values)}; review it, then run `caplint trust {quoted}`, "
        f"or name the file with --config {quoted}"
    )


def state(path: Path, values: dict[str, Any]) -> str:
    """Return the trust state: `trusted`, `not trusted`, `changed since it was trusted`, or `no need`."""
    if not values:
        return "no need"
    trusted_digest = trusted().get(location(path))
    if trusted_digest is None:
        return "not trusted"
    return "trusted" if trusted_digest == digest(values) else "changed since it was trusted"


def trusted() -> dict[str, str]:
    """Return location → digest of the settings for the trusted files; empty if others can write the list."""
    try:
        return _read(list_path())
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, RecursionError) as error:
        reason = error.strerror if isinstance(error, OSError) else str(error)
        sys.stderr.write(f"caplint: warning: {visible(str(list_path()))}: ignored, no file is trusted: {reason}\n")
        return {}


def add(path: Path, values: dict[str, Any]) -> None:
    """Add a file to the list, or renew its digest. Raises `CaplintError` if the list cannot be written."""
    with _changing() as files:
        files[location(path)] = digest(values)


def remove(path: Path) -> None:
    """Remove a file from the list, whether it exists or not. Raises `CaplintError` if the list does not contain it."""
    with _changing() as files:
        if files.pop(location(path), None) is None:
            raise CaplintError(f"{path}: is not on the list of trusted files; `caplint trust --list` shows it")


def _read(path: Path) -> dict[str, str]:
    """Read the list. Raises `OSError` or `ValueError` with the reason if the list must not be used."""
    directory = path.parent.stat()
    _own(directory, f"its directory {visible(str(path.parent))}")
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY)
    with os.fdopen(descriptor, "rb") as file:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            raise ValueError("it is not a regular file")
        _own(status, "it")
        content = file.read(_MAX_BYTES + 1)
    if len(content) > _MAX_BYTES:
        raise ValueError(f"it is larger than {_MAX_BYTES:,} bytes")
    data = json.loads(content)
    files = data.get("files") if isinstance(data, dict) and data.get("version") == _VERSION else None
    if not isinstance(files, dict) or not all(isinstance(value, str) for value in files.values()):
        raise ValueError("it has an unknown format; remove it and trust the files again")
    return files


def _own(status: os.stat_result, what: str) -> None:
    if status.st_uid != os.geteuid():
        raise ValueError(f"{what} belongs to another user")
    if status.st_mode & _OTHERS_WRITE:
        raise ValueError(f"others can write to {what}; run chmod go-w on it")


@contextmanager
def _changing() -> Iterator[dict[str, str]]:
    """Yield the list for changes, and write it afterwards; a lock serialises processes."""
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
    """Replace the list atomically; `mkstemp` gives mode 0600."""
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
