"""Suggestions for misspelt words: the closest known word."""

from __future__ import annotations

from collections.abc import Iterable

# Minimum similarity of two names, by words or by letters, from 0 to 1.
_CLOSE = 0.6
_LONGEST = 200
_FAMILY = "KVM_CAP_"


def close_match(word: str, known: Iterable[str]) -> str | None:
    """Return the known word with the closest spelling, None if no word is close."""
    from difflib import get_close_matches  # noqa: PLC0415 - only wrong input needs it

    matches = get_close_matches(word, list(known), 1)
    return matches[0] if matches else None


def hint(near: str | None, otherwise: str = "") -> str:
    """Return the end of an error message: a question with the suggestion, or else the advice `otherwise`."""
    if near:
        return f"; did you mean {near}?"
    return f"; {otherwise}" if otherwise else ""


def suggestion(word: str, known: Iterable[str], prefix: str = "", otherwise: str = "") -> str:
    """Return the end of a message about an unknown word; `prefix` is put before the suggested word."""
    near = close_match(word, known)
    return hint(near and f"{prefix}{near}", otherwise)


def nearest(name: str, candidates: Iterable[str]) -> str | None:
    """Return the closest candidate of a misspelt name (KVM_CAP_…), None if no candidate is close.

    Words may be swapped (IRQCHIP_SPLIT), added (X86_…), omitted, or replace the prefix.
    Therefore names are compared as sets of words first and letter by letter second. A candidate that differs in its
    underscores only (PROTECT_2 for PROTECT2) is the closest.
    """
    from difflib import SequenceMatcher  # noqa: PLC0415 - only wrong input needs it

    candidates = list(candidates)
    same = [candidate for candidate in candidates if candidate.replace("_", "") == name.replace("_", "")]
    if same:
        return same[0]
    if len(name) > _LONGEST:
        return None  # comparing letter by letter takes quadratic time
    words = set(name.removeprefix(_FAMILY).split("_"))
    # A matcher caches the analysis of its second text; the upper bound is the same in both directions.
    bound = SequenceMatcher(None, "", name)
    bounds = []
    for index, candidate in enumerate(candidates):
        others = set(candidate.removeprefix(_FAMILY).split("_"))
        shared = 2 * len(words & others) / (len(words) + len(others))
        bound.set_seq1(candidate)
        if max(shared, quick := bound.quick_ratio()) >= _CLOSE:
            bounds.append((shared + quick, -index, shared, candidate))
    best: tuple[float, float, int, str] | None = None
    for most, index, shared, candidate in sorted(bounds, key=lambda entry: entry[:2], reverse=True):
        if best is not None and most < best[0]:
            break  # the slow comparison cannot exceed the bound
        letters = SequenceMatcher(None, name, candidate).ratio()
        if max(shared, letters) >= _CLOSE and (best is None or (shared + letters, letters, index) > best[:3]):
            best = (shared + letters, letters, index, candidate)
    return best[3] if best else None
