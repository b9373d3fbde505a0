"""What a `struct kvm_enable_cap` holds when it is handed to KVM_ENABLE_CAP."""

from __future__ import annotations

import re
import sqlite3
from dataclasses import dataclass

from caplint.link.code import Call, Function

_NAME = re.compile(r"&?\s*([A-Za-z_]\w*)\Z")
_ARGUMENT = re.compile(r"args\s*\[\s*(\d+)\s*\]\Z")
_ITEM = re.compile(r"[^,{}()]+(?:\([^()]*\))?")


@dataclass(frozen=True, slots=True)
class Request:
    """The members of a request, as written."""

    cap: str
    flags: str | None
    given: tuple[str, ...] | None


class Requests:
    """Initialisers of requests in one tree, by blob."""

    def __init__(self, connection: sqlite3.Connection, side: str, tree: str) -> None:
        self._entries: dict[tuple[int, str], list[tuple[int, str, str]]] = {}
        for blob, variable, line, name, value in connection.execute(
            """SELECT e.blob, e.variable, e.line, e.field, e.value
               FROM temp.all_file f JOIN main.table_entry e ON e.blob = f.blob
               WHERE f.side = ? AND f.tree = ? AND e.variable IS NOT NULL AND e.field IN ('cap', 'flags', 'args')
               ORDER BY f.path, e.line, e.column""",
            (side, tree),
        ):
            self._entries.setdefault((blob, variable), []).append((line, name, value))

    def of(self, function: Function, call: Call) -> Request:
        """What stands in the variable that the ioctl gets, from its initialiser and assignments above the call."""
        match = _NAME.match(call.arguments[2])
        if match is None:
            return Request(call.arguments[2], None, None)
        variable = match.group(1)
        found = {
            name: value
            for line, name, value in self._entries.get((function.blob, variable), [])
            if function.line <= line <= call.line
        }
        given = dict(enumerate(item.strip() for item in _ITEM.findall(found.get("args", ""))))
        for store in function.stores:
            if store.start < call.start and re.match(rf"{variable}\s*(?:\.|->)", store.target):
                member = re.sub(r"^\w+\s*(?:\.|->)\s*", "", store.target)
                if index := _ARGUMENT.match(member):
                    given[int(index.group(1))] = store.value
                else:
                    found[member] = store.value
        arguments = tuple(given.get(index, "0") for index in range(max(given, default=-1) + 1))
        return Request(found.get("cap", variable), found.get("flags", "0"), arguments)
