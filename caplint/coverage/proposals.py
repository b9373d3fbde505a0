"""Proposes words for the configuration's `[c]`: those that make more of the given trees understood.

Every file with a blind spot is read again with the words that may have troubled the parser, one by one;
what helps is then held against every file that holds the word, so that no other file pays for it.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

from caplint.c.repair_trials import Bench, RepairWord, RepairWords, is_ordinary_entry, mending
from caplint.c.syntax import SYNTAX_REASONS
from caplint.c.tables import Repairs
from caplint.coverage.causes import Spot
from caplint.facts.workers import FILE_TIMEOUT
from caplint.knowledge.languages import language_of
from caplint.trees.tree import File, Tree
from caplint.util.limited_processes import Workers, workers

# The worst files are tried; more than this is not a few missing words.
MAX_FILES = 200
MAX_ENTRIES = 60
# Seconds after which what has not been tried is left, and said to be.
DEADLINE = 90.0
_ROUNDS = (4, 12, 40)


class Proposal(NamedTuple):
    """An entry, and what would stay blind without it."""

    entry: RepairWord
    bytes: int
    spots: int
    files: int
    example: tuple[str, str, int]
    """Tree, path and line of a spot in the worst file."""


@dataclass(frozen=True)
class Proposals:
    """What was found, the largest gain first, and what it leaves."""

    entries: list[Proposal]
    remaining: list[Spot]
    """Blind spots of files that the entries do not mend as a whole, or that were not tried."""
    untried: int
    """Files with blind spots that were left out for want of time or because they are too many."""


@dataclass(frozen=True)
class _Blind:
    """A file with blind spots."""

    content: bytes
    spots: list[Spot]


class _Gain(NamedTuple):
    """What one file gains: by entry, bytes and spots that stay blind without it; and what stays blind with all."""

    gains: dict[RepairWord, tuple[int, int]]
    rest: tuple[tuple[int, int], ...]
    harmful: list[RepairWord]


def propose(files: list[tuple[Tree, File]], spots: Iterable[Spot], repairs: Repairs, jobs: int) -> Proposals:
    """Entries for `[c]` beyond `repairs`, under which the blind spots of these files were found."""
    words = RepairWords(repairs.attributes, repairs.iterators)
    spots = list(spots)
    blind = _blind({tree.name: tree for tree, _ in files}, (spot for spot in spots if _is_mendable(spot)))
    tried = blind[:MAX_FILES]
    entries: list[RepairWord] = []
    late = 0
    with workers(jobs, FILE_TIMEOUT, DEADLINE) as pool:
        # What the worst files need is known when the others are tried, which then take one reading, not dozens.
        for start, end in pairwise((0, *_ROUNDS, len(tried))):
            known = words.having(*entries)
            found = pool.map(mending, [(file.content, known) for file in tried[start:end]])
            late += sum(result is None for result in found)
            fresh = list(dict.fromkeys(entry for result in found for entry in result or []))
            entries += _harmless(files, words, fresh[: MAX_ENTRIES - len(entries)], pool)
        memory: _Memory = {}
        gains = _gains(tried, words, entries, pool, memory)
        while (needless := _needless(entries, gains)) is not None:
            entries.remove(needless)
            gains = _gains(tried, words, entries, pool, memory)
    rest = _remaining(tried, gains)
    rest += [spot for file in blind[MAX_FILES:] for spot in file.spots]
    rest += [spot for spot in spots if not _is_mendable(spot)]
    return Proposals(_proposals(entries, tried, gains), rest, len(blind) - len(tried) + late)


def _is_mendable(spot: Spot) -> bool:
    return language_of(spot.path) == "c" and SYNTAX_REASONS.match(spot.reason) is not None


def _blind(trees: dict[str, Tree], spots: Iterable[Spot]) -> list[_Blind]:
    """C files with blind spots, the most bytes first; contents that occur twice are counted as often."""
    files: dict[tuple[str, str], list[Spot]] = {}
    for spot in spots:
        files.setdefault((spot.tree, spot.path), []).append(spot)
    ranked = sorted(files.items(), key=lambda item: (-sum(spot.stop - spot.start for spot in item[1]), item[0]))
    return [_Blind(trees[tree].read(path), found) for (tree, path), found in ranked]


def _harmless(
    files: list[tuple[Tree, File]], words: RepairWords, entries: list[RepairWord], pool: Workers
) -> list[RepairWord]:
    """The entries without those that some file uses as something else, or understands less of."""
    if not entries:
        return []
    pattern = re.compile(rb"\b(?:" + b"|".join(re.escape(_name(entry)) for entry in entries) + rb")\b")
    tasks = {}
    for tree, file in files:
        if language_of(file.path) == "c":
            content = tree.read(file.path)
            held = set(pattern.findall(content))
            if here := [entry for entry in entries if _name(entry) in held]:
                tasks[file.oid] = (content, words, here)
    harmful = {entry for result in pool.map(_harm, list(tasks.values())) for entry in result or []}
    return [entry for entry in entries if entry not in harmful]


def _name(entry: RepairWord) -> bytes:
    return entry.word.removesuffix("()").encode()


def _harm(content: bytes, words: RepairWords, entries: list[RepairWord]) -> list[RepairWord]:
    """Entries that one file speaks against."""
    bench = Bench(content)
    before = bench.damage(words)
    found = []
    for entry in entries:
        after = bench.damage(words.having(entry))
        worse = after.functions < before.functions or (not before.extents and bool(after.extents))
        if worse or is_ordinary_entry(bench.code, entry):
            found.append(entry)
    return found


_Memory = dict[tuple[int, tuple[RepairWord, ...]], "_Gain | None"]


def _gains(
    tried: list[_Blind], words: RepairWords, entries: list[RepairWord], pool: Workers, memory: _Memory
) -> list[_Gain | None]:
    """What each file gains by those of the entries that it holds; what was worked out before is remembered."""
    keys = [
        (index, tuple(entry for entry in entries if _holds(file.content, entry))) for index, file in enumerate(tried)
    ]
    missing = [key for key in keys if key not in memory]
    found = pool.map(_gain, [(tried[index].content, words, here) for index, here in missing])
    memory.update(zip(missing, found, strict=True))
    return [memory[key] for key in keys]


def _holds(content: bytes, entry: RepairWord) -> bool:
    return _name(entry) in content and re.search(rb"\b" + _name(entry) + rb"\b", content) is not None


def _gain(content: bytes, words: RepairWords, here: tuple[RepairWord, ...]) -> _Gain:
    bench = Bench(content)
    full = bench.damage(words.having(*here))
    gains = {}
    harmful = []
    for entry in here:
        without = bench.damage(words.having(*(other for other in here if other != entry)))
        if full.is_better_than(without):
            gains[entry] = (without.bytes - full.bytes, len(without.extents) - len(full.extents))
        elif full.cost > without.cost:
            harmful.append(entry)
    return _Gain(gains, full.extents, harmful)


def _needless(entries: list[RepairWord], gains: Iterable[_Gain | None]) -> RepairWord | None:
    """An entry to drop, the least useful: one that harms a file among the others, else one that nothing needs."""
    total: Counter[RepairWord] = Counter()
    harmful: set[RepairWord] = set()
    for gain in gains:
        if gain is not None:
            harmful.update(gain.harmful)
            # The one more tells a missing token from nothing.
            total.update({entry: size + count for entry, (size, count) in gain.gains.items()})
    doubtful = [entry for entry in entries if entry in harmful or entry not in total]
    return min(reversed(doubtful), key=lambda entry: total[entry], default=None)


def _remaining(tried: list[_Blind], gains: list[_Gain | None]) -> list[Spot]:
    found = []
    for file, gain in zip(tried, gains, strict=True):
        rest = None if gain is None else gain.rest
        found += [
            spot
            for spot in file.spots
            if rest is None or any(start <= spot.stop and spot.start <= end for start, end in rest)
        ]
    return found


def _proposals(entries: list[RepairWord], tried: list[_Blind], gains: list[_Gain | None]) -> list[Proposal]:
    found = []
    for entry in entries:
        mended = [
            (gain.gains[entry], file)
            for gain, file in zip(gains, tried, strict=True)
            if gain is not None and entry in gain.gains
        ]
        worst = min(mended, key=lambda item: (-item[0][0], item[1].spots[0]))[1].spots
        spot = next((spot for spot in worst if spot.token == _name(entry).decode()), worst[0])
        found.append(
            Proposal(
                entry,
                sum(size for (size, _), _ in mended),
                sum(count for (_, count), _ in mended),
                len(mended),
                (spot.tree, spot.path, spot.line),
            )
        )
    return sorted(found, key=lambda proposal: (-proposal.bytes, -proposal.spots, proposal.entry))
