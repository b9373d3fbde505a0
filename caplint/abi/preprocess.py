"""Runs the preprocessor over gathered headers: tokens with the file and line that they stand in, and the macros.

Nothing is read but what was gathered; a header that is not there, `#error` and whatever else a compiler would
refuse ends the evaluation with a reason.
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

from caplint.abi.opaque_lines import MARKER, thin
from caplint.abi.sources import ROOT, Sources
from caplint.c.pcpp_tokens import Preprocessor, TooMuchWorkError, copied

# What the headers may become, in tokens: linux/kvm.h is some 5,000.
_MAX_TOKENS = 200_000
_MAX_DEPTH = 30
# Characters of a reason that quotes the header.
_LONGEST_REASON = 300
# pcpp's names of what separates tokens.
_BLANKS = frozenset({"CPP_WS", "CPP_LINECONT", "CPP_COMMENT1", "CPP_COMMENT2"})


class HeaderError(Exception):
    """The headers cannot be evaluated; the message says why."""

    def __init__(self, reason: str, path: str | None = None, line: int = 0) -> None:
        super().__init__(reason)
        self.path = path
        self.line = line


class PlacedToken(NamedTuple):
    """A token and where it stands; of an expansion where the macro is invoked."""

    text: str
    path: str
    line: int


@dataclass(frozen=True)
class HeaderMacro:
    """An object-like macro that is defined at the end."""

    name: str
    words: tuple[str, ...]
    """The tokens of its body."""
    path: str
    line: int


# What all architectures and copies make of most ioctls is the same; by the macros that have a part in it.
_EXPANSIONS: dict[tuple[object, ...], tuple[str, int]] = {}
_MAX_EXPANSIONS = 1 << 13


class Preprocessed:
    """The headers as a compiler's parser would see them."""

    def __init__(self, sources: Sources, predefined: Mapping[str, str]) -> None:
        self._preprocessor = _HeaderPreprocessor(sources, predefined)
        self.tokens = list(self._preprocessor.run())

    @cached_property
    def macros(self) -> list[HeaderMacro]:
        """In the order of their definition."""
        return [
            HeaderMacro(
                name, tuple(token.value for token in macro.value if token.value.strip()), macro.source, macro.lineno
            )
            for name, macro in self._preprocessor.macros.items()
            if macro.arglist is None and macro.source is not None and macro.lineno
        ]

    def expansion(self, name: str) -> str:
        """What a macro's name becomes at the end of the headers. Raises `HeaderError`."""
        key = self._preprocessor.behind(name)
        if key not in _EXPANSIONS:
            if len(_EXPANSIONS) >= _MAX_EXPANSIONS:
                _EXPANSIONS.clear()
            _EXPANSIONS[key] = self._expanded(name)
        else:  # what is known costs the same, so that the limit does not depend on what else was read
            self._handle(_EXPANSIONS[key][1])
        return _EXPANSIONS[key][0]

    def _expanded(self, name: str) -> tuple[str, int]:
        """What it becomes, and how many tokens were handled for that."""
        before = self._preprocessor.handled
        try:
            tokens = self._preprocessor.expand_macros(self._preprocessor.tokenize(name))
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
    """The tokens of a line in which there is no macro, no comment and no string."""
    return tuple(
        PlacedToken(token.value, path, number) for token in _shared().tokenize(text) if token.type not in _BLANKS
    )


def _stretches(text: str) -> Iterator[tuple[int, str]]:
    """The lines between empty ones, with the number of the first; all as one where a token may go on over one."""
    lines = [line.rstrip() for line in text.splitlines()]
    stretch: list[str] = []
    found = []
    for number, line in enumerate([*lines, ""], 1):
        if line:
            stretch.append(line)
        elif stretch:
            found.append((number - len(stretch), "\n".join(stretch)))
            stretch = []
    if any(part.endswith("\\") or part.count("/*") != part.count("*/") for _, part in found):
        found = [(1, "\n".join(lines))]
    yield from found


@lru_cache(maxsize=1 << 12)
def _lines(text: str, number: int, path: str) -> list[list[Any]]:
    """The tokens of lines, the first of which has a number. All architectures and copies share most of them."""
    found = [line for line in _shared().group_lines(text, path) if any(token.type not in _BLANKS for token in line)]
    for line in found:
        for token in line:
            token.lineno += number - 1
    return found


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
        for name, value in predefined.items():
            self.define(f"{name} {value}")
        for macro in self.macros.values():
            macro.source = None

    def behind(self, name: str) -> tuple[object, ...]:
        """Every macro that may have a part in what a name becomes, with all that decides what it is replaced by."""
        found: dict[str, object] = {}
        pending = [name]
        while pending:
            word = pending.pop()
            macro = self.macros.get(word)
            if macro is None or word in found:
                continue
            values = tuple(token.value for token in macro.value)
            found[word] = (word, tuple(macro.arglist or ()), macro.arglist is None, macro.variadic, values)
            if "__COUNTER__" in values:
                found["__COUNTER__"] = self.countermacro
            pending += values
            if "##" in values:  # what it puts together may name any macro
                pending += self.macros
        return name, *(found[word] for word in sorted(found))

    def run(self) -> Iterator[PlacedToken]:
        path = self._sources.targets.get(("", ROOT))
        if path is None:
            raise HeaderError(f"{ROOT} is not there or too large")
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
        """The tokens but for blanks, with those of what was put aside."""
        for token in self.parsegen(self._thin.files[path], path, path):
            if token.type in _BLANKS:
                continue
            if token.value.startswith(MARKER) and token.value in self._thin.aside:
                for line in self._thin.aside[token.value]:
                    yield from _plain_tokens(*line)
            else:
                yield PlacedToken(token.value, getattr(token, "source", None) or path, token.lineno)

    def group_lines(self, input: str, abssource: str) -> Iterator[list[Any]]:  # noqa: A002 - pcpp's name for it
        """The lines that hold something. What pcpp does to tokens it does to copies."""
        for number, text in _stretches(input):
            for line in _lines(text, number, abssource):
                self.handle(len(line))
                yield [copied(token) for token in line]

    def include(self, tokens: list[Any], original_line: list[Any]) -> Iterator[Any]:  # noqa: ARG002
        if not tokens:
            raise HeaderError("`#include` of nothing")
        text = "".join(token.value for token in tokens).strip()
        match = re.fullmatch(r'<([^>]+)>|"([^"]+)"', text)
        here, line = tokens[0].source, tokens[0].lineno
        if match is None:
            raise HeaderError(f"`#include {text[:60]}` is not understood", here, line)
        name = (match.group(1) or match.group(2)).strip()
        key = (dirname(here) if match.group(2) else "", name)
        path = self._sources.targets.get(key)
        if path is None:
            raise HeaderError(f"includes {text[:60]}, which this tree does not hold", here, line)
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
