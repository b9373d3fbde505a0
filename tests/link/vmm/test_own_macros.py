"""Macros of a VMM around its wrappers, and the calls to which each of their uses expands."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from bodies import LinkedCode, linked_vmm

from caplint.link.functions.call_sites import Budget, Code
from caplint.link.vmm.own_macros import InnerCall, OwnMacros
from caplint.link.vmm.tree_values import TreeValues

WRAPPERS = frozenset({"check", "enable"})
# Macro and its use in a function of the lower-case name; callee, arguments and use of the result of each inner call.
MACROS = {
    "PLAIN": ("(s, c) check(s, c)", "return PLAIN(s, KVM_CAP_A);", [("check", ("s", "KVM_CAP_A"), "returned")]),
    "PASTED": ("(c) check(s, KVM_CAP_##c)", "PASTED(A);", [("check", ("s", "KVM_CAP_A"), "dropped")]),
    "TESTED": ("(c) (check(s, c) > 0)", "if (TESTED(KVM_CAP_A)) g();", [("check", ("s", "KVM_CAP_A"), "value")]),
    "VOID": ("(c) (void)enable(s, c)", "VOID(KVM_CAP_A);", [("enable", ("s", "KVM_CAP_A"), "void")]),
    "LOST": ("(c) do { enable(s, c); } while (0)", "LOST(KVM_CAP_A);", [("enable", ("s", "KVM_CAP_A"), "dropped")]),
    "BRANCH": ("(c) do { if (x) enable(s, c); } while (0)", "BRANCH(1);", [("enable", ("s", "1"), "dropped")]),
    "VALUE": ("(c) ({ int r; r = 0; check(s, c); })", "x = VALUE(1);", [("check", ("s", "1"), "assigned")]),
    "KEPT": ("(c) do { r = enable(s, c); } while (0)", "KEPT(1);", [("enable", ("s", "1"), "value")]),
    "BOTH": ("(c) (check(s, c) && enable(s, c))", "BOTH(1);",
             [("check", ("s", "1"), "value"), ("enable", ("s", "1"), "value")]),
    "OUTER": ("(c) PLAIN(s, c)", "if (OUTER(1)) g();", [("check", ("s", "1"), "tested")]),
    "OUTER_VOID": ("(c) (void)PLAIN(s, c)", "OUTER_VOID(1);", [("check", ("s", "1"), "void")]),
    "WRONG": ("(s, c) check(s, c)", "WRONG(1);", []),
    "ITSELF": ("(c) (ITSELF(c) + check(s, c))", "ITSELF(1);", [("check", ("s", "1"), "value")]),
    "OTHER": ("(c) prints(s, c)", "OTHER(1);", []),
}  # fmt: skip
TEXT = "".join(
    f"#define {name}{definition}\nint {name.lower()}(KVMState *s)\n{{\n{use}\n}}\n"
    for name, (definition, use, _) in MACROS.items()
)


@pytest.fixture(scope="module")
def vmm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LinkedCode]:
    with linked_vmm(tmp_path_factory.mktemp("qemu"), f"#define NO_ARGUMENTS check\n{TEXT}") as found:
        yield found


def _calls(vmm: LinkedCode, steps: int = 1_000) -> tuple[OwnMacros, list[InnerCall]]:
    code = Code.of(vmm.connection, "now", vmm.tree)
    code.budget = Budget(steps)
    values = TreeValues(vmm.connection, "now", vmm.tree, code)
    macros = OwnMacros.of(vmm.connection, "now", vmm.tree, values, WRAPPERS)
    return macros, list(macros.calls(code, WRAPPERS))


def test_macros_that_lead_to_a_wrapper(vmm: LinkedCode) -> None:
    assert _calls(vmm)[0].names == frozenset(MACROS) - {"OTHER"}


@pytest.mark.parametrize("name", MACROS)
def test_inner_calls(vmm: LinkedCode, name: str) -> None:
    found = {
        (call.callee, call.arguments, call.outer.use): call
        for call in _calls(vmm)[1] if call.function.name == name.lower()
    }  # fmt: skip
    assert sorted(found) == sorted(MACROS[name][2])
    assert {call.outer.callee for call in found.values()} <= {name}


def test_no_use_is_expanded_once_the_budget_is_spent(vmm: LinkedCode) -> None:
    assert _calls(vmm, steps=0)[1] == []
