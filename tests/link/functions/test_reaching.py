"""Assignments that may still count where control reaches a place: branches, cases, loops, and addresses given."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from bodies import LinkedCode, linked

from caplint.link.functions.call_sites import Budget
from caplint.link.functions.reaching import Reaching, reaching

# Name → body, in which HERE() marks the place; values that reach it; whether one is on every path; address given.
BODIES = {
    "straight": ("r = 1; r = 2; HERE();", "2", True, False),
    "initialised": ("int r = 1; HERE();", "1", True, False),
    "none": ("HERE(); r = 1;", "", False, False),
    "other_variable": ("s = 1; HERE();", "", False, False),
    "branch": ("r = 1; if (a) r = 2; HERE();", "1 2", True, False),
    "only_a_branch": ("if (a) r = 2; HERE();", "2", False, False),
    "both_branches": ("r = 1; if (a) r = 2; else r = 3; HERE();", "2 3", True, False),
    "blocks": ("r = 1; if (a) { x(); r = 2; } else { r = 3; } HERE();", "2 3", True, False),
    "three_ways": ("r = 0; if (a) r = 1; else if (b) r = 2; else r = 3; HERE();", "0 1 2 3", True, False),
    "nested_branch": ("r = 1; if (a) { if (b) r = 2; } else { r = 3; } HERE();", "1 2 3", True, False),
    "within": ("r = 1; if (a) { r = 2; HERE(); }", "2", True, False),
    "other_branch": ("r = 1; if (a) { r = 2; } else { HERE(); }", "1 2", True, False),
    "leaves": ("r = 1; if (a) { r = 2; return; } HERE();", "1", True, False),
    "leaves_in_part": ("r = 1; if (a) { r = 2; if (b) return; } HERE();", "1 2", True, False),
    "leaves_in_front": ("r = 1; if (a) { return; } HERE();", "1", True, False),
    "returned": ("r = 1; if (a) { r = 2; return HERE(); }", "2", True, False),
    "cases": ("r = 0; switch (a) { case 1: r = 1; break; default: r = 2; } HERE();", "1 2", True, False),
    "no_default": ("r = 0; switch (a) { case 1: r = 1; break; case 2: r = 2; break; } HERE();", "0 1 2", True, False),
    "leaving_case": ("r = 0; switch (a) { case 1: r = 1; break; default: return; } HERE();", "1", True, False),
    "jumping_case": ("r = 0; switch (a) { case 1: r = 1; break; default: goto o; } HERE(); o: ;", "1", True, False),
    "one_case_short": ("r = 0; switch (a) { case 1: r = 1; break; default: x(); } HERE();", "0 1", True, False),
    "within_a_case": ("r = 0; switch (a) { case 1: r = 1; break; case 2: HERE(); }", "0 1", True, False),
    "same_case": ("r = 0; switch (a) { case 1: r = 1; HERE(); }", "1", True, False),
    "falls_through": ("r = 0; switch (a) { case 1: r = 1; case 2: HERE(); }", "0 1", True, False),
    "loop": ("r = 0; while (a) { r = 1; } HERE();", "0 1", True, False),
    "within_a_loop": ("r = 0; while (a) { HERE(); r = 1; }", "0 1", True, False),
    "within_two_loops": ("r = 0; while (a) { while (b) { HERE(); } r = 1; } r = 2;", "0 1", True, False),
    "set_in_the_loop": ("while (a) { r = 0; HERE(); r = 1; }", "0", True, False),
    "behind_the_loop": ("while (a) { HERE(); } r = 1;", "", False, False),
    "counted": ("r = 1; r++; r += 2; HERE();", "1", True, False),
    "given": ("r = 1; x(&r); HERE();", "1", True, True),
    "given_in_parentheses": ("r = 1; x(&(r)); HERE();", "1", True, True),
    "given_before": ("x(&r); r = 1; HERE();", "1", True, False),
    "given_behind": ("r = 1; HERE(); x(&r);", "1", True, False),
    "member_given": ("r = 1; x(&r->y, &r[1], &r.z, &rr); HERE();", "1", True, False),
    "never_set_but_given": ("x(a, &r); HERE();", "", False, True),
    "chain": ("k->r = 1; if (a) k->r = 2; HERE();", "", False, False),
}  # fmt: skip
TEXT = "".join(f"int {name}(void)\n{{\n{body}\n}}\n" for name, (body, *_) in BODIES.items())
MANY = "int many(void)\n{\n" + "if (a)\n\tr = 1;\n" * 200 + "HERE();\n}\n"


@pytest.fixture(scope="module")
def code(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LinkedCode]:
    with linked(tmp_path_factory.mktemp("kernel"), TEXT + MANY) as found:
        yield found


@pytest.mark.parametrize("name", BODIES)
def test_what_reaches_a_place(code: LinkedCode, name: str) -> None:
    _, values, always, taken = BODIES[name]
    found = reaching(code.body(name), "r", code.at("HERE()", name), Budget(100))
    assert " ".join(store.value for store in found.stores) == values
    assert (found.always, found.taken) == (always, taken)


def test_a_chain_is_a_target_too(code: LinkedCode) -> None:
    found = reaching(code.body("chain"), "k->r", code.at("HERE()", "chain"), Budget(100))
    assert [store.value for store in found.stores] == ["1", "2"]


@pytest.mark.parametrize("steps", [0, 1, 150])
def test_nothing_is_known_once_the_budget_is_spent(code: LinkedCode, steps: int) -> None:
    budget = Budget(steps)
    assert reaching(code.body("many"), "r", code.at("HERE()", "many"), budget) == Reaching([], False, False)
    assert budget.is_spent
    assert len(reaching(code.body("many"), "r", code.at("HERE()", "many"), Budget(200)).stores) == 200
