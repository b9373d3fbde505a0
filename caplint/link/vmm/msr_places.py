"""Places where a VMM names an MSR that it reads or writes: calls, macros, and entries of a `struct kvm_msrs`.

Functions that put a parameter into the `index` of an entry, and those that hand one on to such a function, take a
register. So do macros whose text does.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

from caplint.knowledge.load import knowledge
from caplint.link.core.extents import START
from caplint.link.functions.code_function import CodeFunction
from caplint.link.functions.function_facts import Assignment
from caplint.link.vmm.msr_code import MsrCode
from caplint.link.vmm.own_macros import OwnMacros
from caplint.link.vmm.value_text import bare

_ROUNDS = 4
_MOST_MACROS = 200
_INDEX = re.compile(r"(?P<base>.*?)\s*(?:->|\.)\s*index\Z", re.DOTALL)
_DESIGNATED = re.compile(r"\.\s*index\s*=(?!=)\s*(?P<register>[^,}]+)")
_DATA = re.compile(r"\.\s*data\s*=(?!=)\s*(?P<value>[^,}]+)")
_ENTRIES = re.compile(r"\bentries\s*\[[^\]]*\]\s*\Z")


class RegisterTaker(NamedTuple):
    """Function or macro that takes the number of an MSR."""

    name: str
    register: int
    """Index of the argument with the number."""
    value: int | None
    """Index of the argument with the value to write; None without one."""
    verbs: frozenset[str]
    """Verbs of its own ioctl; empty if it only fills a buffer."""


@dataclass(frozen=True, slots=True)
class MsrPlace:
    """Place that names a register."""

    function: CodeFunction
    start: int
    line: int
    column: int
    register: str
    """Expression for the register's number."""
    value: str
    """Expression for the value to write; empty if there is none."""
    taker: str
    """Function or macro that takes the register; empty for an entry that is filled in place."""
    arguments: tuple[str, ...] = ()


def takers_of(code: MsrCode) -> dict[str, RegisterTaker]:
    """Return the functions and macros that take a register, by name."""
    takers = {
        name: RegisterTaker(name, at, at + 1, _by_name(name))
        for name, at in knowledge().msr.vmm_calls.items()
        if not code.code.named(name)
    }
    takers |= {taker.name: taker for taker in _entry_macros(code)}
    for _ in range(_ROUNDS):
        found = {taker.name: taker for taker in _functions(code, takers) if taker.name not in takers}
        if not found:
            break
        takers |= found
    return takers


def _by_name(name: str) -> frozenset[str]:
    return frozenset(verb for verb, names in knowledge().msr.vmm_functions.items() if names.fullmatch(name))


def _entry_macros(code: MsrCode) -> Iterator[RegisterTaker]:
    """Yield the macros that make an entry of their arguments: `{ .index = _index, .data = _data }`."""
    for name in _macro_names(code, ["index"]):
        for function in code.code.functions[:1]:
            for definition in code.values.macros(function.blob, name):
                parameters = definition.parameters or ()
                register, value = (_parameter(found, parameters) for found in _made(definition.body))
                if register is not None:
                    yield RegisterTaker(name, register, value, frozenset())


def _made(text: str) -> tuple[str, str]:
    """Return the register and the value of the entry that an initialiser makes, '' for each that it lacks."""
    register, value = _DESIGNATED.search(text), _DATA.search(text)
    return register.group("register") if register else "", value.group("value") if value else ""


def _parameter(text: str, parameters: tuple[str, ...]) -> int | None:
    name = bare(text)
    return parameters.index(name) if name in parameters else None


def _functions(code: MsrCode, takers: dict[str, RegisterTaker]) -> Iterator[RegisterTaker]:
    """Yield the functions that hand a parameter on as a register."""
    for place in places_of(code, takers):
        register = _parameter(place.register, place.function.parameters)
        if register is not None:
            value = _parameter(place.value, place.function.parameters) if place.value else None
            own = frozenset(verb for ioctl in code.ioctls(place.function) for verb in ioctl.verbs)
            inner = takers[place.taker].verbs if place.taker else frozenset()
            yield RegisterTaker(place.function.name, register, value, own or inner)


def places_of(code: MsrCode, takers: dict[str, RegisterTaker]) -> Iterator[MsrPlace]:
    """Yield every place that names a register, including those where a taker hands its own parameter on."""
    for function, call in code.code.calling(sorted(takers)):
        yield from _at_call(takers, MsrPlace(function, call.start, call.line, call.column, "", "", "", call.arguments),
                            call.callee)  # fmt: skip
    names = _macro_names(code, sorted(takers))
    macros = OwnMacros(frozenset(names - takers.keys()), code.values)
    for found in macros.calls(code.code, frozenset(takers)):
        outer = found.outer
        place = MsrPlace(found.function, outer.start, outer.line, outer.column, "", "", "", found.arguments)
        yield from _at_call(takers, place, found.callee)
    for function in code.code.functions:
        yield from _filled(code, function)


def _at_call(takers: dict[str, RegisterTaker], place: MsrPlace, callee: str) -> Iterator[MsrPlace]:
    taker, arguments = takers[callee], place.arguments
    if len(arguments) > taker.register:
        value = arguments[taker.value] if taker.value is not None and len(arguments) > taker.value else ""
        yield MsrPlace(
            place.function, place.start, place.line, place.column, arguments[taker.register], value, callee, arguments
        )


def _macro_names(code: MsrCode, words: list[str]) -> set[str]:
    """Return the function-like macros whose text contains one of the words, directly or in another such macro."""
    found: set[str] = set()
    pending = words
    for _ in range(_ROUNDS if words else 0):
        contains = " OR ".join("instr(m.body, ?)" for _ in pending)
        rows = code.connection.execute(
            f"""SELECT DISTINCT m.name FROM temp.all_file f CROSS JOIN main.macro m ON m.blob = f.blob
                WHERE f.side = ? AND f.tree = ? AND m.parameters IS NOT NULL AND (f.arch IS NULL OR f.arch = ?)
                  AND ({contains}) ORDER BY 1 LIMIT {_MOST_MACROS}""",  # noqa: S608
            (code.side, code.tree, code.arch, *pending),
        )
        pending = [name for (name,) in rows if name not in found]
        found.update(pending)
        if not pending or words == ["index"]:
            break
    return found


def _filled(code: MsrCode, function: CodeFunction) -> Iterator[MsrPlace]:
    """Yield the entries that a function fills in place: by assignments, or by an initialiser."""
    for store in function.stores:
        if match := _INDEX.match(store.target):
            base = match.group("base")
            data = _data_of(function, base, store)
            if data is not None or (_ENTRIES.search(base) and code.ioctls(function)):
                yield MsrPlace(function, store.start, store.line, 1, store.value, data.value if data else "", "")
        elif store.operator == "init" and store.value.startswith("{") and "index" in store.value:
            register, value = _made(store.value)
            if register and (value or code.ioctls(function)):
                yield MsrPlace(function, store.start, store.line, 1, register.strip(), value.strip(), "")


def _data_of(function: CodeFunction, base: str, index: Assignment) -> Assignment | None:
    """Return the assignment of the data of the entry whose index is assigned: the first behind it."""
    for arrow in ("->", "."):
        stores = function.assigned.get(f"{base}{arrow}data", [])
        at = bisect_right(stores, index.start, key=START)
        if at < len(stores):
            return stores[at]
    return None
