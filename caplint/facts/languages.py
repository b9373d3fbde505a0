"""What a file is read as, and by which extractors. To know that, none of them is loaded."""

from __future__ import annotations

import hashlib
from functools import lru_cache
from pathlib import Path

# Names of files without an ending, and their endings where they stand for one architecture or directory.
_BUILD_FILES = {"Kconfig": "kconfig", "Makefile": "make", "Kbuild": "make"}


MADE = "made"
"""The language of `caplint.facts.expanded.packed`."""
OUTLINE = "outline"
"""A C file that is read for the call graph only."""
WORDS = "words"
"""A C file that is searched for names and not parsed."""


def language_of(path: str) -> str | None:
    """The language that a path's name stands for, None where caplint reads no such files."""
    if path.endswith((".c", ".h", ".c.inc", ".h.inc")):
        return "c"
    if path.endswith(".rst"):
        return "rst"
    name = path.rpartition("/")[2]
    return "meson" if name == "meson.build" else _BUILD_FILES.get(name.partition(".")[0])


@lru_cache(maxsize=8)
def identity(tables_identity: str) -> str:
    """Names everything that decides what `extract` answers: this code, the grammar, the repair tables."""
    from importlib import metadata  # noqa: PLC0415 - slow to load, and what only asks for languages needs it not

    digest = hashlib.sha256(tables_identity.encode())
    package = Path(__file__).parents[1]
    for file in sorted(package.rglob("*")):
        if file.suffix in {".py", ".sql", ".toml"}:
            digest.update(f"{file.relative_to(package)}\0".encode() + file.read_bytes())
    for distribution in ("tree-sitter", "tree-sitter-c", "pcpp"):
        digest.update(metadata.version(distribution).encode())
    return digest.hexdigest()[:20]
