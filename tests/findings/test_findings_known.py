"""Known findings as readers see them, and what has the form of a fingerprint."""

from __future__ import annotations

import pytest

from caplint.findings.known import BaselineEntry, UpstreamEntry, is_fingerprint


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("0123456789abcdef", True),
        ("f" * 16, True),
        ("", False),
        ("f" * 15, False),
        ("f" * 17, False),
        ("0123456789ABCDEF", False),
        ("0123456789abcdeg", False),
        (" 0123456789abcde", False),
        ("0123456789abcdef\n", False),
        ("x0123456789abcdef", False),
        ("\N{ARABIC-INDIC DIGIT ONE}" * 16, False),
    ],
)
def test_a_fingerprint_is_sixteen_digits_of_lower_case(text: str, expected: bool) -> None:
    assert is_fingerprint(text) is expected


@pytest.mark.parametrize(
    ("arch", "function", "text"),
    [
        (None, None, "CAP202 KVM_CAP_HLT (kernel:arch/x86/kvm/x86.c)"),
        ("x86", None, "CAP202 KVM_CAP_HLT on x86 (kernel:arch/x86/kvm/x86.c)"),
        (None, "check", "CAP202 KVM_CAP_HLT (kernel:arch/x86/kvm/x86.c check())"),
        ("x86", "check", "CAP202 KVM_CAP_HLT on x86 (kernel:arch/x86/kvm/x86.c check())"),
    ],
)
def test_an_entry_of_a_baseline_says_where_it_is(arch: str | None, function: str | None, text: str) -> None:
    entry = BaselineEntry(
        "CAP202", "warning", "KVM_CAP_HLT", "kernel", "arch/x86/kvm/x86.c", "f" * 16, arch, function, "a reason"
    )
    assert str(entry) == text


def _upstream(arch: str | None = None, mended: str | None = None) -> UpstreamEntry:
    return UpstreamEntry("CAP202", "note", "KVM_CAP_HLT", "vmm", "kvm.c", "reported", "it is on the list", arch, mended)


def test_a_finding_that_is_known_upstream_says_where_it_is() -> None:
    assert str(_upstream()) == "CAP202 KVM_CAP_HLT (vmm:kvm.c)"
    assert str(_upstream(arch="s390")) == "CAP202 KVM_CAP_HLT on s390 (vmm:kvm.c)"


def test_a_remark_names_the_release_that_mended_it_instead_of_a_state() -> None:
    assert _upstream().remark == "reported: it is on the list"
    assert _upstream(mended="6.13").remark == "mended in 6.13: it is on the list"
