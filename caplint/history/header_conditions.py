"""Conditions around the lines of a UAPI header, as user space sees them."""

from __future__ import annotations

from typing import NamedTuple

from caplint.c.expression import USER_SPACE, defined, parse
from caplint.c.formula import Formula, conjunction, negation, substitute, text
from caplint.knowledge.capability_names import is_capability

_LONGEST = 200
"""Characters of an expression that are read."""
_LONGEST_TEXT = 4 * _LONGEST
"""Characters of a condition; a term that would exceed them is left out."""
_LONGEST_TOGETHER = 1 << 18
"""Characters of all conditions of a header, after which no further one is followed; Linux's have 2,000."""


class _Branch(NamedTuple):
    """Innermost lines of a group that stands open."""

    presence: Formula
    outside: Formula
    """Condition around the group."""
    none_before: Formula
    """Conjunction of the negated expressions of the group so far."""


class HeaderConditions:
    """Stack of the conditions around a line; code under __KERNEL__ is never there."""

    def __init__(self) -> None:
        self._open: list[_Branch] = []
        self._guard = ""
        self._left = _LONGEST_TOGETHER

    def read(self, word: str, rest: str) -> None:
        """Follow a directive other than #define."""
        self._guard = ""
        name = rest[:_LONGEST].split(" ", maxsplit=1)[0]
        if word in {"if", "ifdef", "ifndef"}:
            self._enter(self._expression(word, name, rest), self._presence, none_before=True)
            self._guard = name if word == "ifndef" else ""
        elif self._open:
            branch = self._open.pop()
            if word != "endif":
                expression = word == "else" or self._expression(word, name, rest)
                self._enter(expression, branch.outside, branch.none_before)

    def _enter(self, expression: Formula, outside: Formula, none_before: Formula) -> None:
        if self._left < 0:
            self._open.append(_Branch(outside, outside, none_before))
            return
        presence = _bounded(outside, _bounded(none_before, expression))
        later = _bounded(none_before, negation(expression))
        self._left -= len(text(presence)) + len(text(later))
        self._open.append(_Branch(presence, outside, later))

    def _expression(self, word: str, name: str, rest: str) -> Formula:
        if self._left < 0:
            return True
        if word in {"if", "elif"}:
            return substitute(parse(rest[:_LONGEST]), USER_SPACE)
        formula = substitute(defined(name), USER_SPACE)
        return negation(formula) if word.endswith("ndef") else formula

    def define(self, name: str) -> None:
        """Take `#ifndef X`, with `#define X` as the next directive, for the guard of the header: no condition."""
        if self._guard and name == self._guard and not is_capability(name):
            self._open[-1] = self._open[-1]._replace(presence=self._open[-1].outside)
        self._guard = ""

    @property
    def text(self) -> str:
        """Conditions that hold here; empty for always, `0` where user space never is."""
        return "" if self._presence is True else text(self._presence)

    @property
    def _presence(self) -> Formula:
        return self._open[-1].presence if self._open else True


def _bounded(known: Formula, further: Formula) -> Formula:
    """Return the conjunction of two formulas, or the first alone where both together are too long."""
    both = conjunction([known, further])
    return both if len(text(both)) <= _LONGEST_TEXT else known
