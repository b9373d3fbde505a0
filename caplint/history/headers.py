"""Capabilities that one text of a UAPI header defines.

A history has hundreds of texts of one header, so they are read by their directives alone, without the C front end.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from caplint.history.header_conditions import HeaderConditions
from caplint.knowledge.capability_names import is_capability
from caplint.knowledge.load import knowledge
from caplint.values.numbers import Definition, Numbers, UnknownValueError

_COMMENT = re.compile(r"/\*.*?(?:\*/|\Z)|//[^\n]*", re.DOTALL)
_DIRECTIVE = re.compile(
    r"^[ \t]*#[ \t]*(define|if|ifdef|ifndef|elif|elifdef|elifndef|else|endif)\b[ \t]*([^\n]*)", re.MULTILINE | re.ASCII
)
_MACRO = re.compile(r"([A-Za-z_]\w*)(\([^()]*\))?[ \t]*(.*)", re.ASCII)
_MOST = 64
"""Limit on the definitions of one capability."""


class Defined(NamedTuple):
    """Definition of a capability."""

    number: int | None
    """None if it cannot be computed from the header."""
    alias: str | None
    """Capability that it names instead of a number."""
    condition: str

    @property
    def text(self) -> str:
        """Number and condition, to show."""
        number = "unknown number" if self.number is None else str(self.number)
        alias = f" = {self.alias}" if self.alias else ""
        return number + alias + (f" if {self.condition}" if self.condition else "")


Definitions = dict[str, tuple[Defined, ...]]
"""Capability → its definitions, in the order of the header; more than one under different conditions."""


def definitions(content: bytes) -> Definitions:
    """Return the capabilities that user space gets from a header: code under __KERNEL__ is left out."""
    text = _COMMENT.sub(" ", content.decode("utf-8", "replace").replace("\\\r\n", "").replace("\\\n", ""))
    macros: dict[str, Definition] = {}
    found: list[tuple[str, str, str]] = []
    conditions = HeaderConditions()
    for word, rest in _DIRECTIVE.findall(text):
        if word != "define":
            conditions.read(word, " ".join(rest.split()))
        elif macro := _MACRO.match(rest):
            name, parameters, body = macro[1], macro[2], macro[3].strip()
            conditions.define(name)
            macros[name] = Definition(_parameters(parameters), body)
            if parameters is None and body and is_capability(name) and name not in knowledge().not_capabilities:
                found.append((name, body, conditions.text))
    numbers = Numbers(macros)
    result: Definitions = {}
    for name, body, condition in found:
        others = result.get(name, ())
        if condition != "0" and len(others) < _MOST:
            result[name] = (*others, Defined(_number(numbers, body), _alias(body), condition))
    return result


def _parameters(text: str | None) -> tuple[str, ...] | None:
    if text is None:
        return None
    return tuple(word.strip() for word in text[1:-1].split(",") if word.strip())


def _number(numbers: Numbers, body: str) -> int | None:
    try:
        return numbers.of(body)
    except UnknownValueError:
        return None


def _alias(body: str) -> str | None:
    bare = body.strip("() ")
    return bare if is_capability(bare) else None
