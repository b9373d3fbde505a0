"""Declarations of a text as if a preprocessor had read it, without any header."""

from __future__ import annotations

import re

from caplint.abi.abis import abi_named
from caplint.abi.declarations import declarations
from caplint.abi.layout import Types
from caplint.abi.preprocess import PlacedToken
from caplint.values.c_integers import UnknownValueError

_TOKEN = re.compile(r"\w+|<<|>>|[^\s\w]")


def placed(text: str) -> list[PlacedToken]:
    """Return the tokens of a text, each with its line."""
    lines = text.split("\n")
    return [PlacedToken(word, "a.h", number) for number, line in enumerate(lines, 1) for word in _TOKEN.findall(line)]


def declared(text: str, abi: str = "x86_64") -> tuple[Types, list[str]]:
    """Declare the types of a text in an ABI; the types, and why declarations have no known layout."""
    types, problems = Types(abi_named(abi)), []
    for declaration in declarations(placed(text)):
        if declaration.node is None:
            problems.append(declaration.problem or "")
            continue
        try:
            types.declare(declaration.node, declaration.chunk, declaration.place_of)
        except UnknownValueError as error:
            problems.append(str(error))
    return types, problems
