"""A VMM's conduct when an enable is refused: whether it fails, and whether it relies on the capability anyway."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator
from operator import attrgetter
from typing import NamedTuple

from caplint.knowledge.kernel_idioms import kernel_idioms
from caplint.knowledge.load import knowledge
from caplint.link.functions.call_sites import Code
from caplint.link.functions.code_function import CodeFunction
from caplint.link.functions.function_facts import Assignment, CallSite
from caplint.link.vmm.ignored_results import assigning

_SET = re.compile(r"(?:true|TRUE|[1-9]\d*)\Z")
_SUCCESS = re.compile(r"(?:|0|true|TRUE|NULL)\Z")
_WORDS = re.compile(r"[a-z0-9]{3,}")
_LAST = re.compile(r"(\w+)\W*\Z")
# Words of names that say nothing of the feature.
_COMMON = frozenset(
    {
        "kvm",
        "cap",
        "x86",
        "s390",
        "arm",
        "arm64",
        "ppc",
        "mips",
        "riscv",
        "loongarch",
        "vcpu",
        "state",
        "has",
        "enable",
        "enabled",
    }
)


class Reliance(NamedTuple):
    """Place that takes the capability as enabled although the result is lost."""

    path: str | None
    line: int | None
    text: str | None


def fails(function: CodeFunction, call: CallSite) -> bool:
    """Tell whether the VMM gives up, reports an error or tells its caller if the call fails."""
    if call.use in {"returned", "argument"}:
        return True
    mentioned = _mentioning(function, call)
    if any(entry.start > call.start and mentioned.search(entry.value) for entry in function.returns):
        return True
    return decides_on_failure(function, call)


def decides_on_failure(function: CodeFunction, call: CallSite) -> bool:
    """Tell whether a branch that the call's result decides on gives up or reports an error."""
    mentioned = _mentioning(function, call)
    return any(
        _gives_up(function, test.start, test.stop)
        for test in function.tests
        if test.stop > call.start and test.kind == "if" and mentioned.search(test.expression)
    )


def _mentioning(function: CodeFunction, call: CallSite) -> re.Pattern[str]:
    """Return a pattern that finds the call, or what its result is assigned to."""
    names = [re.escape(call.callee) + r"\s*\("] + [
        rf"{re.escape(store.target)}(?!\w)" for store in assigning(function, call)
    ]
    return re.compile(rf"(?<!\w)(?:{'|'.join(names)})")


def _gives_up(function: CodeFunction, start: int, stop: int) -> bool:
    """Tell whether code in an extent ends the program, reports an error, jumps away or returns a failure."""
    if any(start < jump.start < stop for jump in function.jumps):
        return True
    if any(start < left.start < stop and not _SUCCESS.match(left.value) for left in function.returns):
        return True
    ends = knowledge().failure_calls
    return any(start < call.start < stop and ends.match(call.callee) for call in function.calls)


def reliance(code: Code, function: CodeFunction, call: CallSite, cap: str) -> Reliance | None:
    """Return the place behind a call that says that the capability is enabled, None without one.

    Such a place sets a flag that other code reads, or returns success to a caller that looks at it.
    """
    for store in _behind(function, call):
        if _tells(function, call, store, cap) and _is_read(code, store.target):
            return Reliance(function.path, store.line, f"{store.target} = {store.value}")
    return _success(code, function, call)


def _behind(function: CodeFunction, call: CallSite) -> Iterator[Assignment]:
    """Yield the flags that are set in the same branch and case as a call, behind it."""
    begin = bisect_right(function.stores, call.start, key=attrgetter("start"))
    for store in function.stores[begin:]:
        if (
            not store.local
            and store.operator == "="
            and _SET.match(store.value)
            and _follows(function, call, store.start)
        ):
            yield store


def _follows(function: CodeFunction, call: CallSite, offset: int) -> bool:
    """Tell whether control always goes on from a call to an offset behind it."""
    branches = function.branches(call.start)
    labels = list(function.cases.at(call.start))
    leaves = [left.start for left in function.returns if function.branches(left.start) <= branches]
    leaves += [jump.start for jump in function.jumps]
    return (
        function.branches(offset) == branches
        and list(function.cases.at(offset)) == labels
        and not any(call.start < left < offset for left in leaves)
    )


def _tells(function: CodeFunction, call: CallSite, store: Assignment, cap: str) -> bool:
    """Tell whether a flag is that of the capability: set right behind the call, or named like it."""
    name = _LAST.search(store.target)
    words = set(_WORDS.findall(name.group(1).lower() if name else "")) - _COMMON
    named = set(_WORDS.findall(cap.lower())) - _COMMON
    return bool(words & named) or _is_next(function, call, store.start)


def _is_next(function: CodeFunction, call: CallSite, offset: int) -> bool:
    """Tell whether no other call, apart from those in the arguments and for logging, is before an offset."""
    between = (other for other in function.calls if call.start < other.start < offset)
    return all(
        any(f"{other.callee}(" in argument for argument in call.arguments)
        or kernel_idioms().reports.search(f"{other.callee}(")
        for other in between
    )


def _is_read(code: Code, target: str) -> bool:
    """Tell whether a condition, a return or an argument of some function mentions a flag."""
    name = _LAST.search(target)
    pattern = re.compile(rf"\b{name.group(1)}\b" if name else "(?!)")
    return any(
        pattern.search(text)
        for function in code.functions
        for text in [*(test.expression for test in function.tests), *(entry.value for entry in function.returns)]
    )


def _success(code: Code, function: CodeFunction, call: CallSite) -> Reliance | None:
    """Return the `return true` right behind a call, if the function can also fail and some caller looks."""
    fallible = any(entry.value in {"false", "FALSE"} for entry in function.returns)
    for start, value in function.returned.items() if fallible else ():
        if start > call.start and value in {"true", "TRUE"} and _follows(function, call, start):
            looking = any(outer.use not in {"dropped", "void"} for _, outer in code.callers(function))
            if looking and _is_next(function, call, start):
                return Reliance(function.path, call.line, f"{function.name}() returns true")
    return None
