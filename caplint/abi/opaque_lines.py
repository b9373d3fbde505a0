"""Puts aside what no macro touches, so that pcpp is left with the rest: a tenth of KVM's headers.

A line of declarations in which no name is one of a macro becomes, together with its neighbours, one word; when pcpp is
done that word becomes their tokens again. A macro that numbers something which nothing in the headers names, and
that is no ioctl, becomes an empty line. Everything else is left as it is, and every line keeps its number.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache

from caplint.abi.sources import Sources
from caplint.c.byte_ranges import Spans, blank
from caplint.c.lexer import Directive, Lexed, lex

MARKER = "__caplint_text_"
_WORD = re.compile(r"\w+")
# All that lines are made of which are put aside; a quotation mark, a `#` or a backslash ends that for the whole file.
_PLAIN = re.compile(r"[\w \t(){}\[\];,:*<>=+\-&|.!~^]*\Z", re.ASCII)
# Where a line ends so, and its parentheses are closed, what follows is no argument of a macro.
_ENDS = frozenset(";{},")
# As one line, without comments.
_DEFINE = re.compile(r"# ?define ([A-Za-z_]\w*)(?: (.*))?\Z")
_IOCTLS = frozenset({"_IO", "_IOR", "_IOW", "_IOWR", "_IOC"})
# The preprocessor's own names.
_OWN = frozenset({"defined", "_Pragma", "__VA_ARGS__", "__LINE__", "__FILE__", "__DATE__", "__TIME__", "__COUNTER__"})

_PARAMETERS = re.compile(r"# ?define \w+ ?\(([^)]*)\)")
_PASTE = re.compile(r"(\w*)\s*##\s*(\w*)")

Words = frozenset[str]


@dataclass(frozen=True)
class Thin:
    """Headers that stand for others, and what their words stand for."""

    files: dict[str, str]
    """Path → text."""
    aside: dict[str, list[tuple[str, int, str]]]
    """Marker → path, line from 1, and text of every line that it stands for."""


@dataclass(frozen=True)
class _Macro:
    """A macro without parameters."""

    name: str
    words: Words
    """Of what it stands for."""
    lines: range
    """From 0."""


@dataclass(frozen=True)
class _Header:
    """One header's lines, without comments."""

    lines: list[str]
    words: list[Words | None]
    """Of every line; None for one of a directive."""
    plain: list[bool]
    """Whether a line holds nothing odd."""
    rest: Words
    """Words of all lines but those of `macros`."""
    macros: list[_Macro]
    names: Words
    """Of macros of any kind that are defined or undefined."""
    pasted: list[tuple[str, str]]
    """How names begin and end that macros put together."""


def thin(sources: Sources, predefined: Mapping[str, str]) -> Thin:
    """The headers with what no macro touches put aside."""
    headers = {path: _header(text) for path, text in sources.files.items()}
    names = _OWN.union(predefined, *(header.names for header in headers.values()))
    needless = _needless(list(headers.values()))
    found = Thin({}, {})
    for path, header in headers.items():
        gone = {line for macro in header.macros if macro.name in needless for line in macro.lines}
        found.files[path] = "\n".join(_thinned(path, header, names, gone, found.aside))
    # Somebody else's word of this name would be taken for one.
    return found if not any(MARKER in text for text in sources.files.values()) else Thin(dict(sources.files), {})


def _needless(headers: list[_Header]) -> set[str]:
    """Macros without parameters that no text, no condition and no ioctl comes to, by whatever way."""
    bodies: dict[str, set[str]] = {}
    for header in headers:
        for macro in header.macros:
            bodies.setdefault(macro.name, set()).update(macro.words)
    words = frozenset[str]().union(*(header.rest for header in headers))
    ioctls = _ioctls(bodies)
    pasted = {ends for header in headers for ends in header.pasted}
    tokens = words.union(bodies, *bodies.values()) if pasted else words
    needed: set[str] = set()
    pending = [name for name in bodies if name in words or name in ioctls or _is_pasted(name, pasted, tokens)]
    while pending:
        name = pending.pop()
        if name not in needed:
            needed.add(name)
            pending += bodies[name] & bodies.keys()
    return bodies.keys() - needed


def _ioctls(bodies: Mapping[str, set[str]]) -> set[str]:
    """The names by which an ioctl's number is made, and of all that is made of one."""
    found = set(_IOCTLS)
    while more := {name for name, body in bodies.items() if name not in found and not body.isdisjoint(found)}:
        found |= more
    return found


def _is_pasted(name: str, pasted: Iterable[tuple[str, str]], tokens: Words) -> bool:
    """Whether macros may put the name together: of an end that is anything, it has to stand somewhere by itself."""
    for begin, end in pasted:
        if name.startswith(begin) and name.endswith(end):
            begins = begin or any(name[:stop] in tokens for stop in range(1, len(name)))
            if begins and (end or any(name[start:] in tokens for start in range(1, len(name)))):
                return True
    return False


def _thinned(
    path: str, header: _Header, names: Words, gone: set[int], aside: dict[str, list[tuple[str, int, str]]]
) -> Iterator[str]:
    """The lines, some of them put aside."""
    marker = ""
    depth = 0
    closed = True
    """Whether what follows cannot be arguments of a macro that an earlier line names."""
    lost = False
    """Whether that cannot be told any more: nothing more is put aside then."""
    for number, (line, words, plain) in enumerate(zip(header.lines, header.words, header.plain, strict=True)):
        if not line or line.isspace() or (number in gone and closed and not lost):
            yield ""
        elif words is None:
            marker = ""
            lost = lost or not closed
            yield line
        elif plain and closed and not lost and words.isdisjoint(names):
            first = not marker
            marker = marker or f"{MARKER}{len(aside)}"
            aside.setdefault(marker, []).append((path, number + 1, line))
            yield marker if first else ""
        else:
            marker = ""
            lost = lost or not plain  # what is odd may hold a parenthesis that is none
            depth = max(0, depth + line.count("(") - line.count(")"))
            closed = depth == 0 and line.rstrip()[-1] in _ENDS
            yield line


@lru_cache(maxsize=256)
def _header(text: str) -> _Header:
    """All architectures share most headers."""
    lexed = lex(text.encode("utf-8", "surrogateescape"))
    # pcpp counts a form feed, and whatever else Unicode calls the end of a line, as one, and a comment without an end
    # is none to it.
    if len(text.splitlines()) != len(text.removesuffix("\n").split("\n")) or _has_open_comment(lexed):
        return _as_it_is(text)
    directives = Spans([(directive.start, directive.end) for directive in lexed.directives])
    comments = [extent for extent in lexed.comments.extents if extent[0] not in directives]
    lines = blank(lexed.source, comments).decode("utf-8", "surrogateescape").split("\n")
    extents = [range(lexed.line(directive.start) - 1, lexed.line(directive.end)) for directive in lexed.directives]
    held = {line for extent in extents for line in extent}
    if any("\\" in line for number, line in enumerate(lines) if number not in held):
        return _as_it_is(text)
    macros = [
        _Macro(match.group(1), frozenset(_WORD.findall(match.group(2) or "")), extent)
        for directive, extent in zip(lexed.directives, extents, strict=True)
        if (match := _DEFINE.match(lexed.text(directive.start, directive.end)))
    ]
    apart = {line for macro in macros for line in macro.lines}
    rest = "\n".join(line for number, line in enumerate(lines) if number not in apart)
    return _Header(
        lines,
        [None if number in held else frozenset(_WORD.findall(line)) for number, line in enumerate(lines)],
        [_PLAIN.match(line) is not None for line in lines],
        frozenset(_WORD.findall(rest)),
        macros,
        frozenset(name for directive in lexed.directives if (name := _named(lexed, directive))),
        [ends for directive in lexed.directives for ends in _pasted(lexed.text(directive.start, directive.end))],
    )


def _has_open_comment(lexed: Lexed) -> bool:
    return any(
        lexed.source.startswith(b"/*", start) and not lexed.source.endswith(b"*/", start + 2, end)
        for start, end in lexed.comments.extents
    )


def _as_it_is(text: str) -> _Header:
    """A header of which nothing is put aside, and of which every word may be anything."""
    words = frozenset(_WORD.findall(text))
    lines = text.split("\n")
    pasted = [("", "")] if "##" in text or "%:" in text else []
    return _Header(lines, [words] * len(lines), [False] * len(lines), words, [], words, pasted)


def _named(lexed: Lexed, directive: Directive) -> str | None:
    """The macro that a directive defines or undefines."""
    if directive.keyword not in {"define", "undef"}:
        return None
    match = _WORD.match(lexed.text(directive.body, directive.end))
    return match.group() if match else None


def _pasted(text: str) -> Iterator[tuple[str, str]]:
    """How names begin and end that the macro of a directive puts together; empty where anything may stand there."""
    if "##" not in text and "%:" not in text:
        return
    match = _PASTE.search(text)
    if match is None or text.count("##") > 1 or "%:" in text:
        yield "", ""
        return
    head = _PARAMETERS.match(text)
    parameters = {"__VA_ARGS__", *_WORD.findall(head.group(1) if head else "")}
    begin, end = ("" if word in parameters else word for word in match.groups())
    yield begin, end
