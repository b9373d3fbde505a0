"""Capabilities that KVM's documentation names, and the ioctls that it joins with them."""

from __future__ import annotations

from pathlib import Path

import pytest
from conftest import UAPI, ask, bare_kernel

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


IOCTLS = """\
4.1 KVM_GET_TEA
---------------

:Capability: KVM_CAP_TEA
:Architectures: all
:Type: vm ioctl

4.2 KVM_GET_CUP and KVM_SET_CUP
-------------------------------

:Capability: KVM_CAP_CUP, KVM_CAP_POT
:Type: vcpu ioctl

4.3 KVM_BASIC
-------------

:Capability: basic
:Type: system ioctl

4.4 KVM_TWICE
-------------

:Capability: KVM_CAP_TEA
:Type: vm ioctl

:Capability: KVM_CAP_CUP
:Type: vcpu ioctl

4.5 KVM_UNTYPED
---------------

:Capability: KVM_CAP_TEA

4.7 KVM_OFTEN
-------------

:Capability: basic, or KVM_CAP_TEA on arm64
:Type: vm ioctl

4.6 KVM_CAP_IN_TITLE
--------------------

:Capability: KVM_CAP_TEA
:Type: vm
"""


def test_ioctls_with_the_capabilities_that_they_need(tmp_path: Path) -> None:
    """An ioctl that is always there needs none, and a capability is no ioctl."""
    columns = "ioctl, cap, section, line, type"
    found = ask([bare_kernel(tmp_path, {API: IOCTLS})], f"SELECT {columns} FROM ioctl_capability ORDER BY line, 1, 2")
    assert found == [
        ("KVM_GET_TEA", "KVM_CAP_TEA", "4.1", 4, "vm ioctl"),
        *(
            (ioctl, cap, "4.2", 11, "vcpu ioctl")
            for ioctl in ("KVM_GET_CUP", "KVM_SET_CUP") for cap in ("KVM_CAP_CUP", "KVM_CAP_POT")
        ),
        ("KVM_TWICE", "KVM_CAP_TEA", "4.4", 23, "vm ioctl"), ("KVM_TWICE", "KVM_CAP_CUP", "4.4", 26, "vcpu ioctl"),
        ("KVM_UNTYPED", "KVM_CAP_TEA", "4.5", 32, None),
    ]  # fmt: skip


@pytest.mark.parametrize(("header", "pattern"), [("", 1), ("#define KVM_CAP_XXX 7\n", 0)])
def test_a_name_that_a_header_defines_is_no_placeholder(tmp_path: Path, header: str, pattern: int) -> None:
    tree = bare_kernel(tmp_path, {UAPI: header, API: "Use KVM_CAP_XXX.\n"})
    assert ask([tree], "SELECT cap, pattern FROM doc_cap") == [("KVM_CAP_XXX", pattern)]
