"""Effect of an argument that is 0, as it is if a VMM does not pass it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from bodies import LinkedCode, linked

from caplint.link.handlers.argument_checks import used
from caplint.link.handlers.request_tests import Readers
from caplint.link.handlers.sites import Site

HELPERS = """\
static bool bad(u64 v) { return v > 7; }
static bool good(u64 v) { return v <= 7; }
static bool unset(u64 v) { return !v; }
static bool on(u64 v) { return v; }
static int needs(struct kvm *kvm, u64 v) { if (!v) return -EINVAL; kvm->x = v; return 0; }
static int refuses(struct kvm *kvm, u64 v) { if (v) return -EINVAL; kvm->x = 1; return 0; }
static int takes(struct kvm *kvm, u64 v) { if (v > 9) return -EINVAL; kvm->x = v; return 0; }
"""
# Name → case of a handler that begins with `r = -EINVAL` and ends with `return r`; the effect of 0.
CASES = {
    # 0 is refused: the function fails where the value is 0.
    "not": ("if (!cap->args[0]) return -EINVAL; kvm->x = cap->args[0]; return 0;", "rejected"),
    "equal": ("if (cap->args[0] == 0) break; kvm->x = cap->args[0]; return 0;", "rejected"),
    "less": ("if (cap->args[0] < 1) return -EINVAL; kvm->x = cap->args[0]; return 0;", "rejected"),
    "mirrored": ("if (1 > cap->args[0]) return -EINVAL; kvm->x = cap->args[0]; return 0;", "rejected"),
    "bits": ("if (!(cap->args[0] & 3)) return -EINVAL; kvm->x = cap->args[0]; return 0;", "rejected"),
    "shifted": ("if ((cap->args[0] >> 4) == 0) return -EINVAL; kvm->x = cap->args[0]; return 0;", "rejected"),
    "either": ("if (kvm->y || !cap->args[0]) return -EINVAL; kvm->x = cap->args[0]; return 0;", "rejected"),
    "of_this_one": ("if (cap->cap == KVM_CAP_A && !cap->args[0]) return -EINVAL; kvm->x = cap->args[0]; return 0;",
                    "rejected"),
    "assigned": ("if (!cap->args[0]) { r = -EINVAL; break; } kvm->x = cap->args[0]; return 0;", "rejected"),
    "by_choice": ("kvm->x = cap->args[0]; return cap->args[0] ? 0 : -EINVAL;", "rejected"),
    "by_helper": ("if (unset(cap->args[0])) return -EINVAL; kvm->x = cap->args[0]; return 0;", "rejected"),
    "by_negated_helper": ("if (!on(cap->args[0])) return -EINVAL; kvm->x = cap->args[0]; return 0;", "rejected"),
    "in_helper": ("return needs(kvm, cap->args[0]);", "rejected"),
    "user_memory": ("if (copy_from_user(&x, (void __user *)cap->args[0], 8)) return -EFAULT; return 0;", "rejected"),
    "user_pointer": (
        "void __user *p = (void __user *)(uintptr_t)cap->args[0]; if (copy_from_user(&x, p, 8)) return -EFAULT;"
                     " return 0;", "rejected"),
    "by_conversion": (
        "if (copy_from_user(&x, u64_to_user_ptr(cap->args[0]), 8)) return -EFAULT; return 0;", "rejected"),
    "by_converted_pointer": (
        "void __user *p = u64_to_user_ptr(cap->args[0]); if (copy_from_user(&x, p, 8)) return -EFAULT;"
                             " return 0;", "rejected"),
    # 0 is the only value that is taken, or nothing depends on the value.
    "set": ("if (cap->args[0]) return -EINVAL; kvm->x = 1; return 0;", "required"),
    "unequal": ("if (cap->args[0] != 0) return -EINVAL; kvm->x = 1; return 0;", "required"),
    "twice_not": ("if (!!cap->args[0]) return -EINVAL; kvm->x = 1; return 0;", "required"),
    "not_equal": ("if (!(cap->args[0] == 0)) return -EINVAL; kvm->x = 1; return 0;", "required"),
    "only_case": ("switch (cap->args[0]) { case 0: kvm->x = 1; return 0; default: return -EINVAL; }", "required"),
    "set_in_helper": ("return refuses(kvm, cap->args[0]);", "required"),
    "chosen": ("kvm->x = 1; return cap->args[0] ? -EINVAL : 0;", "required"),
    "maybe_error": ("if (cap->args[0]) return r; kvm->x = 1; return 0;", "required"),
    "else_fails": ("if (!cap->args[0]) { kvm->x = 1; return 0; } return -EINVAL;", "required"),
    "copied_only": ("u64 v = cap->args[0]; kvm->x = 1; return 0;", "required"),
    "of_another": ("if (cap->cap == KVM_CAP_B && cap->args[0]) kvm->y = 1; kvm->x = 1; return 0;", "required"),
    # 0 is one of several.
    "bounded": ("if (cap->args[0] > 7) return -EINVAL; kvm->x = cap->args[0]; return 0;", "accepted"),
    "if_given": ("if (cap->args[0] && copy_to_user((void __user *)cap->args[0], &x, 8)) return -EFAULT; return 0;",
                 "accepted"),
    "within_if_given": ("if (cap->args[0]) { if (copy_to_user((void __user *)cap->args[0], &x, 8)) return -EFAULT; }"
                        " return 0;", "accepted"),
    "converted_if_given": (
        "if (cap->args[0]) { if (copy_to_user(u64_to_user_ptr(cap->args[0]), &x, 8)) return -EFAULT; }"
                           " return 0;", "accepted"),
    "bounded_if_given": (
        "if (cap->args[0]) { if (cap->args[0] < 16) return -EINVAL; } kvm->x = cap->args[0]; return 0;",
                         "accepted"),
    "bounded_unless_off": ("if (!cap->args[0]) { kvm->x = 0; return 0; } if (cap->args[0] < 16) return -EINVAL;"
                           " kvm->x = cap->args[0]; return 0;", "accepted"),
    "helper_if_given": ("if (cap->args[0]) return needs(kvm, cap->args[0]); return 0;", "accepted"),
    "helper_unless_off": ("if (cap->args[0] == 0) return 0; return needs(kvm, cap->args[0]);", "accepted"),
    "widened": ("if ((cap->args[0] | 4) == 0) return -EINVAL; kvm->x = cap->args[0]; return 0;", "accepted"),
    "converted": ("kvm->x = u64_to_user_ptr(cap->args[0]); return 0;", "accepted"),
    "stored": ("kvm->x = cap->args[0]; return 0;", "accepted"),
    "switched": ("switch (cap->args[0]) { case 0: case 1: kvm->x = cap->args[0]; return 0; } break;", "accepted"),
    "both": ("if (kvm->y && !cap->args[0]) return -EINVAL; kvm->x = cap->args[0]; return 0;", "accepted"),
    "unknown_bound": ("if (cap->args[0] < kvm->y) return -EINVAL; kvm->x = cap->args[0]; return 0;", "accepted"),
    "warned": ("if (!cap->args[0]) pr_warn(); kvm->x = cap->args[0]; return 0;", "accepted"),
    "bad_helper": ("if (bad(cap->args[0])) return -EINVAL; kvm->x = cap->args[0]; return 0;", "accepted"),
    "good_helper": ("if (!good(cap->args[0])) return -EINVAL; kvm->x = cap->args[0]; return 0;", "accepted"),
    "takes_helper": ("return takes(kvm, cap->args[0]);", "accepted"),
    "turned_off": ("if (!cap->args[0]) { kvm->x = 0; return 0; } kvm->x = 1; return 0;", "accepted"),
}  # fmt: skip
TEXT = HELPERS + "".join(
    f"int {name}(struct kvm *kvm, struct kvm_enable_cap *cap)\n{{\nint r = -EINVAL;\n"
    f"switch (cap->cap) {{\ncase KVM_CAP_A: {case}\ncase KVM_CAP_B: r = -ENXIO; break; }}\nreturn r;\n}}\n"
    for name, (case, _) in CASES.items()
)


@pytest.fixture(scope="module")
def code(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LinkedCode]:
    with linked(tmp_path_factory.mktemp("kernel"), TEXT) as found:
        yield found


@pytest.mark.parametrize("name", CASES)
def test_effect_of_zero(code: LinkedCode, name: str) -> None:
    body = code.body(name)
    label = body.labels[0]
    site = Site("KVM_CAP_A", "case", label.line, 1, label.start, label.stop, "1")
    (found,) = used(Readers(code.helpers, code.constants, lambda _, __: None), body, site)
    assert (found.position, found.zero) == (0, CASES[name][1])
