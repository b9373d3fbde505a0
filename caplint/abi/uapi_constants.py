"""Integer constants that KVM's headers define, with their values in one ABI: object-like macros and enumerators.

Capabilities are left out: rules of their own compare their numbers, under every condition and without an ABI.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from caplint.abi.layout import Types
from caplint.abi.preprocess import HeaderError, Preprocessed
from caplint.abi.sources import is_kvm_header
from caplint.knowledge.capability_names import is_capability
from caplint.values.c_integers import UnknownValueError
from caplint.values.parser import parse_expression

# Constants beyond this number are left out; Linux 6.12 has up to 700 on an architecture.
_MAX_CONSTANTS = 10_000
_PLAIN = re.compile(r"\(?(?:(0[xX][0-9a-fA-F]{1,8})|(0|[1-9][0-9]{0,8}))(?:[uU]?(?:ll?|LL?)?|(?:ll?|LL?)[uU])\)?\Z")
_HARD = re.compile(r"[\"'#\\]")
_IOCTL = re.compile(r"\(?\s*_IO(?:C|R|W|WR)?\b")
_PIECE = re.compile(r"\w+|\W+")
_DEEPEST, _LONGEST = 30, 4_000
_ALIAS = re.compile(r"\(?\s*([A-Za-z_]\w*)\s*\)?\Z")
# Values of expressions without names, by text and width of `long`: most are the same in all architectures and copies.
_NUMBERS: dict[tuple[str, int], int] = {}
_NAMED = re.compile(r"(?<!\w)[A-Za-z_]")


class UapiConstant(NamedTuple):
    """Constant of a header, with its value in one ABI."""

    name: str
    value: int
    alias: str
    """The constant whose name alone is its value; empty otherwise."""
    enum: str
    """Tag of its enumeration, for one without a tag `enum of` and its first name; empty for a macro."""
    path: str
    line: int
    column: int


class _Written(NamedTuple):
    """Macro as it is written."""

    name: str
    body: str
    path: str
    line: int


def constants(headers: Preprocessed, types: Types) -> Iterator[UapiConstant]:
    """Yield the constants of the headers named kvm.h, by name; without a column."""
    found: dict[str, UapiConstant] = {}
    for entry in types.enumerators:
        if is_kvm_header(entry.path):
            found[entry.name] = UapiConstant(*entry, 0)
    macros = list(_macros(headers))
    values = _Values(headers, types, macros)
    for macro in macros:
        if not is_kvm_header(macro.path):
            continue
        if len(found) >= _MAX_CONSTANTS:
            break
        if macro.body in {"", macro.name} or is_capability(macro.name) or _IOCTL.match(macro.body):
            continue
        value = values.of(macro)
        if value is not None:
            match = _ALIAS.match(macro.body)
            alias = match.group(1) if match else ""
            found[macro.name] = UapiConstant(macro.name, value, alias, "", macro.path, macro.line, 0)
    yield from sorted(found.values())


def _macros(headers: Preprocessed) -> Iterator[_Written]:
    for macro in headers.macros:
        yield _Written(macro.name, " ".join(macro.words), macro.path, macro.line)
    for definition in headers.definitions:
        yield _Written(definition.name, definition.body.strip(), definition.path, definition.line)


class _Values:
    """Evaluator of macros: the simple ones by substitution, all others by the preprocessor, which takes far longer."""

    def __init__(self, headers: Preprocessed, types: Types, macros: list[_Written]) -> None:
        self._headers = headers
        self._constants = types.constants
        self._bodies = {macro.name: macro.body for macro in macros}
        self._texts: dict[str, str | None] = {}

    def of(self, macro: _Written) -> int | None:
        """Return a macro's value; None where it is no integer, or one that is not known in this ABI."""
        plain = _PLAIN.match(macro.body)
        if plain is not None:
            return int(plain.group(1), 16) if plain.group(1) else int(plain.group(2))
        try:
            return self._evaluated(self._text(macro.name))
        except (UnknownValueError, HeaderError, RecursionError):
            return None

    def _evaluated(self, text: str) -> int:
        key = text, self._constants.long_bits
        if key in _NUMBERS:
            return _NUMBERS[key]
        value = self._constants.value(parse_expression(text))
        if _NAMED.search(text) is None and len(_NUMBERS) < _MAX_CONSTANTS:
            _NUMBERS[key] = value
        return value

    def _text(self, name: str) -> str:
        return self._substituted(name, 0) or self._headers.own_expansion(name)

    def _substituted(self, name: str, depth: int) -> str | None:
        """Return a macro's expansion if it names object-like macros alone; None for any other."""
        if name not in self._texts:
            self._texts[name] = None  # for a macro that names itself
            body = self._bodies.get(name, "")
            if body and depth < _DEEPEST and not _HARD.search(body):
                self._texts[name] = self._joined(body, depth)
        return self._texts[name]

    def _joined(self, body: str, depth: int) -> str | None:
        parts, length = [], 0
        for word in _PIECE.findall(body):
            part = word
            if word in self._bodies:
                part = self._substituted(word, depth + 1)
            elif self._headers.is_macro(word):
                return None
            length += len(part or "")
            if part is None or length > _LONGEST:
                return None
            parts.append(part)
        return "".join(parts)
