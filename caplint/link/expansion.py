"""Expansion of function-like macros, arguments put in as they are written."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from caplint.link.integers import UnknownValueError
from caplint.values.expression_text import arguments

_WORD = re.compile(r"\b[A-Za-z_]\w*")
MAX_DEPTH = 60
MAX_TEXT = 4000


@dataclass(frozen=True, slots=True)
class Definition:
    """A macro: its parameters (None for an object-like one) and body."""

    parameters: tuple[str, ...] | None
    body: str

    @staticmethod
    def of(parameters: str | None, body: str) -> Definition:
        """From the columns of the `macro` table."""
        return Definition(tuple(json.loads(parameters)) if parameters is not None else None, body)


class Macros(Protocol):
    """Finds a macro by its name: a dictionary, or what looks it up where somebody asks."""

    def get(self, name: str, /) -> Definition | None:
        """The definition, None where there is none."""


@dataclass
class LookedUp:
    """Macros that are looked up where somebody asks, each of them once."""

    find: Callable[[str], Definition | None]
    _known: dict[str, Definition | None] = field(default_factory=dict)

    def get(self, name: str, /) -> Definition | None:
        """See `Macros`."""
        if name not in self._known:
            self._known[name] = self.find(name)
        return self._known[name]


def expanded(body: str, macros: Macros, depth: int) -> str:
    """The text with function-like macros of these headers expanded, arguments put in as they are written."""
    for match in _WORD.finditer(body):
        definition = macros.get(match.group())
        opening = match.end() + len(body[match.end() :]) - len(body[match.end() :].lstrip())
        if definition is None or definition.parameters is None or body[opening : opening + 1] != "(":
            continue
        if depth > MAX_DEPTH or len(body) > MAX_TEXT:
            raise UnknownValueError("macros nest too deeply")
        call = arguments(body, opening)
        if call is None:
            raise UnknownValueError("unbalanced parentheses")
        given, end = call
        if not definition.parameters and given == [""]:
            given = []
        if len(given) != len(definition.parameters):
            raise UnknownValueError(f"{match.group()}() takes {len(definition.parameters)} arguments")
        inner = _substituted(definition.body, dict(zip(definition.parameters, given, strict=True)))
        return expanded(f"{body[: match.start()]}{inner}{body[end:]}", macros, depth + 1)
    return body


def _substituted(body: str, given: Mapping[str, str]) -> str:
    return _WORD.sub(lambda word: given.get(word.group(), word.group()), body)
