"""Facts inside one function, as kernel and VMM links read them: one type for each kind, each with its offset.

A fact has a line and two offsets, `start` and `stop`, which are equal for a fact that is a point. Its `text` is the
expression that is evaluated there; a macro that is no expression has none. Presence conditions are texts of formulas.
"""

from __future__ import annotations

from typing import NamedTuple, Protocol


class FunctionFact(Protocol):
    """Fact of any kind that has a text."""

    @property
    def line(self) -> int:
        """Line in the file."""

    @property
    def start(self) -> int:
        """Offset of the first byte."""

    @property
    def stop(self) -> int:
        """Offset after the last byte."""

    @property
    def text(self) -> str:
        """Expression that is evaluated."""


class CallSite(NamedTuple):
    """Call: its offset, and the use of its result."""

    start: int
    line: int
    column: int
    callee: str
    arguments: tuple[str, ...]
    use: str
    condition: str

    @property
    def stop(self) -> int:
        """Offset of the call."""
        return self.start

    @property
    def text(self) -> str:
        """Arguments, separated by commas."""
        return ", ".join(self.arguments)


class Assignment(NamedTuple):
    """Assignment; the operator of an initialiser is `init`."""

    start: int
    target: str
    operator: str
    value: str
    local: bool
    line: int = 0
    condition: str = "1"

    @property
    def stop(self) -> int:
        """Offset of the assignment."""
        return self.start

    @property
    def text(self) -> str:
        """Assigned value."""
        return self.value


class ReturnedValue(NamedTuple):
    """Value of a `return`."""

    start: int
    value: str
    line: int
    condition: str

    @property
    def stop(self) -> int:
        """Offset of the statement."""
        return self.start

    @property
    def text(self) -> str:
        """Returned value."""
        return self.value


class GuardRange(NamedTuple):
    """Condition that holds (or does not hold, if negated) over an extent of a function."""

    start: int
    stop: int
    kind: str
    negated: bool
    expression: str
    line: int
    condition: str

    @property
    def text(self) -> str:
        """Condition that is known."""
        return self.expression


class ConditionTest(NamedTuple):
    """Condition that decides on control flow, with the extent of the whole statement."""

    start: int
    stop: int
    kind: str
    expression: str
    leaves: bool
    """Whether control leaves the function, loop or switch where the condition holds."""
    line: int

    @property
    def text(self) -> str:
        """Condition that is tested."""
        return self.expression


class SwitchLabel(NamedTuple):
    """Case of a switch, with the extent of the code that runs for it."""

    start: int
    stop: int
    value: str
    """Empty for `default`; the lower end of a range."""
    selector: str
    line: int
    is_default: bool

    @property
    def text(self) -> str:
        """Value of the label."""
        return self.value


class JumpSite(NamedTuple):
    """`goto` statement."""

    start: int
    label: str
    line: int

    @property
    def stop(self) -> int:
        """Offset of the statement."""
        return self.start

    @property
    def text(self) -> str:
        """Name of the label."""
        return self.label


class MemberAccess(NamedTuple):
    """Access to a member chain."""

    start: int
    chain: str
    mode: str
    line: int
    condition: str

    @property
    def stop(self) -> int:
        """Offset of the access."""
        return self.start

    @property
    def text(self) -> str:
        """Member chain."""
        return self.chain


class MacroInvocation(NamedTuple):
    """Use of a macro that is not an expression, such as the head of a loop."""

    start: int
    stop: int
    name: str
    arguments: str
    """As written, without the parentheses around them."""
    line: int
