"""Parser of one C file, under enough variants to cover all of its lines."""

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

# Longest line that is read, in bytes; hand-written lines are far shorter.
MAX_LINE = 1 << 20
# Attempts to parse a text; before each further one, too deeply nested parts are blanked.
_MAX_ATTEMPTS = 4
SYNTAX_REASONS = re.compile("syntax not understood|`.*` expected")
"""Reasons of blind spots that a word in the repair tables may repair."""


class UnreadableError(Exception):
    """Error for a file that cannot be parsed; the message gives the reason."""


def folded(code: str) -> str:
    """Return code as one line; its comments and directives must already be blanked."""
    return " ".join(code.replace("\\\n", " ").split()) if "\n" in code or "  " in code else code


@dataclass(frozen=True)
class View:
    """One variant: its text before and after repair, and the syntax tree of the repaired text."""

    text: bytes
    repaired: Repaired
    root: tree_sitter.Node

    def plain(self, node: tree_sitter.Node) -> str:
        """Return the node's original text as one line, without comments and lines of other variants."""
        return folded(self.text[node.start_byte : node.end_byte].decode("utf-8", "replace"))

    def span(self, start: int, end: int) -> str:
        """Return the text between two offsets as one line."""
        return folded(self.text[start:end].decode("utf-8", "replace"))


@dataclass(frozen=True)
class Unit:
    """Parsed file. The first view covers the whole file; each further one shows branches that earlier ones hid."""

    lexed: Lexed
    conditionals: Conditionals
    views: list[View]
    problems: list[Problem]


@lru_cache(maxsize=1)
def language() -> tree_sitter.Language:
    """Return the C grammar."""
    return tree_sitter.Language(tree_sitter_c.language())


def parse(source: bytes, tables: Tables) -> Unit:
    """Lex a file, choose its variants, repair and parse each.

    Raises `UnreadableError` for a file or line that is too large, for NUL bytes and for too deep nesting.
    """
    _check(source)
    lexed = lex(source)
    if nests_too_deeply(lexed.bare):
        raise UnreadableError(f"nests brackets deeper than {MAX_BRACKETS}")
    structure = conditionals(lexed)
    cover = variants(lexed, structure)
    views: list[View] = []
    excessive: list[Problem] = []
    for text in cover.texts:
        repaired = repair(text, tables)
        root, excess = _bounded(lexed, repaired)
        views.append(View(text, repaired, root))
        excessive += excess
    problems = [
        *structure.problems,
        *excessive,
        *_unfinished(lexed),
        *(Problem(branch.start, branch.end, "no variant shows it") for branch in cover.unseen),
        *(problem for view in views for problem in errors(view.root)),
    ]
    return Unit(lexed, structure, views, problems)


def parsed(lexed: Lexed, repaired: Repaired) -> tree_sitter.Node:
    """Return the root of the text's syntax tree. Gaps are skipped, because blanks cost the parser as much as code."""
    ranges = [_range(lexed, start, end) for start, end in repaired.stretches]
    return tree_sitter.Parser(language(), included_ranges=ranges).parse(repaired.text).root_node


def _range(lexed: Lexed, start: int, end: int) -> tree_sitter.Range:
    return tree_sitter.Range(_point(lexed, start), _point(lexed, end), start, end)


def _point(lexed: Lexed, offset: int) -> tree_sitter.Point:
    line, column = lexed.position(offset)
    return tree_sitter.Point(line - 1, column - 1)


def _bounded(lexed: Lexed, repaired: Repaired) -> tuple[tree_sitter.Node, list[Problem]]:
    """Return the syntax tree of a text after blanking excessively nested parts, and those parts as problems.

    Raises `UnreadableError` if blanking does not help.
    """
    problems: list[Problem] = []
    for _ in range(_MAX_ATTEMPTS):
        root = parsed(lexed, repaired)
        excess = excesses(root)
        if not excess:
            return root, problems
        problems += excess
        repaired.text = without(repaired.text, excess)
    raise UnreadableError(excess[0].reason)


def _check(source: bytes) -> None:
    if len(source) > MAX_BYTES:
        raise UnreadableError(f"larger than {MAX_BYTES >> 20} MiB")
    if len(source) > MAX_LINE and max(map(len, source.split(b"\n"))) > MAX_LINE:
        raise UnreadableError(f"has a line longer than {MAX_LINE >> 20} MiB")
    if b"\0" in source:
        raise UnreadableError("contains NUL bytes")


def _unfinished(lexed: Lexed) -> Iterator[Problem]:
    """Yield the unterminated comment at the end of the file, if there is one."""
    for start, end in lexed.comments.extents[-1:]:
        text = lexed.source[start:end]
        if text.startswith(b"/*") and not (len(text) >= 4 and text.endswith(b"*/")):
            yield Problem(start, end, "unterminated comment")


def errors(root: tree_sitter.Node) -> Iterator[Problem]:
    """Yield the outermost extents that the grammar does not accept."""
    pending = [root] if root.has_error else []
    while pending:
        node = pending.pop()
        if node.is_error:
            yield Problem(node.start_byte, node.end_byte, "syntax not understood")
        elif node.is_missing:
            yield Problem(node.start_byte, node.end_byte, f"`{node.type}` expected")
        elif node.has_error:
            pending.extend(node.children)
