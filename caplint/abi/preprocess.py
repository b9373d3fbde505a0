"""Preprocessing of gathered headers: tokens with their file and line, and the macros.

Only gathered headers are read. A missing `asm/kvm.h`, `#error`, and other text that a compiler would refuse end the
evaluation with a reason; another missing header counts as empty and is recorded, since what needs it is unknown anyway.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache, cached_property, lru_cache
from posixpath import dirname
from typing import Any, NamedTuple

from pcpp import OutputDirective
from pcpp.preprocessor import Action

from caplint.abi.opaque_lines import MARKER, DefinitionAside, thin
from caplint.abi.sources import ASM, ROOT, Sources
from caplint.c.pcpp_tokens import Preprocessor, TooMuchWorkError, copied

# Limit for the preprocessed headers, in tokens; linux/kvm.h has some 5,000.
_MAX_TOKENS = 200_000
_MAX_DEPTH = 30
_WORD = re.compile(r"[A-Za-z_]\w*")
# Characters of a reason that quotes the header.
_LONGEST_REASON = 300
# pcpp's names of what separates tokens.
_BLANKS = frozenset({"CPP_WS", "CPP_LINECONT", "CPP_COMMENT1", "CPP_COMMENT2"})


class HeaderError(Exception):
    """Failure to evaluate the headers; the message gives the reason."""

    def __init__(self, reason: str, path: str | None = None, line: int = 0) -> None:
        super().__init__(reason)
        self.path = path
        self.line = line


class PlacedToken(NamedTuple):
    """Token with its location; a token of a macro expansion has the location of the invocation."""

    text: str
    path: str
    line: int


@dataclass(frozen=True)
class HeaderMacro:
    """Object-like macro that is defined at the end of the headers."""

    name: str
    words: tuple[str, ...]
    """The tokens of its body."""
    path: str
    line: int


# What all architectures and copies make of most ioctls is the same; by the macros that have a part in it.
_EXPANSIONS: dict[tuple[object, ...], tuple[str, int]] = {}
_MAX_EXPANSIONS = 1 << 13


class Preprocessed:
    """Headers as a compiler's parser would see them."""

    def __init__(self, sources: Sources, predefined: Mapping[str, str]) -> None:
        self._preprocessor = _HeaderPreprocessor(sources, predefined)
        self.tokens = list(self._preprocessor.run())
        self._aside = {definition.name: definition for definition in self._preprocessor.definitions}

    @property
    def absent(self) -> list[tuple[str, str, int]]:
        """Includes of headers that the tree does not hold, as written, with path and line."""
        return self._preprocessor.absent

    @cached_property
    def macros(self) -> list[HeaderMacro]:
        """Object-like macros in the order of their definition."""
        return [
            HeaderMacro(
                name, tuple(token.value for token in macro.value if token.value.strip()), macro.source, macro.lineno
            )
            for name, macro in self._preprocessor.macros.items()
            if macro.arglist is None and macro.source is not None and macro.lineno
        ]

    @property
    def definitions(self) -> list[DefinitionAside]:
        """Object-like macros that neither declarations nor ioctls use: the last definition of each."""
        return list(self._aside.values())

    def is_macro(self, name: str) -> bool:
        """Tell whether a name is a macro of any kind at the end of the headers; those of `definitions` need not be."""
        return name in self._preprocessor.macros

    def own_expansion(self, name: str) -> str:
        """Return the expansion of a name, also of one of `definitions`. Raises `HeaderError`."""
        pending = [name]
        while pending:
            definition = self._aside.get(pending.pop())
            if definition is not None and definition.name not in self._preprocessor.macros:
                self._preprocessor.define(f"{definition.name} {definition.body}")
                pending += _WORD.findall(definition.body)
        text = self._expanded(name)[0]
        # pcpp leaves a name that was pasted of `32_CRN` as two tokens, which it does not expand.
        return text if self._preprocessor.macros.keys().isdisjoint(_WORD.findall(text)) else self._expanded(text)[0]

    def expansion(self, name: str) -> str:
        """Return the expansion of a macro's name at the end of the headers. Raises `HeaderError`."""
        key = self._preprocessor.behind(name)
        if key not in _EXPANSIONS:
            if len(_EXPANSIONS) >= _MAX_EXPANSIONS:
                _EXPANSIONS.clear()
            _EXPANSIONS[key] = self._expanded(name)
        else:  # what is known costs the same, so that the limit does not depend on what else was read
            self._handle(_EXPANSIONS[key][1])
        return _EXPANSIONS[key][0]

    def _expanded(self, text: str) -> tuple[str, int]:
        """Return the expansion of a text, and the number of tokens handled for it."""
        before = self._preprocessor.handled
        try:
            tokens = self._preprocessor.expand_macros(self._preprocessor.tokenize(text))
        except TooMuchWorkError as error:
            raise HeaderError(str(error)) from error
        return "".join(token.value for token in tokens), self._preprocessor.handled - before

    def _handle(self, count: int) -> None:
        try:
            self._preprocessor.handle(count)
        except TooMuchWorkError as error:
            raise HeaderError(str(error)) from error


def _bounded(tokens: Iterator[PlacedToken]) -> Iterator[PlacedToken]:
    for count, token in enumerate(tokens):
        if count >= _MAX_TOKENS:
            raise HeaderError(f"becomes more than {_MAX_TOKENS:,} tokens")
        yield token


@lru_cache(maxsize=1 << 15)
def _plain_tokens(path: str, number: int, text: str) -> tuple[PlacedToken, ...]:
    """Return the tokens of a line without macros, comments and strings."""
    return tuple(
        PlacedToken(token.value, path, number) for token in _shared().tokenize(text) if token.type not in _BLANKS
    )


def _stretches(text: str) -> Iterator[tuple[int, str]]:
    """Yield each block between empty lines with its first line's number; the whole text if tokens may span blocks."""
    lines = [line.rstrip() for line in text.splitlines()]
    stretch: list[str] = []
    blocks = []
    for number, line in enumerate([*lines, ""], 1):
        if line:
            stretch.append(line)
        elif stretch:
            blocks.append((number - len(stretch), "\n".join(stretch)))
            stretch = []
    if any(part.endswith("\\") or part.count("/*") != part.count("*/") for _, part in blocks):
        blocks = [(1, "\n".join(lines))]
    yield from blocks


@lru_cache(maxsize=1 << 12)
def _lines(text: str, number: int, path: str) -> list[list[Any]]:
    """Return the tokens of a block that begins at line `number`; cached, as most blocks are shared."""
    lines = [line for line in _shared().group_lines(text, path) if any(token.type not in _BLANKS for token in line)]
    for line in lines:
        for token in line:
            token.lineno += number - 1
    return lines


@cache
def _shared() -> Any:
    return Preprocessor()


class _HeaderPreprocessor(Preprocessor):
    def __init__(self, sources: Sources, predefined: Mapping[str, str]) -> None:
        super().__init__()
        self._sources = sources
        self._thin = thin(sources, predefined)
        for name in ("__DATE__", "__TIME__", "__PCPP__", "__FILE__"):
            self.macros.pop(name, None)
        self.expand_filemacro = False
        self._depth = 0
        self.absent: list[tuple[str, str, int]] = []
        self.definitions: list[DefinitionAside] = []
        """Definitions in force that were set aside, in their order."""
        for name, value in predefined.items():
            self.define(f"{name} {value}")
        for macro in self.macros.values():
            macro.source = None

    def behind(self, name: str) -> tuple[object, ...]:
        """Return a cache key for the expansion of a name: every macro that may take part, with its definition."""
        definitions: dict[str, object] = {}
        pending = [name]
        while pending:
            word = pending.pop()
            macro = self.macros.get(word)
            if macro is None or word in definitions:
                continue
            values = tuple(token.value for token in macro.value)
            definitions[word] = (word, tuple(macro.arglist or ()), macro.arglist is None, macro.variadic, values)
            if "__COUNTER__" in values:
                definitions["__COUNTER__"] = self.countermacro
            pending += values
            if "##" in values:  # the pasted name may be that of any macro
                pending += self.macros
        return name, *(definitions[word] for word in sorted(definitions))

    def run(self) -> Iterator[PlacedToken]:
        path = self._sources.targets.get(("", ROOT))
        if path is None:
            raise HeaderError(f"{ROOT} is missing or too large")
        try:
            yield from _bounded(self._all(path))
        except HeaderError:
            raise
        except TooMuchWorkError as error:
            raise HeaderError(str(error)) from error
        except RecursionError as error:
            raise HeaderError("its macros nest too deeply") from error
        except Exception as error:  # pcpp raises several unrelated types on bad input
            raise HeaderError(f"cannot be preprocessed: {str(error)[:_LONGEST_REASON]}") from error

    def _all(self, path: str) -> Iterator[PlacedToken]:
        """Yield the tokens without blanks; markers are replaced by the tokens of their lines."""
        for token in self.parsegen(self._thin.files[path], path, path):
            if token.type in _BLANKS:
                continue
            if token.value.startswith(MARKER) and token.value in self._thin.aside:
                self.definitions += self._thin.definitions.get(token.value, ())
                for line in self._thin.aside[token.value]:
                    yield from _plain_tokens(*line)
            else:
                yield PlacedToken(token.value, getattr(token, "source", None) or path, token.lineno)

    def group_lines(self, input: str, abssource: str) -> Iterator[list[Any]]:  # noqa: A002 - pcpp's name for it
        """Yield the non-empty lines as copies of the cached tokens, because pcpp modifies tokens in place."""
        for number, text in _stretches(input):
            for line in _lines(text, number, abssource):
                self.handle(len(line))
                yield [copied(token) for token in line]

    def include(self, tokens: list[Any], original_line: list[Any]) -> Iterator[Any]:  # noqa: ARG002
        if not tokens:
            raise HeaderError("`#include` without a file name")
        text = "".join(token.value for token in tokens).strip()
        match = re.fullmatch(r'<([^>]+)>|"([^"]+)"', text)
        here, line = tokens[0].source, tokens[0].lineno
        if match is None:
            raise HeaderError(f"`#include {text[:60]}` is not understood", here, line)
        name = (match.group(1) or match.group(2)).strip()
        key = (dirname(here) if match.group(2) else "", name)
        path = self._sources.targets.get(key)
        if path is None:
            self.absent.append((text[:60], here, line))
            if name == ASM:
                raise HeaderError(f"includes {text[:60]}, which this tree does not hold", here, line)
            return
        if path in self.include_once:
            return
        self.handle(1 + self._thin.files[path].count("\n"))  # one of blank lines takes time as well
        self._depth += 1
        if self._depth > _MAX_DEPTH:
            raise HeaderError(f"includes nest more than {_MAX_DEPTH} deep", here, line)
        yield from self.parsegen(self._thin.files[path], path, path)
        self._depth -= 1

    def on_error(self, file: str, line: int, msg: str) -> None:
        raise HeaderError(msg[:_LONGEST_REASON], file, line)

    def on_directive_unknown(
        self,
        directive: Any,
        toks: list[Any],
        ifpassthru: bool,  # noqa: ARG002
        precedingtoks: list[Any],  # noqa: ARG002
    ) -> None:
        words = "".join(token.value for token in toks).strip()
        if directive.value == "error":
            raise HeaderError(f"#error {words[:80]}", directive.source, directive.lineno)
        if directive.value == "pragma" and re.match(r"(?:pack|scalar_storage_order|ms_struct)\b", words):
            raise HeaderError(f"#pragma {words[:40]} is not understood", directive.source, directive.lineno)
        raise OutputDirective(Action.IgnoreAndRemove)

    def on_unknown_macro_in_defined_expr(self, tok: Any) -> bool:  # noqa: ARG002
        return False

    def on_unknown_macro_in_expr(self, ident: str) -> int:  # noqa: ARG002
        return 0

    def on_unknown_macro_function_in_expr(self, ident: str) -> Any:
        raise HeaderError(f"`{ident}(…)` in an #if is not understood")

    def on_comment(self, tok: Any) -> bool:  # noqa: ARG002
        return False
