"""Content of a `struct kvm_enable_cap` when it is passed to KVM_ENABLE_CAP."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from caplint.knowledge.capability_names import capabilities_in
from caplint.link.functions.call_sites import Budget
from caplint.link.functions.code_function import CodeFunction
from caplint.link.functions.function_facts import Assignment, CallSite
from caplint.link.functions.reaching import reaching
from caplint.values.expression_text import split

_CAST = re.compile(r"\(\s*(?:const\s+)?(?:(?:struct\s+)?\w+|unsigned long)\s*\**\s*\)\s*(?=[&\w])")
_NAME = re.compile(r"&?\s*([A-Za-z_]\w*)\Z")
_ARGUMENT = re.compile(r"args\s*\[\s*(\d+)\s*\]\Z")
_MEMBER = re.compile(r"\.\s*(cap|flags|args\s*\[\s*\d+\s*\])\s*=\s*([^,{}]+)")
# Initialiser that names what it sets, or sets all to 0: a positional one, or another variable, leaves the rest unknown.
_DESIGNATED = re.compile(r"(?:\([\w\s]*\)\s*)?\{\s*(?:\.|0?\s*\})")
# A structure that is written where it is passed.
_COMPOUND = re.compile(r"&?\s*(\([\w\s]+\)\s*\{.*\})\Z", re.DOTALL)
# Arguments that are another array, whose entries are not known.
_OTHER_ARRAY = re.compile(r"\.\s*args\s*=\s*[^{\s=]")
_LIST = re.compile(r"\.\s*args\s*=\s*\{([^{}]*)\}")
# Functions that set the arguments from an array.
_COPIES = r"\w*(?:cpy|copy|move)\w*"
# Maximum number of arguments of a request that are told apart; the ABI has four.
_MOST_ARGUMENTS = 64
# Facts cut a longer initialiser, so that its arguments are unknown.
_LONGEST = 400


@dataclass(frozen=True, slots=True)
class Request:
    """Members of a request, as written."""

    cap: str
    flags: str | None
    arguments_written: tuple[str, ...] | None


def request_of(function: CodeFunction, call: CallSite, budget: Budget, body: str = "") -> Request:
    """Return the request that is the first argument, from its initialiser and the assignments above the call.

    `body` is the text of the macro that issues the ioctl, which may contain the variable.
    """
    argument = _CAST.sub("", call.arguments[0].strip(), count=1)
    match = _NAME.match(argument)
    if match is None and (literal := _COMPOUND.match(argument)) and _DESIGNATED.match(literal.group(1)):
        return _filled("", [Assignment(call.start, "", "init", literal.group(1), local=True)])
    if match is None:
        return Request(argument if capabilities_in(argument) else f"{argument.lstrip('& ')}.cap", None, None)
    variable = match.group(1)
    values = [store for store in function.stores if store.start < call.start]
    if inside := re.search(rf"\b{re.escape(variable)}\s*=\s*(\{{.*?\}})\s*;", body):
        values = [Assignment(call.start, variable, "init", inside.group(1), local=True)]
        return _with_copied(_filled(variable, values), variable, body)
    if _is_chosen(function, variable, call.start, budget):
        return Request(f"{variable}.cap", None, None)
    request = _filled(variable, values)
    return replace(request, arguments_written=None) if _is_copied_into(function, variable, call.start) else request


def _with_copied(request: Request, variable: str, body: str) -> Request:
    """Return a request with the arguments that a macro copies into it from an array."""
    copy = re.search(rf"\b{_COPIES}\s*\(\s*&?\s*{re.escape(variable)}\s*\.\s*args\b[^,]*,\s*&?\s*(\w+)", body)
    if copy is None:
        return request
    array = re.search(rf"\b{re.escape(copy.group(1))}\s*\[[^\]]*\]\s*=\s*\{{([^{{}}]*)\}}", body)
    items = [item.strip() for item in split(array.group(1), ",")] if array else []
    return replace(request, arguments_written=tuple(item for item in items if item) if array else None)


def _is_copied_into(function: CodeFunction, variable: str, offset: int) -> bool:
    """Tell whether code before an offset sets arguments of a request otherwise than one by one."""
    into = re.compile(rf"&?\s*{re.escape(variable)}\s*(?:\.|->)\s*args\b")
    copies = re.compile(rf"{_COPIES}\Z")
    return any(
        copies.match(call.callee) and call.arguments and into.match(call.arguments[0].strip())
        for call in function.calls
        if call.start < offset
    ) or any(
        into.match(store.target) and not _ARGUMENT.search(store.target)
        for store in function.stores
        if store.start < offset
    )


def _is_chosen(function: CodeFunction, variable: str, offset: int, budget: Budget) -> bool:
    """Tell whether it depends on the way to an offset which capability is in a request."""
    found = [reaching(function, f"{variable}{access}cap", offset, budget) for access in (".", "->")]
    return any(len(reached.stores) > 1 or (reached.stores and not reached.always) for reached in found)


def _filled(variable: str, stores: list[Assignment]) -> Request:
    """Return the request that assignments to a variable and its members make."""
    members: dict[str, str] = {}
    argument_of: dict[int, str] = {}
    is_complete = False
    for store in stores:
        if store.target == variable:
            is_complete = (
                len(store.value) < _LONGEST
                and _DESIGNATED.match(store.value) is not None
                and _OTHER_ARRAY.search(store.value) is None
            )
            members = {name: value.strip() for name, value in _MEMBER.findall(store.value)}
            items = _LIST.search(store.value)
            argument_of = dict(enumerate(item.strip() for item in split(items.group(1), ","))) if items else {}
        elif member := re.match(rf"{re.escape(variable)}\s*(?:\.|->)\s*(.+)", store.target):
            members[member.group(1)] = store.value
    argument_of |= {int(index.group(1)): value for name, value in members.items() if (index := _ARGUMENT.match(name))}
    count = max(argument_of, default=-1) + 1
    is_known = (is_complete or bool(argument_of)) and count <= _MOST_ARGUMENTS
    return Request(
        members.get("cap", f"{variable}.cap"),
        members.get("flags", "0"),
        tuple(argument_of.get(index, "0") for index in range(count)) if is_known else None,
    )
