"""Lowered names and conditions in the words of Rust."""

from __future__ import annotations

import pytest

from caplint.rust.cfg import predicate
from caplint.rust.spelling import as_cfg, as_rust


@pytest.mark.parametrize(
    ("lowered", "written"),
    [
        ("Cap__Hlt", "Cap::Hlt"), ("VmCap__Mte", "VmCap::Mte"), ("check_extension_macro", "check_extension!"),
        ("check_extension_closure", "check_extension"), ("(struct KvmVm *)self", "self"), ("*c", "*c"),
        ("request_code_readwrite_macro(KVMIO, 0xba)", "request_code_readwrite!(KVMIO, 0xba)"),
        ("KVM_CAP_X__Y", "KVM_CAP_X__Y"), ("__u32", "__u32"), ("ioctl_with_ref", "ioctl_with_ref"), ("", ""),
    ],
)  # fmt: skip
def test_names(lowered: str, written: str) -> None:
    assert as_rust(lowered) == written


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ('target_arch = "x86_64"', 'target_arch = "x86_64"'), ('target_os = "linux"', 'target_os = "linux"'),
        ('feature = "sev_snp"', 'feature = "sev_snp"'), ('guest_arch = "aarch64"', "guest_arch_aarch64"),
        ('all(feature = "tdx", target_arch = "aarch64")', '(feature = "tdx") && (target_arch = "aarch64")'),
        ('not(target_arch = "x86_64")', '!(target_arch = "x86_64")'),
    ],
)  # fmt: skip
def test_conditions(written: str, shown: str) -> None:
    assert as_cfg(predicate(written)) == shown


def test_other_macros_stay() -> None:
    assert as_cfg("defined(KVM_CAP_A) && X") == "defined(KVM_CAP_A) && X"


def test_time_is_in_proportion() -> None:
    assert as_rust("A" * 100_000) == "A" * 100_000
    assert as_rust("a_" * 50_000)
