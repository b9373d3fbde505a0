"""Selection of rules by code, prefix of codes (`CAP4`) or name."""

from __future__ import annotations

from collections.abc import Iterable

from caplint.rules.page import Rule, find

_WHOLE = 1000  # strength of a code or name; a prefix has its length


def validate(rules: list[Rule], words: Iterable[str]) -> None:
    """Raise `CaplintError` with the closest match for a word that selects no rule."""
    for word in words:
        if not any(_strength(rule, word) for rule in rules):
            find(rules, word)


def is_selected(rule: Rule, select: tuple[str, ...], extend: tuple[str, ...]) -> bool:
    """Tell whether a rule is to run: all are, unless `select` names some; `extend` adds to these."""
    return not select or any(_strength(rule, word) for word in (*select, *extend))


def is_ignored(rule: Rule, ignore: tuple[str, ...], chosen: tuple[str, ...] = ()) -> bool:
    """Tell whether a rule is ignored; a longer word of `chosen` prevails: CAP401 over an ignored CAP4."""
    ignored = max((_strength(rule, word) for word in ignore), default=0)
    return ignored > 0 and ignored >= max((_strength(rule, word) for word in chosen), default=0)


def _strength(rule: Rule, word: str) -> int:
    """Return how precisely a word names a rule; 0 if it does not."""
    if rule.is_called(word):
        return _WHOLE
    return len(word) if word and rule.code.startswith(word.upper()) else 0
