"""Choice of a server's trees, in the process from which its checks are forked."""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import suppress
from multiprocessing.connection import Connection

from caplint.rules.page import parse
from caplint.server.messages import Planned
from caplint.server.nursery import Work
from caplint.server.plan import ServerPlan
from caplint.util.errors import CaplintError


class Planner:
    """Makes the plan when the editor has said where it works, and gives it to all checks."""

    def __init__(self, choose: Callable[[], ServerPlan], *, named: bool) -> None:
        """`choose` finds trees, rules and settings; `named`: the command line names the trees.

        Otherwise they are found from the directory in which the editor works.
        """
        self._choose = choose
        self._named = named
        self._plan: ServerPlan | None = None

    def plan(self, connection: Connection) -> None:
        """Take the editor's directory, make the plan, and send the trees."""
        root: str | None = connection.recv()
        if root and not self._named:
            with suppress(OSError):
                os.chdir(root)
        try:
            self._plan = self._choose()
            parse(self._plan.rules)
        except CaplintError as error:
            connection.send(Planned(error=" ".join(str(error).split())))
            return
        except OSError as error:
            connection.send(Planned(error=f"{type(error).__name__}: {error}"))
            return
        connection.send(Planned(self._plan.served))

    def job(self, run: Callable[[ServerPlan, Connection], None]) -> Work:
        """Return the work of a check's process."""

        def work(connection: Connection) -> None:
            if self._plan is not None:
                run(self._plan, connection)

        return work
