"""Whether a function's name stands anywhere in a program where nothing that is followed explains it."""

from __future__ import annotations

import re

from caplint.c.lexer import lex
from caplint.graph.path_model import ProgramFunction
from caplint.graph.program_index import Program

# What the compiler itself calls, or keeps although nothing does.
_ATTRIBUTES = re.compile(rb"\b(?:constructor|destructor|used|__init|__exit|__initcall)\b")
_PASTED = re.compile(r"(\w*)\s*##\s*(\w*)")
_MIN_FRAGMENT = 3


def mention(program: Program, function: ProgramFunction) -> str:
    """`path:line` of a place that names the function and is neither its definition, a declaration nor a call of it.

    Also of a macro that may paste the name together. '' where there is none.
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
            directive = not within and any(found.start <= match.start() < found.end for found in lexed.directives)
            if directive or (within and not any(match.end() <= end <= match.end() + 20 for end in explained)):
                return f"{file.path}:{line}"
            if within and file.path == function.path and _ATTRIBUTES.search(_around(bare, match.start())):
                return f"{file.path}:{line}"
    return _pasting(program, name)


def _around(text: bytes, offset: int) -> bytes:
    """The declaration that an offset stands in, attributes included."""
    begin = max(text.rfind(b";", 0, offset), text.rfind(b"}", 0, offset)) + 1
    return text[begin : text.find(b"{", offset)]


def _pasting(program: Program, name: str) -> str:
    for found in program.pasting:
        for before, behind in _PASTED.findall(found[0]):
            starts = len(before) >= _MIN_FRAGMENT and name.startswith(before)
            if starts or (len(behind) >= _MIN_FRAGMENT and name.endswith(behind)):
                return found[1]
    return ""
