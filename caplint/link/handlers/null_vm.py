"""Dereferences of a check handler's VM pointer that may be NULL.

The system file descriptor asks without a VM, so the handler gets NULL. Helpers and macros are followed, also with the
address of a member, which is as bad as NULL; functions without a definition in the tree count as careful.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from itertools import islice

from caplint.knowledge.kernel_idioms import kernel_idioms
from caplint.link.functions.body import Body
from caplint.link.functions.callees import FunctionMacro, Helpers
from caplint.link.functions.code_function import between, facts_between
from caplint.link.functions.function_facts import Assignment
from caplint.link.handlers.known_vm import KnownVm
from caplint.link.handlers.vm_pointers import VM, Pointers, VmScope, first_step, macro_scope, named
from caplint.values.expression_text import arguments, split

_DEPTH = 5
_CALL = re.compile(r"([A-Za-z_]\w*)\s*\(")
# A unary `&` at the end of a text.
_ADDRESS = re.compile(r"(?:^|[^\w)\]&\s])\s*&\s*\Z")
_BRANCHES = re.compile(r"&&|\|\||\?")


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
    _first: dict[tuple[object, ...], Dereference | None] = field(default_factory=dict)
    """Function with its pointers → its first dereference."""

    @cached_property
    def pointers(self) -> Pointers:
        """Judge of pointers that follow from the VM."""
        return Pointers(self.helpers)

    @cached_property
    def known(self) -> KnownVm:
        """Judge of tests."""
        return KnownVm(self.pointers)

    def scope(self, body: Body) -> VmScope:
        """Return the scope of a check handler, whose first parameter is the VM."""
        return self.pointers.scope(body, {body.handler.parameters[0]: VM})

    def within(self, scope: VmScope, start: int, stop: int, depth: int = _DEPTH) -> Iterator[Dereference]:
        """Yield dereferences between two offsets that no test guards, in file order.

        One that only the result of a function out of view may guard is left out, and cuts the body.
        """
        found = [*self._accesses(scope, start, stop), *self._values(scope, start, stop)]
        found += self._calls(scope, start, stop, depth)
        for offset, dereference in sorted(found, key=lambda entry: entry[0]):
            if not self.known.is_tested(scope, offset):
                yield dereference
            elif self.known.assumed:
                scope.body.cut(dereference.line, offset, "a function that is not in view may test the VM for NULL")

    def _accesses(self, scope: VmScope, start: int, stop: int) -> Iterator[tuple[int, Dereference]]:
        """Yield offsets and accesses by member chains: reads, writes, and addresses that are behind a pointer."""
        handler = scope.body.handler
        for row in between(scope.body.accesses, start, stop):
            if row.mode != "sizeof" and scope.mention.search(row.text):
                base, rest = first_step(row.text)
                if base and (row.mode != "address" or "->" in rest) and self.pointers.origin(scope, base):
                    yield row.start, Dereference(handler.path, row.line, handler.arch, row.text, row.condition)

    def _values(self, scope: VmScope, start: int, stop: int) -> Iterator[tuple[int, Dereference]]:
        """Yield offsets and dereferences `*kvm` and `flags[0]`, from expressions that are evaluated as a whole."""
        if not scope.pointers:
            return
        body, words = scope.body, "|".join(map(re.escape, sorted(scope.pointers)))
        pattern = re.compile(
            rf"(?<![\w)\]>])\s*(?<!\w)\*\s*\(*\s*(?:{words})\b(?!\s*(?:->|\.|\())|(?<![\w.>&])(?:{words})\s*\["
        )
        for row in facts_between(start, stop, body.stores, body.returns, body.tests):
            text = f"{row.target} = {row.text}" if isinstance(row, Assignment) else row.text
            if pattern.search(text) and not _BRANCHES.search(text) and "sizeof" not in text:
                yield row.start, Dereference(body.handler.path, row.line, body.handler.arch, text, "1")

    def _calls(self, scope: VmScope, start: int, stop: int, depth: int) -> Iterator[tuple[int, Dereference]]:
        """Yield offsets and dereferences in the called functions."""
        handler, mention = scope.body.handler, scope.mention
        calls = [(row.start, row.callee, row.arguments, row.line, row.condition)
                 for row in between(scope.body.calls, start, stop) if mention.search(row.text)]  # fmt: skip
        calls += [(row.start, row.name, tuple(split(row.arguments, ",")), row.line, "1")
                  for row in between(scope.body.macros, start, stop) if mention.search(row.arguments)]  # fmt: skip
        for offset, callee, given, line, condition in calls:
            if callee in self.handlers:
                continue
            origins = [self.pointers.origin(scope, argument) for argument in given]
            if not any(origins):
                continue
            if _accesses_all(callee):
                text = f"{callee}({', '.join(given)})"
                yield offset, Dereference(handler.path, line, handler.arch, text, condition)
            elif depth and (inner := self._callee(scope, callee, origins, depth)):
                yield offset, inner

    def _callee(self, scope: VmScope, callee: str, origins: list[str | None], depth: int) -> Dereference | None:
        arch = scope.body.handler.arch
        for macro in self.helpers.macros(callee, arch):
            if dereference := self._macro(scope, macro, origins, depth):
                return dereference
        for helper in self.helpers.functions(callee, arch):
            if helper is not scope.body and (dereference := self._in_function(helper, origins, depth)):
                return dereference
        return None

    def _in_function(self, helper: Body, origins: list[str | None], depth: int) -> Dereference | None:
        scope = self.pointers.scope(helper, named(helper.handler.parameters, origins))
        if not scope.pointers:
            return None
        if scope.key not in self._first:
            self._first[scope.key] = None  # ends the recursion of a function that calls itself
            inside = self.within(scope, helper.handler.start, helper.handler.stop, depth - 1)
            self._first[scope.key] = next(inside, None)
        return self._first[scope.key]

    def _macro(self, scope: VmScope, macro: FunctionMacro, origins: list[str | None], depth: int) -> Dereference | None:
        """Return a macro's dereference of its arguments; a macro that tests one in any way counts as careful."""
        inner = macro_scope(scope, macro, origins)
        if not inner.pointers or any(_tests(macro, name) for name in inner.pointers):
            return None
        if any(_loads(macro.body, name) for name in inner.pointers):
            return Dereference(macro.path, macro.line, macro.arch, macro.body, "1")
        for match in _CALL.finditer(macro.body):
            parsed = arguments(macro.body, match.end() - 1)
            given = [self.pointers.origin(inner, argument) for argument in parsed[0]] if parsed else []
            if any(given) and _accesses_all(match.group(1)):
                return Dereference(macro.path, macro.line, macro.arch, macro.body, "1")
            if depth > 1 and any(given) and (found := self._callee(inner, match.group(1), given, depth - 1)):
                return found
        return None


def _loads(text: str, name: str) -> bool:
    """Tell whether a macro's body loads a member of a pointer, not only its address."""
    chain = rf"\(*(?<![\w.>]){re.escape(name)}\b\s*\)*\s*->((?:\s*(?:->|\.)?\s*\w+|\[[^][]*\])+)"
    return any(
        "->" in match.group(1) or _ADDRESS.search(text, 0, match.start()) is None for match in re.finditer(chain, text)
    )


def _accesses_all(callee: str) -> bool:
    """Tell whether what is called accesses the memory behind each of its pointers."""
    idioms = kernel_idioms()
    return idioms.is_vcpu_loop(callee) or (idioms.accesses(callee) and not idioms.is_transparent(callee))


def _tests(macro: FunctionMacro, name: str) -> bool:
    argument = macro.argument(macro.parameters.index(name))
    if argument is None:
        return False
    tested = rf"!?{argument.pattern}\s*(?:&&|\|\||\?|[=!]=)|!\s*{argument.pattern}\s*[)&|]"
    return re.search(tested, macro.body) is not None


class Untested:
    """Finder of the check handlers of a tree that may get NULL as their VM."""

    def __init__(self, null_vm: NullVm, bodies: list[Body]) -> None:
        self._null_vm = null_vm
        self._bodies = bodies
        self._handing: dict[str, list[Body]] = {}

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
        if handler.function not in self._handing:  # two callers suffice: at most one of them is the handler itself
            callers = self._callers.get(handler.function, [])
            handing = (other for other in callers if self._hands(other, handler.function))
            self._handing[handler.function] = list(islice(handing, 2))
        return any(other is not body for other in self._handing[handler.function])

    def _hands(self, other: Body, callee: str) -> bool:
        """Tell whether a handler passes NULL, or a VM that it has not tested, to a callee."""
        first_parameter = other.handler.parameters[:1]
        scope = self._null_vm.pointers.scope(other, dict.fromkeys(first_parameter, VM))
        for row in other.calls_of[callee]:
            first = next(iter(row.arguments), "")
            if first == "NULL":
                return True
            if self._null_vm.pointers.origin(scope, first) == VM and not self._null_vm.known.is_tested(
                scope, row.start
            ):
                return True
        return False
