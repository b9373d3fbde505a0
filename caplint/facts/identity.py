"""A name for everything that decides which facts a file has."""

from __future__ import annotations

import hashlib
from functools import lru_cache
from pathlib import Path


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
