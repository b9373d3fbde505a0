"""Tries words out: would the parser understand more of a file if the repair tables held them?"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from caplint.c.conditions import conditionals
from caplint.c.lexer import lex
from caplint.c.repair import repair
from caplint.c.suspect_words import Suspect, closing, code_of, heads_statement, is_ordinary, surroundings, suspects
from caplint.c.syntax import errors, parsed
from caplint.c.tables import tables
from caplint.c.variants import variants

# Per blind spot, per word of a pair, and per file. A file of half a megabyte takes a tenth of a second to read once.
MAX_SUSPECTS = 6
MAX_PAIRED = 3
MAX_TRIALS = 300
MAX_BYTES = 24 << 20


class RepairWord(NamedTuple):
    """A word for the configuration's `[c]`; `list` is `attributes` or `iterators`."""

    list: str
    word: str


class RepairWords(NamedTuple):
    """What is added to the shipped tables."""

    attributes: tuple[str, ...] = ()
    iterators: tuple[str, ...] = ()

    def having(self, *entries: RepairWord) -> RepairWords:
        """These and more."""
        return RepairWords(
            (*self.attributes, *(entry.word for entry in entries if entry.list == "attributes")),
            (*self.iterators, *(entry.word for entry in entries if entry.list == "iterators")),
        )


@dataclass(frozen=True)
class Damage:
    """What is not understood of a file: extents, their bytes, and the functions that are seen."""

    extents: tuple[tuple[int, int], ...]
    functions: int

    @property
    def bytes(self) -> int:
        """Bytes not understood."""
        return sum(end - start for start, end in self.extents)

    @property
    def cost(self) -> int:
        """Bytes, and one for each token that the parser misses."""
        return sum(max(1, end - start) for start, end in self.extents)

    def is_better_than(self, other: Damage) -> bool:
        """Whether more is understood and no function is lost."""
        return self.cost < other.cost and self.bytes <= other.bytes and self.functions >= other.functions


@dataclass
class Bench:
    """One file, lexed once and read under as many tables as are asked for."""

    source: bytes
    spent: int = 0
    """Bytes read so far."""
    trials: int = 0
    _known: dict[RepairWords, Damage] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._lexed = lex(self.source)
        self._texts = variants(self._lexed, conditionals(self._lexed)).texts
        self.code = code_of(self._lexed)

    @property
    def exhausted(self) -> bool:
        """Whether enough has been tried."""
        return self.trials >= MAX_TRIALS or self.spent >= MAX_BYTES

    def damage(self, words: RepairWords) -> Damage:
        """What is not understood with these words in the tables."""
        if words not in self._known:
            table = tables(*words)
            roots = [parsed(self._lexed, repair(text, table)) for text in self._texts]
            extents = {(problem.offset, problem.end) for root in roots for problem in errors(root)}
            functions = {
                child.start_byte
                for root in roots
                for child in root.named_children
                if child.type == "function_definition"
            }
            self._known[words] = Damage(tuple(sorted(extents)), len(functions))
            self.trials += 1
            self.spent += sum(map(len, self._texts))
        return self._known[words]


def mending(source: bytes, words: RepairWords) -> list[RepairWord]:
    """Entries that, added to `words`, make more of the file understood, found blind spot by blind spot."""
    bench = Bench(source)
    added: list[RepairWord] = []
    hopeless: set[int] = set()
    while not bench.exhausted:
        now = words.having(*added)
        spot = next((extent for extent in bench.damage(now).extents if extent[0] not in hopeless), None)
        if spot is None:
            break
        hopeless.add(spot[0])
        added += _mend(bench, now, spot)
    return added


def _mend(bench: Bench, words: RepairWords, spot: tuple[int, int]) -> tuple[RepairWord, ...]:
    """The likeliest entry that mends one spot, else two that do so together, else what makes it smallest."""
    before = bench.damage(words)
    around = surroundings(bench.code, *spot)
    best: tuple[RepairWord, ...] = ()
    for entries in _attempts(bench, words, spot):
        if bench.exhausted:
            break
        after = bench.damage(words.having(*entries))
        own = sum(len(entry.word) for entry in entries)
        # What is blanked is understood as nothing: that alone is no gain.
        if not after.is_better_than(before) or (
            len(after.extents) >= len(before.extents) and before.bytes - after.bytes <= 2 * own
        ):
            continue
        if not any(start <= around[1] and end >= around[0] for start, end in after.extents):
            return entries
        if not best or after.cost < bench.damage(words.having(*best)).cost:
            best = entries
    return best


def _attempts(bench: Bench, words: RepairWords, spot: tuple[int, int]) -> Iterator[tuple[RepairWord, ...]]:
    """What to try for one spot: likely words alone, then with what troubles the parser once they are known."""
    options = list(_options(bench.code, spot, words))
    likely = [entry for entry, probable in options if probable]
    yield from ((entry,) for entry in likely)
    before = set(bench.damage(words).extents)
    for entry in likely[:MAX_PAIRED]:
        more = words.having(entry)
        moved = next((extent for extent in bench.damage(more).extents if extent not in before), None)
        if moved is not None:
            second = [other for other, probable in _options(bench.code, moved, more) if probable]
            yield from ((entry, other) for other in second[:MAX_PAIRED])
    yield from ((entry,) for entry, probable in options if not probable)


# What follows an attribute with arguments rather than a loop's head.
_DECLARATION = re.compile(rb"\s*+[A-Za-z_]\w*+(?:\s+\**|\s*\*+\s*)[A-Za-z_]")


def _options(code: bytes, spot: tuple[int, int], words: RepairWords) -> Iterator[tuple[RepairWord, bool]]:
    """What the words near a spot can be, the likeliest first, and whether that is likely."""
    for suspect in suspects(code, *spot, tables(*words))[:MAX_SUSPECTS]:
        for entry in _kinds(code, suspect):
            if not is_ordinary_entry(code, entry):
                yield entry, suspect.likely


def _kinds(code: bytes, suspect: Suspect) -> Iterator[RepairWord]:
    start, end = suspect.offset, suspect.offset + len(suspect.word)
    if not suspect.called:
        yield RepairWord("attributes", suspect.word)
        return
    if heads_statement(code, start, end) and not _DECLARATION.match(code, closing(code, end)):
        yield RepairWord("iterators", suspect.word)
    else:
        yield RepairWord("attributes", f"{suspect.word}()")
        yield RepairWord("attributes", suspect.word)


def is_ordinary_entry(code: bytes, entry: RepairWord) -> bool:
    """Whether the code uses the word as what the entry does not say."""
    name = entry.word.removesuffix("()")
    return entry.list == "attributes" and is_ordinary(code, name, called=name != entry.word)
