"""Checks of a capability that precede the call that enables it.

A check's answer is tracked through its carriers: the call itself, a variable or member that was assigned from it,
a function that returns it. An enable site counts as checked if a carrier decides whether control reaches it, in
its own function or in every caller, or is part of the arguments. The value that the carrier is tested for is not
judged.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

from caplint.link.functions.call_sites import Budget, Code
from caplint.link.functions.code_function import CodeFunction, symbols
from caplint.link.functions.function_facts import CallSite

_DEPTH = 4
# Steps from an answer: a flag keeps it, a function returns the flag, a variable takes the result. A value carried
# further is a general status, not one capability's answer.
_STEPS = 3
_MEMBER = re.compile(r"(?:->|\.)\s*([A-Za-z_]\w*)")
_CONSTANT = re.compile(r"(?:true|TRUE|[0-9A-Z][0-9A-Z_x]*)\Z")


@dataclass(frozen=True, slots=True)
class Check:
    """Call that checks for a capability."""

    function: CodeFunction
    call: CallSite
    expression: str
    """Expression that names the capability."""

    def is_in(self, text: str) -> bool:
        """Tell whether an expression of the same function contains the call."""
        return self.call.callee in text and self.expression in text


@dataclass(frozen=True, slots=True)
class PrecedingCheck:
    """Check that precedes an enable site."""

    found_by: str
    """`same function`, `stored flag` or `every caller`."""
    check: Check


@dataclass
class AnswerCarriers:
    """Carriers of the answers for one capability: names → the check that they stem from."""

    checks: list[Check]
    locals: dict[tuple[str, int, str], Check] = field(default_factory=dict)
    """Path and start of the function, variable → check."""
    shared: dict[str, Check] = field(default_factory=dict)
    """Variables outside functions, and members by their last name → check."""
    functions: dict[str, Check] = field(default_factory=dict)
    budget: Budget = field(default_factory=lambda: Budget(1_000_000))
    _by_function: dict[tuple[str, int], dict[tuple[str, str], Check]] | None = None
    _local_names: set[str] = field(init=False)

    def __post_init__(self) -> None:
        self._local_names = {name for _, _, name in self.locals}

    def add_local(self, place: tuple[str, int], name: str, check: Check) -> bool:
        """Record a local variable of the function at a path and offset; return whether it was not yet recorded."""
        if (*place, name) in self.locals:
            return False
        self.locals[*place, name] = check
        self._local_names.add(name)
        return True

    def _own(self, function: CodeFunction) -> list[Check]:
        """Return the checks in a function, the first of those with equal text; empty once the budget is spent."""
        if self._by_function is None:
            self._by_function = {}
            for check in self.checks:
                own = self._by_function.setdefault((check.function.path, check.function.start), {})
                own.setdefault((check.call.callee, check.expression), check)
        checks = list(self._by_function.get((function.path, function.start), {}).values())
        return checks if self.budget.spend(len(checks)) else []

    def find(self, function: CodeFunction, text: str) -> Check | None:
        """Return the check that an expression depends on, None without one or once the budget is spent."""
        if not self.budget.spend():
            return None
        for check in self._own(function):
            if check.is_in(text):
                return check
        # Sorting and looking up by function is for the few texts that mention a carrier of any function at all.
        names = symbols(text)
        if all(map(names.isdisjoint, (self._local_names, self.shared.keys(), self.functions.keys()))):
            return None
        for name in sorted(names):
            local = self.locals.get((function.path, function.start, name))
            if carried := local or self.shared.get(name):
                return carried
            if name in self.functions and re.search(rf"\b{name}\s*\(", text):
                return self.functions[name]
        return None


class _Mention(NamedTuple):
    """Assignment or return whose value may mention a name."""

    function: CodeFunction
    target: str
    """Empty for a return."""
    local: bool
    value: str


class CheckTracker:
    """Finder of the checks that precede enable sites in one tree."""

    def __init__(self, code: Code) -> None:
        self._code = code
        self._mentions: dict[str, list[_Mention]] = {}
        self._within: dict[tuple[str, int], list[_Mention]] = {}
        self.include(code.functions)

    def include(self, functions: Iterable[CodeFunction]) -> None:
        """Add further functions; carriers found before must be computed again."""
        for function in functions:
            mentions = [_Mention(function, store.target, store.local, store.value) for store in function.stores]
            mentions += [_Mention(function, "", False, entry.value) for entry in function.returns]
            self._within[function.path, function.start] = mentions
            for mention in mentions:
                for name in symbols(mention.value):
                    self._mentions.setdefault(name, []).append(mention)

    def carriers(self, checks: list[Check]) -> AnswerCarriers:
        """Return all carriers of the answers of some checks, within a few steps."""
        carriers = AnswerCarriers(checks, budget=self._code.budget)
        self._follow(carriers, [mention for check in checks for mention in self._inside(check.function)])
        self._follow(carriers, [mention for name in self._flags(carriers) for mention in self._mentions.get(name, [])])
        return carriers

    def _inside(self, function: CodeFunction) -> list[_Mention]:
        return self._within[function.path, function.start]

    def _follow(self, carriers: AnswerCarriers, pending: list[_Mention]) -> None:
        for _ in range(_STEPS):
            following: list[_Mention] = []
            for mention in pending:
                if carriers.budget.left < 0:
                    return
                check = carriers.find(mention.function, mention.value)
                if check is None or not (name := _carry(carriers, mention, check)):
                    continue
                is_local = mention.local and mention.target.isidentifier()
                following += self._inside(mention.function) if is_local else self._mentions.get(name, [])
            pending = following

    def _flags(self, carriers: AnswerCarriers) -> list[str]:
        """Return targets set to a constant only if a check succeeds: `if (check(…)) { has_x = true; }`."""
        for check in carriers.checks:
            for store in check.function.stores if self._code.budget.spend(len(check.function.stores)) else []:
                constant = not store.local and _CONSTANT.match(store.value)
                if constant and self.guarding(check.function, store.start, carriers):
                    carriers.shared.setdefault(_last(store.target), check)
        return list(carriers.shared)

    def guarding(self, function: CodeFunction, offset: int, carriers: AnswerCarriers) -> Check | None:
        """Return the check that decides if control reaches an offset, None without one or once the budget is spent."""
        for extent in function.guards_at(offset):
            if carriers.budget.left < 0:
                return None
            if check := carriers.find(function, extent.expression):
                return check
        return None

    def preceding(
        self, function: CodeFunction, call: CallSite, carriers: AnswerCarriers, depth: int = _DEPTH
    ) -> PrecedingCheck | None:
        """Return the check that precedes the call, None without one.

        Once the budget is spent, every call counts as checked, so that no finding rests on code that was not read.
        """
        if carriers.budget.left < 0:
            return PrecedingCheck("every caller", carriers.checks[0])
        if check := self.guarding(function, call.start, carriers):
            return PrecedingCheck("same function" if check.function is function else "stored flag", check)
        for argument in call.arguments:
            if (check := carriers.find(function, argument)) and check.call is not call:
                return PrecedingCheck("same function" if check.function is function else "stored flag", check)
        callers = self._code.callers(function) if depth else []
        in_callers = [self.preceding(caller, outer, carriers, depth - 1) for caller, outer in callers]
        first = in_callers[0] if in_callers and all(in_callers) else None
        return PrecedingCheck("every caller", first.check) if first else None


def _carry(carriers: AnswerCarriers, mention: _Mention, check: Check) -> str:
    """Record the carrier that a value flows to, and return its name; '' if it is recorded already."""
    function, name = mention.function, _last(mention.target)
    if mention.local and mention.target.isidentifier():
        return name if carriers.add_local((function.path, function.start), name, check) else ""
    recorded, name = (carriers.shared, name) if mention.target else (carriers.functions, function.name)
    if name in recorded:
        return ""
    recorded[name] = check
    return name


def _last(target: str) -> str:
    """Return the name of a target: the last member of a chain."""
    members = _MEMBER.findall(target)
    bare = re.sub(r"\W.*", "", target.lstrip("(*& "))
    return members[-1] if members else bare


def in_order(checks: Iterable[Check]) -> list[Check]:
    """Sort checks by path and offset."""
    return sorted(checks, key=lambda check: (check.function.path, check.call.start))
