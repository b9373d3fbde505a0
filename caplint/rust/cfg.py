"""Conditions of compilation: the predicate of `#[cfg(…)]` as the expression of a C `#if`."""

from __future__ import annotations

import re

from caplint.rust.words import words

NEVER = "0"
"""Expression of code that is compiled into no program, such as unit tests."""
ALWAYS = "1"
# Deeper or longer predicates are not hand-written; their text becomes one name.
_MAX_DEPTH = 30
_MAX_LENGTH = 2000
_CFG = re.compile(r"#!?\[\s*cfg\s*\((.*)\)\s*,?\s*\]\Z", re.DOTALL)
_TEST = re.compile(r"#\[\s*(?:\w+::)*(?:test|bench|rstest|async_test|test_case)\s*(?:\(.*\))?\s*\]\Z", re.DOTALL)
_TOKEN = re.compile(r"\s*(?:(\w+)\s*=\s*\"([^\"]*)\"|(\w+)|([(),])|(.))", re.DOTALL)
_ODD = re.compile(r"\W+")


def condition_of(attribute: str) -> str:
    """Return the condition that an attribute as written sets: `1` for one that sets none."""
    if match := _CFG.match(attribute.strip()):
        return predicate(match.group(1))
    return NEVER if _TEST.match(attribute.strip()) else ALWAYS


def predicate(text: str) -> str:
    """Return the C expression of a predicate."""
    if len(text) > _MAX_LENGTH:
        return _named(text[:40])
    tokens = [match for match in _TOKEN.finditer(text) if match.group().strip()]
    reader = _PredicateReader(tokens)
    try:
        return reader.one(0)
    except (IndexError, ValueError):
        return _named(text)


class _PredicateReader:
    def __init__(self, tokens: list[re.Match[str]]) -> None:
        self._tokens = tokens
        self._next = 0

    def one(self, depth: int) -> str:
        """Read one predicate. Raises `ValueError` or `IndexError` if the text is not a predicate."""
        if depth > _MAX_DEPTH:
            raise ValueError
        key, value, name, _, _ = self._take().groups()
        if key is not None:
            return self._target(key, value)
        if name is None:
            raise ValueError
        if not self._sees("("):
            return self._alone(name)
        operands = self._list(depth)
        if name == "not":
            return f"!({operands[0]})" if operands else ALWAYS
        if name not in {"all", "any"}:
            raise ValueError
        joined = (" && " if name == "all" else " || ").join(f"({operand})" for operand in operands)
        return joined or (ALWAYS if name == "all" else NEVER)

    def _list(self, depth: int) -> list[str]:
        self._take()
        operands = []
        while not self._sees(")"):
            operands.append(self.one(depth + 1))
            if self._sees(","):
                self._take()
        self._take()
        return operands

    def _target(self, key: str, value: str) -> str:
        macro = words().targets.get(key, {}).get(value)
        return f"defined({macro})" if macro else _named(f"{key}_{value}")

    def _alone(self, name: str) -> str:
        if name in words().never or name == "false":
            return NEVER
        if name == "true":
            return ALWAYS
        macro = words().targets["alone"].get(name)
        return f"defined({macro})" if macro else _named(name)

    def _sees(self, symbol: str) -> bool:
        return self._next < len(self._tokens) and self._tokens[self._next].group(4) == symbol

    def _take(self) -> re.Match[str]:
        self._next += 1
        return self._tokens[self._next - 1]


def _named(text: str) -> str:
    return f"defined(CFG_{_ODD.sub('_', text).strip('_')})"
