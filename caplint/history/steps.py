"""Differences between two texts of a header, as steps of single capabilities."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import NamedTuple

from caplint.history.headers import Defined, Definitions
from caplint.history.model import BROUGHT, CHANGED, REMOVED, RENAMED, RENUMBERED


class HeaderStep(NamedTuple):
    """Change of one capability between two texts."""

    cap: str
    kind: str
    before: str | None
    after: str | None


def steps(old: Definitions, new: Definitions) -> list[HeaderStep]:
    """Return the changes, in the order of the new text; capabilities that are gone follow."""
    renamed = dict(_renamed(old, new))
    origins = {after: before for before, after in renamed.items()}
    found = []
    for cap, definitions in new.items():
        if cap in origins:
            found.append(HeaderStep(cap, RENAMED, origins[cap], cap))
        elif old.get(cap, ()) != definitions and not (cap in renamed and cap in new):
            found.append(step(cap, old.get(cap, ()), definitions))
    found += [step(cap, before, ()) for cap, before in old.items() if cap not in new and cap not in renamed]
    return found + [HeaderStep(cap, RENAMED, cap, after) for cap, after in renamed.items()]


def _renamed(old: Definitions, new: Definitions) -> Iterator[tuple[str, str]]:
    """Yield old and new name where a number has one new name, and its only old one is gone or an alias of the new."""
    if old.keys() == new.keys():
        return
    had = _by_number(old, list(old))
    for number, fresh in _by_number(new, [cap for cap in new if cap not in old]).items():
        if len(fresh) == len(had.get(number, ())) == 1:
            (before,), (after,) = had[number], fresh
            left = new.get(before, ())
            if not left or left[0].alias == after:
                yield before, after


def _by_number(definitions: Definitions, caps: list[str]) -> dict[int, list[str]]:
    """Return number → capabilities that have it of their own, not as an alias."""
    found: dict[int, list[str]] = defaultdict(list)
    for cap in caps:
        first = definitions[cap][0]
        if first.number is not None and first.alias is None:
            found[first.number].append(cap)
    return found


def step(cap: str, old: tuple[Defined, ...], new: tuple[Defined, ...]) -> HeaderStep:
    """Return the change of one capability."""
    if not old or not new:
        return HeaderStep(cap, REMOVED if old else BROUGHT, shown(old), shown(new))
    # A second definition with the same number, under another condition, gives it no other number.
    same = list(dict.fromkeys(entry.number for entry in old)) == list(dict.fromkeys(entry.number for entry in new))
    return HeaderStep(cap, CHANGED if same else RENUMBERED, shown(old), shown(new))


def shown(definitions: tuple[Defined, ...]) -> str | None:
    """Return the definitions of a capability as one text; None without any."""
    return "; ".join(entry.text for entry in definitions) or None
