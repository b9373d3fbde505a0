"""Conditions on which a handler's decision about a capability depends, seen and set while it is simulated."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache

from caplint.c.formula import negation
from caplint.link.functions.abstract_values import PASSED_ON, AbstractValue, number, truth
from caplint.link.functions.body import Body
from caplint.link.functions.callees import Helpers
from caplint.values.expression_tree import Node, text_of, tree_of

_COMPARISONS = frozenset({"==", "!=", "<", ">", "<=", ">=", "&"})
_NOTHING = frozenset({"0", "NULL", "false"})
# A VM or vCPU, or a member of one: `kvm`, `vcpu->kvm`, `&kvm->arch`.
_OBJECT = re.compile(r"&?(?:kvm|vcpu|v)(?:(?:->|\.)\w+)*\Z")
_CONSTANT = re.compile(r"(?:[A-Z_][A-Z0-9_]*|\d\w*|true|false)\Z")
_ERROR = re.compile(r"\(?\s*-\s*E[A-Z0-9]+\s*\)?\Z")
_MOST_DEFINITIONS = 4
# Maximum number of conditions of one capability, and of returns and guards of a helper, that are looked at.
_MOST_CONDITIONS = 64
_MOST_GUARDS = 64

Needs = frozenset[tuple[Node, bool]]
"""Conditions with the values that they have wherever a function succeeds."""


def is_constant(node: Node) -> bool:
    """Tell whether an expression is made of numbers and upper-case names only."""
    leaves = [part for part in node.within() if not part.parts]
    return node.kind != "opaque" and all(
        part.kind in {"name", "number"} and _CONSTANT.match(part.text) for part in leaves
    )


def operand_of(node: Node) -> Node | None:
    """Return what a comparison, or a test of bits, looks at if the other operand is constant; else None."""
    if node.kind != "binary" or node.text not in _COMPARISONS:
        return None
    for one, other in (node.parts, node.parts[::-1]):
        if is_constant(other) and not is_constant(one):
            return one
    return None


def literals(node: Node, holds: bool) -> list[tuple[Node, bool]]:
    """Return the conditions that have a known value where an expression holds, or fails."""
    found, pending = [], [(node, holds)]
    while pending:
        part, outcome = pending.pop()
        operand = operand_of(part)
        if part.kind == "unary" and part.text == "!":
            pending.append((part.parts[0], not outcome))
        elif part.kind == "binary" and part.text == ("&&" if outcome else "||"):
            pending += [(one, outcome) for one in part.parts]
        elif operand is not None and part.text in {"==", "!="} and part.parts[1].text in _NOTHING:
            pending.append((operand, outcome == (part.text == "!=")))
        else:
            found.append((part, outcome))
    return found


@dataclass
class Requirements:
    """Conditions that functions need to succeed, functions that get neither capability nor request."""

    helpers: Helpers
    _known: dict[tuple[str, str, str], Needs] = field(default_factory=dict)

    def of_call(self, node: Node, body: Body) -> Needs:
        """Return what every definition of a called function needs."""
        name = node.parts[0].text if node.kind == "call" and node.parts[0].kind == "name" else ""
        key = (name, body.handler.arch, body.handler.path)
        if name and key not in self._known:
            definitions = self.helpers.functions(name, body.handler.arch)
            own = [one for one in definitions if one.handler.path == body.handler.path] or definitions
            every = [_needs(one) for one in own] if len(own) <= _MOST_DEFINITIONS else []
            self._known[key] = frozenset.intersection(*every) if every else frozenset()
        return self._known[key] if name else frozenset()


def _needs(body: Body) -> Needs:
    """Return the conditions that guard every return of a function except those of an errno."""
    successes = [row.start for row in body.returns if not _ERROR.match(row.text)]
    if len(successes) > _MOST_GUARDS or len(successes) == len(body.returns):
        return frozenset()
    every: list[Needs] = []
    for offset in successes:
        guards = [row for row in body.last_guards_at(offset, _MOST_GUARDS) if row.condition == "1"]
        found = [entry for row in guards for entry in literals(tree_of(row.text), not row.negated)]
        every.append(frozenset(found))
    return frozenset.intersection(*every) if every else frozenset()


def _is_candidate(node: Node) -> bool:
    """Tell whether an expression has the shape of a condition on the host or the VM alone."""
    if node.kind == "name":
        return not _CONSTANT.match(node.text)
    if node.kind == "call":
        callee, *given = node.parts
        return callee.kind == "name" and all(is_constant(part) or _is_object(part) for part in given)
    if node.kind == "member":
        return True
    operand = operand_of(node)
    return (
        operand is not None
        and operand.kind in {"name", "member", "call"}
        and _is_candidate(operand)
        and not any(part.text in _NOTHING for part in node.parts)
    )


def _is_object(node: Node) -> bool:
    text, inner = "", node
    if inner.kind == "unary" and inner.text == "&":
        text, inner = "&", inner.parts[0]
    chain = ""
    while inner.kind == "member":
        chain, inner = f"{inner.text}{chain}", inner.parts[0]
    return inner.kind == "name" and _OBJECT.match(f"{text}{inner.text}{chain.replace(' ', '')}") is not None


@lru_cache(maxsize=4_096)
def _of_vm(node: Node) -> Node:
    """Return a condition as code writes it that has the VM and not the vCPU at hand."""
    text = text_of(node)
    return tree_of(text.replace("vcpu->kvm", "kvm")) if "vcpu->kvm" in text else node


@dataclass
class Recorder:
    """Watch that notes conditions and changes nothing."""

    requirements: Requirements
    conditions: dict[Node, Body] = field(default_factory=dict)
    """Condition → the function that evaluates it first."""
    deciders: set[str] = field(default_factory=set)
    """Functions that get the capability and return a yes or no."""

    def __call__(self, body: Body, node: Node, value: AbstractValue) -> AbstractValue:
        """Note an expression."""
        if node.kind == "call" and node.parts[0].kind == "name" and _gets(body.selector, node):
            if PASSED_ON not in value.signs:
                self.deciders.add(node.parts[0].text)
        elif len(self.conditions) < _MOST_CONDITIONS:
            if _is_candidate(node):
                self.conditions.setdefault(_of_vm(node), body)
            for condition, _ in self.requirements.of_call(node, body):
                if _is_candidate(condition):
                    self.conditions.setdefault(_of_vm(condition), body)
        return value


@dataclass
class Setting:
    """Watch that gives conditions a value: where their own value excludes it, they keep that."""

    requirements: Requirements
    conditions: Mapping[Node, bool] = field(default_factory=dict)
    deciders: Mapping[str, bool] = field(default_factory=dict)
    """Function that gets the capability → what it returns."""

    def __call__(self, body: Body, node: Node, value: AbstractValue) -> AbstractValue:
        """Return the value that counts."""
        if self.conditions and (holds := self.conditions.get(_of_vm(node))) is not None:
            return _set(value, holds)
        if node.kind == "call" and node.parts[0].kind == "name":
            if node.parts[0].text in self.deciders and _gets(body.selector, node):
                return number(int(self.deciders[node.parts[0].text]))
            needed = self.requirements.of_call(node, body) if self.conditions else ()
            if any(self.conditions.get(_of_vm(condition)) is (not holds) for condition, holds in needed):
                return number(-1)
        return value


def _set(value: AbstractValue, holds: bool) -> AbstractValue:
    possible = value.true if holds else value.false
    if possible is False:
        return value
    return truth(possible, negation(possible)) if holds else truth(negation(possible), possible)


def _gets(selector: str, call: Node) -> bool:
    """Tell whether a call gets the capability, or the whole request."""
    return bool(selector) and any(_holds(_through(given)) == selector for given in call.parts[1:])


def _through(given: Node) -> Node:
    """Return an argument without casts and address operators."""
    while given.kind in {"cast", "unary"} and given.parts:
        given = given.parts[0]
    return given


def _holds(node: Node) -> str:
    whole = node.parts[0] if node.kind == "member" and node.text in {"->cap", ".cap"} else node
    return whole.text if whole.kind == "name" else ""
