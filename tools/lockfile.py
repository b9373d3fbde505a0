"""tools/corpus.toml, which says what is wanted, and tools/corpus.lock, which says what that is."""

import json
import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tools.archive import Selection
from tools.debian import Tarball
from tools.download import Digest
from tools.errors import ToolError

_HEADER = """\
# Written by `python -m tools.corpus`; each sha256 was taken from an index that Debian signs.
"""


@dataclass(frozen=True)
class Source:
    """One tree to fetch: the newest `series` of `package` that `suite` has."""

    name: str
    package: str
    suite: str
    series: str
    selection: Selection
    kind: str = "source"
    """Kind of package that has the files: `source`, or `binary` for a library whose binary package is its sources."""


@dataclass(frozen=True)
class Config:
    """All that corpus.toml says; `sources` is keyed by name, in the order of the file."""

    mirror: str
    keyring: Path
    sources: Mapping[str, Source]


def read_config(path: Path) -> Config:
    """Read corpus.toml; CAPLINT_DEBIAN_MIRROR takes precedence over its mirror."""
    data = tomllib.loads(path.read_text())
    selections = {
        package: Selection(tuple(globs["keep"]), tuple(globs["drop"])) for package, globs in data["selection"].items()
    }
    sources = {
        name: Source(name=name, selection=selections[entry["package"]], **entry)
        for name, entry in data["source"].items()
    }
    mirror = os.environ.get("CAPLINT_DEBIAN_MIRROR") or data["mirror"]
    if not mirror.startswith(("http://", "https://", "file://")):
        raise ToolError(f"CAPLINT_DEBIAN_MIRROR is not an http, https or file URL: {mirror}")
    return Config(mirror.rstrip("/"), Path(data["keyring"]), sources)


def read_lock(path: Path) -> dict[str, Tarball]:
    """Read corpus.lock, name to tarball; a missing file is an empty lock.

    Raises ToolError when it is damaged.
    """
    if not path.exists():
        return {}
    try:
        return {name: _tarball(entry) for name, entry in tomllib.loads(path.read_text()).items()}
    except (tomllib.TOMLDecodeError, KeyError, TypeError) as error:
        raise ToolError(f"{path} is damaged ({error}); --update writes it anew") from error


def _tarball(entry: dict[str, Any]) -> Tarball:
    digest = Digest(entry["size"], entry["sha256"])
    return Tarball(entry["version"], entry["file"], entry["path"], digest)


def write_lock(path: Path, lock: Mapping[str, Tarball]) -> None:
    """Replace corpus.lock; a reader sees the old or the new file, never half of one."""
    fresh = path.with_name(path.name + ".new")
    fresh.write_text("\n".join([_HEADER, *(_entry(name, lock[name]) for name in lock)]))
    fresh.replace(path)


def _entry(name: str, tarball: Tarball) -> str:
    # A JSON string is a TOML string too, as long as it has no surrogates.
    values = {
        "version": tarball.version,
        "file": tarball.file,
        "path": tarball.path,
        "size": tarball.digest.size,
        "sha256": tarball.digest.sha256,
    }
    lines = [f"{key} = {json.dumps(value)}\n" for key, value in values.items()]
    return f"[{json.dumps(name)}]\n" + "".join(lines)
