"""Search for the word that most likely caused a parse error."""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import islice

from caplint.c.byte_ranges import blank
from caplint.c.lexer import Lexed
from caplint.c.tables import Tables
from caplint.util.patterns import compiled

# Search distance around a blind spot, in bytes; a declaration is rarely longer.
REACH = 300
# Occurrences of a word that are inspected to classify it.
_MAX_OCCURRENCES = 500

_IDENTIFIER = re.compile(rb"[A-Za-z_]\w*+(?=\s*+(\()?)")
_END = re.compile(rb"[;{}]")
_MACRO_LIKE = re.compile(rb"__\w+|[A-Z][A-Z0-9_]{2,}")
_TAG = re.compile(rb"\b(?:struct|union|enum)\s*\Z")
_BEGINS = re.compile(rb"(?:[;{}]\s*|\A\s*)\Z")
_DECLARATOR = re.compile(rb"\(\s*+\*")
_GROUP = compiled(rb"\s*+\([^()]{0,400}+(?:\([^()]{0,400}+\)[^()]{0,400}+){0,8}+\)")
_WORD_FOLLOWS = re.compile(rb"\s*+[A-Za-z_*]")
# Operators and argument lists: they cannot follow an attribute.
_NO_ATTRIBUTE = re.compile(rb"\s*+(?:->|[(.\[+/%&|^?<>!]|==)")
_TYPES = frozenset(
    b"int char long short unsigned signed void bool _Bool float double u8 u16 u32 u64 s8 s16 s32 s64".split()
)
_KEYWORDS = _TYPES | frozenset(
    b"auto break case const continue default do else enum extern for goto if inline register restrict return sizeof "
    b"static struct switch typedef union volatile while _Noreturn __int128 size_t ssize_t".split()
)


@dataclass(frozen=True, slots=True)
class Suspect:
    """Word near a blind spot, and whether an argument list follows it."""

    word: str
    called: bool
    likely: bool
    """True if it is spelt like a macro, or begins a statement that continues behind its arguments."""
    offset: int


def code_of(lexed: Lexed) -> bytes:
    """Return the text to search for suspects: comments, directives and strings are blanked, offsets kept."""
    return blank(lexed.code, lexed.strings.extents)


def suspects(code: bytes, start: int, end: int, tables: Tables) -> list[Suspect]:
    """Return words in and around `code[start:end]` that are in no table, the likeliest first.

    Among equally likely words, possible attributes come first, then nearer words.
    """
    low, high = surroundings(code, start, end)
    ranked: dict[tuple[str, bool], tuple[tuple[bool, bool, int, int], Suspect]] = {}
    for match in _IDENTIFIER.finditer(code, low, high):
        word = match.group()
        if word in _KEYWORDS or tables.words.fullmatch(word) or tables.iterators.fullmatch(word):
            continue
        if _TAG.search(code, max(0, match.start() - 40), match.start()):
            continue
        called = match.group(1) is not None
        likely = bool(_MACRO_LIKE.fullmatch(word)) or (called and heads_statement(code, match.start(), match.end()))
        distance = max(0, start - match.end(), match.start() - end)
        rank = (not likely, bool(_NO_ATTRIBUTE.match(code, match.end())), distance, -match.start())
        entry = (rank, Suspect(word.decode(), called, likely, match.start()))
        key = (word.decode(), called)
        ranked[key] = min(entry, ranked.get(key, entry), key=lambda item: item[0])
    return [suspect for _, suspect in sorted(ranked.values(), key=lambda item: item[0])]


def surroundings(code: bytes, start: int, end: int) -> tuple[int, int]:
    """Return the extent of the statement or declaration around an extent, at most `REACH` bytes away.

    Only the beginning of a long extent counts, because the parse error starts there.
    """
    before = [match.end() for match in _END.finditer(code, max(0, start - REACH), start)]
    low = before[-1] if before else max(0, start - REACH)
    near = min(end, start + REACH)
    after = _END.search(code, near, min(len(code), near + REACH))
    return low, after.start() if after else min(len(code), near + REACH)


def heads_statement(code: bytes, start: int, end: int) -> bool:
    """Tell whether the name at `code[start:end]` begins a statement that continues behind its argument list."""
    group = _GROUP.match(code, end)
    begins = _BEGINS.search(code[max(0, start - 80) : start]) is not None
    return begins and group is not None and _WORD_FOLLOWS.match(code, group.end()) is not None


def closing(code: bytes, end: int) -> int:
    """Return the offset behind the argument list that follows a name's end; the end itself if there is none."""
    group = _GROUP.match(code, end)
    return group.end() if group else end


def is_ordinary(code: bytes, word: str, *, called: bool) -> bool:
    """Tell whether some occurrence cannot be an attribute but is a variable, a constant or (`called`) a function."""
    for match in islice(re.finditer(rb"\b" + re.escape(word.encode()) + rb"\b", code), _MAX_OCCURRENCES):
        end = match.end()
        if called:
            if (group := _GROUP.match(code, end)) is None:
                return True
            end = group.end()
        before = code[max(0, match.start() - 80) : match.start()].rstrip()
        after = code[end : end + 80].lstrip()
        if _cannot_qualify(before, after):
            return True
    return False


def _cannot_qualify(before: bytes, after: bytes) -> bool:
    first, last = after[:1], before[-1:]
    name = re.search(rb"\w+\Z", before)
    previous = name.group() if name else b""
    if (last and last in b"=+-|&?<>!~^%/.[:") or previous in {b"return", b"case", b"goto"}:
        return True
    if (first and first in b".[+-/%|&^?<>!:") or after.startswith(b"=="):
        return True
    if first == b"(" and not _DECLARATOR.match(after):
        return True
    if not first or first not in b"=;,)":
        return False
    if last == b"*" or previous in _TYPES:
        return True
    return last in {b"(", b","} if first in b",)" else not last or last in b";{"
