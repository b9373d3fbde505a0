"""Solver of many formulas under the same constraints: these are encoded once, so that a formula costs its own size."""

from __future__ import annotations

from collections.abc import Iterable

from caplint.c.formula import MAX_CONFLICTS, ClauseEncoder, Formula, Junction, Literal


class ConstraintSolver:
    """Decider whether formulas are possible while all of some constraints hold."""

    def __init__(self, constraints: Iterable[Formula]) -> None:
        # Imported on demand: most runs need no solver.
        from pysat.solvers import Solver  # noqa: PLC0415

        self._solver = Solver(name="glucose4")
        self._encoder = ClauseEncoder()
        self._contradictory = False
        for constraint in constraints:
            self._require(constraint)

    def allows(self, formula: Formula) -> bool:
        """Tell whether some configuration satisfies the formula and the constraints; True if the solver gives up."""
        if formula is False or self._contradictory:
            return False
        literal, own = (None, []) if formula is True else self._encoded(formula)
        self._solver.conf_budget(MAX_CONFLICTS)
        is_allowed = self._solver.solve_limited(assumptions=[] if literal is None else [literal]) is not False
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
            self._solver.add_clause([self._encoded(operand)[0] for operand in formula.operands])
        elif isinstance(formula, Literal):
            self._solver.add_clause([self._encoded(formula)[0]])

    def _encoded(self, formula: Literal | Junction) -> tuple[int, list[int]]:
        """Give the solver a formula's clauses; return a literal that implies it, and the variables of its nodes."""
        known = len(self._encoder.nodes)
        literal = self._encoder.literal(formula)
        for clause in self._encoder.clauses:
            self._solver.add_clause(clause)
        self._encoder.clauses.clear()
        return literal, self._encoder.nodes[known:]
