"""Parser of one Rust file: its syntax tree, in which the arguments of macros are expressions where they can be."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property, lru_cache
from io import BytesIO
from itertools import accumulate

import tree_sitter
import tree_sitter_rust

from caplint.c import MAX_BYTES
from caplint.c.bounds import MAX_BRACKETS, MAX_DEPTH, nests_too_deeply
from caplint.c.byte_ranges import Spans, blank, merged
from caplint.c.conditions import Problem
from caplint.c.syntax import MAX_LINE, UnreadableError, errors
from caplint.util.patterns import compiled

_STEP = 50
_ATTRIBUTE = re.compile(rb"#\[[^\[\]\n]{0,200}\]")
_MOST_ODD = 100
# Bytes behind an error in which an attribute may be what is not accepted.
_BEHIND = 120
_ROUNDS = 3
_NODES = """
(line_comment) @comment
(block_comment) @comment
(string_literal) @string
(raw_string_literal) @string
(char_literal) @string
(macro_invocation) @macro
"""
# An invocation inside another one's arguments; those in braces hold items or statements, which are no arguments.
_INVOCATION = re.compile(rb"\b([A-Za-z_]\w*)(!)\s*+([(\[])")
# A comment or string, or (with a group) the beginning of a raw string.
_TEXT = compiled(
    rb"""\br(#*+)"|//[^\n]*+|/\*(?:[^*]|\*(?!/))*+\*/|"(?:[^"\\]|\\.)*+"?|\'(?:[^\'\\\n]|\\.)\'""", re.DOTALL
)
_DOLLAR = re.compile(rb"\$(?:crate\s*::)?")
_ITEMS = frozenset({"declaration_list"})
_HOLDING = frozenset({"block", "source_file", "declaration_list"})
# Macros whose arguments are no expressions.
_APART = frozenset({b"macro_rules", b"matches", b"write_bytes", b"asm", b"global_asm"})
_CLOSING = {b"(": b")", b"[": b"]"}


@lru_cache(maxsize=1)
def language() -> tree_sitter.Language:
    """Return the Rust grammar."""
    return tree_sitter.Language(tree_sitter_rust.language())


@lru_cache(maxsize=1)
def _query() -> tree_sitter.Query:
    return tree_sitter.Query(language(), _NODES)


@dataclass(frozen=True)
class RustFile:
    """Parsed file; offsets are those of the source."""

    source: bytes
    text: bytes
    """Source in which the invocations in `macros` are written as calls."""
    root: tree_sitter.Node
    problems: list[Problem]
    comments: Spans
    strings: Spans
    macros: frozenset[int]
    """Offsets of the names of macros that the tree shows as calls."""

    @cached_property
    def line_starts(self) -> list[int]:
        """Offset of the first byte of each line."""
        return list(accumulate(map(len, BytesIO(self.source + b" ")), initial=0))[:-1]

    def position(self, offset: int) -> tuple[int, int]:
        """Return the line and column of an offset, both from 1."""
        line = bisect_right(self.line_starts, offset)
        return line, offset - self.line_starts[line - 1] + 1

    def is_macro(self, function: tree_sitter.Node) -> bool:
        """Tell whether what a call calls, a path perhaps, is a macro."""
        name = function.child_by_field_name("name") if function.type == "scoped_identifier" else None
        return (name or function).start_byte in self.macros

    def plain(self, node: tree_sitter.Node) -> str:
        """Return a node's text."""
        return self.text[node.start_byte : node.end_byte].decode("utf-8", "replace")


@dataclass(frozen=True)
class _Invocation:
    """Invocation that can be written as a call: offsets of its name, its `!`, and its brackets."""

    name: int
    mark: int
    opening: int
    closing: int


def parse(source: bytes) -> RustFile:
    """Parse one file. Raises `UnreadableError` for a file that cannot be read at all."""
    _check(source)
    root = _parsed(source)
    problems: list[Problem] = []
    text = source
    for _ in range(_ROUNDS):
        excess = list(_excesses(root))
        if not excess:
            break
        problems += excess
        text = blank(text, merged((problem.offset, problem.end) for problem in excess))
        root = _parsed(text)
    else:
        raise UnreadableError(f"nests deeper than {MAX_DEPTH}")
    root, text = _without_odd_attributes(root, text)
    found = tree_sitter.QueryCursor(_query()).captures(root)
    comments = Spans(_extents(found.get("comment", [])))
    strings = Spans(_extents(found.get("string", [])))
    bare = blank(blank(text, comments.extents), strings.extents)
    if nests_too_deeply(bare):
        raise UnreadableError(f"has more than {MAX_BRACKETS} open brackets")
    calls = list(_calls(bare, found.get("macro", [])))
    root, text, shown = _with_calls(root, text, calls)
    problems += errors(root)
    return RustFile(source, text, root, problems, comments, strings, frozenset(call.name for call in shown))


def _without_odd_attributes(root: tree_sitter.Node, text: bytes) -> tuple[tree_sitter.Node, bytes]:
    """Blank the attributes that the grammar does not accept where they are, such as in patterns."""
    odd = [problem for problem in errors(root) if b"#[" in text[problem.offset : problem.end + _BEHIND]]
    extents = [
        match.span()
        for problem in odd[:_MOST_ODD]
        for match in _ATTRIBUTE.finditer(text, problem.offset, problem.end + _BEHIND)
    ]
    if not extents:
        return root, text
    blanked = blank(text, merged(extents))
    without = _parsed(blanked)
    before, after = (sum(problem.end - problem.offset for problem in errors(tree)) for tree in (root, without))
    return (without, blanked) if after < before else (root, text)


def parse_body(file: RustFile, start: int, end: int) -> RustFile | None:
    """Parse the body of a macro's definition, which the file's tree shows as tokens; None if it is no code.

    `$name` stands for a name. A body with repetitions is no code.
    """
    inside = file.source[start:end]
    if b"$(" in inside or len(inside) > 20_000:
        return None
    text = b" " * start + _DOLLAR.sub(lambda match: b" " * len(match.group()), inside)
    bare = blank(blank(text, _within(file.comments, start, end)), _within(file.strings, start, end))
    calls = [*_nested(bare, start, end)]
    root, text, shown = _with_calls(_ranged(text, start, end), text, calls, (start, end))
    if root.has_error:
        return None
    names = frozenset(call.name for call in shown)
    return RustFile(file.source, text, root, [], file.comments, file.strings, names)


def parse_items(file: RustFile, start: int, end: int) -> tree_sitter.Node:
    """Parse a part of a file, which its tree shows as tokens, as items or statements."""
    return _ranged(file.text, start, end)


def _within(spans: Spans, start: int, end: int) -> list[tuple[int, int]]:
    return [extent for extent in spans.between(start, end) if extent[1] <= end]


def _check(source: bytes) -> None:
    if len(source) > MAX_BYTES:
        raise UnreadableError(f"larger than {MAX_BYTES >> 20} MiB")
    if len(source) > MAX_LINE and max(map(len, source.split(b"\n"))) > MAX_LINE:
        raise UnreadableError(f"has a line longer than {MAX_LINE >> 20} MiB")
    if b"\0" in source:
        raise UnreadableError("contains NUL bytes")
    if nests_too_deeply(_without_texts(source)):
        raise UnreadableError(f"has more than {MAX_BRACKETS} open brackets")


def _without_texts(source: bytes) -> bytes:
    """Return the source without comments and strings. A raw string without an end makes the grammar slow: an error."""
    pieces, position = [], 0
    while match := _TEXT.search(source, position):
        pieces.append(source[position : match.start()])
        position = match.end()
        if (marks := match.group(1)) is not None:
            closing = source.find(b'"' + marks, position)
            if closing < 0:
                raise UnreadableError("has a raw string without an end")
            position = closing + 1 + len(marks)
    return b"".join([*pieces, source[position:]])


def _parsed(text: bytes) -> tree_sitter.Node:
    return tree_sitter.Parser(language()).parse(text).root_node


def _ranged(text: bytes, start: int, end: int) -> tree_sitter.Node:
    zero = tree_sitter.Point(0, 0)
    extent = tree_sitter.Range(zero, zero, start, end)
    return tree_sitter.Parser(language(), included_ranges=[extent]).parse(text).root_node


def _extents(nodes: list[tree_sitter.Node]) -> list[tuple[int, int]]:
    return merged((node.start_byte, node.end_byte) for node in nodes)


def _excesses(root: tree_sitter.Node) -> Iterator[Problem]:
    """Yield the top-level items in which nodes nest deeper than `MAX_DEPTH`."""
    cursor = root.walk()
    index = 0
    while index < root.descendant_count:
        cursor.goto_descendant(index)
        if cursor.depth > MAX_DEPTH:
            while cursor.depth > 1:
                cursor.goto_parent()
            if (node := cursor.node) is None:
                return
            yield Problem(node.start_byte, node.end_byte, f"nests deeper than {MAX_DEPTH}")
            index = cursor.descendant_index + node.descendant_count
        else:
            index += _STEP


def _calls(bare: bytes, macros: list[tree_sitter.Node]) -> Iterator[_Invocation]:
    """Yield the invocations in code that may be written as calls, nested ones too."""
    stop = -1
    for node in sorted(macros, key=lambda node: node.start_byte):
        if node.start_byte < stop:
            continue
        stop = node.end_byte
        parent = node.parent
        in_items = parent is not None and (parent.type in _ITEMS or _is_item(parent))
        start = node.start_byte
        if in_items:
            opening = min(
                (at for at in (bare.find(b"(", start, stop), bare.find(b"[", start, stop)) if at >= 0), default=stop
            )
            start = opening
        yield from _nested(bare, start, stop)


def _is_item(parent: tree_sitter.Node) -> bool:
    above = parent.parent
    return parent.type == "expression_statement" and above is not None and above.type in {"source_file", *_ITEMS}


def _nested(bare: bytes, start: int, stop: int) -> Iterator[_Invocation]:
    closings: dict[int, int] = {}
    opened: list[int] = []
    for index in range(start, stop):
        symbol = bare[index : index + 1]
        if symbol in {b"(", b"[", b"{"}:
            opened.append(index)
        elif symbol in {b")", b"]", b"}"} and opened:
            closings[opened.pop()] = index
    for match in _INVOCATION.finditer(bare, start, stop):
        opening = match.start(3)
        if match.group(1) not in _APART and opening in closings:
            yield _Invocation(match.start(1), match.start(2), opening, closings[opening])


def _with_calls(
    root: tree_sitter.Node, text: bytes, calls: list[_Invocation], extent: tuple[int, int] | None = None
) -> tuple[tree_sitter.Node, bytes, list[_Invocation]]:
    """Return the tree and text in which invocations are written as calls, as far as the grammar accepts them."""
    if not calls:
        return root, text, []
    known = sorted({(problem.offset, problem.end) for problem in errors(root)})
    for _ in range(_ROUNDS):
        written = bytearray(text)
        for call in calls:
            written[call.mark] = 32
            written[call.opening], written[call.closing] = 40, 41
        shown = _ranged(bytes(written), *extent) if extent else _parsed(bytes(written))
        fresh = [problem for problem in errors(shown) if (problem.offset, problem.end) not in known]
        if not fresh:
            return shown, bytes(written), calls
        # A statement that is understood no more gives all its macros back.
        lost = [_statement_around(shown, problem.offset) for problem in fresh]
        calls = [call for call in calls if not any(start <= call.name < end for start, end in lost)]
        if not calls:
            break
    return root, text, []


def _statement_around(root: tree_sitter.Node, offset: int) -> tuple[int, int]:
    node = root.descendant_for_byte_range(offset, offset)
    while (
        node is not None
        and node.parent is not None
        and node.parent.type not in {"block", "source_file", "declaration_list"}
    ):
        node = node.parent
    return (
        (node.start_byte, max(node.end_byte, node.start_byte + 1)) if node is not None else (0, len(root.text or b""))
    )
