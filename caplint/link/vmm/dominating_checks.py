"""Which checks of a capability stand before the place that enables it.

A check is recognised by what carries its answer on: the call itself, a variable or member that was
assigned from it, a function that returns it. An enable site counts as checked where such a witness
decides whether control gets there, in its own function or in every caller, or is part of what is
passed; whether the witness is tested for the right value is not judged.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

from caplint.link.functions.call_sites import Budget, CallSite, Code, CodeFunction, symbols

_DEPTH = 4
# An answer is kept in a flag, a function returns the flag, a variable takes what that returns. What is carried on
# further is a status, which says nothing of one capability any more.
_STEPS = 3
_MEMBER = re.compile(r"(?:->|\.)\s*([A-Za-z_]\w*)")
_CONSTANT = re.compile(r"(?:true|TRUE|[0-9A-Z][0-9A-Z_x]*)\Z")


@dataclass(frozen=True, slots=True)
class Check:
    """A place that asks for a capability."""

    function: CodeFunction
    call: CallSite
    expression: str
    """What names the capability there."""

    def is_in(self, text: str) -> bool:
        """Whether an expression of the same function holds the call."""
        return self.call.callee in text and self.expression in text


@dataclass(frozen=True, slots=True)
class Before:
    """A check that stands before an enable site."""

    found_by: str
    """same function, stored flag, every caller."""
    check: Check


@dataclass
class Witnesses:
    """What carries the answers for one capability on: names → the check that they stem from."""

    checks: list[Check]
    locals: dict[tuple[str, int, str], Check] = field(default_factory=dict)
    """Path and start of the function, variable."""
    shared: dict[str, Check] = field(default_factory=dict)
    """Variables outside functions, and members by their last name."""
    functions: dict[str, Check] = field(default_factory=dict)
    budget: Budget = field(default_factory=lambda: Budget(1_000_000))
    _by_function: dict[tuple[str, int], dict[tuple[str, str], Check]] | None = None

    def _own(self, function: CodeFunction) -> list[Check]:
        """The checks in a function, of those that look alike the first."""
        if self._by_function is None:
            self._by_function = {}
            for check in self.checks:
                own = self._by_function.setdefault((check.function.path, check.function.start), {})
                own.setdefault((check.call.callee, check.expression), check)
        found = list(self._by_function.get((function.path, function.start), {}).values())
        return found if self.budget.spend(len(found)) else []

    def find(self, function: CodeFunction, text: str) -> Check | None:
        """The check that an expression of a function depends on."""
        if not self.budget.spend():
            return None
        for check in self._own(function):
            if check.is_in(text):
                return check
        for name in sorted(symbols(text)):
            local = self.locals.get((function.path, function.start, name))
            if found := local or self.shared.get(name):
                return found
            if name in self.functions and re.search(rf"\b{name}\s*\(", text):
                return self.functions[name]
        return None


class _Mention(NamedTuple):
    """An assignment or a return, in which a name may occur."""

    function: CodeFunction
    target: str
    """Empty for a return."""
    local: bool
    value: str


class Dominators:
    """Finds the checks before enable sites in one tree."""

    def __init__(self, code: Code) -> None:
        self._code = code
        self._mentions: dict[str, list[_Mention]] = {}
        self._within: dict[tuple[str, int], list[_Mention]] = {}
        self.include(code.functions)

    def include(self, functions: Iterable[CodeFunction]) -> None:
        """Look at further functions as well; what is asked before them needs witnesses that are found anew."""
        for function in functions:
            found = [_Mention(function, store.target, store.local, store.value) for store in function.stores]
            found += [_Mention(function, "", False, value) for _, value in function.returns]
            self._within[function.path, function.start] = found
            for mention in found:
                for name in symbols(mention.value):
                    self._mentions.setdefault(name, []).append(mention)

    def witnesses(self, checks: list[Check]) -> Witnesses:
        """Everything that carries the answers of some checks on, in a few steps."""
        found = Witnesses(checks, budget=self._code.budget)
        self._follow(found, [mention for check in checks for mention in self._inside(check.function)])
        self._follow(found, [mention for name in self._flags(found) for mention in self._mentions.get(name, [])])
        return found

    def _inside(self, function: CodeFunction) -> list[_Mention]:
        return self._within[function.path, function.start]

    def _follow(self, found: Witnesses, pending: list[_Mention]) -> None:
        for _ in range(_STEPS):
            following: list[_Mention] = []
            for mention in pending:
                check = found.find(mention.function, mention.value)
                if check is None or not (name := _carry(found, mention, check)):
                    continue
                is_local = mention.local and mention.target.isidentifier()
                following += self._inside(mention.function) if is_local else self._mentions.get(name, [])
            pending = following

    def _flags(self, found: Witnesses) -> list[str]:
        """What is set to a constant only where a check has said yes: `if (check(…)) { has_x = true; }`."""
        for check in found.checks:
            for store in check.function.stores if self._code.budget.spend(len(check.function.stores)) else []:
                constant = not store.local and _CONSTANT.match(store.value)
                if constant and self.guarding(check.function, store.start, found):
                    found.shared.setdefault(_last(store.target), check)
        return list(found.shared)

    def guarding(self, function: CodeFunction, offset: int, found: Witnesses) -> Check | None:
        """The check that decides if control gets to an offset."""
        for extent in function.guards(offset):
            if found.budget.left < 0:
                return None
            if check := found.find(function, extent.expression):
                return check
        return None

    def before(self, function: CodeFunction, call: CallSite, found: Witnesses, depth: int = _DEPTH) -> Before | None:
        """What was asked before the call, None where nothing was."""
        if found.budget.left < 0:  # silent, where it is not known
            return Before("every caller", found.checks[0])
        if check := self.guarding(function, call.start, found):
            return Before("same function" if check.function is function else "stored flag", check)
        for argument in call.arguments:
            if (check := found.find(function, argument)) and check.call is not call:
                return Before("same function" if check.function is function else "stored flag", check)
        callers = self._code.callers(function) if depth else []
        answers = [self.before(caller, outer, found, depth - 1) for caller, outer in callers]
        first = answers[0] if answers and all(answers) else None
        return Before("every caller", first.check) if first else None


def _carry(found: Witnesses, mention: _Mention, check: Check) -> str:
    """Note what a value goes to, and name it; '' where that is known already."""
    function, name = mention.function, _last(mention.target)
    if mention.local and mention.target.isidentifier():
        place = (function.path, function.start, name)
        if place in found.locals:
            return ""
        found.locals[place] = check
        return name
    known, name = (found.shared, name) if mention.target else (found.functions, function.name)
    if name in known:
        return ""
    known[name] = check
    return name


def _last(target: str) -> str:
    """The name by which a target is known: of a chain its last member."""
    members = _MEMBER.findall(target)
    bare = re.sub(r"\W.*", "", target.lstrip("(*& "))
    return members[-1] if members else bare


def in_order(checks: Iterable[Check]) -> list[Check]:
    """Checks as a reader meets them."""
    return sorted(checks, key=lambda check: (check.function.path, check.call.start))
