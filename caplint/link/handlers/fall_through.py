"""Cases from which control falls into the next one: the answer is overwritten there, or other work is done as well.

An assignment of the answer is lost only if every way from it leads to another assignment, or to a `return` of something
else, under the labels of another case. A `break`, a jump or a reading of the answer on the way uses it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from collections.abc import Sequence as Ordered
from dataclasses import dataclass, field
from typing import NamedTuple

from caplint.c.formula import Formula, implies
from caplint.knowledge.capability_names import is_capability
from caplint.knowledge.kernel_idioms import kernel_idioms
from caplint.link.functions.body import Body
from caplint.link.functions.code_function import between
from caplint.link.functions.flow import FlowStep, Sequence
from caplint.link.handlers.decisions import Decisions
from caplint.link.handlers.rows import CapFallThroughRow
from caplint.link.handlers.simulation import DEAD_END
from caplint.link.handlers.sites import Numbered, sites
from caplint.values.expression_tree import Node, text_of, tree_of

ANSWER, WORK = "answer", "work"
"""Kinds of losses: an answer that is overwritten, or work of which the next case does more."""

_WORD = re.compile(r"(?<![\w.>])[A-Za-z_]\w*")
# The front end takes the word `fallthrough` for an attribute, so that an empty statement remains.
_FALLS = re.compile(r"\Z|(?:__)?fallthrough\b|__attribute__\s*\(\(\s*_*fallthrough")
# Maximum number of assignments that are followed at a time, and of blocks within each other.
_MOST_PENDING = 32
_DEEPEST = 60


class AnswerStore(NamedTuple):
    """Assignment of an answer, or work of an enable case, from which control goes on."""

    kind: str
    variable: str
    value: str
    group: int
    """Offset of the first label of the case."""
    key: int


class LostAnswer(NamedTuple):
    """Case from which control falls into the next, to the loss of its answer."""

    kind: str
    label: int
    """Offset of the first label of the case, and of the first of the case that control falls into."""
    into: int
    value: str
    by: str
    """Value that replaces the answer."""


_State = frozenset[AnswerStore]
_NOTHING: _State = frozenset()


def losses(body: Body, whole: Sequence) -> Iterator[LostAnswer]:
    """Yield the losses in the switches of a handler over capabilities."""
    waiting = [whole]
    for block in waiting:
        labels = {step.start for step in block.steps if step.kind == "case" and is_capability(step.text.strip("() "))}
        if labels:
            yield from _Walk(body, labels).of_switch(block)
        waiting += [part for step in block.steps for part in (step.body, step.otherwise) if part and part.steps]


@dataclass
class _Walk:
    """Walk through the cases of one switch."""

    body: Body
    labels: set[int]
    used: set[int] = field(default_factory=set)
    """Assignments whose value something reads or takes along, by key."""
    lost: dict[int, LostAnswer] = field(default_factory=dict)
    """Assignments that another one replaces under other labels, by key."""
    presence: dict[int, Formula] = field(default_factory=dict)
    """Presence conditions of assignments, by key."""
    group: int = 0
    """Offset of the label of the case that is walked through: the first one that is a capability, or the first."""
    nested: bool = False
    """Whether a loop or another switch is walked through, which `break` leaves."""

    def of_switch(self, switch: Sequence) -> Iterator[LostAnswer]:
        """Yield the answers that are lost in a switch."""
        state: _State | None = None
        before: FlowStep | None = None
        for step in switch.steps:
            if step.kind in {"case", "default"}:
                if before is None or before.kind not in {"case", "default"}:
                    state = self._entered(step, before, state)
                    self.group = step.start
                elif self.group not in self.labels:
                    self.group = step.start
            else:
                state = self._step(step, state, 0)
            before = step
        self._use(state or _NOTHING)
        reported = set()
        for key, loss in sorted(self.lost.items(), key=lambda entry: (entry[1].kind, entry[0])):
            if key not in self.used and loss.label not in reported:
                reported.add(loss.label)
                yield loss

    def _entered(self, label: FlowStep, before: FlowStep | None, state: _State | None) -> _State:
        """Return the state at the first label of a case, into which control may fall."""
        if state is None:
            return _NOTHING
        says_it = before is not None and before.kind == "expression" and _FALLS.match(before.text) is not None
        for one in state:
            if one.kind == WORK and label.start in self.labels and not says_it:
                self.lost.setdefault(one.key, LostAnswer(WORK, one.group, label.start, "", ""))
        return frozenset(one for one in state if one.kind == ANSWER)

    def _sequence(self, steps: Ordered[FlowStep], state: _State | None, depth: int) -> _State | None:
        for step in steps:
            if state is None and step.kind == "label":
                state = _NOTHING
            state = self._step(step, state, depth)
        return state

    def _step(self, step: FlowStep, state: _State | None, depth: int) -> _State | None:
        if state is None and step.kind != "label":
            return None
        before = state or _NOTHING
        after = self._present(step, before, depth)
        if step.condition is True:
            return after
        elsewhere = {one for one in before if not implies(self.presence[one.key], step.condition)}
        return _either(after or _NOTHING, frozenset(elsewhere))

    def _present(self, step: FlowStep, state: _State, depth: int) -> _State | None:
        match step.kind:
            case "if":
                state = self._evaluated(step, state)
                branches = [step.body.steps, step.otherwise.steps if step.otherwise else []]
                return _either(*(self._inner(branch, state, depth) for branch in branches))
            case "switch" | "while" | "for" | "do":
                state = self._evaluated(step, state)
                return _either(state, self._of_nested(step, state, depth))
            case "return":
                self._leave(step, state)
                return None
            case "break" | "continue" | "goto":
                self._use(state if step.kind == "goto" or not self.nested else _NOTHING)
                return None
            case "expression" | "init":
                return None if DEAD_END.match(step.text) else self._evaluated(step, state)
        return state

    def _inner(self, steps: Ordered[FlowStep], state: _State, depth: int) -> _State | None:
        if depth == _DEEPEST:
            self._use(state)
            return None
        return self._sequence(steps, state, depth + 1)

    def _of_nested(self, step: FlowStep, state: _State, depth: int) -> _State | None:
        """Return the state behind a loop or another switch: what it assigns is not followed."""
        inner = _Walk(self.body, self.labels, self.used, self.lost, self.presence, self.group, nested=True)
        behind = state
        for one in step.body.steps:
            behind = inner._inner([one], behind, depth) or _NOTHING
        inner._use(behind - state)
        return state

    def _leave(self, step: FlowStep, state: _State) -> None:
        words = set(_WORD.findall(step.text))
        for one in state:
            if one.kind == ANSWER and one.variable in words:
                self.used.add(one.key)
            elif one.kind == ANSWER and one.group != self.group:
                self._lose(one, step.text)

    def _evaluated(self, step: FlowStep, state: _State) -> _State:
        """Return the state behind an expression: it may read an answer, replace it, or do work."""
        tree = tree_of(step.text) if step.kind == "expression" else None
        target, value = _assigned(tree) if tree is not None else ("", step.text)
        words = set(_WORD.findall(value))
        kept = set()
        for one in state:
            if one.kind == ANSWER and one.variable in words:
                self.used.add(one.key)
            elif one.kind == ANSWER and one.variable == target:
                if one.group != self.group:
                    self._lose(one, value)
            else:
                kept.add(one)
        if target in self.body.answers and len(kept) < _MOST_PENDING:
            kept.add(AnswerStore(ANSWER, target, value, self.group, step.start))
            self.presence.setdefault(step.start, step.condition)
        if self.body.handler.verb == "enable" and self._works(step):
            kept.add(AnswerStore(WORK, "", "", self.group, -self.group - 1))
            self.presence.setdefault(-self.group - 1, step.condition)
        return frozenset(kept)

    def _lose(self, one: AnswerStore, by: str) -> None:
        if " ".join(one.value.split()) != " ".join(by.split()):
            self.lost.setdefault(one.key, LostAnswer(ANSWER, one.group, self.group, one.value, by))

    def _use(self, state: _State) -> None:
        self.used |= {one.key for one in state if one.kind == ANSWER}

    def _works(self, step: FlowStep) -> bool:
        """Tell whether a statement stores what outlives the function, or calls something that may."""
        stores = between(self.body.stores, step.start, step.stop)
        calls = between(self.body.calls, step.start, step.stop)
        return step.kind == "expression" and (
            any(not row.local for row in stores) or any(not kernel_idioms().is_inert(row.callee) for row in calls)
        )


def _assigned(tree: Node) -> tuple[str, str]:
    """Return the variable that an expression assigns to, and the text that is evaluated."""
    if tree.kind == "assign" and tree.parts[0].kind == "name":
        return tree.parts[0].text, text_of(tree.parts[1] if tree.text == "=" else tree)
    return "", text_of(tree)


def _either(*states: _State | None) -> _State | None:
    """Return the state in which control comes from any of several places."""
    present = [state for state in states if state is not None]
    if not present:
        return None
    return frozenset(sorted(frozenset().union(*present), key=lambda one: one.key)[:_MOST_PENDING])


def loss_rows(decisions: Decisions, numbered: Numbered) -> Iterator[CapFallThroughRow]:
    """Yield a row for each case of a handler, or of a function that gets the capability, that loses something.

    In a tree that writes `fallthrough;` nowhere, a comment may say that control falls on purpose: only lost answers
    count.
    """
    for body in decisions.functions():
        whole = decisions.flow(body)
        found = list(losses(body, whole)) if whole is not None else []
        if any(loss.kind == WORK for loss in found) and not _says_so(numbered):
            found = [loss for loss in found if loss.kind == ANSWER]
        sites_at = {site.start: site for site in sites(body, numbered)} if found else {}
        lines = {row.start: (row.text, row.line) for row in body.labels} if found else {}
        for loss in found:
            if (site := sites_at.get(loss.label)) is not None:
                handler, (into, line) = body.handler, lines.get(loss.into, ("", site.line))
                yield CapFallThroughRow(handler.side, handler.tree, handler.path, site.line, site.column,
                                        site.capability, handler.arch, handler.function, handler.verb, loss.kind,
                                        loss.value, loss.by, into or "default", line)  # fmt: skip


def _says_so(tree: Numbered) -> bool:
    """Tell whether any code of a tree says by a statement that control falls on purpose."""
    rows = tree.connection.execute(
        """SELECT (SELECT n.kind FROM main.statement n
                   WHERE n.blob = s.blob AND n.start >= s.stop ORDER BY n.start LIMIT 1)
           FROM temp.all_file f JOIN main.statement s ON s.blob = f.blob
           WHERE f.side = ? AND f.tree = ? AND s.kind = 'expression' AND s.text IN ('', 'fallthrough')""",
        (tree.side, tree.tree),
    )
    return any(kind in {"case", "default"} for (kind,) in rows)
