"""The lexer: what is comment, string, directive and code, by exact offsets."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from caplint.c.lexer import lex, plain

# Source; its code; extents of comments; extents of strings.
SPLITS = [
    (
        b"a /* x */ b // c\nd",
        b"a         b     \nd",
        [(2, 9), (12, 16)],
        [],
    ),
    (b"/**/ a /*/ b */ c", b"     a          c", [(0, 4), (7, 15)], []),
    (b"a // b \\\nc\nd", b"a       \n \nd", [(2, 10)], []),
    (b"a // b \\\r\nc\r\nd", b"a        \n  \nd", [(2, 12)], []),
    (b"// a /* b\nc */", b"         \nc */", [(0, 9)], []),
    (b"/* // */ a", b"         a", [(0, 8)], []),
    (b"/* ' \" */ a; // ' \"\nb", b"          a;       \nb", [(0, 9), (13, 19)], []),
    (b"/* a\nb", b"    \n ", [(0, 6)], []),
    (b"/* a\nb *", b"    \n   ", [(0, 8)], []),
    (b'"a /* b */ // c" d', b'"a /* b */ // c" d', [], [(0, 16)]),
    (rb'"a\"b" c', rb'"a\"b" c', [], [(0, 6)]),
    (rb'"\\" /* c */', rb'"\\"          '[:12], [(5, 12)], [(0, 4)]),
    (rb"'\'' '\\' '\"'", rb"'\'' '\\' '\"'", [], [(0, 4), (5, 9), (10, 14)]),
    (b'"a\\\nb" c', b'"a\\\nb" c', [], [(0, 6)]),
    (b'"a\\\r\nb" c', b'"a\\\r\nb" c', [], [(0, 7)]),
    (b'"abc\nint b;', b'"abc\nint b;', [], [(0, 4)]),
    (b"'a\nint b; /* c */", b"'a\nint b;        ", [(10, 17)], [(0, 2)]),
    (b"a / b * c", b"a / b * c", [], []),
    (b"", b"", [], []),
    (b'a "b \\', b'a "b \\', [], [(2, 6)]),
    (b"/* a **/ /***/ b / *c", b"               b / *c", [(0, 8), (9, 14)], []),
]

# Source; keyword, start, end and body of each directive; the code that is left.
DIRECTIVES = [
    (b"#define X 1\na", [("define", 0, 11, 7)], b"           \na"),
    (b"  #\tdefine X\na", [("define", 0, 12, 10)], b"            \na"),
    (b"%:define X\na", [("define", 0, 10, 8)], b"          \na"),
    (b"#define X \\\n 1\na", [("define", 0, 14, 7)], b"           \n  \na"),
    (b"#define X \\\r\n 1\r\na", [("define", 0, 16, 7)], b"            \n   \na"),
    (b"#define X /* a\nb */ 1\na", [("define", 0, 21, 7)], b"              \n      \na"),
    (b"#define X // a \\\nb\nc", [("define", 0, 18, 7)], b"                \n \nc"),
    (b'#define X "/*" 1\na /* b */', [("define", 0, 16, 7)], b"                \na        "),
    (b"#define X '\"' /* \" */\na", [("define", 0, 21, 7)], b"                     \na"),
    (b"#define X '\"' /* a\nb */\nc", [("define", 0, 23, 7)], b"                  \n    \nc"),
    (b'#define X "a\nb', [("define", 0, 12, 7)], b"            \nb"),
    (b"#error don't\na", [("error", 0, 12, 6)], b"            \na"),
    (b'#include "a//b.h"\nc', [("include", 0, 17, 8)], b"                 \nc"),
    (b"# /* c */ if X\n#endif", [("if", 0, 14, 12), ("endif", 15, 21, 21)], b"              \n      "),
    (b"/* a */ #if X\nb", [("if", 7, 13, 11)], b"             \nb"),
    (b"/* a\n*/ #if X\nb", [("if", 7, 13, 11)], b"    \n        \nb"),
    (b"#if A\r\nb;\r\n#endif\r\n", [("if", 0, 6, 3), ("endif", 11, 18, 17)], b"      \nb;\r\n       \n"),
    (b"#\na", [("", 0, 1, 1)], b" \na"),
    (b'# 12 "a.c"\nb', [("", 0, 10, 2)], b"          \nb"),
    (b"a # b\n", [], b"a # b\n"),
    (b"a */ # b\n", [], b"a */ # b\n"),
    (b'a = "\\\n#if X";\n', [], b'a = "\\\n#if X";\n'),
    (b"/*\n#if X\n*/ a", [], b"  \n     \n   a"),
    (b"// b \\\n#if X\na", [], b"      \n     \na"),
]

LINES = [
    (b'a "/* b */" /* c */ "//"', 'a "/* b */" "//"'),
    (b"a don't /* b */ isn't", "a don't isn't"),
    (b"'\"' // b", "'\"'"),
    (b" a /* b */  c ", "a c"),
    (b"a \\\n\t b", "a b"),
    (b"a \\\r\n b // c", "a b"),
    (b"/* a\nb */", ""),
    (b"\xff a", "\ufffd a"),
]


@pytest.mark.parametrize(("source", "code", "comments", "strings"), SPLITS)
def test_splits(source: bytes, code: bytes, comments: list[tuple[int, int]], strings: list[tuple[int, int]]) -> None:
    lexed = lex(source)
    assert (lexed.code, lexed.comments.extents, lexed.strings.extents) == (code, comments, strings)


@pytest.mark.parametrize(("source", "directives", "code"), DIRECTIVES)
def test_directives(source: bytes, directives: list[tuple[str, int, int, int]], code: bytes) -> None:
    lexed = lex(source)
    found = [(directive.keyword, directive.start, directive.end, directive.body) for directive in lexed.directives]
    assert (found, lexed.code) == (directives, code)


@pytest.mark.parametrize(("source", "line"), LINES)
def test_plain(source: bytes, line: str) -> None:
    assert plain(source) == line


def test_comments_in_directives_are_comments() -> None:
    lexed = lex(b"#define X 1 /* a */ + 2 // b\n/* c */")
    assert lexed.comments.extents == [(12, 19), (24, 28), (29, 36)]
    assert lexed.text(lexed.directives[0].body, lexed.directives[0].end) == "X 1 + 2"


@pytest.mark.parametrize(
    ("offset", "position"), [(0, (1, 1)), (2, (1, 3)), (3, (2, 1)), (4, (3, 1)), (6, (3, 3)), (8, (4, 1))]
)
def test_positions(offset: int, position: tuple[int, int]) -> None:
    lexed = lex(b"ab\n\n\xc3\xa9c\nd")
    assert lexed.position(offset) == position
    assert lexed.line(offset) == position[0]


PIECES = st.sampled_from(
    ["/*", "*/", "//", "\n", "\r\n", '"', "'", "\\", "#", "%:", "if", "define X", " ", "a", "\\\n"]
)


@settings(max_examples=150, deadline=None, derandomize=True)
@given(st.lists(PIECES, max_size=30))
def test_offsets_are_kept(pieces: list[str]) -> None:
    source = "".join(pieces).encode()
    lexed = lex(source)
    assert len(lexed.code) == len(source)
    assert all(
        after == before or (after == 0x20 and before != 0x0A) for before, after in zip(source, lexed.code, strict=True)
    )
    assert all(source[end:].startswith(b"\n") or end == len(source) for _, end in _directive_extents(source))


def _directive_extents(source: bytes) -> list[tuple[int, int]]:
    return [(directive.start, directive.end) for directive in lex(source).directives]


def test_a_header_name_that_looks_like_a_comment_ends_with_its_line() -> None:
    source = b"#include <a/*b>\n" * 3
    assert [(item.start, item.end) for item in lex(source).directives] == [(0, 15), (16, 31), (32, 47)]
    assert lex(source).comments.extents == []
