"""The floor, below which nothing that parses these bytes on one core can go, and the stages of the front end."""

from collections.abc import Iterator
from pathlib import Path

import tree_sitter

from caplint.c.conditions import conditionals
from caplint.c.lexer import lex
from caplint.c.repair import repair
from caplint.c.syntax import language
from caplint.c.tables import tables
from caplint.c.variants import variants
from caplint.facts.extract import extract
from tools.bench.measure import Row, timed
from tools.bench.sources import every_file, read_files

BARE = "bare tree-sitter parse of what is read, one core"


def floor(runs: int) -> Iterator[Row]:
    """Measure reading the bytes, and a bare parse of them."""
    sources = [path.read_bytes() for path in read_files()]
    yield timed(BARE, runs, tree_sitter.Parser(language()).parse, sources)
    yield timed("reading every C file of both trees", runs, Path.read_bytes, every_file())


def front_end(runs: int) -> Iterator[Row]:
    """Measure the stages on one core."""
    sources = [path.read_bytes() for path in read_files()]
    table = tables()
    lexed = [lex(source) for source in sources]
    texts = [text for entry in lexed for text in variants(entry, conditionals(entry)).texts]
    yield timed("lexing", runs, lex, sources)
    yield timed("choosing variants", runs, lambda entry: variants(entry, conditionals(entry)), lexed)
    yield timed("repairing", runs, lambda text: repair(text, table), texts)
    yield timed("front end and extraction", runs, lambda source: extract(source, "c", table), sources)
