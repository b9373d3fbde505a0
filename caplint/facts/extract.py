"""Extraction of the facts of one file from its bytes, independent of other files, trees and paths."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from caplint.c import MAX_BYTES
from caplint.c.syntax import Unit, UnreadableError, parse
from caplint.c.tables import Tables, tables
from caplint.facts.expanded import expanded_facts
from caplint.facts.kinds.accesses import accesses
from caplint.facts.kinds.calls import calls, macro_uses
from caplint.facts.kinds.cases import cases
from caplint.facts.kinds.comments import definition_comments
from caplint.facts.kinds.control_flow import statements
from caplint.facts.kinds.crates import locked_crates, own_crate
from caplint.facts.kinds.docs import mentions, plain_mentions
from caplint.facts.kinds.elements import ELEMENT_NODES, elements, enumerators
from caplint.facts.kinds.file_variables import file_variables
from caplint.facts.kinds.functions import functions
from caplint.facts.kinds.guards import guard_extents
from caplint.facts.kinds.initialisers import PAIR_NODES, table_entries
from caplint.facts.kinds.kconfig import kconfig
from caplint.facts.kinds.macros import includes, macros, undefinitions
from caplint.facts.kinds.makefiles import make_rules
from caplint.facts.kinds.members import members
from caplint.facts.kinds.meson import meson_rules
from caplint.facts.kinds.name_index import name_index
from caplint.facts.kinds.outline import outline
from caplint.facts.kinds.statements import comparisons, jumps, returns, stores, tests
from caplint.facts.kinds.tokens import tokens
from caplint.facts.store.records import BlindSpot, FileFacts, Outline, Record
from caplint.facts.syntax.ast_view import SHARED_NODES, ast_views
from caplint.knowledge.languages import DESCRIPTION, EXPANDED, LOCK, MANIFEST, NAME_INDEX, OUTLINE, RUST, RUST_OUTLINE

# Node kinds that extractors ask for, found in one pass of tree-sitter's matcher.
_NODES = SHARED_NODES + ELEMENT_NODES + PAIR_NODES
# In each view, functions come first: other facts refer to the function around them.
_PER_VIEW = (
    functions, cases, calls, stores, tests, guard_extents, returns, jumps, comparisons, table_entries, members,
    accesses, macro_uses, file_variables, statements,
)  # fmt: skip
# Extractors that need all views at once.
_OVER_VIEWS = (elements, enumerators)
_PER_FILE = (macros, definition_comments, undefinitions, includes, tokens)


def _rust_outline(source: bytes) -> Iterator[Record]:
    # Imported on demand: most trees have no Rust.
    from caplint.rust.call_outline import rust_outline  # noqa: PLC0415

    yield Outline(rust_outline(source))


_OTHER_LANGUAGES: dict[str, Callable[[bytes], Iterator[Record]]] = {
    "rst": mentions,
    "text": plain_mentions,
    "kconfig": kconfig,
    "make": make_rules,
    "meson": meson_rules,
    NAME_INDEX: name_index,
    RUST_OUTLINE: _rust_outline,
    MANIFEST: own_crate,
    LOCK: locked_crates,
}


def extract(source: bytes, language: str, repairs: Tables | None = None) -> FileFacts:
    """Return all facts of one file. Unreadable parts are blind spots; no input makes this fail."""
    facts = FileFacts()
    try:
        if language in _BY_C:
            return _BY_C[language](source, lambda text: extract(text, "c", repairs))
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
    views = ast_views(unit, _NODES)
    for reading in views:
        for extractor in _PER_VIEW:
            facts.records.extend(extractor(reading))
        for node in reading.nodes.get("function", ()):
            whole[node.start_byte] = whole.get(node.start_byte, True) and not node.has_error
    for collect in _OVER_VIEWS:
        facts.records.extend(collect(views))
    for read in _PER_FILE:
        facts.records.extend(read(unit))
    facts.records.extend(_blind_spots(unit))
    facts.functions = len(whole)
    facts.damaged = sum(not sound for sound in whole.values())
    return facts


def _of_rust(source: bytes, of_c: Callable[[bytes], FileFacts]) -> FileFacts:
    # Imported on demand: most trees have no Rust.
    from caplint.facts.lowered import rust_facts  # noqa: PLC0415

    return rust_facts(source, of_c)


def _of_description(source: bytes, of_c: Callable[[bytes], FileFacts]) -> FileFacts:
    from caplint.facts.descriptions import description_facts  # noqa: PLC0415

    return description_facts(source, of_c)


_BY_C = {EXPANDED: expanded_facts, RUST: _of_rust, DESCRIPTION: _of_description}
"""Languages whose facts are those of C text that is made of the source."""


def _of_other_language(source: bytes, language: str) -> Iterator[Record]:
    if len(source) > MAX_BYTES:
        raise UnreadableError(f"larger than {MAX_BYTES >> 20} MiB")
    return _OTHER_LANGUAGES[language](source)


def _blind_spots(unit: Unit) -> Iterator[BlindSpot]:
    """Yield the extents that were not understood; overlapping bytes belong to the problem that begins first."""
    reached = 0
    for problem in sorted(set(unit.problems), key=lambda problem: (problem.offset, -problem.end)):
        start = max(problem.offset, min(reached, problem.end))
        if start < problem.end or problem.offset == problem.end >= reached:
            yield BlindSpot(start, problem.end, unit.lexed.line(problem.offset), problem.reason)
        reached = max(reached, problem.end)
