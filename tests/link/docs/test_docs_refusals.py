"""Functions that only return errors: directly, through a variable, or through other such functions."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from bodies import LinkedCode, linked

from caplint.link.docs.refusals import FunctionExtent, Snapshot

# Name → body of a function; 0: it returns errors only, 1: it may do something else, None: that cannot be told.
BODIES = {
    "refuses": ("return -EINVAL;", 0),
    "refuses_in_parentheses": ("return (-EOPNOTSUPP);", 0),
    "refuses_twice": ("if (x) return -EINVAL; return - ENOTTY;", 0),
    "refuses_by_variable": ("int r = -EINVAL; if (x) r = -EPERM; return r;", 0),
    "refuses_by_call": ("return refuses();", 0),
    "refuses_by_calls": ("return refuses_by_call();", 0),
    "refuses_by_variable_and_call": ("int r; r = refuses(); return r;", 0),
    "logs_and_refuses": ('pr_info("no"); return -EINVAL;', 0),
    "works": ("kvm->tea = 1; return 0;", 1),
    "works_by_call": ("return brew(kvm);", 1),
    "works_behind_a_test": ("if (x) return -EINVAL; kvm->tea = 1; return 0;", 1),
    "works_by_variable": ("int r = -EINVAL; if (x) r = brew(kvm); return r;", 1),
    "variable_is_given_away": ("int r = -EINVAL; brew(&r); return r;", 1),
    "variable_is_updated": ("int r = -EINVAL; r += 22; return r;", 1),
    "variable_of_itself": ("int r = r; return r;", 1),
    "parameter": ("kvm->tea = 1; return x;", 1),
    "positive": ("kvm->tea = 1; return EINVAL;", 1),
    "stub": ("return 0;", None),
    "returns_nothing": ("kvm->tea = 1;", None),
    "returns_plainly": ("if (x) return; kvm->tea = 1;", None),
    "two_definitions": ("return of_two();", 1),
    "calls_itself": ("return calls_itself();", 1),
    "deep": ("return deep_1();", 1),
}  # fmt: skip
TEXT = "".join(f"int {name}(struct kvm *kvm, int x) {{ {body} }}\n" for name, (body, _) in BODIES.items())
TEXT += """\
#ifdef CONFIG_TEA
int of_two(void) { return -EINVAL; }
#else
int of_two(void) { return 0; }
#endif
int deep_1(void) { return deep_2(); }
int deep_2(void) { return deep_3(); }
int deep_3(void) { return deep_4(); }
int deep_4(void) { return -EINVAL; }
"""


@pytest.fixture(scope="module")
def code(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LinkedCode]:
    with linked(
        tmp_path_factory.mktemp("kernel"), TEXT, {"arch/arm64/kvm/arm.c": "\nint refuses(void) { return -EPERM; }\n"}
    ) as found:
        yield found


@pytest.mark.parametrize("name", BODIES)
def test_whether_a_function_serves(code: LinkedCode, name: str) -> None:
    snapshot = Snapshot(code.connection, "now", code.tree)
    definition = next(row for row in snapshot.definitions(name) if row[0] == "x86")
    assert snapshot.served(FunctionExtent(*definition[3:])) == BODIES[name][1]


def test_definitions_with_their_places(code: LinkedCode) -> None:
    snapshot = Snapshot(code.connection, "now", code.tree)
    assert [row[:3] for row in snapshot.definitions("refuses")] == [
        ("arm64", "arch/arm64/kvm/arm.c", 2), ("x86", "arch/x86/kvm/x86.c", 1)
    ]  # fmt: skip
    assert len(snapshot.definitions("of_two")) == 2
    assert Snapshot(code.connection, "base", code.tree).definitions("refuses") == []
