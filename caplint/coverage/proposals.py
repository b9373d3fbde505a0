"""Proposals for the configuration's `[c]`: words with which more of the given trees is understood.

Every file with a blind spot is parsed again with the words that may have confused the parser, one by one.
A word that helps is then tested on every file that contains it, so that it harms no other file.
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

# Number of files that are tried, the worst first; with more of them the cause is not a few missing words.
MAX_FILES = 200
MAX_ENTRIES = 60
# Seconds after which the remaining files are counted as untried.
DEADLINE = 90.0
_ROUNDS = (4, 12, 40)


class Proposal(NamedTuple):
    """Entry with its gain: the blind bytes, spots and files that it removes."""

    entry: RepairWord
    bytes: int
    spots: int
    files: int
    example: tuple[str, str, int]
    """Tree, path and line of a spot in the worst file."""


@dataclass(frozen=True)
class Proposals:
    """Proposed entries, the largest gain first, and the blind spots that remain."""

    entries: list[Proposal]
    remaining: list[Spot]
    """Blind spots that the entries do not remove, or whose files were not tried."""
    untried: int
    """Number of files with blind spots that were left out because of `DEADLINE` or `MAX_FILES`."""


@dataclass(frozen=True)
class _Blind:
    """File with blind spots."""

    content: bytes
    spots: list[Spot]


class _Gain(NamedTuple):
    """Gain of one file: bytes and spots that each entry removes, and the blind extents that remain with all."""

    gains: dict[RepairWord, tuple[int, int]]
    rest: tuple[tuple[int, int], ...]
    harmful: list[RepairWord]


def propose(files: list[tuple[Tree, File]], spots: Iterable[Spot], repairs: Repairs, jobs: int) -> Proposals:
    """Return entries for `[c]` beyond `repairs`, the repairs with which these blind spots were found."""
    words = RepairWords(repairs.attributes, repairs.iterators)
    spots = list(spots)
    blind = _blind({tree.name: tree for tree, _ in files}, (spot for spot in spots if _is_mendable(spot)))
    tried = blind[:MAX_FILES]
    entries: list[RepairWord] = []
    late = 0
    with workers(jobs, FILE_TIMEOUT, DEADLINE) as pool:
        # The worst files go first: with their entries most of the others need one parse instead of dozens.
        for start, end in pairwise((0, *_ROUNDS, len(tried))):
            so_far = words.having(*entries)
            results = pool.map(mending, [(file.content, so_far) for file in tried[start:end]])
            late += sum(result is None for result in results)
            fresh = list(dict.fromkeys(entry for result in results for entry in result or []))
            entries += _harmless(files, words, fresh[: MAX_ENTRIES - len(entries)], pool)
        memory: _Memory = {}
        gains = _gains(tried, words, entries, pool, memory)
        while (needless := _needless(entries, gains)) is not None:
            entries.remove(needless)
            gains = _gains(tried, words, entries, pool, memory)
    remaining = _remaining(tried, gains)
    remaining += [spot for file in blind[MAX_FILES:] for spot in file.spots]
    remaining += [spot for spot in spots if not _is_mendable(spot)]
    return Proposals(_proposals(entries, tried, gains), remaining, len(blind) - len(tried) + late)


def _is_mendable(spot: Spot) -> bool:
    return language_of(spot.path) == "c" and SYNTAX_REASONS.match(spot.reason) is not None


def _blind(trees: dict[str, Tree], spots: Iterable[Spot]) -> list[_Blind]:
    """Return the C files with blind spots, the most blind bytes first; duplicate contents count separately."""
    files: dict[tuple[str, str], list[Spot]] = {}
    for spot in spots:
        files.setdefault((spot.tree, spot.path), []).append(spot)
    ranked = sorted(files.items(), key=lambda item: (-sum(spot.stop - spot.start for spot in item[1]), item[0]))
    return [_Blind(trees[tree].read(path), group) for (tree, path), group in ranked]


def _harmless(
    files: list[tuple[Tree, File]], words: RepairWords, entries: list[RepairWord], pool: Workers
) -> list[RepairWord]:
    """Return the entries that harm no file: none uses the word as something else, or is understood less."""
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
    """Return the entries that harm one file."""
    bench = Bench(content)
    before = bench.damage(words)
    harmful = []
    for entry in entries:
        after = bench.damage(words.having(entry))
        worse = after.functions < before.functions or (not before.extents and bool(after.extents))
        if worse or is_ordinary_entry(bench.code, entry):
            harmful.append(entry)
    return harmful


_Memory = dict[tuple[int, tuple[RepairWord, ...]], "_Gain | None"]


def _gains(
    tried: list[_Blind], words: RepairWords, entries: list[RepairWord], pool: Workers, memory: _Memory
) -> list[_Gain | None]:
    """Return the gain of each file by the entries that it contains, None on a timeout; `memory` caches results."""
    keys = [
        (index, tuple(entry for entry in entries if _holds(file.content, entry))) for index, file in enumerate(tried)
    ]
    missing = [key for key in keys if key not in memory]
    results = pool.map(_gain, [(tried[index].content, words, here) for index, here in missing])
    memory.update(zip(missing, results, strict=True))
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
    """Return the least useful entry that harms a file or that no file needs; None if there is none."""
    total: Counter[RepairWord] = Counter()
    harmful: set[RepairWord] = set()
    for gain in gains:
        if gain is not None:
            harmful.update(gain.harmful)
            # The count of spots is added so that the gain of a missing token, 0 bytes, is not 0.
            total.update({entry: size + count for entry, (size, count) in gain.gains.items()})
    doubtful = [entry for entry in entries if entry in harmful or entry not in total]
    return min(reversed(doubtful), key=lambda entry: total[entry], default=None)


def _remaining(tried: list[_Blind], gains: list[_Gain | None]) -> list[Spot]:
    remaining = []
    for file, gain in zip(tried, gains, strict=True):
        blind_extents = None if gain is None else gain.rest
        remaining += [
            spot
            for spot in file.spots
            if blind_extents is None or any(start <= spot.stop and spot.start <= end for start, end in blind_extents)
        ]
    return remaining


def _proposals(entries: list[RepairWord], tried: list[_Blind], gains: list[_Gain | None]) -> list[Proposal]:
    proposals = []
    for entry in entries:
        mended = [
            (gain.gains[entry], file)
            for gain, file in zip(gains, tried, strict=True)
            if gain is not None and entry in gain.gains
        ]
        worst = min(mended, key=lambda item: (-item[0][0], item[1].spots[0]))[1].spots
        spot = next((spot for spot in worst if spot.token == _name(entry).decode()), worst[0])
        proposals.append(
            Proposal(
                entry,
                sum(size for (size, _), _ in mended),
                sum(count for (_, count), _ in mended),
                len(mended),
                (spot.tree, spot.path, spot.line),
            )
        )
    return sorted(proposals, key=lambda proposal: (-proposal.bytes, -proposal.spots, proposal.entry))
