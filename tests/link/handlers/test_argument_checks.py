"""Arguments that a case reads, above its switch too, and requests that go where nobody looks."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from bodies import LinkedCode, linked

from caplint.link.functions.call_sites import Budget
from caplint.link.handlers.argument_checks import hands_on, highest_argument, used
from caplint.link.handlers.request_tests import Readers
from caplint.link.handlers.sites import Site

HELPERS = """\
static int set(struct kvm *kvm, struct kvm_enable_cap *c) { kvm->x = c->args[2]; return 0; }
static int deeper(struct kvm *kvm, struct kvm_enable_cap *c) { return set(kvm, c); }
static int ignore(struct kvm *kvm, struct kvm_enable_cap *c) { return 0; }
"""
# Name → code above the switch, the case; (index, validated) of the arguments, and whether the request is handed on.
CASES: dict[str, tuple[str, str, list[tuple[int, int | None]], int]] = {
    "none": ("", "kvm->x = 1;", [], 0),
    "one": ("", "kvm->x = cap->args[0];", [(0, 0)], 0),
    "two": (
        "",
        "if (cap->args[1] > 3) return -EINVAL; kvm->x = cap->args[1]; kvm->y = cap->args[0];",
        [(0, 0), (1, 1)],
        0,
    ),
    "of_helper": ("", "return set(kvm, cap);", [(2, 0)], 0),
    "of_deep_helper": ("", "return deeper(kvm, cap);", [(2, 0)], 0),
    "of_idle_helper": ("", "return ignore(kvm, cap);", [], 0),
    "tested_above": ("if (cap->args[3]) return -EINVAL;", "kvm->x = 1;", [(3, 1)], 0),
    "tested_above_for_it": ("if (cap->cap == KVM_CAP_A && cap->args[3]) return -EINVAL;", "kvm->x = 1;", [(3, 1)], 0),
    "tested_above_for_another": ("if (cap->cap == KVM_CAP_B && cap->args[3]) return -EINVAL;", "kvm->x = 1;", [], 0),
    "chosen_above": ("switch (cap->args[1]) { case 0: break; }", "kvm->x = 1;", [], 0),
    "handed_on": ("", "return nowhere(kvm, cap);", [], 1),
    "handed_on_above": ("if (nowhere(kvm, cap)) return -EINVAL;", "kvm->x = 1;", [], 1),
    "logged": ("", "pr_debug(cap); kvm->x = 1;", [], 0),
    "flags_handed_on": ("", "return nowhere(kvm, cap->flags);", [], 0),
    "args_handed_on": ("", "return nowhere(kvm, cap->args);", [], 1),
    "an_argument_handed_on": ("", "return nowhere(kvm, cap->args[1]);", [(1, None)], 0),
}
HEAD = "int {}(struct kvm *kvm, struct kvm_enable_cap *cap)\n{{\n"
TEXT = HELPERS + "".join(
    f"{HEAD.format(name)}{above}\nswitch (cap->cap) {{\ncase KVM_CAP_A: {case} break;\n"
    "case KVM_CAP_B: kvm->z = cap->args[3]; other(kvm, cap); break; }\nreturn 0;\n}\n"
    for name, (above, case, *_) in CASES.items()
)
TEXT += "int no_request(void) { switch (x) { case KVM_CAP_A: return nowhere(cap); } }\n"
TEXT += (
    HEAD.format("tested_by_caller")
    + "switch (cap->cap) { case KVM_CAP_A: kvm->x = cap->args[0]; break; } return 0; }\n"
)
TEXT += HEAD.format("tests_it") + "if (cap->args[0] > 7) return -EINVAL; return tested_by_caller(kvm, cap); }\n"
TEXT += HEAD.format("many") + "switch (cap->cap) { case KVM_CAP_A:\n" + "".join(
    f"kvm->x = cap->args[{index}];\n" for index in range(70)
) + "break; } return 0; }\n"  # fmt: skip


@pytest.fixture(scope="module")
def code(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LinkedCode]:
    with linked(tmp_path_factory.mktemp("kernel"), TEXT) as found:
        yield found


def _readers(code: LinkedCode) -> Readers:
    return Readers(code.helpers, code.constants, lambda _, __: None)


def _site(code: LinkedCode, name: str) -> Site:
    label = code.body(name).labels[-2 if len(code.body(name).labels) > 1 else 0]
    return Site("KVM_CAP_A", "case", label.line, 1, label.start, label.stop, "1")


@pytest.mark.parametrize("name", CASES)
def test_arguments(code: LinkedCode, name: str) -> None:
    found = used(_readers(code), code.body(name), _site(code, name))
    assert [(entry.position, entry.validated) for entry in found] == CASES[name][2]


@pytest.mark.parametrize("name", CASES)
def test_requests_that_go_out_of_view(code: LinkedCode, name: str) -> None:
    assert hands_on(_readers(code), code.body(name), _site(code, name)) == CASES[name][3]


@pytest.mark.parametrize(
    ("name", "highest"), [("none", None), ("one", 0), ("two", 1), ("of_deep_helper", 2), ("tested_above", None)]
)
def test_highest_argument(code: LinkedCode, name: str, highest: int | None) -> None:
    """Arguments that the case reads count; a test above the switch does not."""
    assert highest_argument(_readers(code), code.body(name), _site(code, name)) == highest


def test_a_function_without_a_request_reads_no_argument(code: LinkedCode) -> None:
    readers, body, site = _readers(code), code.body("no_request"), _site(code, "no_request")
    assert (list(used(readers, body, site)), highest_argument(readers, body, site)) == ([], None)
    assert hands_on(readers, body, site) == 0


def test_a_test_in_the_caller_counts(code: LinkedCode) -> None:
    (found,) = used(_readers(code), code.body("tested_by_caller"), _site(code, "tested_by_caller"))
    assert found.validated == 1


def test_no_case_has_more_arguments_than_are_read(code: LinkedCode) -> None:
    body = code.body("many")
    found = list(used(_readers(code), body, _site(code, "many")))
    assert [entry.position for entry in found] == list(range(64))
    assert list(body.cuts) == ["more than 64 arguments of one request"]
    body.cuts.clear()


def test_nothing_is_said_once_the_budget_is_spent(code: LinkedCode) -> None:
    readers, body = _readers(code), code.body("two")
    readers.budget = Budget(0)
    found = list(used(readers, body, _site(code, "two")))
    assert {(entry.validated, entry.zero) for entry in found} == {(None, "required")}
    assert len(body.cuts) == 1
    body.cuts.clear()
