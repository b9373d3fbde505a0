"""Functions of a VMM that issue ioctls for their callers: wrappers of `ioctl()`, whatever their names are."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from caplint.knowledge.load import Wrapper
from caplint.link.functions.call_sites import Code
from caplint.link.functions.code_function import CodeFunction
from caplint.link.functions.function_facts import CallSite
from caplint.link.vmm.descriptor_scopes import DescriptorScopes

_REQUESTS = {"check": "KVM_CHECK_EXTENSION", "enable": "KVM_ENABLE_CAP"}
_CAST = re.compile(r"\(\s*(?:unsigned\s+)?(?:int|long|uint32_t|uint64_t|__u32)\s*\)\s*")
# Functions around functions that are followed.
_DEPTH = 2


def issuing_functions(code: Code, project: str, known: list[Wrapper]) -> list[Wrapper]:
    """Return the functions that hand a request and its argument on to a wrapper that is known, or to each other.

    The request is a parameter, and what follows it, if anything, the argument; the callee tells the descriptor.
    """
    found: list[Wrapper] = []
    names = {wrapper.callee for wrapper in known}
    inner = {wrapper.callee: wrapper.capability - 1 for wrapper in known if wrapper.request}
    for _ in range(_DEPTH):
        scopes = DescriptorScopes(code, project, [*known, *found])
        learnt: dict[str, set[tuple[int, str]]] = {}
        for function, call in code.calling(sorted(inner)):
            if function.name not in names and code.budget.spend():
                for index in _handed_on(function, call, inner[call.callee]):
                    learnt.setdefault(function.name, set()).add((index, scopes.of(function, call)))
        inner = {}
        for name, ways in sorted(learnt.items()):
            if len(ways) == 1:
                index, scope = ways.pop()
                inner[name] = index
                names.add(name)
                found += [Wrapper(name, verb, scope, index + 1, request) for verb, request in _REQUESTS.items()]
    return found


def request_parameter(parameters: Sequence[str], arguments: Sequence[str], index: int) -> int | None:
    """Return which parameter of a function a call in it gets at an index; None if that is no parameter."""
    given = _CAST.sub("", arguments[index]).strip() if index < len(arguments) else ""
    return parameters.index(given) if given in parameters else None


def _handed_on(function: CodeFunction, call: CallSite, index: int) -> Iterator[int]:
    """Yield the index of the parameter that a call gets for its request, if the argument is the next one too."""
    position = request_parameter(function.parameters, call.arguments, index)
    if position is not None and index + 1 < len(call.arguments):
        following = function.parameters[position + 1 : position + 2]
        if not following or following[0] == _CAST.sub("", call.arguments[index + 1]).strip():
            yield position
