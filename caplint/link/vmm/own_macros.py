"""Macros of a VMM around the functions that check or enable a capability, and the calls that they expand to."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

from caplint.link.functions.call_sites import Code
from caplint.link.functions.code_function import CodeFunction
from caplint.link.functions.function_facts import CallSite
from caplint.link.vmm.tree_values import MacroText, TreeValues, substituted
from caplint.values.expression_text import calls, stripped

_DEPTH = 3
_MOST_MACROS = 200
_VOID = re.compile(r"\(\s*void\s*\)\s*\Z")
_WORD = re.compile(r"\w+")


class InnerCall(NamedTuple):
    """Call of a wrapper that a macro expands to, at the place of the macro."""

    function: CodeFunction
    outer: CallSite
    """The macro's call as written; `use` is the use of the inner result."""
    callee: str
    arguments: tuple[str, ...]
    body: str
    """Text of the macro's body around the call, with the arguments in place."""


@dataclass(frozen=True)
class OwnMacros:
    """Function-like macros of a tree that lead to a wrapper."""

    names: frozenset[str]
    values: TreeValues

    @staticmethod
    def of(
        connection: sqlite3.Connection, side: str, tree: str, values: TreeValues, wrappers: Iterable[str]
    ) -> OwnMacros:
        """Return the macros whose body calls a wrapper, or calls another such macro."""
        known, found = set(wrappers), set[str]()
        bodies = connection.execute(
            """SELECT DISTINCT m.name, m.body FROM temp.all_file f CROSS JOIN main.macro m ON m.blob = f.blob
               WHERE f.side = ? AND f.tree = ? AND m.parameters IS NOT NULL AND instr(m.body, '(')""",
            (side, tree),
        ).fetchall()
        words = [(name, set(_WORD.findall(body))) for name, body in bodies if name not in known]
        for _ in range(_DEPTH):
            found |= {name for name, mentioned in words if not mentioned.isdisjoint(known | found)}
        return OwnMacros(frozenset(sorted(found)[:_MOST_MACROS]), values)

    def calls(self, code: Code, wrappers: frozenset[str]) -> Iterator[InnerCall]:
        """Yield the calls of wrappers that the tree's uses of these macros expand to."""
        pattern = re.compile(rf"\b({'|'.join(map(re.escape, sorted(wrappers | self.names)))})\s*\(")
        for function, call in code.calling(sorted(self.names)):
            if code.budget.spend():
                for callee, arguments, use, body in self._inner(
                    function.blob, call.callee, list(call.arguments), pattern, _DEPTH
                ):
                    if callee in wrappers:
                        outer = call._replace(use=call.use if use == "passed on" else use)
                        yield InnerCall(function, outer, callee, tuple(arguments), body)

    def _inner(
        self, blob: int, name: str, arguments: list[str], pattern: re.Pattern[str], depth: int
    ) -> Iterator[tuple[str, list[str], str, str]]:
        """Yield every call in a macro's body, through nested macros: callee, arguments, use, and the text around it."""
        for definition in self.values.macros(blob, name):
            body = _body(definition, arguments)
            for start, end, callee, inner in calls(body, pattern) if body else ():
                use = _use(body or "", start, end)
                if callee not in self.names:
                    yield callee, inner, use, body or ""
                elif depth:
                    for deeper, given, kept, text in self._inner(blob, callee, inner, pattern, depth - 1):
                        yield deeper, given, use if kept == "passed on" else kept, text


def _body(definition: MacroText, arguments: list[str]) -> str | None:
    return substituted(definition, arguments) if definition.parameters is not None else None


def _use(body: str, start: int, end: int) -> str:
    """Return the use of a call's result in a macro's body; `passed on` if it is the value of the macro."""
    before, after = body[:start].rstrip(), body[end:].lstrip()
    if _VOID.search(before):
        return "void"
    whole = stripped(body.strip().rstrip(";"))
    if (
        whole == body[start:end]
        or (after.startswith(";") and after[1:].strip() == "})")
        or (set(after) <= {")"} and (not before.strip("(") or before.endswith(",")))
    ):
        return "passed on"
    if after.startswith(";") and (not before or before[-1] in "{};)" or before.endswith(("do", "else"))):
        return "dropped"
    return "value"
