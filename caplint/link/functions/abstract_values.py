"""Values of expressions as far as an answer depends on them: possible signs, each with its presence condition."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

from caplint.c.formula import Formula, conjunction, disjunction

NEGATIVE, ZERO, POSITIVE = "N", "Z", "P"
"""Signs of a value that the code writes out."""
MAY_BE_NEGATIVE, MAY_BE_ZERO, MAY_BE_POSITIVE = "n", "z", "p"
"""Signs that a value may have for all that the code shows."""
PASSED_ON = "D"
"""Result of another handler of the same ioctl, to which the question is passed on."""

_TRUE, _FALSE = "NPnp" + PASSED_ON, "Zz"


class AbstractValue(NamedTuple):
    """Possible signs of an expression, each with its presence condition, and what else is known about it."""

    signs: dict[str, Formula]
    thing: Any = None
    """An integer; or a tuple whose first item tells what the value is: `("selector",)`, `("request",)`, `("capability",
    NAME)`, `("table", Table)`, `("row", Table, Element or None)`; None if nothing is known."""

    def when(self, signs: str) -> Formula:
        """Return the condition under which the value may have one of the signs."""
        formulas = []
        for sign in signs:
            formula = self.signs.get(sign, False)
            if formula is True:
                return True
            formulas.append(formula)
        return disjunction(formulas)

    @property
    def true(self) -> Formula:
        """Condition under which the value may be other than 0."""
        return self.when(_TRUE)

    @property
    def false(self) -> Formula:
        """Condition under which the value may be 0."""
        return self.when(_FALSE)

    def only(self, signs: str) -> AbstractValue:
        """Return the value, given that it has one of the signs."""
        return AbstractValue({sign: formula for sign, formula in self.signs.items() if sign in signs}, self.thing)


UNKNOWN = AbstractValue(dict.fromkeys("nzp", True))
EITHER = AbstractValue(dict.fromkeys("zp", True))
"""Result of a comparison that is not decided."""
DELEGATED = AbstractValue({PASSED_ON: True})


def number(value: int) -> AbstractValue:
    """Return the value of an integer."""
    return AbstractValue({NEGATIVE if value < 0 else POSITIVE if value else ZERO: True}, value)


def thing(*parts: Any) -> AbstractValue:
    """Return a value of unknown sign of which something else is known."""
    return AbstractValue(UNKNOWN.signs, parts)


def truth(true: Formula, false: Formula) -> AbstractValue:
    """Return the value of a condition that may hold, and may fail, under presence conditions."""
    if true is False:
        return number(0)
    if false is False:
        return number(1)
    if true is True and false is True:
        return EITHER
    return AbstractValue({POSITIVE: true, ZERO: false})


def negated(value: AbstractValue) -> AbstractValue:
    """Return `-value`."""
    if isinstance(value.thing, int):
        return number(-value.thing)
    opposite = dict(zip("NZPnzp", "PZNpzn", strict=True))
    return AbstractValue({opposite[sign]: formula for sign, formula in value.signs.items() if sign in opposite})


def joined(alternatives: Iterable[tuple[AbstractValue, Formula]]) -> AbstractValue:
    """Return a value that is one of several, each under a condition."""
    chosen = [(value, condition) for value, condition in alternatives if condition is not False]
    if len(chosen) == 1:
        return chosen[0][0]
    if chosen and all(value == chosen[0][0] for value, _ in chosen):
        return chosen[0][0]
    signs: dict[str, list[Formula]] = {}
    for value, condition in chosen:
        for sign, formula in value.signs.items():
            signs.setdefault(sign, []).append(conjunction([condition, formula]))
    return AbstractValue({sign: disjunction(formulas) for sign, formulas in signs.items()})
