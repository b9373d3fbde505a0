"""Replacement of header lines that no macro affects by markers: pcpp then processes a tenth of KVM's headers.

Adjacent lines of declarations without a macro name are replaced by one marker; after preprocessing, the marker is
replaced by their tokens. A definition of an object-like macro that the headers do not use and that is not an ioctl
is replaced in the same way, by no token: the marker shows that it is in force. All other lines stay as they are, and
every line keeps its number.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import NamedTuple

from caplint.abi.sources import Sources
from caplint.c.byte_ranges import Spans, blank
from caplint.c.lexer import Directive, Lexed, lex

MARKER = "__caplint_text_"
_WORD = re.compile(r"\w+")
# Characters of replaceable lines; a line with any other (quotation mark, `#`, backslash) stops this for the whole file.
_PLAIN = re.compile(r"[\w \t(){}\[\];,:*<>=+\-&|.!~^]*\Z", re.ASCII)
# Last characters of a line after which, with all parentheses closed, no arguments of a macro can follow.
_ENDS = frozenset(";{},")
# Matches a directive as one line, without comments.
_DEFINE = re.compile(r"# ?define ([A-Za-z_]\w*)(?: (.*))?\Z")
_IOCTLS = frozenset({"_IO", "_IOR", "_IOW", "_IOWR", "_IOC"})
# The preprocessor's own names.
_OWN = frozenset({"defined", "_Pragma", "__VA_ARGS__", "__LINE__", "__FILE__", "__DATE__", "__TIME__", "__COUNTER__"})

_PARAMETERS = re.compile(r"# ?define \w+ ?\(([^)]*)\)")
_PASTE = re.compile(r"(\w*)\s*##\s*(\w*)")

Words = frozenset[str]


class DefinitionAside(NamedTuple):
    """Definition of an object-like macro that pcpp does not see."""

    path: str
    line: int
    name: str
    body: str


@dataclass(frozen=True)
class Thin:
    """Headers with markers, and the lines that each marker replaces."""

    files: dict[str, str]
    """Path → text."""
    aside: dict[str, list[tuple[str, int, str]]]
    """Marker → path, line from 1, and text of every line of declarations that it replaces."""
    definitions: dict[str, list[DefinitionAside]] = field(default_factory=dict)
    """Marker → the definitions that it replaces."""

    def stand_in(self, marker: str, line: tuple[str, int, str] | DefinitionAside) -> None:
        """Let a marker replace one more line of declarations, or one more definition."""
        self.aside.setdefault(marker, [])
        if isinstance(line, DefinitionAside):
            self.definitions.setdefault(marker, []).append(line)
        else:
            self.aside[marker].append(line)


@dataclass(frozen=True)
class _Macro:
    """Object-like macro."""

    name: str
    body: str
    words: Words
    """Words of its body."""
    lines: range
    """Lines of its definition, from 0."""


@dataclass(frozen=True)
class _Header:
    """Lines of one header, without comments."""

    lines: list[str]
    words: list[Words | None]
    """Words of every line; None for a line of a directive."""
    plain: list[bool]
    """Whether each line consists of characters of `_PLAIN` only."""
    rest: Words
    """Words of all lines except those of `macros`."""
    macros: list[_Macro]
    names: Words
    """Names of all macros that are defined or undefined."""
    pasted: list[tuple[str, str]]
    """Prefix and suffix of each name that a macro pastes together."""


def thin(sources: Sources, predefined: Mapping[str, str]) -> Thin:
    """Return the headers with the lines that no macro affects replaced by markers."""
    headers = {path: _header(text) for path, text in sources.files.items()}
    names = _OWN.union(predefined, *(header.names for header in headers.values()))
    needless = _needless(list(headers.values()))
    result = Thin({}, {})
    for path, header in headers.items():
        gone = {line: macro for macro in header.macros if macro.name in needless for line in macro.lines}
        result.files[path] = "\n".join(_thinned(path, header, names, gone, result))
    # The input may already contain the marker; then all lines stay as they are.
    return result if not any(MARKER in text for text in sources.files.values()) else Thin(dict(sources.files), {})


def _needless(headers: list[_Header]) -> set[str]:
    """Return the object-like macros that no text, condition or ioctl uses, directly or through other macros."""
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
    """Return the names of the ioctl-encoding macros and of all macros whose bodies use one, at any depth."""
    names = set(_IOCTLS)
    while users := {name for name, body in bodies.items() if name not in names and not body.isdisjoint(names)}:
        names |= users
    return names


def _is_pasted(name: str, pasted: Iterable[tuple[str, str]], tokens: Words) -> bool:
    """Return whether macros may paste the name together; an arbitrary part has to occur somewhere as a token."""
    for begin, end in pasted:
        if name.startswith(begin) and name.endswith(end):
            begins = begin or any(name[:stop] in tokens for stop in range(1, len(name)))
            if begins and (end or any(name[start:] in tokens for start in range(1, len(name)))):
                return True
    return False


def _thinned(path: str, header: _Header, names: Words, gone: Mapping[int, _Macro], result: Thin) -> Iterator[str]:
    """Yield the lines, with opaque ones replaced; `result` receives the replaced lines."""
    marker = ""
    depth = 0
    closed = True
    """Whether the next line cannot continue the arguments of a macro named on an earlier line."""
    lost = False
    """Whether `closed` is no longer reliable: from then on no line is replaced."""
    for number, (line, words, plain) in enumerate(zip(header.lines, header.words, header.plain, strict=True)):
        macro = gone.get(number) if closed and not lost else None
        if macro is not None and number == macro.lines[0]:
            first = not marker
            marker = marker or f"{MARKER}{len(result.aside)}"
            result.stand_in(marker, DefinitionAside(path, number + 1, macro.name, macro.body))
            yield marker if first else ""
        elif not line or line.isspace() or macro is not None:
            yield ""
        elif words is None:
            marker = ""
            lost = lost or not closed
            yield line
        elif plain and closed and not lost and words.isdisjoint(names):
            first = not marker
            marker = marker or f"{MARKER}{len(result.aside)}"
            result.stand_in(marker, (path, number + 1, line))
            yield marker if first else ""
        else:
            marker = ""
            lost = lost or not plain  # a string or character constant may contain a parenthesis
            depth = max(0, depth + line.count("(") - line.count(")"))
            closed = depth == 0 and line.rstrip()[-1] in _ENDS
            yield line


@lru_cache(maxsize=256)
def _header(text: str) -> _Header:
    """Return the analysed header; cached, as architectures share most headers."""
    lexed = lex(text.encode("utf-8", "surrogateescape"))
    # pcpp takes a form feed, and every other line boundary of Unicode, as the end of a line, and does not recognise an
    # unterminated comment.
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
        _Macro(match.group(1), body := match.group(2) or "", frozenset(_WORD.findall(body)), extent)
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
    """Return a header of which no line is replaced and every word may be a macro."""
    words = frozenset(_WORD.findall(text))
    lines = text.split("\n")
    pasted = [("", "")] if "##" in text or "%:" in text else []
    return _Header(lines, [words] * len(lines), [False] * len(lines), words, [], words, pasted)


def _named(lexed: Lexed, directive: Directive) -> str | None:
    """Return the macro that a directive defines or undefines."""
    if directive.keyword not in {"define", "undef"}:
        return None
    match = _WORD.match(lexed.text(directive.body, directive.end))
    return match.group() if match else None


def _pasted(text: str) -> Iterator[tuple[str, str]]:
    """Yield prefix and suffix of the names that a directive's macro pastes; '' where any text is possible."""
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
