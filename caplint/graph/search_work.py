"""Account of the steps that all searches of one question take together."""

from __future__ import annotations

from caplint.graph.path_model import ProgramFunction

# Steps after which all searches of a question stop: functions expanded and callers looked at, counted in `Work`.
# QEMU 7.2 needs 320,000 for `inventory --deep`.
MAX_WORK = 1_600_000


class WorkSpentError(Exception):
    """End of a search because the work of its question is spent."""


class Work:
    """Steps of all searches of one question, counted so that the result does not depend on the machine's speed."""

    def __init__(self) -> None:
        self.restart()

    def restart(self) -> None:
        """Begin the account of another question."""
        self.limit = MAX_WORK
        self.done = 0

    @property
    def spent(self) -> bool:
        """Whether no search may go on."""
        return self.done >= self.limit

    @property
    def reason(self) -> str:
        """Reason for a search that stopped because the work is spent."""
        return f"search stopped after {self.limit:,} steps of all searches"

    def length(self, _caller: ProgramFunction, _callee: ProgramFunction, edge: dict[str, float]) -> float:
        """Return an edge's cost and count it as a step. Raises `WorkSpentError`."""
        if self.spent:
            raise WorkSpentError
        self.done += 1
        return edge["cost"]
