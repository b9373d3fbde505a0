"""Suggestions for misspelt names."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

# How alike two names must be, by words or by letters, from 0 to 1.
_CLOSE = 0.6


def nearest(name: str, candidates: Iterable[str], prefix: str = "") -> str | None:
    """The name that a misspelt one most likely means, None where nothing is close; a common prefix does not count.

    Words may be swapped (IRQCHIP_SPLIT), added (X86_…), left out, or stand for the family's other
    prefix, so names are compared as sets of words first and letter by letter second.
    """
    words = set(name.removeprefix(prefix).split("_"))
    # What a matcher knows of its second text it keeps; letters in common are the same either way round.
    bound = difflib.SequenceMatcher(None, "", name)
    bounds = []
    for index, candidate in enumerate(candidates):
        others = set(candidate.removeprefix(prefix).split("_"))
        shared = 2 * len(words & others) / (len(words) + len(others))
        bound.set_seq1(candidate)
        if max(shared, quick := bound.quick_ratio()) >= _CLOSE:
            bounds.append((shared + quick, -index, shared, candidate))
    best: tuple[float, float, int, str] | None = None
    for most, index, shared, candidate in sorted(bounds, key=lambda entry: entry[:2], reverse=True):
        if best is not None and most < best[0]:
            break  # comparing letter by letter is slow, and gives no more than the bound
        letters = difflib.SequenceMatcher(None, name, candidate).ratio()
        if max(shared, letters) >= _CLOSE and (best is None or (shared + letters, letters, index) > best[:3]):
            best = (shared + letters, letters, index, candidate)
    return best[3] if best else None
