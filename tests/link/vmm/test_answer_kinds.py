"""cap_kind: what the answer of a capability is."""

from __future__ import annotations

from pathlib import Path

import pytest
from conftest import X86, ask, bare_kernel


@pytest.mark.parametrize(
    ("cap", "answer", "kind"),
    [
        ("A", "r = 1;", "yes or no"),
        ("A", "r = !x;", "yes or no"),
        ("A", "r = kvm && kvm->a;", "yes or no"),
        ("A", "r = x ? 1 : 0;", "yes or no"),
        ("A", "r = ops->get != NULL;", "yes or no"),
        ("A", "r = 2;", None),
        ("A", "r = KVM_MAX_A;", None),
        ("A", "r = a && b | c;", None),
        ("A", "r = has(kvm);", None),
        ("A", "r = sizeof(struct a);", "size"),
        ("A", "r = MOST * sizeof(struct a);", "size"),
        ("A", "r = a_size(kvm);\n\t\tif (r < 9)\n\t\t\tr = 9;", "size"),
        ("XSAVE2", "r = required(kvm);", "size"),
        ("DISABLE_QUIRKS2", "r = supported;", "mask"),
    ],
)
def test_a_kind(tmp_path: Path, cap: str, answer: str, kind: str | None) -> None:
    lines = [
        "int kvm_vm_ioctl_check_extension(struct kvm *kvm, long ext)",
        "{",
        "\tint r;",
        "\tswitch (ext) {",
        f"\tcase KVM_CAP_{cap}:",
        f"\t\t{answer}",
        "\t\tbreak;",
        "\tdefault:",
        "\t\tr = 0;",
        "\t}",
        "\treturn r;",
        "}",
    ]
    body = "\n".join([*lines, ""])
    found = ask([bare_kernel(tmp_path, {X86: body})], "SELECT kind FROM cap_kind")
    assert found == ([(kind,)] if kind else [])


CHECK = "kvm_check_extension(s, KVM_CAP_A)"
