"""MSRs that a guest may write without an exit, and whether they are switched between host and guest."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from bodies import LinkedCode, linked

TEXT = """\
static const u32 vmx_uret_msrs_list[] = { MSR_LISTED };
static const u32 other_list[] = { MSR_PLAIN };
static void f(struct kvm_vcpu *vcpu, u32 index)
{
	vmx_disable_intercept_for_msr(vcpu, MSR_PLAIN, MSR_TYPE_RW);
	vmx_disable_intercept_for_msr(vcpu, MSR_WRITTEN, MSR_TYPE_W);
	vmx_disable_intercept_for_msr(vcpu, MSR_READ_ONLY, MSR_TYPE_R);
	vmx_disable_intercept_for_msr(vcpu, MSR_LISTED, MSR_TYPE_RW);
	vmx_disable_intercept_for_msr(vcpu, MSR_CALLED, MSR_TYPE_RW);
	vmx_disable_intercept_for_msr(vcpu, MSR_FS_BASE, MSR_TYPE_RW);
	vmx_disable_intercept_for_msr(vcpu, index, MSR_TYPE_RW);
	vmx_disable_intercept_for_msr(vcpu, MSR_BANK + index, MSR_TYPE_RW);
	vmx_disable_intercept_for_msr(vcpu, MSR_SHORT);
	set_msr_interception(vcpu, svm->msrpm, MSR_SVM, 1, 1);
	set_msr_interception(vcpu, svm->msrpm, MSR_KEPT, 1, 0);
	other(vcpu, MSR_OTHER, MSR_TYPE_RW);
	wrmsrl(MSR_CALLED, 1);
	rdmsrl(MSR_PLAIN, x);
}
"""
SWITCHED = {"MSR_LISTED", "MSR_CALLED", "MSR_FS_BASE"}


@pytest.fixture(scope="module")
def code(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LinkedCode]:
    arm = {"arch/arm64/kvm/arm.c": TEXT.replace("MSR_PLAIN", "MSR_ARM")}
    with linked(tmp_path_factory.mktemp("kernel"), TEXT, arm) as found:
        yield found


def test_registers_that_a_guest_may_write(code: LinkedCode) -> None:
    """On x86, where the mode allows writing, and where the register is named."""
    rows = code.connection.execute("SELECT msr, path, function FROM msr_passthrough ORDER BY 1").fetchall()
    names = ["MSR_CALLED", "MSR_FS_BASE", "MSR_LISTED", "MSR_PLAIN", "MSR_SVM", "MSR_WRITTEN"]
    assert rows == [(name, "arch/x86/kvm/x86.c", "f") for name in names]


def test_registers_that_are_switched(code: LinkedCode) -> None:
    """By a call that writes them, in a list, or by other means that are known; a read switches nothing."""
    rows = code.connection.execute("SELECT msr FROM msr_passthrough WHERE switched")
    assert {msr for (msr,) in rows} == SWITCHED


def test_places(code: LinkedCode) -> None:
    rows = code.connection.execute("SELECT msr, line FROM msr_passthrough WHERE msr IN ('MSR_PLAIN', 'MSR_SVM')")
    assert sorted(rows) == [("MSR_PLAIN", 5), ("MSR_SVM", 14)]
