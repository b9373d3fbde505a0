"""Search for mentions of a function's name that are no declaration, definition or followed call."""

from __future__ import annotations

import re

from caplint.c.lexer import lex
from caplint.graph.path_model import ProgramFunction
from caplint.graph.program_index import Program

# Attributes of functions that are called, or kept, without a caller in the sources.
_ATTRIBUTES = re.compile(rb"\b(?:constructor|destructor|used|__init|__exit|__initcall)\b")
_CONSTRUCTOR = re.compile(rb"\b(?:__)?constructor(?:__)?\b")
_PASTED = re.compile(r"(\w*)\s*##\s*(\w*)")
# Directives that define a macro of the name, or ask whether there is one.
_OWN_DIRECTIVE = re.compile(rb"\s*#\s*(?:define|undef|ifdef|ifndef)\s+")
_MIN_FRAGMENT = 3


def mention(program: Program, function: ProgramFunction) -> str:
    """Return `path:line` of a mention of the function that is no definition, declaration or call of it.

    A macro that may paste the name together counts as well. '' if there is no mention.
    """
    name = function.name
    word = re.compile(rb"(?<!\w)" + re.escape(name.encode()) + rb"(?!\w)")
    head = re.compile(rb"^[A-Za-z_][\w\s*]*[\s*]" + re.escape(name.encode()) + rb"\s*\(", re.MULTILINE)
    tree = program.outlines.tree
    for file in program.outlines.files:
        content = tree.read(file.path)
        if name.encode() not in content:
            continue
        lexed = lex(content)
        bare = lexed.bare
        explained = {match.end() for match in head.finditer(bare)}
        for match in word.finditer(content):
            line = content.count(b"\n", 0, match.start()) + 1
            within = bare[match.start() : match.end()] == match.group()
            in_directive = not within and any(
                directive.start <= match.start() < directive.end
                and not _OWN_DIRECTIVE.fullmatch(content[directive.start : match.start()])
                for directive in lexed.directives
            )
            if in_directive or (within and not any(match.end() <= end <= match.end() + 20 for end in explained)):
                return f"{file.path}:{line}"
            if within and file.path == function.path and _ATTRIBUTES.search(_around(bare, match.start())):
                return f"{file.path}:{line}"
    return _pasting(program, name)


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
    begin = max(text.rfind(b";", 0, offset), text.rfind(b"}", 0, offset)) + 1
    return text[begin : text.find(b"{", offset)]


def _pasting(program: Program, name: str) -> str:
    for body, location in program.pasting:
        for before, behind in _PASTED.findall(body):
            starts = len(before) >= _MIN_FRAGMENT and name.startswith(before)
            if starts or (len(behind) >= _MIN_FRAGMENT and name.endswith(behind)):
                return location
    return ""
