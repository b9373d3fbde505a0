"""Definition of a capability's own ioctl and of the structure that it takes."""

from __future__ import annotations

from dataclasses import replace

import pytest

from caplint.authoring.ioctl_argument import MEMBERS, definition, has_structure, structure
from caplint.authoring.request import Arguments, CapabilityRequest, RequestedIoctl

IOCTL = RequestedIoctl("KVM_SET_TEA", 0xD9)
PLAIN = CapabilityRequest("KVM_CAP_TEA", ("x86",), "vm", "yes", ioctl=IOCTL)


def _with(kind: str) -> CapabilityRequest:
    return replace(PLAIN, arguments=Arguments(kind))


def test_an_ioctl_without_an_argument() -> None:
    assert not has_structure(PLAIN)
    assert list(structure(PLAIN)) == []
    assert list(definition(PLAIN)) == ["/* Available with KVM_CAP_TEA */", "#define KVM_SET_TEA _IO(KVMIO, 0xd9)"]


@pytest.mark.parametrize("kind", ["none", "bool", "mask", "size", "fd"])
def test_a_capability_without_an_ioctl_defines_nothing(kind: str) -> None:
    request = replace(_with(kind), ioctl=None)
    assert not has_structure(request)
    assert [*structure(request), *definition(request)] == []


@pytest.mark.parametrize(
    ("kind", "meaning"),
    [("bool", "1 sets it, 0 clears it"), ("mask", "bits of KVM_CAP_TEA"), ("size", "a number"), ("fd", "an eventfd")],
)
def test_an_ioctl_with_a_structure(kind: str, meaning: str) -> None:
    request = _with(kind)
    assert has_structure(request)
    lines = list(definition(request))
    assert lines[:3] == [
        "/* Available with KVM_CAP_TEA */", f"#define KVM_SET_TEA _IOW(KVMIO, 0xd9, struct {IOCTL.struct})", ""
    ]  # fmt: skip
    assert lines[3:] == list(structure(request))
    assert lines[3:5] == [f"struct {IOCTL.struct} {{", f"\t__u64 value; /* {meaning} */"]


def test_the_structure_is_alike_for_32_and_64_bits_and_has_the_members() -> None:
    """Only 64-bit members, in the order of `MEMBERS`."""
    _, *members, end = structure(_with("size"))
    assert end == "};"
    assert all(line.startswith("\t__u64 ") for line in members)
    names = [line.split()[1].rstrip(";") for line in members]
    assert names == ["value", "flags", "reserved[2]"]
    assert ("value", "flags", *(f"reserved[{index}]" for index in range(2))) == MEMBERS


def test_a_number_that_is_not_settled_is_0() -> None:
    request = replace(PLAIN, ioctl=replace(IOCTL, number=None))
    assert list(definition(request))[-1] == "#define KVM_SET_TEA _IO(KVMIO, 0x0)"
