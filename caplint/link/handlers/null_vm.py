"""Dereferences of a check handler's VM pointer that may be NULL.

The system file descriptor asks without a VM, so the handler gets NULL. Tests on the way are taken from the
extents of guards. Helpers and macros are followed; functions without a definition in the tree count as careful.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from itertools import islice

from caplint.knowledge.kernel_idioms import kernel_idioms
from caplint.link.functions.body import Body, between
from caplint.link.functions.callees import FunctionMacro, Helpers
from caplint.values.expression_text import split, stripped

_DEPTH = 5
_CALL = re.compile(r"([A-Za-z_]\w*)\s*\(")


@dataclass(frozen=True, slots=True)
class Dereference:
    """Access through a pointer that may be NULL."""

    path: str
    line: int
    arch: str
    text: str
    condition: str


@dataclass
class NullVm:
    """Judge of functions that get a pointer which may be NULL."""

    helpers: Helpers
    handlers: frozenset[str]
    """Functions that are judged separately: the check handlers."""
    _known: dict[tuple[int, int, str], Dereference | None] = field(default_factory=dict)
    _careful: dict[tuple[object, ...], bool] = field(default_factory=dict)
    """Functions and macros → whether a nonzero result implies that the pointer is not NULL."""
    _nesting: int = 0

    def within(self, body: Body, name: str, start: int, stop: int, depth: int = _DEPTH) -> Iterator[Dereference]:
        """Yield dereferences of a parameter between two offsets that no test guards, in file order."""
        if name in body.targets:
            return  # reassigned, so it may point elsewhere
        handler = body.handler
        direct = re.compile(rf"\(*\s*{re.escape(name)}\s*\)*\s*->")
        accesses = [
            (row.start, Dereference(handler.path, int(row.extra[1]), handler.arch, row.text, row.extra[2]))
            for row in between(body.accesses, start, stop)
            if row.extra[0] != "sizeof" and row.extra[0] != "address" and direct.match(row.text)
        ]
        for row in between(body.calls, start, stop) if depth else []:
            arguments = [argument.strip("() ") for argument in json.loads(row.text)]
            if row.extra[0] not in self.handlers:
                positions = [index for index, argument in enumerate(arguments) if argument == name]
                inner = (self._callee(body, row.extra[0], index, depth) for index in positions)
                accesses += [(row.start, dereference) for dereference in inner if dereference]
        for offset, dereference in sorted(accesses, key=lambda entry: entry[0]):
            if not self.is_tested(body, name, offset):
                yield dereference

    def is_tested(self, body: Body, name: str, offset: int) -> bool:
        """Tell whether the parameter is known not to be NULL when control reaches the offset."""
        return any(self._tells(body, row.text, row.extra[1] == "1", name) for row in body.guards_at(offset))

    def _callee(self, body: Body, callee: str, index: int, depth: int) -> Dereference | None:
        for macro in self.helpers.macros(callee, body.handler.arch):
            if dereference := self._macro(body, macro, index, depth):
                return dereference
        for helper in self.helpers.functions(callee, body.handler.arch):
            if index >= len(helper.handler.parameters) or helper is body:
                continue
            if dereference := self._first(helper, helper.handler.parameters[index], depth):
                return dereference
        return None

    def _first(self, helper: Body, name: str, depth: int) -> Dereference | None:
        key = (helper.handler.blob, helper.handler.start, name)
        if key not in self._known:
            self._known[key] = None  # ends the recursion of a function that calls itself
            inside = self.within(helper, name, helper.handler.start, helper.handler.stop, depth - 1)
            self._known[key] = next(inside, None)
        return self._known[key]

    def _macro(self, body: Body, macro: FunctionMacro, index: int, depth: int) -> Dereference | None:
        """Return a macro's dereference of an argument; a macro that tests it in any way counts as careful."""
        argument = macro.argument(index)
        if argument is None or re.search(
            rf"!?{argument.pattern}\s*(?:&&|\|\||\?|[=!]=)|!\s*{argument.pattern}\s*[)&|]", macro.body
        ):
            return None
        if re.search(rf"{argument.pattern}\s*->", macro.body):
            return Dereference(macro.path, macro.line, macro.arch, macro.body, "1")
        for match in re.finditer(rf"([A-Za-z_]\w*)\s*\(\s*{argument.pattern}\s*[,)]", macro.body):
            if depth > 1 and (dereference := self._callee(body, match.group(1), 0, depth - 1)):
                return dereference
        return None

    def _tells(self, body: Body, expression: str, negated: bool, name: str) -> bool:
        """Tell whether a true (or false, if negated) expression implies that the pointer is not NULL."""
        bare = stripped(expression)
        if bare.startswith("!") and stripped(bare[1:]) != bare[1:].strip():
            return self._tells(body, bare[1:], not negated, name)
        parts = split(bare, "||" if negated else "&&")
        if len(parts) > 1:
            return any(self._tells(body, part, negated, name) for part in parts)
        parts = split(bare, "&&" if negated else "||")
        if len(parts) > 1:
            return all(self._tells(body, part, negated, name) for part in parts)
        compact = re.sub(r"[\s()]", "", kernel_idioms().seen_through(bare))
        empty = {f"!{name}", f"{name}==NULL", f"NULL=={name}"}
        full = {name, f"!!{name}", f"{name}!=NULL", f"NULL!={name}"}
        if compact in (empty if negated else full):
            return True
        return not negated and self._answers(body, bare, name)

    def _answers(self, body: Body, bare: str, name: str) -> bool:
        """Tell whether a nonzero result of a helper, or value of a variable, implies that the pointer is not NULL."""
        if bare.isidentifier():
            values = [row.text for row in body.targets.get(bare, [])]
            return any(re.search(rf"\b{re.escape(name)}\b", value) for value in values)
        match = re.fullmatch(rf"([A-Za-z_]\w*)\s*\(\s*{re.escape(name)}\s*(?:,.*)?\)", bare)
        if match is None:
            return False
        helpers = self.helpers.functions(match.group(1), body.handler.arch)
        macros = self.helpers.macros(match.group(1), body.handler.arch)
        if self._nesting >= _DEPTH:
            return True  # as for functions without a definition
        self._nesting += 1
        verdicts = [self._is_careful(helper) for helper in helpers]
        verdicts += [self._is_careful_macro(body, macro, name) for macro in macros]
        self._nesting -= 1
        return all(verdicts)

    def _is_careful(self, helper: Body) -> bool:
        """Tell whether a function is true only for a pointer that is not NULL."""
        key = (helper.handler.blob, helper.handler.start)
        if key not in self._careful:
            self._careful[key] = True  # ends the recursion; the other returns decide
            name = helper.handler.parameters[0] if helper.handler.parameters else ""
            self._careful[key] = all(
                row.text in {"0", "false"}
                or self._tells(helper, row.text, False, name)
                or self.is_tested(helper, name, row.start)
                for row in helper.returns
            )
        return self._careful[key]

    def _is_careful_macro(self, body: Body, macro: FunctionMacro, name: str) -> bool:
        """Tell whether a function-like macro is true only for a pointer that is not NULL."""
        key = (macro.path, macro.line, name, body.handler.blob, body.handler.start)
        if key not in self._careful:
            self._careful[key] = True
            argument = macro.argument(0)
            text = argument.sub(f"({name})", macro.body) if argument is not None else ""
            self._careful[key] = self._tells(body, text, False, name)
        return self._careful[key]


class Untested:
    """Finder of the check handlers of a tree that may get NULL as their VM."""

    def __init__(self, null_vm: NullVm, bodies: list[Body]) -> None:
        self._null_vm = null_vm
        self._bodies = bodies
        self._known: dict[str, list[Body]] = {}

    @cached_property
    def _callers(self) -> dict[str, list[Body]]:
        callers: dict[str, list[Body]] = {}
        for body in self._bodies:
            for callee in body.calls_of:
                callers.setdefault(callee, []).append(body)
        return callers

    def may_get_null(self, body: Body) -> bool:
        """Tell whether a check handler may get NULL as its VM; a delegate may if a caller passes its VM on untested."""
        handler = body.handler
        if len(handler.parameters) < 2:
            return False
        if handler.found_by != "delegation":
            return True
        if handler.function not in self._known:  # two callers suffice: at most one of them is the handler itself
            callers = self._callers.get(handler.function, [])
            handing = (other for other in callers if self._hands(other, handler.function))
            self._known[handler.function] = list(islice(handing, 2))
        return any(other is not body for other in self._known[handler.function])

    def _hands(self, other: Body, callee: str) -> bool:
        """Tell whether a handler passes NULL, or a VM that it has not tested, to a callee."""
        vm = other.handler.parameters[0] if other.handler.parameters else ""
        for row in other.calls_of[callee]:
            first_argument = json.loads(row.text)[:1]
            if first_argument == ["NULL"] or (
                first_argument == [vm] and not self._null_vm.is_tested(other, vm, row.start)
            ):
                return True
        return False
