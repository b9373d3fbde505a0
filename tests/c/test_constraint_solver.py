"""Many formulas under the same constraints, against the solver that takes everything anew."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from caplint.c.constraint_solver import ConstraintSolver
from caplint.c.formula import Formula, Literal, conjunction, disjunction, satisfiable

LITERALS = st.builds(Literal, st.sampled_from("abcdef"), st.booleans())
FORMULAS = st.recursive(
    st.booleans() | LITERALS,
    lambda inner: (
        st.builds(conjunction, st.lists(inner, max_size=4)) | st.builds(disjunction, st.lists(inner, max_size=4))
    ),
    max_leaves=12,
)


@settings(deadline=None)  # the first call imports the solver
@given(st.lists(FORMULAS, max_size=5), st.lists(FORMULAS, max_size=8))
def test_each_answer_is_that_of_a_new_solver(constraints: list[Formula], formulas: list[Formula]) -> None:
    solver = ConstraintSolver(constraints)
    assert [solver.allows(formula) for formula in formulas] == [
        satisfiable(conjunction([formula, *constraints])) for formula in formulas
    ]
