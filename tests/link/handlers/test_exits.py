"""Outcomes of a case as columns: whether it succeeds, what it depends on, and whether it is passed on."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from bodies import LinkedCode, linked

from caplint.c.expression import parse
from caplint.c.formula import Formula, negation
from caplint.link.handlers.exits import always_returns, guarded, succeeds
from caplint.link.handlers.sites import Site
from caplint.link.handlers.verdicts import Verdicts

A = parse("CONFIG_A")
# Name → case of a handler that ends with `return r`; what it depends on beside the request.
CASES = {
    "plain": ("r = 0; break;", False),
    "by_flags": ("if (cap->flags) break; r = 0; break;", False),
    "by_copy": ("u64 n = cap->args[0]; if (n > 4) break; r = 0; break;", False),
    "by_vcpus": ("if (kvm->created_vcpus) break; r = 0; break;", False),
    "by_vm": ("if (kvm->x) break; r = 0; break;", True),
    "by_host": ("if (!enable_tea) break; r = 0; break;", True),
    "by_call": ("r = tea(kvm); break;", True),
    "by_helper_that_returns_0": ("r = nothing(kvm); break;", False),
    "returned": ("return 0;", False),
    "refused": ("r = -EINVAL; break;", True),
}
TEXT = "static int nothing(struct kvm *kvm) { kvm->x = 1; return 0; }\n" + "".join(
    f"int {name}(struct kvm *kvm, struct kvm_enable_cap *cap)\n{{\nint r = -EINVAL;\n"
    f"switch (cap->cap) {{ case KVM_CAP_A: {case} }}\nreturn r;\n}}\n"
    for name, (case, _) in CASES.items()
)


@pytest.fixture(scope="module")
def code(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LinkedCode]:
    with linked(tmp_path_factory.mktemp("kernel"), TEXT) as found:
        yield found


def _site(code: LinkedCode, name: str, condition: str = "1") -> Site:
    (label,) = code.body(name).labels
    return Site("KVM_CAP_A", "case", label.line, 1, label.start, label.stop, condition)


@pytest.mark.parametrize("name", CASES)
def test_what_success_depends_on(code: LinkedCode, name: str) -> None:
    signs: dict[str, Formula] = {"N": True} if name == "refused" else {"Z": True, "N": True}
    assert guarded(code.helpers, code.body(name), Verdicts("enable", signs), _site(code, name)) is CASES[name][1]


@pytest.mark.parametrize(
    ("name", "signs", "condition", "result"),
    [
        ("plain", {"Z": True}, "1", 1), ("plain", {"Z": A, "N": True}, "1", 1), ("plain", {"N": True}, "1", 0),
        ("plain", {"Z": A, "N": True}, "!CONFIG_A", 0), ("plain", {"z": True}, "1", 1), ("plain", {}, "1", 0),
        ("returned", {"p": True}, "1", 1), ("by_call", {"z": True, "n": True}, "1", None),
        ("by_helper_that_returns_0", {"z": True}, "1", 1), ("by_call", {"P": True}, "1", None),
        ("refused", {"n": True}, "1", 0),
    ],
)  # fmt: skip
def test_success(code: LinkedCode, name: str, signs: dict[str, Formula], condition: str, result: int | None) -> None:
    """A 0 that the case writes out counts, though something behind the switch may replace it."""
    site = _site(code, name, condition)
    assert succeeds(code.helpers, code.body(name), Verdicts("enable", signs), site) == result


@pytest.mark.parametrize(
    ("signs", "condition", "always"),
    [
        ({"Z": True}, "1", "1"), ({"D": True}, "1", "0"), ({"D": A, "Z": negation(A)}, "1", "!CONFIG_A"),
        ({"Z": True}, "CONFIG_B", "CONFIG_B"), ({"D": A}, "CONFIG_B", "!CONFIG_A && CONFIG_B"), ({}, "1", "0"),
    ],
)  # fmt: skip
def test_what_is_never_passed_on(code: LinkedCode, signs: dict[str, Formula], condition: str, always: str) -> None:
    assert always_returns(Verdicts("check", signs), _site(code, "plain", condition)) == always
