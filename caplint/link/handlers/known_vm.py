"""Decision whether a VM pointer is known not to be NULL at a place: the only module that judges tests of it.

A test counts if what holds there implies that the pointer is not NULL. Variables are followed through all of their
assignments, helpers and macros through their results, in both polarities. A function that is not in view and gets
the pointer is assumed to answer only for a VM; `assumed` tells that a verdict rests on this.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from caplint.knowledge.kernel_idioms import kernel_idioms
from caplint.link.functions.body import Body
from caplint.link.functions.callees import FunctionMacro
from caplint.link.functions.function_facts import Assignment
from caplint.link.handlers.vm_pointers import VM, Pointers, VmScope, macro_scope, named, plain, whole_call
from caplint.values.expression_text import split, stripped

_DEPTH = 5
# Maximum number of operators, variables and calls within each other that are followed.
_MOST_NESTED = 50
_FALSE = re.compile(r"(?:0[uUlL]*|0[xX]0+|false|NULL)\Z")
_TRUE = re.compile(r"(?:[1-9]\d*[uUlL]*|0[xX][0-9a-fA-F]*[1-9a-fA-F][0-9a-fA-F]*|true|-\s*(?:E[A-Z0-9]+|\d+))\Z")
# Comparison with 0, false or true → whether it holds of values other than 0. Errors are below 0.
_OF_NONZERO = {"!=0": True, "==0": False, "!=1": False, "==1": True, "<0": True, ">0": True, ">=0": False, "<=0": False}


@dataclass
class KnownVm:
    """Judge of places and of expressions."""

    pointers: Pointers
    assumed: bool = False
    """Whether the last verdict of `is_tested` rests on a function that is not in view."""
    _careful: dict[tuple[object, ...], bool] = field(default_factory=dict)
    """Function, macro or variable, with its pointers and polarity → whether it implies a VM."""
    _verdicts: dict[tuple[object, ...], tuple[bool, bool]] = field(default_factory=dict)
    """Expression with its pointers and polarity → whether it implies a VM, and whether that is assumed."""
    _nesting: int = 0
    _depth: int = 0

    def is_tested(self, scope: VmScope, offset: int) -> bool:
        """Tell whether the VM pointer is known not to be NULL when control reaches the offset."""
        before = self.assumed and self._depth > 0
        rests_on_assumption = False
        for row in scope.body.guards_at(offset):
            self.assumed = False
            if self.implies(scope, row.text, not row.negated):
                if not self.assumed:
                    self.assumed = before
                    return True
                rests_on_assumption = True
        self.assumed = before or rests_on_assumption
        return rests_on_assumption

    def implies(self, scope: VmScope, expression: str, holds: bool) -> bool:
        """Tell whether an expression that holds (or does not) implies that the VM is not NULL.

        An expression that can never hold implies everything. What is nested too deep is assumed to test the VM.
        """
        bare = plain(expression)
        while bare.startswith("!!"):
            bare = plain(bare[2:])
        key = (*scope.key, bare, holds)
        if "?" in bare and key in self._verdicts:  # the test of a `?:` is judged twice
            verdict, assumed = self._verdicts[key]
            self.assumed = self.assumed or assumed
            return verdict
        if self._depth >= _MOST_NESTED:
            self.assumed = True
            return True
        before, self.assumed = self.assumed, False
        self._depth += 1
        verdict = self._implied(scope, bare, holds)
        self._depth -= 1
        if "?" in bare:
            self._verdicts[key] = verdict, self.assumed
        self.assumed = self.assumed or before
        return verdict

    def _implied(self, scope: VmScope, bare: str, holds: bool) -> bool:
        if _FALSE.match(bare) or _TRUE.match(bare):
            return bool(_FALSE.match(bare)) is holds
        if (verdict := self._of_operands(scope, bare, holds)) is not None:
            return verdict
        if bare.startswith("!"):
            return self.implies(scope, bare[1:], not holds)
        if self.pointers.origin(scope, bare) == VM:
            return holds
        if bare in scope.body.assigned:
            return self._variable(scope, bare, holds)
        callee, arguments = whole_call(bare)
        return bool(callee) and self._call(scope, callee, arguments, holds)

    def _of_operands(self, scope: VmScope, bare: str, holds: bool) -> bool | None:
        """Judge `?:`, `||`, `&&`, `|`, `&` and comparisons by their operands; None for any other expression."""
        if len(parts := split(bare, "?")) == 2 and len(branches := split(parts[1], ":")) == 2:
            first = self.implies(scope, parts[0], True) or self.implies(scope, branches[0] or parts[0], holds)
            return first and (self.implies(scope, parts[0], False) or self.implies(scope, branches[1], holds))
        for operator in ("||", "&&", "|", "&"):
            parts = split(bare, operator)
            if len(parts) > 1 and all(map(str.strip, parts)):
                verdicts = (self.implies(scope, part, holds) for part in parts)
                return any(verdicts) if holds is operator.startswith("&") else all(verdicts)
        for operator in ("!=", "==", "<=", ">=", "<", ">"):
            parts = split(bare.replace("->", ".\0"), operator)
            if len(parts) == 2:
                left, right = (part.replace(".\0", "->").strip() for part in parts)
                return self._comparison(scope, left, operator, right, holds)
        return None

    def _comparison(self, scope: VmScope, left: str, operator: str, right: str, holds: bool) -> bool:
        if operator in {"==", "!="} and _is_constant(left):
            left, right = right, left
        if not _is_constant(right):
            return False
        number = "0" if _FALSE.match(plain(right)) else "1" if plain(right) in {"1", "true"} else ""
        of_nonzero = _OF_NONZERO.get(operator + number)
        return of_nonzero is not None and self.implies(scope, left, holds is of_nonzero)

    def _variable(self, scope: VmScope, name: str, holds: bool) -> bool:
        """Tell whether a local variable's value implies a VM: each assignment has to, by its value or its place."""
        rows = scope.body.assigned[name]
        lasting = any(not row.local for row in rows) and not name.isidentifier()
        if lasting or name in scope.body.handler.parameters:
            return False
        key = (*scope.key, name, holds)
        if key not in self._careful:
            self._careful[key] = True  # ends the recursion of variables that depend on each other
            self._careful[key] = self._assignments(scope, rows, holds)
        return self._careful[key]

    def _assignments(self, scope: VmScope, rows: list[Assignment], holds: bool) -> bool:
        narrowing, widening = ("&=", "|=") if holds else ("|=", "&=")
        if any(row.operator == narrowing and self.implies(scope, row.text, holds) for row in rows):
            return True
        setting = [row for row in rows if row.operator != narrowing]
        return all(
            row.operator in {"=", "init", widening}
            and (self.implies(scope, row.text, holds) or self.is_tested(scope, row.start))
            for row in setting
        )

    def _call(self, scope: VmScope, callee: str, arguments: list[str], holds: bool) -> bool:
        """Tell whether a call's result implies a VM."""
        origins = [self.pointers.origin(scope, argument) for argument in arguments]
        if kernel_idioms().is_true_of_null(callee):
            return not holds and origins[0] == VM
        if VM not in origins or kernel_idioms().ignores_null(callee):
            return False
        if self._nesting >= _DEPTH:
            return True  # as for functions that are not in view
        self._nesting += 1
        verdicts = list(self._definitions(scope, callee, origins, holds))
        self._nesting -= 1
        self.assumed = self.assumed or not verdicts
        return all(verdicts)

    def _definitions(self, scope: VmScope, callee: str, origins: list[str | None], holds: bool) -> Iterator[bool]:
        helpers = self.pointers.helpers
        for helper in helpers.functions(callee, scope.body.handler.arch):
            yield self._is_careful(helper, origins, holds)
        for macro in helpers.macros(callee, scope.body.handler.arch):
            yield self._is_careful_macro(scope, macro, origins, holds)

    def _is_careful(self, helper: Body, origins: list[str | None], holds: bool) -> bool:
        """Tell whether each return of a function is in reach only with a VM, or has a value that implies one."""
        scope = self.pointers.scope(helper, named(helper.handler.parameters, origins))
        key = (*scope.key, holds)
        if key not in self._careful:
            self._careful[key] = True  # ends the recursion; the other returns decide
            self._careful[key] = all(
                self.implies(scope, row.text, holds) or self.is_tested(scope, row.start) for row in helper.returns
            )
        return self._careful[key]

    def _is_careful_macro(self, scope: VmScope, macro: FunctionMacro, origins: list[str | None], holds: bool) -> bool:
        inner = macro_scope(scope, macro, origins)
        key = (macro.path, macro.line, *inner.key, holds)
        if key not in self._careful:
            self._careful[key] = True
            body = stripped(macro.body)
            # Statements in a macro are not read: such a macro counts as a test if it mentions the pointer.
            self._careful[key] = body.startswith("{") or self.implies(inner, body, holds)
        return self._careful[key]


def _is_constant(text: str) -> bool:
    bare = plain(text)
    return bool(_FALSE.match(bare) or _TRUE.match(bare))
