"""What becomes of the number of registers that KVM_GET_MSRS and KVM_SET_MSRS return."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from bodies import LinkedCode, linked
from conftest import ask, bare_qemu

from caplint.link.functions.call_sites import Budget, Code
from caplint.link.vmm.msr_counts import COMPARED, DROPPED, ERROR, LOOP, UNKNOWN, count_uses

# Name → body with one call of set(); what becomes of the result.
BODIES = {
    "dropped": ("set(s);", DROPPED),
    "never_read": ("int r = set(s);", DROPPED),
    "compared": ("int r = set(s); if (r != n) abort();", COMPARED),
    "compared_in_place": ("if (set(s) != n) abort();", COMPARED),
    "compared_with_a_number": ("int r = set(s); if (r < 1) abort();", COMPARED),
    "asserted": ("int r = set(s); assert(r == n);", COMPARED),
    "error": ("int r = set(s); if (r < 0) abort();", ERROR),
    "error_in_place": ("if (set(s) < 0) abort();", ERROR),
    "error_mirrored": ("int r = set(s); if (0 > r) abort();", ERROR),
    "no_error": ("int r = set(s); if (r >= 0) x();", ERROR),
    "minus_one": ("int r = set(s); if (r == -1) abort();", ERROR),
    "truth": ("int r = set(s); if (r) abort();", UNKNOWN),
    "negated": ("int r = set(s); if (!r) abort();", UNKNOWN),
    "zero": ("int r = set(s); if (r == 0) abort();", UNKNOWN),
    "error_and_count": ("int r = set(s); if (r < 0 || r != n) abort();", COMPARED),
    "passed": ("int r = set(s); use(r);", UNKNOWN),
    "kept": ("s->r = set(s);", UNKNOWN),
    "added": ("int r = set(s) + 1;", COMPARED),
    "loop": ("int r = set(s); for (i = 0; i < r; i++) x();", LOOP),
    "loop_and_error": ("int r = set(s); if (r < 0) abort(); for (i = 0; i < r; i++) x();", LOOP),
    "overwritten": ("int r = set(s); r = 3; if (r != n) abort();", DROPPED),
    "in_the_error_path": ("int r = set(s); if (r < 0) { fix(r + 1); }", ERROR),
    "error_told": ('int r = set(s); if (r < 0) { error_report("%d", -r); }', ERROR),
    "returned_in_a_choice": ("int r = set(s); return r < 0 ? r : 0;", ERROR),
    "returned_compared": ("return set(s) == n;", COMPARED),
}  # fmt: skip
CALLERS = """
int hands_on(int s) { return set(s); }
int hands_on_too(int s) { int r = hands_on(s); return r; }
void looks(void) { if (hands_on_too(1) != 4) abort(); }
void drops(void) { hands_on(2); }
int nobody_calls(int s) { return set(s); }
"""
TEXT = "".join(f"int {name}(struct state *s, int n)\n{{\n{body}\n}}\n" for name, (body, _) in BODIES.items()) + CALLERS


@pytest.fixture(scope="module")
def linked_code(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LinkedCode]:
    with linked(tmp_path_factory.mktemp("kernel"), TEXT) as found:
        yield found


def _uses(linked_code: LinkedCode, name: str, steps: int = 1_000) -> list[tuple[str, str]]:
    code = Code.of(linked_code.connection, "now", linked_code.tree)
    code.budget = Budget(steps)
    (function,) = code.named(name)
    (call,) = function.calls_of["set"]
    return sorted((use.function.name, use.kind) for use in count_uses(code, function, call))


@pytest.mark.parametrize("name", BODIES)
def test_use(linked_code: LinkedCode, name: str) -> None:
    assert _uses(linked_code, name) == [(name, BODIES[name][1])]


def test_what_is_returned_is_used_by_the_callers(linked_code: LinkedCode) -> None:
    assert _uses(linked_code, "hands_on") == [("drops", DROPPED), ("looks", COMPARED)]
    assert _uses(linked_code, "nobody_calls") == [("nobody_calls", UNKNOWN)]
    assert _uses(linked_code, "hands_on", steps=0) == [("hands_on", UNKNOWN)]


# What becomes of the number in `n`, and the use of it.
READS = {
    "bounds a loop": ("for (i = 0; i < n; i++) take(m, i);", "loop"),
    "bounds a loop, and an error": ("if (n < 0) return;\n\tfor (i = 0; i < n; i++) take(m, i);", "loop"),
    "the other way round": ("for (i = 0; n > i; ++i) take(m, i);", "loop"),
    "a loop that stops there": ("i = 0;\n\twhile (i != n) {\n\t\ttake(m, i);\n\t\ti += 1;\n\t}", "loop"),
    "a do loop": ("i = 0;\n\tdo {\n\t\ttake(m, i);\n\t\ti++;\n\t} while (i < n);", "loop"),
    "goes on behind it": ("while (n < m->nmsrs) n = more(m, n);", "compared"),
    "compared behind the loop": ("for (i = 0; i < n; i++) take(m, i);\n\tif (n != want) g();", "compared"),
    "another bound": ("for (i = 0; i < want; i++) if (i >= n) g();", "compared"),
    "handed on": ("for (i = 0; i < n; i++) take(m, i);\n\tcheck(n);", "unknown"),
}  # fmt: skip


@pytest.mark.parametrize(("code", "use"), READS.values(), ids=READS)
def test_a_number_that_bounds_a_loop(tmp_path: Path, code: str, use: str) -> None:
    head = "void f(int fd, int want, struct kvm_msrs *m)\n{\n\tint i, n;\n\tn = ioctl(fd, KVM_GET_MSRS, m);\n"
    tree = bare_qemu(tmp_path, {"target/i386/kvm/kvm.c": f"{head}\t{code}\n}}\n"})
    assert ask([tree], "SELECT use FROM vmm_msr_count") == [(use,)]
