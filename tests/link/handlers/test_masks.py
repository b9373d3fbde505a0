"""Bits that a check advertises, and that an enable case accepts."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from bodies import LinkedCode, linked

from caplint.link.functions.constants import Mask
from caplint.link.handlers.masks import accepted, advertised
from caplint.link.handlers.sites import Site

# Name → case of a check that ends with `return r`; text and value of what it answers.
CHECKS: dict[str, tuple[str, str, int | None]] = {
    "assigned": ("r = TEA | CUP; break;", "TEA | CUP", 3),
    "returned": ("return TEA;", "TEA", 1),
    "assigned_and_returned": ("r = TEA; return r;", "TEA", 1),
    "collected": ("r = TEA; if (kvm->x) r |= CUP; break;", "TEA | CUP", 3),
    "chosen": ("r = kvm->x ? TEA : CUP; break;", "TEA | CUP", 3),
    "by_helper": ("r = bits(kvm); break;", "TEA | POT", 5),
    "returned_by_helper": ("return bits(kvm);", "TEA | POT", 5),
    "helper_and_more": ("r = bits(kvm) | CUP; break;", "bits(kvm) | CUP", None),
    "helper_of_state": ("r = state(kvm); break;", "state(kvm)", None),
    "helper_nowhere": ("r = nowhere(kvm); break;", "nowhere(kvm)", None),
    "refused": ("if (kvm->x) return -EINVAL; r = TEA; break;", "TEA", 1),
    # Numbers are no named bits, and a cleared bit is none that is answered.
    "number": ("r = 3; break;", "3", None),
    "nothing": ("break;", "", None),
    "cleared": ("r = TEA; r &= CUP; break;", "TEA", 1),
    "other_variable": ("mask = CUP; r = TEA; break;", "TEA", 1),
    "with_unknown": ("r = TEA | kvm->bits; break;", "TEA | kvm->bits", None),
}
# Name → enable case; variable or expression that it tests, text and value of the bits.
ENABLES: dict[str, tuple[str, str, str, int | None]] = {
    "written_out": ("if (cap->args[0] & ~(TEA | CUP)) break;", "TEA | CUP", "TEA | CUP", 3),
    "variable": ("valid = TEA; if (cap->args[0] & ~valid) break;", "valid", "TEA", 1),
    "widened": ("valid = TEA; if (kvm->x) valid |= POT; if (cap->args[0] & ~valid) break;", "valid", "TEA | POT", 5),
    "not_assigned": ("if (cap->args[0] & ~kvm->valid) break;", "kvm->valid", "kvm->valid", None),
}
HELPERS = """\
#define TEA 1
#define CUP 2
#define POT 4
static int bits(struct kvm *kvm) { if (kvm->x) return TEA; return POT; }
static int state(struct kvm *kvm) { if (kvm->x) return TEA; return kvm->bits; }
"""
TEXT = HELPERS + "".join(
    f"int {name}(struct kvm *kvm, long ext)\n{{\nint r = 0, mask;\nswitch (ext) {{\n"
    f"case KVM_CAP_A: {case}\ncase KVM_CAP_B: r = POT; break; }}\nreturn r;\n}}\n"
    for name, (case, *_) in CHECKS.items()
)
TEXT += "".join(
    f"int {name}(struct kvm *kvm, struct kvm_enable_cap *cap)\n{{\nu64 valid;\nint r = -EINVAL;\nswitch (cap->cap) {{\n"
    f"case KVM_CAP_A: {case} r = 0; break;\ncase KVM_CAP_B: valid = POT; break; }}\nreturn r;\n}}\n"
    for name, (case, *_) in ENABLES.items()
)


@pytest.fixture(scope="module")
def code(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LinkedCode]:
    with linked(tmp_path_factory.mktemp("kernel"), TEXT) as found:
        yield found


def _site(code: LinkedCode, name: str) -> Site:
    label = code.body(name).labels[0]
    # A case without a `break` runs on; what is asked here is the case itself.
    return Site("KVM_CAP_A", "case", label.line, 1, label.start, code.body(name).labels[1].start, "1")


@pytest.mark.parametrize("name", CHECKS)
def test_advertised(code: LinkedCode, name: str) -> None:
    _, text, value = CHECKS[name]
    assert advertised(code.constants, code.helpers, code.body(name), _site(code, name)) == Mask(text, value)


@pytest.mark.parametrize("name", ENABLES)
def test_accepted(code: LinkedCode, name: str) -> None:
    _, tested, text, value = ENABLES[name]
    assert accepted(code.constants, code.body(name), _site(code, name), tested) == Mask(text, value)
