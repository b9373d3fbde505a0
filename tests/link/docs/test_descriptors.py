"""Descriptors that api.rst and header comments name beside a capability."""

from __future__ import annotations

import pytest

from caplint.link.docs.descriptors import described

A, B, C = "KVM_CAP_A", "KVM_CAP_B", "KVM_CAP_C"
THREE = "device ioctl, vm ioctl, vcpu ioctl"

TEXTS = [
    (f"{A} or {B}", None, [(A, None), (B, None)]),
    (f"{A}, {B} on x86", "vm ioctl", [(A, None), (B, None)]),
    (f"{A} (for coalesced mmio) {B} (s390)", "vm ioctl", [(A, None), (B, None)]),
    (f"{A}, {B} for vm device, {C} for vcpu device", THREE, [(A, "device"), (B, "vm"), (C, "vcpu")]),
    (f"{A}, {B} for vm device", THREE, [(A, "vcpu,device"), (B, "vm")]),
    (f"{A} for system (/dev/kvm) device (no set)", THREE, [(A, "system")]),
    (f"{A} for /dev/kvm", THREE, [(A, "system")]),
    (f"{A} (vcpu), {B} (system)", "system ioctl, vcpu ioctl", [(A, "vcpu"), (B, "system")]),
    (f"{A} (on a VM), {B} (for vCPUs)", None, [(A, "vm"), (B, "vcpu")]),
    (f"{A} / {B}", "vcpu ioctl / vm ioctl", [(A, "vcpu"), (B, "vm")]),
    (f"{A} / {B}", "vcpu ioctl, vm ioctl", [(A, None), (B, None)]),
    (f"{A}, {B}, {C}", "vm ioctl, vcpu ioctl", [(A, None), (B, None), (C, None)]),
    (f"vcpu version available with {A} vm version available with {B}", None, [(A, "vcpu"), (B, "vm")]),
    (f"vcpu: {A}, vm: {B}", None, [(A, "vcpu"), (B, "vm")]),
    (f"Available with {A} for a vCPU, or with {B} to set defaults for a VM", None, [(A, "vcpu"), (B, "vm")]),
    (f"Available with {A}, or with {B} for a VM", None, [(A, "vcpu,device,system"), (B, "vm")]),
    ("basic", THREE, []),
]


@pytest.mark.parametrize(("text", "kind", "expected"), TEXTS)
def test_descriptors(text: str, kind: str | None, expected: list[tuple[str, str | None]]) -> None:
    assert described(text, kind) == expected
