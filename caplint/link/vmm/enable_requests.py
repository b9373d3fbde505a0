"""Content of a `struct kvm_enable_cap` when it is passed to KVM_ENABLE_CAP."""

from __future__ import annotations

import re
from dataclasses import dataclass

from caplint.knowledge.capability_names import capabilities_in
from caplint.link.functions.call_sites import Assignment, CallSite, CodeFunction
from caplint.values.expression_text import split

_NAME = re.compile(r"&?\s*([A-Za-z_]\w*)\Z")
_ARGUMENT = re.compile(r"args\s*\[\s*(\d+)\s*\]\Z")
_MEMBER = re.compile(r"\.\s*(cap|flags|args\s*\[\s*\d+\s*\])\s*=\s*([^,{}]+)")
_LIST = re.compile(r"\.\s*args\s*=\s*\{([^{}]*)\}")
# Facts cut a longer initialiser, so that its arguments are unknown.
_LONGEST = 400


@dataclass(frozen=True, slots=True)
class Request:
    """Members of a request, as written."""

    cap: str
    flags: str | None
    arguments_written: tuple[str, ...] | None


def request_of(function: CodeFunction, call: CallSite, body: str = "") -> Request:
    """Return the ioctl's request, from the variable's initialiser and the assignments above the call.

    `body` is the text of the macro that issues the ioctl, which may contain the variable.
    """
    match = _NAME.match(call.arguments[2])
    if match is None:
        argument = call.arguments[2]
        return Request(argument if capabilities_in(argument) else f"{argument.lstrip('& ')}.cap", None, None)
    variable = match.group(1)
    values = [store for store in function.stores if store.start < call.start]
    if inside := re.search(rf"\b{re.escape(variable)}\s*=\s*(\{{.*?\}})\s*;", body):
        values = [Assignment(call.start, variable, "init", inside.group(1), local=True)]
    return _filled(variable, values)


def _filled(variable: str, stores: list[Assignment]) -> Request:
    """Return the request that assignments to a variable and its members make."""
    members: dict[str, str] = {}
    argument_of: dict[int, str] = {}
    is_complete = False
    for store in stores:
        if store.target == variable:
            is_complete = len(store.value) < _LONGEST
            members = {name: value.strip() for name, value in _MEMBER.findall(store.value)}
            items = _LIST.search(store.value)
            argument_of = dict(enumerate(item.strip() for item in split(items.group(1), ","))) if items else {}
        elif member := re.match(rf"{re.escape(variable)}\s*(?:\.|->)\s*(.+)", store.target):
            members[member.group(1)] = store.value
    argument_of |= {int(index.group(1)): value for name, value in members.items() if (index := _ARGUMENT.match(name))}
    arguments = tuple(argument_of.get(index, "0") for index in range(max(argument_of, default=-1) + 1))
    return Request(
        members.get("cap", f"{variable}.cap"),
        members.get("flags", "0"),
        arguments if is_complete or argument_of else None,
    )
