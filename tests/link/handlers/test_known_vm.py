"""Whether a VM pointer is known not to be NULL: by expressions, variables, helpers and macros, in both polarities."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from bodies import LinkedCode, linked

from caplint.link.handlers.known_vm import KnownVm
from caplint.link.handlers.vm_pointers import VM, Pointers, VmScope

TEXT = """\
#define HAS(k) ((k) && (k)->x)
#define ANY(k) (ready || (k))
#define DOES(k) { if (k) x(); }
static bool has(struct kvm *k) { return k && k->x; }
static bool lacks(struct kvm *k) { return !k; }
static bool guards(struct kvm *k) { if (!k) return false; return ready; }
static bool any(struct kvm *k) { return ready || k; }
static bool always(struct kvm *k) { return true; }
static bool itself(struct kvm *k) { return itself(k); }
int f(struct kvm *kvm, int n)
{
	bool have = kvm != NULL, maybe = kvm || n, never = false;
	bool later;
	bool both = n;

	both &= kvm != NULL;
	later = n;
	if (kvm)
		later = true;
	if (!kvm)
		return 0;
	BEHIND();
	return 1;
}
int g(struct kvm *kvm, int n)
{
	BEFORE();
	if (kvm && n)
		WITHIN();
	if (elsewhere(kvm))
		ASSUMED();
	if (n)
		return kvm ? CHOSEN() : OTHER();
	return 0;
}
"""

# Expression, whether it implies a VM where it holds, and where it does not.
IMPLIES = [
    ("kvm", True, False), ("!kvm", False, True), ("!!kvm", True, False), ("(kvm)", True, False),
    ("kvm != NULL", True, False), ("kvm == NULL", False, True), ("NULL != kvm", True, False), ("0 == kvm", False, True),
    ("unlikely(!kvm)", False, True), ("kvm && n", True, False), ("kvm || n", False, False), ("!kvm || n", False, True),
    ("!kvm && n", False, False), ("n", False, False), ("kvm->x", False, False), ("0", True, False), ("1", False, True),
    ("kvm ? n : 0", True, False), ("kvm ? 0 : 1", False, True), ("n ? kvm : 0", True, False),
    ("n ?: kvm", False, False),
    ("has(kvm)", True, False), ("!has(kvm)", False, True), ("lacks(kvm)", False, True), ("guards(kvm)", True, False),
    ("any(kvm)", False, False), ("always(kvm)", False, True), ("has(other)", False, False),
    ("itself(kvm)", True, True),
    ("HAS(kvm)", True, False), ("ANY(kvm)", False, False), ("DOES(kvm)", True, True), ("has(kvm) == true", True, False),
    ("has(kvm) != 1", False, True), ("has(kvm) == false", False, True), ("has(kvm) > 0", True, False),
    ("have", True, False), ("!have", False, True), ("maybe", False, False), ("never", True, False),
    ("both", True, False),
    ("later", False, False), ("IS_ERR_OR_NULL(kvm)", False, True), ("kvm & n", True, False),
    ("kvm == other", False, False),
    ("(struct kvm *)kvm", True, False), ("&kvm->arch", False, False), ("", False, False), ("-EINVAL", False, True),
]  # fmt: skip


@pytest.fixture(scope="module")
def code(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LinkedCode]:
    with linked(tmp_path_factory.mktemp("kernel"), TEXT) as found:
        yield found


def _judge(code: LinkedCode, name: str = "f") -> tuple[KnownVm, VmScope]:
    pointers = Pointers(code.helpers)
    return KnownVm(pointers), pointers.scope(code.body(name), {"kvm": VM})


@pytest.mark.parametrize(("expression", "holds", "fails"), IMPLIES)
def test_what_an_expression_implies(code: LinkedCode, expression: str, holds: bool, fails: bool) -> None:
    judge, scope = _judge(code)
    assert (judge.implies(scope, expression, True), judge.implies(scope, expression, False)) == (holds, fails)
    assert not judge.assumed


@pytest.mark.parametrize("expression", ["elsewhere(kvm)", "elsewhere(1, kvm)", "!elsewhere(kvm)"])
def test_functions_that_are_not_in_view_are_assumed_to_answer_for_a_vm(code: LinkedCode, expression: str) -> None:
    judge, scope = _judge(code)
    assert judge.implies(scope, expression, True)
    assert judge.assumed
    assert not judge.implies(scope, "elsewhere(n)", True)


@pytest.mark.parametrize(
    ("function", "mark", "tested", "assumed"),
    [
        ("f", "bool later", False, False), ("f", "BEHIND()", True, False), ("g", "BEFORE()", False, False),
        ("g", "WITHIN()", True, False), ("g", "ASSUMED()", True, True), ("g", "CHOSEN()", True, False),
        ("g", "OTHER()", False, False),
    ],
)  # fmt: skip
def test_places(code: LinkedCode, function: str, mark: str, tested: bool, assumed: bool) -> None:
    judge, scope = _judge(code, function)
    assert judge.is_tested(scope, code.at(mark, function)) is tested
    assert judge.assumed is assumed


@pytest.mark.parametrize(
    ("expression", "holds", "assumed"),
    [
        ("!" * 2_001 + "kvm", False, False),
        ("!" * 2_000 + "kvm", True, False),
        ("(" * 500 + "kvm" + ")" * 500, True, False),
        ("(n && " * 20 + "kvm" + ")" * 20, True, False),
        ("(n && " * 200 + "other" + ")" * 200, True, True),
    ],
)
def test_what_is_nested_too_deep_is_assumed_to_test(
    code: LinkedCode, expression: str, holds: bool, assumed: bool
) -> None:
    judge, scope = _judge(code)
    assert judge.implies(scope, expression, True) is holds
    assert judge.assumed is assumed
