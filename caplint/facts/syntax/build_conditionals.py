"""Conditionals of build files, with limits on the size of their conditions."""

from __future__ import annotations

from dataclasses import dataclass

from caplint.c.formula import Formula, conjunction, disjunction, negation, text
from caplint.c.syntax import UnreadableError
from caplint.facts.syntax.logical_lines import MAX_NESTING

# Far above hand-written build files, as the limits in logical_lines.py.
MAX_ALTERNATIVES = 64
# Total characters of all conditions of a file, written out.
MAX_CONDITIONS = 4 << 20


class Allowance:
    """Budget for the size of a file's conditions."""

    def __init__(self) -> None:
        self._left = MAX_CONDITIONS

    def spend(self, condition: Formula) -> Formula:
        """Charge a condition to the budget and return it. Raises `UnreadableError` if the budget is exceeded."""
        self._left -= len(text(condition))
        if self._left < 0:
            raise UnreadableError("its conditions are too long")
        return condition


@dataclass(frozen=True)
class BuildBranch:
    """Conditions for the lines of one alternative of an `if`."""

    whole: Formula
    """Condition of the lines, including the enclosing `if`s."""
    outer: Formula
    """Condition of the whole `if`, from the enclosing ones."""
    tried: Formula
    """Disjunction of the tests of all alternatives up to this one."""
    alternatives: int = 1


class Nesting:
    """Stack of the `if`s around a line."""

    def __init__(self) -> None:
        self._open: list[BuildBranch] = []
        self._allowance = Allowance()

    @property
    def whole(self) -> Formula:
        """Condition of the current line."""
        return self._open[-1].whole if self._open else True

    def enter(self, test: Formula) -> None:
        """Begin an `if`. Raises `UnreadableError` for too deep nesting."""
        if len(self._open) >= MAX_NESTING:
            raise UnreadableError(f"nests deeper than {MAX_NESTING}")
        self._push(BuildBranch(self._both(self.whole, test), self.whole, test))

    def alternative(self, test: Formula) -> None:
        """Begin an `else` with its test, or `True`. Raises `UnreadableError` for too many alternatives."""
        if not self._open:
            return
        last = self._open.pop()
        if last.alternatives >= MAX_ALTERNATIVES:
            raise UnreadableError(f"has more than {MAX_ALTERNATIVES} alternatives of one if")
        condition = self._both(negation(last.tried), test)
        whole = self._both(last.outer, condition)
        self._push(BuildBranch(whole, last.outer, disjunction([last.tried, test]), last.alternatives + 1))

    def leave(self) -> None:
        """End an `if`."""
        del self._open[-1:]

    def _push(self, branch: BuildBranch) -> None:
        self._allowance.spend(branch.tried)
        self._open.append(branch)

    def _both(self, left: Formula, right: Formula) -> Formula:
        return self._allowance.spend(conjunction([left, right]))
