"""Lexer that splits C text into code, comments, strings and preprocessor directives, by exact byte offsets.

It follows the preprocessor's rules (C11 5.1.1.2): line continuations are honoured everywhere, a
directive ends at the first newline that is neither continued nor inside a comment, and quotes
inside a comment do not begin strings.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass, field
from functools import cached_property
from io import BytesIO
from itertools import accumulate

from caplint.c.byte_ranges import Spans, blank
from caplint.util.patterns import compiled

_HASH = rb"[ \t\f\v]*+(?:\#|%:)"
_COMMENT = rb"/\*[^*]*+(?:\*(?!/)[^*]*+)*+(?:\*/|\Z)|//[^\\\n]*+(?:\\\r?(?s:.)[^\\\n]*+)*+"
_STRING = rb"""(?P<quote>["'])(?:(?!(?P=quote))[^\\\n]|\\\r?(?s:.))*+(?:(?P=quote)|(?=\n)|\\?\Z)"""
_PLAIN = rb"""(?:[^"'/\n]++|\n(?!""" + _HASH + rb""")|/(?![*/]))*+"""
# Skips plain code, then classifies the next item. A directive begins at a line's start or behind a comment,
# which counts as white space.
_SCAN = compiled(
    rb"(?:(?:\A|(?<=\*/))(?=" + _HASH + rb")|" + _PLAIN + rb")"
    rb"(?:\n?(?P<directive>" + _HASH + rb")|(?P<comment>" + _COMMENT + rb")|(?P<string>" + _STRING + rb"))"
)
# In directives a lone apostrophe does not begin a string: they may contain prose (`#error don't`).
_LITERAL = rb""""(?:[^"\\\n]|\\\r?(?s:.))*+"?|'(?:[^'\\\n]|\\.){1,4}'"""
# The extent of a directive, up to the first plain newline.
_DIRECTIVE = compiled(rb"(?:" + _COMMENT + rb"|" + _LITERAL + rb"""|\\\r?\n|\\.?|[^\n\\"'/]++|/|')*+""")
BLANK = rb"(?:[ \t\f\v\r]|\\\r?\n|/\*(?:[^*]|\*(?!/))*+\*/)*+"
"""Pattern of the white space and comments between the words of a directive."""
_KEYWORD = compiled(BLANK + rb"([A-Za-z_]\w*)?")
# `#include <sys/*.h>` does not begin a comment.
_HEADER_NAME = compiled(BLANK + rb"<[^>\n]*>")
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_COMMENT_OR_LITERAL = compiled(rb"(?P<literal>" + _LITERAL + rb")|" + _COMMENT)
_CONTINUATION = re.compile(rb"\\\r?\n")


@dataclass(frozen=True, slots=True)
class Directive:
    """One preprocessor directive: `start` is the offset of its line, `end` the offset of its final newline."""

    keyword: str
    start: int
    end: int
    body: int
    """Offset just behind the keyword."""


@dataclass(frozen=True)
class Lexed:
    """Text of a file with the extents of everything that is not code."""

    source: bytes
    directives: list[Directive]
    comments: Spans
    strings: Spans
    code: bytes = field(repr=False)
    """Source with comments and directives blanked; offsets are unchanged."""

    @cached_property
    def line_starts(self) -> list[int]:
        """Offset of the first byte of each line."""
        return list(accumulate(map(len, BytesIO(self.source + b" ")), initial=0))[:-1]

    @cached_property
    def bare(self) -> bytes:
        """Code with strings blanked too."""
        return blank(self.code, self.strings.extents)

    def line(self, offset: int) -> int:
        """Return the 1-based line number of a byte offset."""
        return bisect_right(self.line_starts, offset)

    def position(self, offset: int) -> tuple[int, int]:
        """Return the 1-based line and 1-based byte column of a byte offset."""
        line = bisect_right(self.line_starts, offset)
        return line, offset - self.line_starts[line - 1] + 1

    def text(self, start: int, end: int) -> str:
        """Return the source between two offsets as one line: comments and continuations removed, blanks folded."""
        return plain(self.source[start:end])


def plain(text: bytes) -> str:
    """Return text as one line: comments and continuations removed, runs of white space folded."""
    text = _CONTINUATION.sub(b" ", text)
    if b"/" in text:
        text = _COMMENT_OR_LITERAL.sub(lambda match: match["literal"] or b" ", text)
    return " ".join(text.decode("utf-8", "replace").split())


def lex(source: bytes) -> Lexed:
    """Lex one file without failing: an unterminated comment or string runs to the end of file or line."""
    if source.startswith(_BYTE_ORDER_MARK):
        source = b"   " + source[3:]
    directives: list[Directive] = []
    comments: list[tuple[int, int]] = []
    strings: list[tuple[int, int]] = []
    blanked: list[tuple[int, int]] = []
    position = 0
    while match := _SCAN.match(source, position):
        kind = match.lastgroup or ""
        start, position = match.span(kind)
        if kind == "comment":
            comments.append((start, position))
            blanked.append((start, position))
        elif kind == "string":
            strings.append((start, position))
        else:
            directive = _directive(source, start, position)
            position = directive.end
            directives.append(directive)
            blanked.append((start, position))
            header = _HEADER_NAME.match(source, directive.body, directive.end)
            tokens = _COMMENT_OR_LITERAL.finditer(source, header.end() if header else directive.body, directive.end)
            comments.extend(inner.span() for inner in tokens if inner["literal"] is None)
    return Lexed(source, directives, Spans(comments), Spans(strings), blank(source, blanked))


def _directive(source: bytes, start: int, after_hash: int) -> Directive:
    keyword = _KEYWORD.match(source, after_hash)
    if keyword is None:  # it matches the empty string
        raise AssertionError
    name = (keyword.group(1) or b"").decode("ascii")
    header = _HEADER_NAME.match(source, keyword.end()) if name.startswith("include") else None
    extent = _DIRECTIVE.match(source, header.end() if header else after_hash)
    end = extent.end() if extent else after_hash
    return Directive(name, start, end, min(keyword.end(), end))
