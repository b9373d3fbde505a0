"""Solver of many formulas under the same constraints: these are encoded once, so that a formula costs its own size."""

from __future__ import annotations

from collections.abc import Iterable

from caplint.c.formula import MAX_CONFLICTS, Formula, Junction, Literal


class ConstraintSolver:
    """Decider whether formulas are possible while all of some constraints hold."""

    def __init__(self, constraints: Iterable[Formula]) -> None:
        # Imported on demand: most runs need no solver.
        from pysat.solvers import Solver  # noqa: PLC0415

        self._solver = Solver(name="glucose4")
        self._atoms: dict[str, int] = {}
        self._count = 0
        self._contradictory = False
        for constraint in constraints:
            self._require(constraint)

    def allows(self, formula: Formula) -> bool:
        """Tell whether some configuration satisfies the formula and the constraints; True if the solver gives up."""
        if formula is False or self._contradictory:
            return False
        own: list[int] = []
        assumed = [] if formula is True else [self._encoded(formula, own)]
        self._solver.conf_budget(MAX_CONFLICTS)
        is_allowed = self._solver.solve_limited(assumptions=assumed) is not False
        # The solver would otherwise choose values for the nodes of all earlier formulas each time.
        for node in own:
            self._solver.add_clause([-node])
        return is_allowed

    def _require(self, formula: Formula) -> None:
        if formula is False:
            self._contradictory = True
        elif isinstance(formula, Junction) and formula.operator == "&&":
            for operand in formula.operands:
                self._require(operand)
        elif isinstance(formula, Junction):
            self._solver.add_clause([self._encoded(operand, []) for operand in formula.operands])
        elif isinstance(formula, Literal):
            self._solver.add_clause([self._encoded(formula, [])])

    def _encoded(self, formula: Literal | Junction, own: list[int]) -> int:
        """Return a literal of the solver that implies the formula; add the variables of its nodes to `own`.

        Formulas are in negation normal form, so an implication in one direction suffices.
        """
        if isinstance(formula, Literal):
            if formula.atom not in self._atoms:
                self._atoms[formula.atom] = self._variable()
            atom = self._atoms[formula.atom]
            return atom if formula.positive else -atom
        operands = [self._encoded(operand, own) for operand in formula.operands]
        node = self._variable()
        own.append(node)
        if formula.operator == "&&":
            for operand in operands:
                self._solver.add_clause([-node, operand])
        else:
            self._solver.add_clause([-node, *operands])
        return node

    def _variable(self) -> int:
        self._count += 1
        return self._count
