"""Level to which one part of a request is tested where control is: through variables, helpers, macros and callers."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from bodies import LinkedCode, linked

from caplint.link.functions.call_sites import Budget
from caplint.link.handlers.conditions import Region
from caplint.link.handlers.request_names import WHOLE, Part
from caplint.link.handlers.request_tests import Readers, RequestTests
from caplint.link.handlers.value_tests import Level

FLAGS: Part = ("flags",)
HELPERS = """\
#define NO_FLAGS(c) do { if ((c)->flags) return -EINVAL; } while (0)
#define UNKNOWN(c) ((c)->flags & ~VALID)
#define VALID 3
static int check(struct kvm_enable_cap *req) { if (req->flags) return -EINVAL; return 0; }
static bool bad(u32 flags) { return flags & ~VALID; }
static int looks(u32 flags) { if (flags == 7) log(); return 0; }
static int ignores(struct kvm_enable_cap *req) { return 0; }
static int checks_deep(struct kvm_enable_cap *req) { return check(req); }
static int itself(struct kvm_enable_cap *req) { return itself(req); }
static bool takes(u32 cap) { return cap == KVM_CAP_B; }
"""
# Name → code in front of HERE(), which is in a case of KVM_CAP_A; the level of the flags there.
CASES = {
    "untested": ("", Level.UNTESTED),
    "tested": ("if (cap->flags) return -EINVAL;", Level.TESTED),
    "compared": ("if (cap->flags != 0) return -EINVAL;", Level.TESTED),
    "masked": ("if (cap->flags & ~VALID) return -EINVAL;", Level.TESTED),
    "one_bit": ("if (cap->flags & VALID) return -EINVAL;", Level.UNTESTED),
    "bounded": ("if (cap->flags > 5) return -EINVAL;", Level.TESTED),
    "other_part": ("if (cap->args[0]) return -EINVAL;", Level.UNTESTED),
    "of_two": ("if (kvm->x || cap->flags) return -EINVAL;", Level.TESTED),
    "of_two_both": ("if (kvm->x && cap->flags) return -EINVAL;", Level.UNTESTED),
    "within": ("if (!cap->flags)", Level.TESTED),
    "variable": ("u32 f = cap->flags; if (f) return -EINVAL;", Level.TESTED),
    "result": ("bool b = cap->flags & ~VALID; if (b) return -EINVAL;", Level.TESTED),
    "result_collected": ("bool b = kvm->x; b |= cap->flags & ~VALID; if (b) return -EINVAL;", Level.TESTED),
    "result_overwritten": ("bool b = cap->flags; b = kvm->x; if (b) return -EINVAL;", Level.UNTESTED),
    "error_kept": ("int r = 0; if (cap->flags) r = -EINVAL; if (r) return r;", Level.TESTED),
    "error_by_comparison": ("int r = check(cap); if (r < 0) return r;", Level.TESTED),
    "helper": ("if (check(cap)) return -EINVAL;", Level.TESTED),
    "helper_of_part": ("if (bad(cap->flags)) return -EINVAL;", Level.TESTED),
    "helper_of_helper": ("if (checks_deep(cap)) return -EINVAL;", Level.TESTED),
    "helper_that_looks": ("if (looks(cap->flags)) return -EINVAL;", Level.UNTESTED),
    "helper_that_ignores": ("if (ignores(cap)) return -EINVAL;", Level.UNTESTED),
    "helper_of_itself": ("if (itself(cap)) return -EINVAL;", Level.UNKNOWN),
    "helper_not_asked": ("check(cap);", Level.UNTESTED),
    "elsewhere": ("if (nowhere(cap)) return -EINVAL;", Level.UNKNOWN),
    "elsewhere_of_part": ("if (nowhere(cap->flags)) return -EINVAL;", Level.UNKNOWN),
    "elsewhere_of_other": ("if (nowhere(kvm)) return -EINVAL;", Level.UNTESTED),
    "macro": ("if (UNKNOWN(cap)) return -EINVAL;", Level.TESTED),
    "macro_that_leaves": ("NO_FLAGS(cap);", Level.TESTED),
    "macro_in_a_branch": ("if (kvm->x) { NO_FLAGS(cap); }", Level.UNTESTED),
    "warned": ("if (WARN_ON_ONCE(cap->flags)) return -EINVAL;", Level.TESTED),
    "logged": ("pr_debug(cap->flags);", Level.UNTESTED),
    "chosen": ("if (kvm->x ? cap->flags : cap->flags & ~VALID) return -EINVAL;", Level.TESTED),
    "chosen_in_part": ("if (kvm->x ? cap->flags : kvm->y) return -EINVAL;", Level.UNTESTED),
    "in_a_branch": ("if (kvm->x) { if (cap->flags) return -EINVAL; }", Level.UNTESTED),
    "in_a_loop": ("while (kvm->x) { if (cap->flags == 4) kvm->y = 1; }", Level.UNKNOWN),
    "other_capability": ("if (cap->cap == KVM_CAP_B && cap->flags) return -EINVAL;", Level.UNTESTED),
    "this_capability": ("if (cap->cap == KVM_CAP_A && cap->flags) return -EINVAL;", Level.TESTED),
    "unless_taken": ("if (cap->flags && !takes(cap->cap)) return -EINVAL;", Level.UNKNOWN),
    "never": ("if (1) return -EINVAL;", Level.UNREACHED),
    "built": ("\n#ifdef CONFIG_X\nif (cap->flags) return -EINVAL;\n#endif\n", Level.UNTESTED),
    "built_either_way": (
        "\n#ifdef CONFIG_X\nif (cap->flags) return -EINVAL;\n#else\nif (cap->flags & ~1) return -EINVAL;\n#endif\n",
        Level.TESTED),
    "listed": ("switch (cap->flags) { case 1: HERE(); }", Level.TESTED),
    "not_listed": ("switch (cap->flags) { default: HERE(); }", Level.UNTESTED),
    "others_leave": ("switch (cap->flags) { case 0: break; default: return -EINVAL; }", Level.TESTED),
    "others_stay": ("switch (cap->flags) { case 0: x(); break; default: break; }", Level.UNTESTED),
    "listed_of_another": ("switch (kvm->x) { case 1: HERE(); }", Level.UNTESTED),
    "pointer_error": ("void *p = ERR_PTR(-EINVAL); if (IS_ERR(p)) return -EINVAL;", Level.UNREACHED),
}  # fmt: skip
HEAD = "int {}(struct kvm *kvm, struct kvm_enable_cap *cap)\n{{\n"
TEXT = HELPERS + "".join(
    f"{HEAD.format(name)}switch (cap->cap) {{ case KVM_CAP_A: {body} HERE(); return 0; }} return -EINVAL; }}\n"
    for name, (body, _) in CASES.items()
)
TEXT += HEAD.format("above") + (
    "if (cap->flags) return -EINVAL; switch (cap->cap) { case KVM_CAP_A: HERE(); } return 0; }\n"
)
TEXT += (
    HEAD.format("argument")
    + "if (fdget(cap->args[0])) return 0; HERE(); if (cap->args[1] % 8) return 0; LAST(); return 1; }\n"
)


@pytest.fixture(scope="module")
def code(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LinkedCode]:
    with linked(tmp_path_factory.mktemp("kernel"), TEXT) as found:
        yield found


def _readers(code: LinkedCode) -> Readers:
    return Readers(code.helpers, code.constants, lambda _, __: None)


def _at(code: LinkedCode, name: str, mark: str = "HERE()") -> tuple[int, Region]:
    body, offset = code.body(name), code.at(mark, name)
    labels = [label for label in body.labels if label.start <= offset < label.stop]
    return offset, Region.around(body, labels[0].start, labels[0].stop, "1") if labels else Region.whole(body)


def _reader(code: LinkedCode, name: str, value: Part = FLAGS) -> RequestTests:
    return _readers(code).at_handler(code.body(name), value, "KVM_CAP_A")


@pytest.mark.parametrize("name", CASES)
def test_level(code: LinkedCode, name: str) -> None:
    assert _reader(code, name).level(*_at(code, name)) is CASES[name][1]


def test_a_test_above_the_switch_counts(code: LinkedCode) -> None:
    assert _reader(code, "above").level(*_at(code, "above")) is Level.TESTED


@pytest.mark.parametrize(
    ("value", "mark", "level"),
    [("0", "HERE()", Level.TESTED), ("1", "HERE()", Level.UNTESTED), ("1", "LAST()", Level.LOOSE)],
)
def test_arguments(code: LinkedCode, value: str, mark: str, level: Level) -> None:
    """What fdget() gets it judges itself; a remainder does not bound what it is of."""
    assert _reader(code, "argument", ("args", value)).level(*_at(code, "argument", mark)) is level


def test_bits_that_tests_accept(code: LinkedCode) -> None:
    reader = _reader(code, "masked")
    reader.level(*_at(code, "masked"))
    assert {mask for _, mask in reader.masks} == {"VALID"}


def test_readers_are_shared(code: LinkedCode) -> None:
    readers, body = _readers(code), code.body("tested")
    assert readers.at_handler(body, FLAGS, "KVM_CAP_A") is readers.at_handler(body, FLAGS, "KVM_CAP_A")
    assert readers.at_handler(body, FLAGS, "") is not readers.at_handler(body, ("args",), "")
    inner = readers.at_handler(body, FLAGS, "").inside("check", [WHOLE])
    assert [reader.body.name for reader in inner] == ["check"]


def test_nothing_is_known_once_the_budget_is_spent(code: LinkedCode) -> None:
    readers = _readers(code)
    readers.budget = Budget(0)
    reader = readers.at_handler(code.body("tested"), FLAGS, "KVM_CAP_A")
    assert reader.level(*_at(code, "tested")) is Level.UNKNOWN
    assert reader.body.cuts
    reader.body.cuts.clear()
