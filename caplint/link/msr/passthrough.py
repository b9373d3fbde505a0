"""MSRs that a guest may write without an exit, and whether they are switched between host and guest."""

from __future__ import annotations

import json
import re
import sqlite3

from caplint.knowledge.load import knowledge
from caplint.link.core.rows import insert
from caplint.link.msr.rows import MsrPassthroughRow

_MSR = re.compile(r"\b(?:HV_X64_)?MSR_\w+")


def link_passthrough(connection: sqlite3.Connection, side: str, tree: str) -> None:
    """Fill `all_msr_passthrough` for one side of a kernel."""
    msrs = knowledge().msr
    switched = _switched(connection, side, tree) | set(msrs.switched)
    calls: dict[str, list[tuple[str, int, str, str]]] = {}
    for callee, *call in connection.execute(
        """SELECT k.callee, f.path, k.line, k.function, k.arguments
           FROM temp.all_file f JOIN main.call k ON k.blob = f.blob
           WHERE f.side = ? AND f.tree = ? AND f.arch = ? AND k.callee IN (SELECT value FROM json_each(?))
             AND k.function IS NOT NULL ORDER BY f.path, k.start""",
        (side, tree, msrs.architecture, json.dumps([*msrs.passthrough])),
    ):
        calls.setdefault(callee, []).append((call[0], call[1], call[2], call[3]))
    for callee, (argument, write, values) in msrs.passthrough.items():
        for path, line, function, text in calls.get(callee, []):
            arguments = json.loads(text)
            if (
                len(arguments) > max(argument, write)
                and arguments[write] in values
                and _MSR.fullmatch(arguments[argument])
            ):
                insert(
                    connection,
                    "all_msr_passthrough",
                    [
                        MsrPassthroughRow(
                            side=side,
                            tree=tree,
                            path=path,
                            line=line,
                            function=function,
                            msr=arguments[argument],
                            switched=int(arguments[argument] in switched),
                        )
                    ],
                )


def _switched(connection: sqlite3.Connection, side: str, tree: str) -> set[str]:
    """Return MSRs that KVM writes on the processor, or lists for the switch on entry and exit."""
    msrs = knowledge().msr
    switched: set[str] = set()
    for (text,) in connection.execute(
        """SELECT k.arguments FROM temp.all_file f JOIN main.call k ON k.blob = f.blob
           WHERE f.side = ? AND f.tree = ? AND f.arch = ? AND k.callee IN (SELECT value FROM json_each(?))
           UNION ALL
           SELECT e.value FROM temp.all_file f JOIN main.element e ON e.blob = f.blob
           WHERE f.side = ? AND f.tree = ? AND e.variable IN (SELECT value FROM json_each(?))""",
        (side, tree, msrs.architecture, json.dumps(msrs.switching), side, tree, json.dumps(msrs.switched_lists)),
    ):
        switched.update(_MSR.findall(text))
    return switched
