"""Effects of a case: its answer, what it leaves behind, and the calls that may change something."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from bodies import LinkedCode, linked

from caplint.link.handlers.effects import answer, lasting_stores, working_calls
from caplint.link.handlers.sites import Site

# Name → case; its answer, lasting assignments, working calls.
CASES = {
    "returned": ("return 1;", "1", 0, 0),
    "assigned": ("r = kvm->x; break;", "kvm->x", 0, 0),
    "the_same_twice": ("if (a) return 1; return 1;", "1", 0, 0),
    "with_a_suffix": ("r = 1U; break;", "1", 0, 0),
    "with_suffixes_and_brackets": ("if (a) return (0x1fUL); return 0x1f;", "0x1f", 0, 0),
    "no_number": ("return 1U + x;", "1U + x", 0, 0),
    "two": ("if (a) return 1; return 2;", None, 0, 0),
    "two_assigned": ("r = 1; if (a) r = 2; break;", None, 0, 0),
    "added": ("r |= 4; break;", None, 0, 0),
    "initialised": ("{ int s = 1; return s; }", "s", 0, 0),
    "none": ("break;", None, 0, 0),
    "stored": ("kvm->x = 2; kvm->y++; r = 1; break;", None, 2, 0),
    "stored_by_a_call": ("WRITE_ONCE(kvm->x, 1); break;", "1", 1, 1),
    "called": ("x(); y(kvm); break;", None, 0, 2),
    "inert": ("pr_debug(1); WARN_ON(a); lockdep_assert_held(b); READ_ONCE(c); break;", None, 0, 0),
    "locked": ("mutex_lock(&kvm->lock); x(); mutex_unlock(&kvm->lock); break;", None, 0, 1),
}
TEXT = "".join(
    f"int {name}(struct kvm *kvm, long ext)\n{{\nint r = 0; before(); kvm->z = 1;\n"
    f"switch (ext) {{ case KVM_CAP_A: {case} }}\nafter(); kvm->z = 2; return r;\n}}\n"
    for name, (case, *_) in CASES.items()
)


@pytest.fixture(scope="module")
def code(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LinkedCode]:
    with linked(tmp_path_factory.mktemp("kernel"), TEXT) as found:
        yield found


@pytest.mark.parametrize("name", CASES)
def test_effects_of_the_case_alone(code: LinkedCode, name: str) -> None:
    body = code.body(name)
    (label,) = body.labels
    site = Site("KVM_CAP_A", "case", label.line, 1, label.start, label.stop, "1")
    assert (answer(body, site), lasting_stores(body, site), working_calls(body, site)) == CASES[name][1:]
