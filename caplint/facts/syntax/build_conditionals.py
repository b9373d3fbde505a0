"""The `if`s of build files, and how much may be written of what they say."""

from __future__ import annotations

from dataclasses import dataclass

from caplint.c.formula import Formula, conjunction, disjunction, negation, text
from caplint.c.syntax import UnreadableError
from caplint.facts.syntax.logical_lines import MAX_NESTING

# As in lines.py: far from what a person maintains.
MAX_ALTERNATIVES = 64
# Characters of all conditions of a file, written out.
MAX_CONDITIONS = 4 << 20


class Allowance:
    """How much may still be written of a file's conditions."""

    def __init__(self) -> None:
        self._left = MAX_CONDITIONS

    def spend(self, condition: Formula) -> Formula:
        """The condition itself. Raises `UnreadableError` where it is one too many."""
        self._left -= len(text(condition))
        if self._left < 0:
            raise UnreadableError("its conditions are too long")
        return condition


@dataclass(frozen=True)
class BuildBranch:
    """What an `if`, or an alternative of it, says of the lines up to the next one."""

    whole: Formula
    """What must hold there, with what is around it."""
    outer: Formula
    """What must hold for the `if` itself."""
    tried: Formula
    """What holds in one of the alternatives up to this one."""
    alternatives: int = 1


class Nesting:
    """The `if`s around a line, in languages that have them."""

    def __init__(self) -> None:
        self._open: list[BuildBranch] = []
        self._allowance = Allowance()

    @property
    def whole(self) -> Formula:
        """What must hold where reading has come to."""
        return self._open[-1].whole if self._open else True

    def enter(self, test: Formula) -> None:
        """An `if`. Raises `UnreadableError` where they nest too deeply."""
        if len(self._open) >= MAX_NESTING:
            raise UnreadableError(f"nests deeper than {MAX_NESTING}")
        self._push(BuildBranch(self._both(self.whole, test), self.whole, test))

    def alternative(self, test: Formula) -> None:
        """An `else`, with its test or `True`. Raises `UnreadableError` where there are too many."""
        if not self._open:
            return
        last = self._open.pop()
        if last.alternatives >= MAX_ALTERNATIVES:
            raise UnreadableError(f"has more than {MAX_ALTERNATIVES} alternatives of one if")
        own = self._both(negation(last.tried), test)
        whole = self._both(last.outer, own)
        self._push(BuildBranch(whole, last.outer, disjunction([last.tried, test]), last.alternatives + 1))

    def leave(self) -> None:
        """The end of an `if`."""
        del self._open[-1:]

    def _push(self, branch: BuildBranch) -> None:
        self._allowance.spend(branch.tried)
        self._open.append(branch)

    def _both(self, left: Formula, right: Formula) -> Formula:
        return self._allowance.spend(conjunction([left, right]))
