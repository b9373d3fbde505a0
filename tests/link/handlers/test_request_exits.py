"""Level to which the flags of a request are tested on every way through a case on which it succeeds."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from bodies import LinkedCode, linked

from caplint.link.handlers.request_exits import FLAGS, flags_checked, level_on_success
from caplint.link.handlers.request_tests import Readers
from caplint.link.handlers.sites import Site
from caplint.link.handlers.value_tests import Level

HELPERS = """\
static int set(struct kvm *kvm, struct kvm_enable_cap *cap) { if (cap->flags) return -EINVAL; kvm->x = 1; return 0; }
static int set_any(struct kvm *kvm, struct kvm_enable_cap *cap) { kvm->x = 1; return 0; }
static int set_some(struct kvm *kvm, struct kvm_enable_cap *cap)
{ if (kvm->y) return 0; if (cap->flags) return -EINVAL; return 0; }
"""
# Name → case of a handler that ends with `return r`, and whether its flags are tested where it succeeds.
CASES: dict[str, tuple[str, int | None]] = {
    "returns_untested": ("kvm->x = 1; return 0;", 0),
    "returns_tested": ("if (cap->flags) return -EINVAL; return 0;", 1),
    "breaks_untested": ("r = 0; break;", 0),
    "breaks_tested": ("if (cap->flags) break; r = 0; break;", 1),
    "one_way_untested": ("if (kvm->y) return 0; if (cap->flags) return -EINVAL; return 0;", 0),
    "every_way_tested": ("if (cap->flags) return -EINVAL; if (kvm->y) return 1; return 0;", 1),
    "breaks_out_untested": ("if (kvm->y) { r = 0; break; } if (cap->flags) return -EINVAL; return 0;", 0),
    "breaks_out_tested": ("if (cap->flags) break; if (kvm->y) { r = 0; break; } kvm->x = 1; return 0;", 1),
    "breaks_out_failed": ("if (kvm->y) break; if (cap->flags) return -EINVAL; return 0;", 1),
    "breaks_out_failing": ("r = 0; if (kvm->y) { r = -EBUSY; break; } if (cap->flags) return -EINVAL; return 0;", 1),
    "breaks_out_deep": (
        "if (kvm->z) { kvm->x = 1; if (kvm->y) { r = 0; break; } } if (cap->flags) return -EINVAL; return 0;",
        0,
    ),
    "breaks_out_else": ("if (kvm->y) { r = 0; break; } else if (cap->flags) { return -EINVAL; } return 0;", 0),
    "breaks_a_loop": ("for (;;) { if (kvm->y) { r = 0; break; } } if (cap->flags) return -EINVAL; return 0;", 1),
    "breaks_a_macro_loop": (
        "kvm_for_each_vcpu(i, vcpu, kvm) { if (vcpu->y) { r = 0; break; } } if (cap->flags) return -EINVAL; return 0;",
        1,
    ),
    "breaks_a_loop_on_its_line": (
        "\n kvm_for_each_vcpu(i, vcpu, kvm) {\nif (vcpu->y) { r = 0; break; } }\n"
        " if (cap->flags) return -EINVAL; return 0;",
        1,
    ),
    "breaks_an_unknown_loop": (
        "\n walk_all(i, vcpu, kvm) {\nif (vcpu->y) { r = 0; break; } } if (cap->flags) return -EINVAL; return 0;",
        1,
    ),
    "breaks_behind_a_macro_loop": (
        "\n kvm_for_each_vcpu(i, vcpu, kvm) {\nvcpu->y = 1; } if (kvm->y) { r = 0; break; }\n"
        " if (cap->flags) return -EINVAL; return 0;",
        0,
    ),
    "breaks_behind_return": ("if (cap->flags) return -EINVAL; return 0; break;", 1),
    "breaks_inner_switch": (
        "switch (kvm->y) { case 1: if (kvm->z) { r = 0; break; } r = 1; } if (cap->flags) return -EINVAL; return 0;",
        1,
    ),
    # Ways that fail do not count, whatever they leave untested.
    "fails_untested": ("if (kvm->y) return -EBUSY; if (cap->flags) return -EINVAL; return 0;", 1),
    "never_succeeds": ("return -EINVAL;", 1),
    "tested_too_late": ("kvm->x = 1; if (cap->flags) r = 0; break;", 0),
    "helper": ("r = set(kvm, cap); break;", 1),
    "helper_returned": ("return set(kvm, cap);", 1),
    "helper_of_any": ("return set_any(kvm, cap);", 0),
    "helper_of_some": ("return set_some(kvm, cap);", 0),
    "helper_nowhere": ("return nowhere(kvm, cap);", None),
    "helper_of_no_request": ("return nowhere(kvm);", 0),
    "positive": ("if (!cap->flags) return 1; return -EINVAL;", 1),
}
TEXT = HELPERS + "".join(
    f"int {name}(struct kvm *kvm, struct kvm_enable_cap *cap)\n{{\nint r = -EINVAL;\n"
    f"switch (cap->cap) {{\ncase KVM_CAP_A: {case}\ncase KVM_CAP_B: r = -ENXIO; break; }}\nreturn r;\n}}\n"
    for name, (case, _) in CASES.items()
)
TEXT += """\
int called(struct kvm *kvm, struct kvm_enable_cap *cap)
{
switch (cap->cap) {
case KVM_CAP_A: return 0;
case KVM_CAP_B: return -EINVAL;
}
}
int caller(struct kvm *kvm, struct kvm_enable_cap *cap) { if (cap->flags) return -EINVAL; return called(kvm, cap); }
int without_request(void) { switch (x) { case KVM_CAP_A: return 0; } }
"""


@pytest.fixture(scope="module")
def code(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LinkedCode]:
    with linked(tmp_path_factory.mktemp("kernel"), TEXT) as found:
        yield found


def _site(code: LinkedCode, name: str) -> Site:
    label = code.body(name).labels[0]
    return Site("KVM_CAP_A", "case", label.line, 1, label.start, label.stop, "1")


def _readers(code: LinkedCode) -> Readers:
    return Readers(code.helpers, code.constants, lambda _, __: None)


@pytest.mark.parametrize("name", CASES)
def test_flags(code: LinkedCode, name: str) -> None:
    assert flags_checked(_readers(code), code.body(name), _site(code, name)) == CASES[name][1]


def test_a_test_in_every_caller_counts(code: LinkedCode) -> None:
    assert flags_checked(_readers(code), code.body("called"), _site(code, "called")) == 1


def test_a_function_without_a_request_tells_nothing(code: LinkedCode) -> None:
    assert flags_checked(_readers(code), code.body("without_request"), _site(code, "without_request")) is None


@pytest.mark.parametrize(
    ("name", "level"),
    [
        ("returns_untested", Level.UNTESTED), ("returns_tested", Level.TESTED), ("never_succeeds", Level.UNREACHED),
        ("helper_nowhere", Level.UNKNOWN), ("breaks_tested", Level.TESTED),
    ],
)  # fmt: skip
def test_level(code: LinkedCode, name: str, level: Level) -> None:
    readers, body = _readers(code), code.body(name)
    region = readers.region(body, _site(code, name))
    assert level_on_success(readers.at_handler(body, FLAGS, "KVM_CAP_A"), region) is level


def test_level_of_a_whole_function(code: LinkedCode) -> None:
    """The returns of all its cases count."""
    readers, body = _readers(code), code.body("returns_tested")
    reader = readers.at_handler(body, FLAGS, "")
    assert level_on_success(reader, readers.whole(body, "")) is Level.TESTED
    other = readers.at_handler(code.body("one_way_untested"), FLAGS, "")
    assert level_on_success(other, readers.whole(other.body, "")) is Level.UNTESTED
