"""Turns one file's bytes into its facts. Knows nothing of other files, trees or paths."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from caplint.c import MAX_BYTES
from caplint.c.syntax import Unit, UnreadableError, parse
from caplint.c.tables import Tables, tables
from caplint.facts.accesses import accesses
from caplint.facts.build import make_rules
from caplint.facts.calls import calls, macro_uses
from caplint.facts.cases import cases
from caplint.facts.comments import definition_comments
from caplint.facts.docs import mentions
from caplint.facts.elements import elements, enumerators
from caplint.facts.flow import comparisons, jumps, returns, stores, tests
from caplint.facts.functions import functions
from caplint.facts.guards import guard_extents
from caplint.facts.initialisers import table_entries
from caplint.facts.kconfig import kconfig
from caplint.facts.languages import MADE, OUTLINE, WORDS
from caplint.facts.macros import includes, macros, undefinitions
from caplint.facts.made import made
from caplint.facts.members import members
from caplint.facts.meson import meson_rules
from caplint.facts.outline import outline
from caplint.facts.reading import readings
from caplint.facts.records import BlindSpot, FileFacts, Record
from caplint.facts.tokens import tokens
from caplint.facts.words import words

# In each view, functions come first: they say where everything else stands.
_PER_VIEW = (
    functions, cases, calls, stores, tests, guard_extents, returns, jumps, comparisons, table_entries, members,
    accesses, macro_uses,
)  # fmt: skip
# What needs all views at once.
_OVER_VIEWS = (elements, enumerators)
_PER_FILE = (macros, definition_comments, undefinitions, includes, tokens)

_OTHER_LANGUAGES: dict[str, Callable[[bytes], Iterator[Record]]] = {
    "rst": mentions,
    "kconfig": kconfig,
    "make": make_rules,
    "meson": meson_rules,
    WORDS: words,
}


def extract(source: bytes, language: str, repairs: Tables | None = None) -> FileFacts:
    """All facts of one file. What cannot be read is a blind spot; this never fails on its input."""
    facts = FileFacts()
    try:
        if language == MADE:
            return made(source, lambda text: extract(text, "c", repairs))
        if language in _OTHER_LANGUAGES:
            facts.records.extend(_of_other_language(source, language))
            return facts
        unit = parse(source, repairs or tables())
        if language == OUTLINE:
            facts.records.append(outline(unit))
            return facts
    except UnreadableError as error:
        facts.records.append(BlindSpot(0, len(source), 1, str(error)))
        return facts
    whole: dict[int, bool] = {}
    found = readings(unit)
    for reading in found:
        for extractor in _PER_VIEW:
            facts.records.extend(extractor(reading))
        for node in reading.nodes.get("function", ()):
            whole[node.start_byte] = whole.get(node.start_byte, True) and not node.has_error
    for collect in _OVER_VIEWS:
        facts.records.extend(collect(found))
    for read in _PER_FILE:
        facts.records.extend(read(unit))
    facts.records.extend(_blind_spots(unit))
    facts.functions = len(whole)
    facts.damaged = sum(not sound for sound in whole.values())
    return facts


def _of_other_language(source: bytes, language: str) -> Iterator[Record]:
    if len(source) > MAX_BYTES:
        raise UnreadableError(f"larger than {MAX_BYTES >> 20} MiB")
    return _OTHER_LANGUAGES[language](source)


def _blind_spots(unit: Unit) -> Iterator[BlindSpot]:
    """What was not understood; of bytes that several problems claim, the first that begins has them."""
    reached = 0
    for problem in sorted(set(unit.problems), key=lambda problem: (problem.offset, -problem.end)):
        start = max(problem.offset, min(reached, problem.end))
        if start < problem.end or problem.offset == problem.end >= reached:
            yield BlindSpot(start, problem.end, unit.lexed.line(problem.offset), problem.reason)
        reached = max(reached, problem.end)
