"""Architecture that a presence condition of Rust code tells: `#[cfg(target_arch = "x86_64")]`."""

from __future__ import annotations

from functools import cache, lru_cache

from caplint.c.expression import defined, parse
from caplint.c.formula import implies
from caplint.knowledge.load import knowledge
from caplint.rust.words import words


@cache
def _architectures() -> dict[str, str]:
    """Return macro → architecture."""
    targets = words().targets["target_arch"].items()
    return {macro: arch for target, macro in targets if (arch := knowledge().architecture(target)) is not None}


@lru_cache(maxsize=4096)
def condition_arch(condition: str) -> str | None:
    """Return the only architecture for which code under a condition is compiled; None if there may be several."""
    mentioned = [macro for macro in _architectures() if f"({macro})" in condition]
    found = {_architectures()[macro] for macro in mentioned if implies(parse(condition), defined(macro))}
    return found.pop() if len(found) == 1 else None
