"""Code that runs for a capability: which offsets control may come to, and what is its own."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from bodies import LinkedCode, linked

from caplint.link.functions.abstract_values import thing
from caplint.link.functions.flow import Sequence
from caplint.link.handlers.followed_calls import simulate
from caplint.link.handlers.reach import ReachedCode
from caplint.link.handlers.simulation_state import Run

TEXT = """\
int f(struct kvm *kvm, struct kvm_enable_cap *cap, long ext)
{
	above();
	if (ext == KVM_CAP_A) {
		only_a();
		if (kvm->x)
			maybe_a();
		else
			other_a();
	} else if (ext == KVM_CAP_B) {
		only_b();
	} else {
		rest();
	}
	switch (ext) {
	case KVM_CAP_A:
		case_a();
		return 1;
	case KVM_CAP_B:
		case_b();
		while (kvm->x)
			loop_b();
		break;
	default:
		return 0;
	}
	below();
	return 2;
}
"""


@pytest.fixture(scope="module")
def code(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LinkedCode]:
    with linked(tmp_path_factory.mktemp("kernel"), TEXT) as found:
        yield found


@pytest.fixture(scope="module")
def reached(code: LinkedCode) -> dict[str, ReachedCode]:
    facts, found = code.facts(), {}
    for name in ("A", "B", "C"):
        run = Run(facts, "x86", "check", f"KVM_CAP_{name}")
        simulate(run, code.body("f"), {"ext": thing("selector")})
        whole = facts.flow(code.body("f"))
        assert whole is not None
        found[name] = ReachedCode(whole, frozenset(run.reached))
    return found


@pytest.mark.parametrize(
    ("mark", "names"),
    [
        ("above()", "ABC"), ("ext == KVM_CAP_A", "ABC"), ("only_a()", "A"), ("kvm->x)\n\t\t\tmaybe", "A"),
        ("maybe_a()", "A"), ("other_a()", "A"), ("only_b()", "B"), ("rest()", "C"), ("switch", "ABC"),
        ("case_a()", "A"), ("return 1", "A"), ("case_b()", "B"), ("loop_b()", "B"), ("break", "B"), ("return 0", "C"),
        ("below()", "B"), ("return 2", "B"),
    ],
)  # fmt: skip
def test_offsets(code: LinkedCode, reached: dict[str, ReachedCode], mark: str, names: str) -> None:
    offset = code.at(mark)
    assert "".join(name for name, reach in reached.items() if reach.holds(offset)) == names
    assert "".join(name for name, reach in reached.items() if reach.holds(offset)) == names  # from what is kept


def test_whether_the_function_is_entered(reached: dict[str, ReachedCode]) -> None:
    assert all(reach.is_entered for reach in reached.values())
    assert not ReachedCode(reached["A"].whole, frozenset()).is_entered
    assert not ReachedCode(Sequence(), frozenset()).is_entered


def test_the_first_code_of_its_own(code: LinkedCode, reached: dict[str, ReachedCode]) -> None:
    """Outer blocks come first: for B the statements behind the switch, which A and C do not come to."""

    def own(name: str, *others: str) -> str:
        common = frozenset.union(*(reached[other].reached for other in others))
        extent = reached[name].beyond(common)
        return "" if extent is None else " ".join(code.text[slice(*extent)].split())

    assert own("B", "A", "C") == "below(); return 2;"
    assert own("A", "B", "C").startswith("only_a(); if (kvm->x)")
    assert own("C", "A", "B") == "default: return 0;"
    assert own("A", "A") == ""
