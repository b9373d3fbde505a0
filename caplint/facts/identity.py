"""A name for everything that decides which facts a file has."""

from __future__ import annotations

import hashlib
from functools import lru_cache

from caplint.util.code_identity import FACTS, code_identity


@lru_cache(maxsize=8)
def identity(tables_identity: str) -> str:
    """Name everything that decides what `extract` answers: code, libraries, the repair tables."""
    return hashlib.sha256(f"{tables_identity} {code_identity(*FACTS)}".encode()).hexdigest()[:20]
