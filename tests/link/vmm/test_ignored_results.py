"""Places where the result of an enable is lost, in the function itself or in those that it passes it on to."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from bodies import LinkedCode, linked

from caplint.link.functions.call_sites import Budget, Code
from caplint.link.functions.code_function import CodeFunction
from caplint.link.functions.function_facts import CallSite
from caplint.link.vmm.ignored_results import NOT_LOST, assigning, losses, passes_on

# Name → body with one call of enable(); how its result is lost ('' if it is not), and whether it is passed on.
BODIES = {
    "dropped": ("enable(s);", "dropped", False),
    "dropped_on_purpose": ("(void)enable(s);", "", False),
    "tested": ("if (enable(s)) abort();", "", False),
    "handed_on": ("use(enable(s));", "", False),
    "returned": ("return enable(s);", "", True),
    "returned_changed": ("return enable(s) + 1;", "", False),
    "assigned": ("int r = enable(s); if (r) abort();", "", False),
    "unread": ("int r = enable(s);", "unread", False),
    "unread_again": ("int r; r = enable(s);", "unread", False),
    "overwritten": ("int r = enable(s); r = 0; return x;", "unread", False),
    "overwritten_sometimes": ("int r = enable(s); if (x) r = 0; return r;", "", True),
    "overwritten_by_itself": ("int r = enable(s); r = r + 1;", "", False),
    "added_to": ("int r = enable(s); r += 1;", "unread", False),
    "returned_by_variable": ("int r = enable(s); return r;", "", True),
    "read_and_returned": ("int r = enable(s); if (r) log(); return r;", "", False),
    "read_in_the_next_round": ("int r = 0; while (!r) { r = enable(s); }", "", False),
    "unread_in_a_loop": ("while (x) { int r = enable(s); }", "unread", False),
    "jumped_over": ("int r = enable(s); goto out; r = 0; out: return r;", "", True),
    "kept": ("s->r = enable(s);", "", False),
    "wrapped": ("int r = check(enable(s)); return r;", "", False),
    "in_parentheses": ("int r = (enable(s)); return r;", "", True),
    "compared": ("return enable(s) < 0;", "", False),
}  # fmt: skip
CALLERS = """
int passes(int s) { return enable(s); }
void drops(void) { passes(1); }
int passes_again(int s) { int r = passes2(s); return r; }
int passes2(int s) { return enable(s); }
void drops_again(void) { passes_again(1); }
void drops_too(void) { passes_again(2); }
int both(int s) { return enable(s); }
void one_drops(void) { both(1); }
int other_looks(void) { if (both(2)) abort(); return 0; }
int itself(int s) { if (s) return itself(s - 1); return enable(s); }
int deep5(int s) { return enable(s); }
int deep4(int s) { return deep5(s); }
int deep3(int s) { return deep4(s); }
int deep2(int s) { return deep3(s); }
int deep1(int s) { return deep2(s); }
void deep0(int s) { deep1(s); }
"""
TEXT = "".join(f"int {name}(struct state *s, int x)\n{{\n{body}\n}}\n" for name, (body, *_) in BODIES.items()) + CALLERS


@pytest.fixture(scope="module")
def linked_code(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LinkedCode]:
    with linked(tmp_path_factory.mktemp("kernel"), TEXT) as found:
        yield found


@pytest.fixture
def code(linked_code: LinkedCode) -> Code:
    return Code.of(linked_code.connection, "now", linked_code.tree)


def _call(code: Code, name: str) -> tuple[CodeFunction, CallSite]:
    (function,) = code.named(name)
    (call,) = function.calls_of["enable"]
    return function, call


@pytest.mark.parametrize("name", BODIES)
def test_result_in_the_function(code: Code, name: str) -> None:
    _, kind, passed = BODIES[name]
    function, call = _call(code, name)
    found = losses(code, function, call)
    assert found.ignored == kind
    assert [(loss.function.name, loss.call, loss.kind) for loss in found.places] == (
        [(name, call, kind)] if kind else []
    )
    assert passes_on(function, call) is passed


@pytest.mark.parametrize(
    ("name", "ignored", "places"),
    [
        ("passes", "callers", [("drops", "dropped")]),
        ("passes2", "callers", [("drops_again", "dropped"), ("drops_too", "dropped")]),
        ("both", "", [("one_drops", "dropped")]),
        ("itself", "", []),
        ("returned", "", []),
        ("deep5", "", []),
    ],
)
def test_result_in_the_callers(code: Code, name: str, ignored: str, places: list[tuple[str, str]]) -> None:
    """All of them have to drop it; how far it is followed is bounded."""
    found = losses(code, *_call(code, name))
    assert (found.ignored, [(loss.function.name, loss.kind) for loss in found.places]) == (ignored, places)


def test_depth_and_budget(code: Code) -> None:
    assert losses(code, *_call(code, "deep5"), depth=5).ignored == "callers"
    assert losses(code, *_call(code, "passes"), depth=0) == NOT_LOST
    code.budget = Budget(0)
    assert losses(code, *_call(code, "passes")) == NOT_LOST
    assert losses(code, *_call(code, "dropped")).ignored == "dropped"


@pytest.mark.parametrize(
    ("name", "targets"), [("assigned", ["r"]), ("kept", ["s->r"]), ("wrapped", []), ("dropped", [])]
)
def test_assignment_of_a_call(code: Code, name: str, targets: list[str]) -> None:
    assert [store.target for store in assigning(*_call(code, name))] == targets
