"""Search for mentions of a function's name that are no declaration, definition or followed call."""

from __future__ import annotations

import re
import string
from bisect import bisect_right

from caplint.c.lexer import Directive, lex
from caplint.graph.path_model import ProgramFunction
from caplint.graph.program_index import Program

# Attributes of functions that are called, or kept, without a caller in the sources.
_ATTRIBUTES = re.compile(rb"\b(?:constructor|destructor|used|__init|__exit|__initcall)\b")
_CONSTRUCTOR = re.compile(rb"\b(?:__)?constructor(?:__)?\b")
_PASTED = re.compile(r"(\w*)\s*##\s*(\w*)")
# Directives that define a macro of the name, or ask whether there is one.
_OWN_DIRECTIVE = re.compile(rb"\s*#\s*(?:define|undef|ifdef|ifndef)\s+")
_MIN_FRAGMENT = 3
# What stands before the declared name: types and qualifiers from the beginning of a line, at most this many bytes.
_HEAD = (string.ascii_letters + string.digits + string.whitespace + "_*").encode()
_MAX_HEAD = 1000
_LINE = re.compile(rb"\n[A-Za-z_]")
_END = re.compile(rb"[;{]")
_PARENTHESIS = re.compile(rb"\s*\(")


def mention(program: Program, function: ProgramFunction) -> str:
    """Return `path:line` of a mention of the function that is no definition, declaration or call of it.

    A macro that may paste the name together counts as well. '' if there is no mention.
    """
    name = function.name
    word = re.compile(rb"(?<!\w)" + re.escape(name.encode()) + rb"(?!\w)")
    tree = program.outlines.tree
    for file in program.outlines.files:
        content = tree.read(file.path)
        if name.encode() not in content:
            continue
        lexed = lex(content)
        starts = [directive.start for directive in lexed.directives]
        for match in word.finditer(content):
            within = lexed.bare[match.start() : match.end()] == match.group()
            if within:
                kept = file.path == function.path and _ATTRIBUTES.search(_around(lexed.bare, match.start()))
                found = bool(kept) or not _is_declared(lexed.bare, match)
            else:
                number = bisect_right(starts, match.start()) - 1
                found = number >= 0 and _is_used_by(lexed.directives[number], content, match.start())
            if found:
                line = content.count(b"\n", 0, match.start()) + 1
                return f"{file.path}:{line}"
    return _pasting(program, name)


def _is_declared(bare: bytes, match: re.Match[bytes]) -> bool:
    """Return whether a name is the one that a declaration or definition declares."""
    if not _PARENTHESIS.match(bare, match.end()):
        return False
    begin = max(0, match.start() - _MAX_HEAD)
    before = bare[begin : match.start()]
    head = before[len(before.rstrip(_HEAD)) :]
    whole = begin == 0 and len(head) == len(before)
    return bool(_LINE.search(b"\n" + head if whole else head))


def _is_used_by(directive: Directive, content: bytes, offset: int) -> bool:
    return offset < directive.end and not _OWN_DIRECTIVE.fullmatch(content[directive.start : offset])


def is_constructor(program: Program, function: ProgramFunction) -> bool:
    """Tell whether its file declares the function a constructor, which runs before the program's entry."""
    content = program.outlines.tree.read(function.path)
    if not _CONSTRUCTOR.search(content):
        return False
    bare = lex(content).bare
    head = re.compile(rb"(?<!\w)" + re.escape(function.name.encode()) + rb"\s*\(")
    return any(_CONSTRUCTOR.search(_around(bare, match.start())) for match in head.finditer(bare))


def _around(text: bytes, offset: int) -> bytes:
    """Return the declaration around an offset, attributes included."""
    least = max(0, offset - _MAX_HEAD)
    begin = max(least, *(text.rfind(end, least, offset) + 1 for end in (b";", b"}")))
    most = offset + _MAX_HEAD
    end = _END.search(text, offset, most)
    return text[begin : end.start() if end is not None else most]


def _pasting(program: Program, name: str) -> str:
    for body, location in program.pasting:
        for before, behind in _PASTED.findall(body):
            starts = len(before) >= _MIN_FRAGMENT and name.startswith(before)
            if starts or (len(behind) >= _MIN_FRAGMENT and name.endswith(behind)):
                return location
    return ""
