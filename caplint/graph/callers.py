"""Callers of a function: by a call, through a function pointer, or by passing it as an argument."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache

from caplint.graph.made_calls import MadeCalls
from caplint.graph.path_model import Edge, ProgramFunction
from caplint.graph.program_index import (
    FunctionDefinition,
    Handed,
    Kept,
    OutlineCall,
    Program,
    edge_of,
    is_live,
    static_slot,
)
from caplint.graph.receivers import Receivers, Slot
from caplint.graph.search_work import Work
from caplint.knowledge.load import GENERIC, knowledge

_WORD_END = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
# Rounds of reading missing declarations: a chain of members rarely leads through more structures.
_MAX_ROUNDS = 5

Caller = tuple[ProgramFunction, Edge]


class Callers:
    """Callers of the functions of one program, cached."""

    def __init__(self, program: Program, work: Work) -> None:
        self.program = program
        self.work = work
        self._receivers = Receivers(program)
        self._made = MadeCalls(program)
        self._known: dict[ProgramFunction, list[Caller]] = {}
        self._slots: dict[ProgramFunction, list[Slot]] = {}

    def prepare(self, functions: Iterable[ProgramFunction]) -> None:
        """Read all files that the callers of these functions depend on, in as few rounds as possible."""
        functions = [function for function in functions if function not in self._known]
        program, receivers = self.program, self._receivers
        if not functions:
            return
        program.look(name for function in functions for name in (function.name, *_served_by(function.name)))
        registrars = knowledge().registrars
        program.look(
            registrars[use.macro]
            for function in functions
            for use in program.registered.get(function.name, ())
            if use.macro in registrars
        )
        program.look(handed.call.callee for function in functions for handed in program.handed.get(function.name, ()))
        for _ in range(_MAX_ROUNDS):
            for function in functions:
                self._slots[function] = list(self._kept_in(function))
            if not self._look_for_missing():
                break
        slots = {slot for function in functions for slot in self._slots[function]}
        fields = {member for _, member in slots}
        program.look(kind[1:] for kind, _ in slots if kind is not None and kind.startswith("="))
        program.look(f".{field}" for field in fields if field not in {"", "[]"})
        program.look(knowledge().made.leading_to(fields))
        program.look(
            word.format(member) for kind, member in slots for owner, word in knowledge().static_words if owner == kind
        )
        for _ in range(_MAX_ROUNDS):
            for field in fields:
                for call in program.through.get(field, ()):
                    receivers.called(call.file, call.owner, call.callee)
                for file, owner, target, source in program.copied.get(field, ()):
                    receivers.target(file, owner, target)
                    receivers.target(file, owner, source)
            if not self._look_for_missing():
                break

    def _look_for_missing(self) -> bool:
        missing = sorted(self._receivers.missing)
        self._receivers.missing.clear()
        return self.program.look(missing)

    def of(self, function: ProgramFunction) -> list[Caller]:
        """Return the callers of a function with the cheapest edge of each; call `prepare` first."""
        if function not in self._known:
            best: dict[ProgramFunction, Edge] = {}
            for caller, edge in self._found(function):
                if caller != function and (caller not in best or edge.cost < best[caller].cost):
                    best[caller] = edge
            self._known[function] = sorted(best.items())
        return self._known[function]

    def registered(self, function: ProgramFunction) -> str:
        """Return the macro that registers a function at file scope; '' if there is none."""
        uses = self.program.registered.get(function.name, ())
        return next((use.macro for use in uses if self._means(function, use.file.path)), "")

    def made_through(self, function: ProgramFunction) -> str:
        """Return the method that a function is, if it is called by an object's type or a property's name; else ''."""
        methods = (
            f"{owner}.{member}"
            for kind, member in self._slots.get(function, ())
            for owner in sorted(self._copies(kind, member))
        )
        return next((method for method in methods if method in knowledge().made.calls), "")

    def _found(self, function: ProgramFunction) -> Iterator[Caller]:
        definition = self.program.defined(function)
        kind = "macro" if definition is not None and definition.macro else "direct"
        for call in self.program.calls.get(function.name, ()):
            if self._is_meant(function, call):
                yield call.caller, edge_of(kind, call)
        for alias in self.program.aliases.get(function.name, ()):
            if alias.live:
                alias_function = alias.function
                yield alias_function, Edge("direct", alias_function.path, alias_function.line, alias.condition)
        arch = definition.arch if definition is not None else None
        yield from self._handed_on(function, arch)
        yield from self._registrars(function)
        yield from self._remote(function)
        for slot in self._slots.get(function, ()):
            yield from self._through(slot, function, arch)

    def _handed_on(self, function: ProgramFunction, arch: str | None) -> Iterator[Caller]:
        """Yield the functions that pass the function to a callee which calls it, or stores it for an unknown caller.

        A callee that stores a method, such as `device_class_set_parent_realize()`, does not call it: where calls
        through that member are known, they are the callers.
        """
        for handed in self.program.handed.get(function.name, ()):
            if self._is_meant(function, handed.call):
                slots = list(self._kept_by_callee(handed))
                called = any(True for slot in slots for _ in self._through(slot, function, arch))
                if not called:
                    kind = "registered" if slots else "callback"
                    yield handed.call.caller, edge_of(kind, handed.call, via=handed.call.callee)

    def _is_meant(self, function: ProgramFunction, call: OutlineCall) -> bool:
        return is_live(call.condition) and any(
            definition.function == function for definition in self.program.meant(function.name, call.file)
        )

    def _means(self, function: ProgramFunction, path: str) -> bool:
        return path == function.path or not any(
            definition.function.path == path for definition in self.program.definitions.get(function.name, ())
        )

    def _registrars(self, function: ProgramFunction) -> Iterator[Caller]:
        for use in self.program.registered.get(function.name, ()):
            name = knowledge().registrars.get(use.macro)
            if name is not None and self._means(function, use.file.path):
                for registrar in self.program.meant(name, use.file):
                    yield registrar.function, Edge("callback", use.file.path, use.line, "1", via=use.macro)

    def _remote(self, function: ProgramFunction) -> Iterator[Caller]:
        """Yield the clients that call a remote procedure which the function serves."""
        for request in _served_by(function.name):
            for handed in self.program.handed.get(request, ()):
                if handed.call.callee == knowledge().rpc["callee"]:
                    yield handed.call.caller, edge_of("rpc", handed.call, via=request)

    def _kept_in(self, function: ProgramFunction) -> Iterator[Slot]:
        """Yield the slots that a function is stored in."""
        seen: dict[Slot, None] = {}
        for kept in self.program.kept.get(function.name, ()):
            if self._is_parameter(kept):
                continue
            meant = self.program.meant(function.name, kept.file)
            if is_live(kept.condition) and any(definition.function == function for definition in meant):
                seen.update(dict.fromkeys(self._receivers.kept(kept)))
        for handed in self.program.handed.get(function.name, ()):
            if self._is_meant(function, handed.call):
                seen.update(dict.fromkeys(self._kept_by_callee(handed)))
        yield from seen

    def _is_parameter(self, kept: Kept) -> bool:
        """Return whether the stored name is a parameter of the enclosing function, not a function of that name."""
        holder = self.program.defined(kept.holder) if kept.holder is not None else None
        return holder is not None and kept.name in holder.parameters

    def _kept_by_callee(self, handed: Handed) -> Iterator[Slot]:
        """Yield the slots in which the callee stores the function passed to it."""
        for definition in self.program.meant(handed.call.callee, handed.call.file):
            if handed.position < len(definition.parameters):
                name = definition.parameters[handed.position]
                for kept in self.program.kept.get(name, ()):
                    if not kept.path and kept.holder == definition.function:
                        yield from self._receivers.kept(kept)

    def _through(self, slot: Slot, function: ProgramFunction, arch: str | None) -> Iterator[Caller]:
        kind, member = slot
        if kind is not None and kind.startswith("="):
            name = kind[1:]
            calls = self.program.calls.get(name, []) if not member else self.program.through.get(f"{name}[]", [])
            for call in calls:
                if is_live(call.condition) and fits(call, arch) and not self.program.meant(name, call.file):
                    yield call.caller, edge_of("table", call, via=name)
            return
        kinds = self._copies(kind, member)
        for call in self.program.through.get(member, ()):
            if not is_live(call.condition) or not fits(call, arch):
                continue
            slot_called = self._receivers.called(call.file, call.owner, call.callee)
            owner = slot_called[0] if slot_called is not None else None
            if kind is None or owner is None:
                yield call.caller, edge_of("table", call, via=member, sure="field")
            elif f"{owner}.{member}" in knowledge().made.calls:
                if owner in kinds:
                    yield from self._makers(f"{owner}.{member}", function, arch)
            elif owner in kinds:
                sure = "exact" if static_slot(call.callee) else "type"
                yield call.caller, edge_of("table", call, via=f"{owner}.{member}", sure=sure)

    def _makers(self, method: str, function: ProgramFunction, arch: str | None) -> Iterator[Caller]:
        """Yield the functions that create or realize an object which shares a word with a method's name.

        Calls in code of the method's architecture are preferred to those in code that all share.
        """
        makers = knowledge().made.calls[method]
        calls = [
            call
            for call in self._made.speaking_of(function.name)
            if call.callee in makers and is_live(call.condition) and fits(call, arch)
        ]
        own = [call for call in calls if arch is not None and call.file.arch == arch]
        for call in own or calls:
            yield call.caller, edge_of("table", call, via=f"{call.callee}({call.descriptor})", sure="type")

    def _copies(self, kind: str | None, member: str) -> set[str]:
        """Return the structures that a member's value reaches by copies such as `class->f = info->f`."""
        kinds = {kind} if kind else set()
        copies = [
            (source[0], target[0])
            for file, owner, left, right in self.program.copied.get(member, ())
            if (target := self._receivers.target(file, owner, left))
            and (source := self._receivers.target(file, owner, right))
        ]
        while True:
            more = {to for origin, to in copies if origin in kinds and to is not None} - kinds
            if not more:
                return kinds
            kinds |= more


@lru_cache(maxsize=1 << 14)
def _served_by(function: str) -> tuple[str, ...]:
    """Return the remote procedure that a function serves according to its name; empty if it serves none."""
    rpc = knowledge().rpc
    bare = next((function[len(prefix) :] for prefix in rpc["targets"] if function.startswith(prefix)), "")
    return (rpc["request"] + _WORD_END.sub("_", bare).upper(),) if bare[:1].isupper() else ()


def fits(call: OutlineCall, arch: str | None) -> bool:
    """Return whether a call can be in the same program as code of an architecture."""
    return call.file.arch in {None, GENERIC} or arch in {None, GENERIC, call.file.arch}


def namesakes(program: Program, definition: FunctionDefinition) -> list[FunctionDefinition]:
    """Return the other definitions of the same name and kind that have been read."""
    return [
        other
        for other in program.definitions.get(definition.function.name, ())
        if other.function != definition.function and other.macro == definition.macro
    ]
