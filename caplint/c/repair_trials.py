"""Trials of repair words: find entries for the repair tables that let the parser understand more of a file."""

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

# Limits per blind spot, per word of a pair, and per file. Parsing half a megabyte once takes a tenth of a second.
MAX_SUSPECTS = 6
MAX_PAIRED = 3
MAX_TRIALS = 300
MAX_BYTES = 24 << 20


class RepairWord(NamedTuple):
    """Word for the configuration's `[c]`; `list` is `attributes` or `iterators`."""

    list: str
    word: str


class RepairWords(NamedTuple):
    """Words added to the shipped tables."""

    attributes: tuple[str, ...] = ()
    iterators: tuple[str, ...] = ()

    def having(self, *entries: RepairWord) -> RepairWords:
        """Return a copy with the entries added."""
        return RepairWords(
            (*self.attributes, *(entry.word for entry in entries if entry.list == "attributes")),
            (*self.iterators, *(entry.word for entry in entries if entry.list == "iterators")),
        )


@dataclass(frozen=True)
class Damage:
    """Extents of a file that are not understood, and the number of functions that are."""

    extents: tuple[tuple[int, int], ...]
    functions: int

    @property
    def bytes(self) -> int:
        """Bytes not understood."""
        return sum(end - start for start, end in self.extents)

    @property
    def cost(self) -> int:
        """Bytes not understood; a missing token counts as one byte."""
        return sum(max(1, end - start) for start, end in self.extents)

    def is_better_than(self, other: Damage) -> bool:
        """Tell whether more is understood and no function is lost."""
        return self.cost < other.cost and self.bytes <= other.bytes and self.functions >= other.functions


@dataclass
class Bench:
    """File that is lexed once and parsed under several repair tables; results are cached."""

    source: bytes
    spent: int = 0
    """Bytes parsed so far."""
    trials: int = 0
    _known: dict[RepairWords, Damage] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._lexed = lex(self.source)
        self._texts = variants(self._lexed, conditionals(self._lexed)).texts
        self.code = code_of(self._lexed)

    @property
    def exhausted(self) -> bool:
        """True if the limit of trials or of bytes is reached."""
        return self.trials >= MAX_TRIALS or self.spent >= MAX_BYTES

    def damage(self, words: RepairWords) -> Damage:
        """Return the damage that is left with these words in the tables."""
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
    """Return entries that, added to `words`, let more of the file be understood; searched blind spot by blind spot."""
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
    """Return the likeliest entry or pair that repairs one spot, else the entries that reduce the damage most."""
    before = bench.damage(words)
    around = surroundings(bench.code, *spot)
    best: tuple[RepairWord, ...] = ()
    for entries in _attempts(bench, words, spot):
        if bench.exhausted:
            break
        after = bench.damage(words.having(*entries))
        gone = sum(len(entry.word) for entry in entries)
        # Blanked words are no longer damage: that alone is no gain.
        if not after.is_better_than(before) or (
            len(after.extents) >= len(before.extents) and before.bytes - after.bytes <= 2 * gone
        ):
            continue
        if not any(start <= around[1] and end >= around[0] for start, end in after.extents):
            return entries
        if not best or after.cost < bench.damage(words.having(*best)).cost:
            best = entries
    return best


def _attempts(bench: Bench, words: RepairWords, spot: tuple[int, int]) -> Iterator[tuple[RepairWord, ...]]:
    """Yield entries to try for one spot: likely words alone, then paired with words at the next spot, then the rest."""
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


# Text that follows an attribute with arguments rather than a loop's head.
_DECLARATION = re.compile(rb"\s*+[A-Za-z_]\w*+(?:\s+\**|\s*\*+\s*)[A-Za-z_]")


def _options(code: bytes, spot: tuple[int, int], words: RepairWords) -> Iterator[tuple[RepairWord, bool]]:
    """Yield possible entries for the words near a spot, the likeliest first, each with whether it is likely."""
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
    """Tell whether the code uses the word in a way that contradicts the entry."""
    name = entry.word.removesuffix("()")
    return entry.list == "attributes" and is_ordinary(code, name, called=name != entry.word)
