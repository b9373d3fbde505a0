"""Suggests the known word that a misspelt one most likely stands for."""

from __future__ import annotations

from collections.abc import Iterable

# Least likeness of two names, by words or by letters, from 0 to 1.
_CLOSE = 0.6
_LONGEST = 200
_FAMILY = "KVM_CAP_"


def close_match(word: str, known: Iterable[str]) -> str | None:
    """Return the known word that is spelt most like another one, None where none is close."""
    from difflib import get_close_matches  # noqa: PLC0415 - only wrong input needs it

    found = get_close_matches(word, list(known), 1)
    return found[0] if found else None


def hint(near: str | None, otherwise: str = "") -> str:
    """Return the end of an error message: a question with the suggestion, or else another advice."""
    if near:
        return f"; did you mean {near}?"
    return f"; {otherwise}" if otherwise else ""


def suggestion(word: str, known: Iterable[str], prefix: str = "", otherwise: str = "") -> str:
    """Return the end of a message about an unknown word; `prefix` stands before the suggested one."""
    near = close_match(word, known)
    return hint(near and f"{prefix}{near}", otherwise)


def nearest(name: str, candidates: Iterable[str]) -> str | None:
    """Return the name of a family (KVM_CAP_…) that a misspelt one most likely means, None where nothing is close.

    Words may be swapped (IRQCHIP_SPLIT), added (X86_…), left out, or stand for the family's other
    prefix, so names are compared as sets of words first and letter by letter second.
    """
    from difflib import SequenceMatcher  # noqa: PLC0415 - only wrong input needs it

    if len(name) > _LONGEST:
        return None  # comparing letter by letter takes the square of its length
    words = set(name.removeprefix(_FAMILY).split("_"))
    # What a matcher knows of its second text it keeps; letters in common are the same either way round.
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
            break  # comparing letter by letter is slow, and gives no more than the bound
        letters = SequenceMatcher(None, name, candidate).ratio()
        if max(shared, letters) >= _CLOSE and (best is None or (shared + letters, letters, index) > best[:3]):
            best = (shared + letters, letters, index, candidate)
    return best[3] if best else None
