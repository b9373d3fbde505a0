"""Parses one C file under as many variants as it takes to see all of it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

import tree_sitter
import tree_sitter_c

from caplint.c import MAX_BYTES
from caplint.c.bounds import MAX_BRACKETS, excesses, nests_too_deeply, without
from caplint.c.conditions import Conditionals, Problem, conditionals
from caplint.c.lexer import Lexed, lex
from caplint.c.repair import Repaired, repair
from caplint.c.tables import Tables
from caplint.c.variants import variants

# No source file that a person maintains comes near it; reading one would only cost time and memory.
MAX_LINE = 1 << 20
# How often a text is parsed again after what nests too deeply was taken out of it.
_MAX_ATTEMPTS = 4
SYNTAX_REASONS = re.compile("syntax not understood|`.*` expected")
"""Reasons of blind spots that a word of the repair tables may mend."""


class UnreadableError(Exception):
    """The file is not source that can be parsed; the message says why."""


def folded(code: str) -> str:
    """Code as one line, its comments and directives blanked before."""
    return " ".join(code.replace("\\\n", " ").split()) if "\n" in code or "  " in code else code


@dataclass(frozen=True)
class View:
    """One variant: its text before and after repair, and the syntax tree of the latter."""

    text: bytes
    repaired: Repaired
    root: tree_sitter.Node

    def plain(self, node: tree_sitter.Node) -> str:
        """The node's text as one line, as the author wrote it but for comments and other variants' lines."""
        return folded(self.text[node.start_byte : node.end_byte].decode("utf-8", "replace"))

    def span(self, start: int, end: int) -> str:
        """The text between two offsets as one line."""
        return folded(self.text[start:end].decode("utf-8", "replace"))


@dataclass(frozen=True)
class Unit:
    """A parsed file. The first view is the whole file; each further one holds what the others hid."""

    lexed: Lexed
    conditionals: Conditionals
    views: list[View]
    problems: list[Problem]


@lru_cache(maxsize=1)
def language() -> tree_sitter.Language:
    """The C grammar."""
    return tree_sitter.Language(tree_sitter_c.language())


def parse(source: bytes, tables: Tables) -> Unit:
    """Lex, choose variants, repair and parse.

    Raises `UnreadableError` for what is no source text: too large, or with a line that is.
    """
    _check(source)
    lexed = lex(source)
    if nests_too_deeply(lexed.bare):
        raise UnreadableError(f"nests brackets deeper than {MAX_BRACKETS}")
    structure = conditionals(lexed)
    cover = variants(lexed, structure)
    views: list[View] = []
    left_out: list[Problem] = []
    for text in cover.texts:
        repaired = repair(text, tables)
        root, found = _bounded(lexed, repaired)
        views.append(View(text, repaired, root))
        left_out += found
    problems = [
        *structure.problems,
        *left_out,
        *_unfinished(lexed),
        *(Problem(branch.start, branch.end, "no variant shows it") for branch in cover.unseen),
        *(problem for view in views for problem in errors(view.root)),
    ]
    return Unit(lexed, structure, views, problems)


def parsed(lexed: Lexed, repaired: Repaired) -> tree_sitter.Node:
    """The root of the text's syntax tree. Gaps are cut out, for blanks cost the parser as much as code."""
    ranges = [_range(lexed, start, end) for start, end in repaired.stretches]
    return tree_sitter.Parser(language(), included_ranges=ranges).parse(repaired.text).root_node


def _range(lexed: Lexed, start: int, end: int) -> tree_sitter.Range:
    return tree_sitter.Range(_point(lexed, start), _point(lexed, end), start, end)


def _point(lexed: Lexed, offset: int) -> tree_sitter.Point:
    line, column = lexed.position(offset)
    return tree_sitter.Point(line - 1, column - 1)


def _bounded(lexed: Lexed, repaired: Repaired) -> tuple[tree_sitter.Node, list[Problem]]:
    """The tree of a text without what would take too long to read, which is blanked, and the places of that.

    Raises `UnreadableError` where blanking does not help.
    """
    problems: list[Problem] = []
    for _ in range(_MAX_ATTEMPTS):
        root = parsed(lexed, repaired)
        found = excesses(root)
        if not found:
            return root, problems
        problems += found
        repaired.text = without(repaired.text, found)
    raise UnreadableError(found[0].reason)


def _check(source: bytes) -> None:
    if len(source) > MAX_BYTES:
        raise UnreadableError(f"larger than {MAX_BYTES >> 20} MiB")
    if len(source) > MAX_LINE and max(map(len, source.split(b"\n"))) > MAX_LINE:
        raise UnreadableError(f"has a line longer than {MAX_LINE >> 20} MiB")
    if b"\0" in source:
        raise UnreadableError("holds NUL bytes")


def _unfinished(lexed: Lexed) -> Iterator[Problem]:
    """A comment that swallows the rest of the file."""
    for start, end in lexed.comments.extents[-1:]:
        text = lexed.source[start:end]
        if text.startswith(b"/*") and not (len(text) >= 4 and text.endswith(b"*/")):
            yield Problem(start, end, "a comment begins here and does not end")


def errors(root: tree_sitter.Node) -> Iterator[Problem]:
    """The outermost places that the grammar could not take."""
    pending = [root] if root.has_error else []
    while pending:
        node = pending.pop()
        if node.is_error:
            yield Problem(node.start_byte, node.end_byte, "syntax not understood")
        elif node.is_missing:
            yield Problem(node.start_byte, node.end_byte, f"`{node.type}` expected")
        elif node.has_error:
            pending.extend(node.children)
