"""Constant answers of which an ioctl accepts those in a variable that is filled at run time."""

from __future__ import annotations

from pathlib import Path

import pytest
from conftest import UAPI, X86, ask, bare_kernel

HEADER = """\
#define KVM_CAP_TYPES 1
#define KVM_TYPE_A 1
#define KVM_TYPE_B 2
#define KVM_ALL (KVM_TYPE_A | KVM_TYPE_B)
"""
FILL = "void init(void) {{ caps.types = KVM_TYPE_A; if (has_b) caps.types |= {}; }}\n"
FILLED = FILL.format("KVM_TYPE_B")
TEST = "int create(unsigned long type) { if (!(caps.types & type)) return -EINVAL; return 0; }\n"


def _check(answer: str) -> str:
    return (
        "int kvm_vm_ioctl_check_extension(struct kvm *kvm, long ext)\n{\nint r = 0;\nswitch (ext) {\n"
        f"case KVM_CAP_TYPES: r = {answer}; break;\n}}\nreturn r;\n}}\n"
    )


BOTH = _check("KVM_TYPE_A | KVM_TYPE_B")


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (BOTH + FILLED + TEST, True),
        # A mask of both, a part of what is put in, one bit, and other ways to test
        (_check("KVM_ALL") + FILLED + TEST, True),
        (BOTH + FILL.format("KVM_ALL") + TEST, True),
        (_check("KVM_TYPE_B") + FILLED + TEST, True),
        (BOTH + FILLED + "int create(unsigned long t) { if (t & ~caps.types) return -EINVAL; return 0; }\n", True),
        (BOTH + FILLED + "bool create(unsigned long t) { return caps.types & BIT(t); }\n", True),
        (BOTH + FILLED + "bool create(unsigned long t) { return test_bit(t, &caps.types); }\n", True),
        # The variable itself is answered, or more than is ever put into one.
        (_check("caps.types") + FILLED + TEST, False),
        (_check("KVM_TYPE_A | KVM_TYPE_C") + FILLED + TEST, False),
        (_check("3") + FILLED + TEST, False),
        (_check("kvm->x ? KVM_TYPE_A : kvm->y") + FILLED + TEST, False),
        # Everything is put in whatever the machine is, or locally, or somewhere else.
        (BOTH + "void init(void) { caps.types = KVM_TYPE_A | KVM_TYPE_B; }\n" + TEST, False),
        (BOTH + FILLED.replace("caps.types", "kvm->types") + TEST, False),
        (BOTH + FILLED + TEST.replace("caps.types", "kvm_caps.types"), False),
        # No test, or no test of a bit
        (BOTH + FILLED, False),
        (BOTH + FILLED + TEST.replace("& type", "&& type"), False),
        (BOTH + FILLED + TEST.replace("caps.types", "other.caps.types"), False),
    ],
)
def test_sets(tmp_path: Path, text: str, found: bool) -> None:
    tree = bare_kernel(tmp_path, {UAPI: HEADER, X86: text})
    rows = ask([tree], "SELECT cap, path FROM cap_supported")
    assert rows == ([("KVM_CAP_TYPES", X86)] if found else [])


def test_the_place_of_the_test_is_told(tmp_path: Path) -> None:
    text = BOTH + FILLED + TEST
    rows = ask([bare_kernel(tmp_path, {UAPI: HEADER, X86: text})], "SELECT * FROM cap_supported")
    assert len(rows) == 1
    assert ("caps.types", X86, text[: text.index("int create")].count("\n") + 1, "create") == rows[0][-4:]
