"""Capabilities that KVM's documentation names, and the ioctls that it joins with them."""

from __future__ import annotations

from pathlib import Path

from conftest import ask, bare_kernel

API = "Documentation/virt/kvm/api.rst"


RST = """\
The API
=======

KVM_CAP_A comes first.

7.2 KVM_CAP_B
-------------

:Architectures: x86
:Parameters: args[0] - what

KVM_CAP_A and KVM_CAP_B, and KVM_CAP_A again; KVM_CAP_S390_*.
"""


def test_documentation(tmp_path: Path) -> None:
    trees = [bare_kernel(tmp_path, {API: RST, "Documentation/virt/kvm/x86/hypercalls.rst": "KVM_CAP_C\n"})]
    columns = "cap, api, section, title, heading, pattern, line, architectures"
    assert ask(trees, f"SELECT {columns} FROM doc_cap ORDER BY path, line, column") == [
        ("KVM_CAP_A", 1, None, "The API", 0, 0, 4, None),
        ("KVM_CAP_B", 1, "7.2", "KVM_CAP_B", 1, 0, 6, "x86"),
        ("KVM_CAP_A", 1, "7.2", "KVM_CAP_B", 0, 0, 12, "x86"),
        ("KVM_CAP_S390_*", 1, "7.2", "KVM_CAP_B", 0, 1, 12, "x86"),
        ("KVM_CAP_C", 0, None, None, 0, 0, 1, None),
    ]
