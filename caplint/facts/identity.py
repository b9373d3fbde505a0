"""Cache key over everything that decides the facts of a file."""

from __future__ import annotations

import hashlib
from functools import lru_cache

from caplint.util.code_identity import FACTS, code_identity


@lru_cache(maxsize=8)
def identity(tables_identity: str) -> str:
    """Return the cache key over the inputs of `extract` other than the file: code, libraries, the repair tables."""
    return hashlib.sha256(f"{tables_identity} {code_identity(*FACTS)}".encode()).hexdigest()[:20]
