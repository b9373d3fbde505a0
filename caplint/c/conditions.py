"""Conditional groups of a file and the presence condition of each of its bytes."""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass, field
from functools import cached_property

from caplint.c.expression import defined, parse
from caplint.c.formula import Formula, Junction, Literal, conjunction, negation, substitute, text
from caplint.c.lexer import Directive, Lexed

_NAME = re.compile(r"\w+")

# Far above hand-written code; the cost of a presence condition grows with both.
MAX_NESTING = 200
MAX_BRANCHES = 200
# Total characters of all conditions of a file, written out; KVM's files have at most 2,500.
MAX_TEXT = 1 << 20


@dataclass(frozen=True, slots=True)
class Problem:
    """Extent `[offset, end)` of source that could not be understood, with the reason."""

    offset: int
    end: int
    reason: str


@dataclass(slots=True)
class Branch:
    """Lines between two consecutive directives of a group."""

    chosen_when: Formula
    """Expression of its directive (true for `#else`) and the negation of the earlier branches' expressions."""
    presence: Formula
    """Conjunction of `chosen_when` and the presence condition of the group."""
    start: int
    end: int = 0
    groups: list[Group] = field(default_factory=list)


@dataclass(slots=True)
class Group:
    """One `#if … #endif` group."""

    start: int
    end: int = 0
    branches: list[Branch] = field(default_factory=list)
    none_before: Formula = True
    """Conjunction of the negated expressions of all its branches."""
    has_else: bool = False
    passed_over: Problem | None = None
    """Extent and reason of the skipped rest, which counts as part of the branch before; None if all was read."""


@dataclass(frozen=True)
class Conditionals:
    """All groups of a file, nested, and the presence condition that holds from each offset on."""

    groups: list[Group]
    problems: list[Problem]
    _offsets: list[int]
    _presence: list[Formula]

    def presence(self, offset: int) -> Formula:
        """Return the condition under which the byte at the offset is compiled."""
        return self._presence[bisect_right(self._offsets, offset) - 1]

    def text(self, offset: int) -> str:
        """Return the presence condition of the byte at the offset as canonical text."""
        return self._texts[bisect_right(self._offsets, offset) - 1]

    @cached_property
    def _texts(self) -> list[str]:
        return [text(formula) for formula in self._presence]


def conditionals(lexed: Lexed) -> Conditionals:
    """Read a file's conditional structure. Unbalanced directives are reported as problems, never fatal."""
    reader = _DirectiveReader(lexed)
    for index, directive in enumerate(lexed.directives):
        reader.read(index, directive)
    return reader.finish()


class _DirectiveReader:
    def __init__(self, lexed: Lexed) -> None:
        self._lexed = lexed
        self._root = Branch(True, True, 0)
        self._open: list[tuple[Group, Branch]] = []
        """Each unfinished group with the branch that encloses it."""
        self._offsets = [0]
        self._presence: list[Formula] = [True]
        self._problems: list[Problem] = []
        self._left = MAX_TEXT

    def read(self, index: int, directive: Directive) -> None:
        match directive.keyword:
            case "if" | "ifdef" | "ifndef":
                self._begin(index, directive)
            case "elif" | "elifdef" | "elifndef" | "else":
                self._alternative(directive)
            case "endif":
                self._end(directive)

    def finish(self) -> Conditionals:
        end = len(self._lexed.source)
        unread = [group.passed_over is not None for group, _ in self._open]
        for (group, _), is_inside in zip(self._open, [False, *unread], strict=False):
            if not is_inside:
                self._problems.append(Problem(group.start, end, "#if without #endif"))
        while self._open:
            group = self._close(end)
            group.end = group.branches[-1].end = end
        return Conditionals(self._root.groups, self._problems, self._offsets, self._presence)

    def _begin(self, index: int, directive: Directive) -> None:
        parent = self._current()
        group = Group(directive.start)
        group.passed_over = self._open[-1][0].passed_over if self._open else None
        self._open.append((group, parent))
        reason = self._limit()
        if group.passed_over or reason:
            group.branches.append(Branch(True, parent.presence, directive.end))
            if not group.passed_over:
                self._pass_over(directive, reason)
            return
        parent.groups.append(group)
        expression = self._expression(directive)
        if index == 0 and (guard := self._include_guard(expression, directive)):
            expression = substitute(expression, {guard: False})
        self._enter(expression, directive)

    def _alternative(self, directive: Directive) -> None:
        if not self._open or self._open[-1][0].has_else:
            self._complain(directive, f"#{directive.keyword} without #if")
            return
        group, _ = self._open[-1]
        if group.passed_over:
            return
        reason = self._limit()
        if reason or len(group.branches) >= MAX_BRANCHES:
            self._pass_over(directive, reason or f"more than {MAX_BRANCHES} alternatives of one #if")
            return
        group.branches[-1].end = directive.start
        group.has_else = directive.keyword == "else"
        self._enter(True if group.has_else else self._expression(directive), directive)

    def _enter(self, expression: Formula, directive: Directive) -> None:
        group, parent = self._open[-1]
        chosen_when = conjunction([expression, group.none_before])
        group.none_before = conjunction([group.none_before, negation(expression)])
        presence = conjunction([parent.presence, chosen_when])
        group.branches.append(Branch(chosen_when, presence, directive.end))
        self._left -= len(text(chosen_when)) + len(text(presence))
        self._mark(directive.end, presence)

    def _limit(self) -> str:
        """Return the reason why no further condition can be tracked here; empty if it can."""
        if len(self._open) > MAX_NESTING:
            return f"#if nested more than {MAX_NESTING} deep"
        return "the conditions before this are too long" if self._left < 0 else ""

    def _pass_over(self, directive: Directive, reason: str) -> None:
        group, parent = self._open[-1]
        group.passed_over = Problem(directive.start, directive.end, reason)
        self._mark(directive.end, parent.presence)

    def _close(self, end: int) -> Group:
        """Leave the innermost group. Its skipped part is reported as one problem, nested groups included."""
        group, _ = self._open.pop()
        outer = self._open[-1][0].passed_over if self._open else None
        if group.passed_over and not outer:
            self._problems.append(Problem(group.passed_over.offset, end, group.passed_over.reason))
        return group

    def _end(self, directive: Directive) -> None:
        if not self._open:
            self._complain(directive, "#endif without #if")
            return
        _, parent = self._open[-1]
        group = self._close(directive.end)
        group.branches[-1].end = directive.start
        group.end = directive.end
        if not (self._open and self._open[-1][0].passed_over):
            self._mark(directive.end, parent.presence)

    def _current(self) -> Branch:
        return self._open[-1][0].branches[-1] if self._open else self._root

    def _mark(self, offset: int, presence: Formula) -> None:
        self._offsets.append(offset)
        self._presence.append(presence)

    def _complain(self, directive: Directive, reason: str) -> None:
        self._problems.append(Problem(directive.start, directive.end, reason))

    def _expression(self, directive: Directive) -> Formula:
        expression = self._lexed.text(directive.body, directive.end)
        if directive.keyword in {"if", "elif"}:
            return parse(expression)
        name = _NAME.search(expression)
        formula = defined(name.group() if name else "")
        return negation(formula) if directive.keyword.endswith("ndef") else formula

    def _include_guard(self, expression: Formula, directive: Directive) -> str | None:
        """Return the atom of an include guard: tested by this first directive and defined by the next one."""
        following = self._lexed.directives[1:2]
        if not following or following[0].keyword != "define":
            return None
        name = _NAME.search(self._lexed.text(following[0].body, following[0].end))
        if name is None or self._lexed.code[: directive.start].strip():
            return None
        atom = f"defined({name.group()})"
        operands = expression.operands if isinstance(expression, Junction) else (expression,)
        return atom if Literal(atom, positive=False) in operands else None
