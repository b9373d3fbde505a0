"""Expressions whose value follows from a VM pointer that may be NULL: the pointer, and addresses of its members.

Copies in local variables, casts, `container_of()`, and functions and macros that only return such a value are seen
through. An expression that loads from the VM is none of these: it is a dereference.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property

from caplint.knowledge.kernel_idioms import kernel_idioms
from caplint.link.functions.body import Body
from caplint.link.functions.callees import FunctionMacro, Helpers
from caplint.values.expression_text import closing, split, stripped

VM, MEMBER = "vm", "member"
"""Origins of a pointer: the VM itself, which is NULL without one, or a member's address, which never is."""

_DEPTH = 5
_CAST = re.compile(r"\(\s*(?:const\s+|struct\s+|unsigned\s+|volatile\s+)*\w+(?:\s+const)?\s*(?:\*\s*)+\)\s*(?=[\w(&])")
_CALLED = re.compile(r"[A-Za-z_][\w>.()-]*\Z")


@dataclass(frozen=True)
class VmScope:
    """Function with its pointers of known origin."""

    body: Body
    pointers: Mapping[str, str]
    """Parameter or local variable → VM or MEMBER."""

    @cached_property
    def mention(self) -> re.Pattern[str]:
        """Pattern for a mention of any of the pointers."""
        words = "|".join(map(re.escape, sorted(self.pointers)))
        return re.compile(rf"(?<![\w.>])(?:{words})\b" if words else "(?!)")

    @property
    def key(self) -> tuple[object, ...]:
        """Key of the function and its pointers."""
        return self.body.handler.blob, self.body.handler.start, tuple(sorted(self.pointers.items()))


@dataclass
class Pointers:
    """Judge of expressions, by the functions and macros in view."""

    helpers: Helpers
    _results: dict[tuple[object, ...], str | None] = field(default_factory=dict)
    """Callee, its architecture, origins of its arguments, remaining depth → origin of its result."""

    def scope(self, body: Body, parameters: Mapping[str, str], depth: int = _DEPTH) -> VmScope:
        """Return a function's scope: its parameters of known origin, and local variables that are copies of them."""
        known = {name: origin for name, origin in parameters.items() if name not in body.assigned}
        scope = VmScope(body, known)
        for row in body.stores:
            target = row.target
            single = row.local and target.isidentifier() and len(body.assigned[target]) == 1
            if single and (origin := self.origin(scope, row.text, depth)):
                scope = VmScope(body, {**scope.pointers, target: origin})
        return scope

    def origin(self, scope: VmScope, text: str, depth: int = _DEPTH) -> str | None:
        """Return the origin of an expression's value, None if it does not follow from the pointers alone."""
        if not scope.mention.search(text):
            return None
        bare = plain(text)
        if bare in scope.pointers:
            return scope.pointers[bare]
        if bare.startswith("&"):
            base, rest = first_step(bare[1:])
            return MEMBER if base and "->" not in rest and self.origin(scope, base, depth) else None
        callee, arguments = whole_call(bare)
        return self._carried(scope, callee, arguments, depth) if callee else None

    def _carried(self, scope: VmScope, callee: str, arguments: list[str], depth: int) -> str | None:
        """Return the origin of a call's result: of `container_of()`, or of a function that returns what it gets."""
        if kernel_idioms().is_same_object(callee):
            return self.origin(scope, arguments[0], depth)
        origins = [self.origin(scope, argument, depth) for argument in arguments]
        if depth == 0 or not any(origins):
            return None
        key = (callee, scope.body.handler.arch, tuple(origins), depth)
        if key not in self._results:
            self._results[key] = None  # ends the recursion of a function that returns its own result
            self._results[key] = self._result(scope, callee, origins, depth - 1)
        return self._results[key]

    def _result(self, scope: VmScope, callee: str, origins: list[str | None], depth: int) -> str | None:
        """Return the origin of a call's result if all definitions agree on one in each of their returns."""
        result = None
        for inner, text in self._returned(scope, callee, origins, depth):
            returned = self.origin(inner, text, depth)
            if returned is None:
                return None
            result = returned if result in {None, VM} else MEMBER
        return result

    def _returned(
        self, scope: VmScope, callee: str, origins: list[str | None], depth: int
    ) -> Iterator[tuple[VmScope, str]]:
        """Yield every expression that a call may evaluate to, with the scope in which it is read."""
        arch = scope.body.handler.arch
        for macro in self.helpers.macros(callee, arch):
            yield macro_scope(scope, macro, origins), macro.body
        for helper in self.helpers.functions(callee, arch):
            inner = self.scope(helper, named(helper.handler.parameters, origins), depth)
            yield from ((inner, row.text) for row in helper.returns)


def named(parameters: list[str] | tuple[str, ...], origins: list[str | None]) -> dict[str, str]:
    """Return the parameters of known origin."""
    return {name: origin for name, origin in zip(parameters, origins, strict=False) if origin}


def macro_scope(scope: VmScope, macro: FunctionMacro, origins: list[str | None]) -> VmScope:
    """Return the scope in which a macro's body is read: its parameters stand for the arguments."""
    return VmScope(scope.body, named(macro.parameters, origins))


def plain(text: str) -> str:
    """Return an expression without enclosing parentheses, casts, and macros that only pass a value on."""
    bare = stripped(kernel_idioms().seen_through(text))
    while match := _CAST.match(bare):
        bare = stripped(bare[match.end() :])
    return bare


def first_step(chain: str) -> tuple[str, str]:
    """Return the pointer that a member chain starts from, and the members; two empty texts if nothing is accessed.

    `kvm->arch.x` and `(*kvm).arch.x` both start from `kvm`.
    """
    chain = chain.strip()
    end = closing(chain) if chain.startswith("(") else -1
    if end > 0 and (inner := stripped(chain[: end + 1])).startswith("*"):
        rest = chain[end + 1 :].lstrip()
        return (inner[1:], rest[1:]) if rest.startswith(".") else ("", "")
    parts = split(chain, "->")
    return (parts[0], "->".join(parts[1:])) if len(parts) > 1 else ("", "")


def whole_call(bare: str) -> tuple[str, list[str]]:
    """Return callee and arguments of an expression that is one call; an empty callee of any other."""
    if not bare.endswith(")"):
        return "", []
    depth = 0
    for index in range(len(bare) - 1, -1, -1):
        depth += (bare[index] == ")") - (bare[index] == "(")
        if depth == 0:
            callee = bare[:index].strip()
            return (callee, split(bare[index + 1 : -1], ",")) if _CALLED.match(callee) else ("", [])
    return "", []
