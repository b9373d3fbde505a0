"""Registers of a tree, and the functions that each vendor's module has for them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from bodies import LinkedCode, linked

from caplint.link.functions.flow import FlowStep, Sequence
from caplint.link.msr.vendors import COMMON, MsrRegisters, vendor_of

VMX, SVM = "arch/x86/kvm/vmx/vmx.c", "arch/x86/kvm/svm/svm.c"
COMMON_CODE = """\
static const u32 vmx_uret_msrs_list[] = { MSR_TEA, MSR_TEA + 2 };
int __kvm_get_msr(struct kvm_vcpu *vcpu, u32 index) { return kvm_x86_call(get_msr)(vcpu, index); }
int kvm_set_msr_common(struct kvm_vcpu *vcpu, struct msr_data *msr) { return 1; }
static bool plain(struct kvm_vcpu *vcpu) { return vcpu->arch.plain; }
static bool has_tea(struct kvm_vcpu *vcpu) { return guest_cpuid_has(vcpu, X86_FEATURE_TEA); }
static bool cached(struct kvm_vcpu *vcpu) { return vcpu->arch.pv_cpuid.cpuid_cache & 1; }
static bool deep_1(struct kvm_vcpu *vcpu) { return has_tea(vcpu); }
static bool deep_2(struct kvm_vcpu *vcpu) { return deep_1(vcpu); }
static bool deep_3(struct kvm_vcpu *vcpu) { return deep_2(vcpu); }
static void helper(void) { common(); }
"""
FILES = {
    VMX: """\
static void helper(void) { vmx(); }
int vmx_set_msr(struct kvm_vcpu *vcpu, struct msr_data *msr) { return 0; }
static bool vmx_has_emulated_msr(struct kvm *kvm, u32 index) { return true; }
struct kvm_x86_ops vt_x86_ops = { .set_msr = vt_op(set_msr), .has_emulated_msr = vmx_has_emulated_msr };
""",
    SVM: """\
int svm_set_msr(struct kvm_vcpu *vcpu, struct msr_data *msr) { return 0; }
static bool svm_has_emulated_msr(struct kvm *kvm, u32 index) { return false; }
struct kvm_x86_ops svm_x86_ops = { .set_msr = svm_set_msr, .has_emulated_msr = &svm_has_emulated_msr };
struct other_ops others = { .set_msr = plain };
""",
    "arch/arm64/kvm/arm.c": "int svm_get_msr(struct kvm_vcpu *vcpu) { return 0; }\n",
}
NUMBERS = {"MSR_TEA": 0x10, "MSR_TEA + 2": 0x12, "MSR_CUP": 0x20, "0x30": 0x30}


@pytest.fixture(scope="module")
def code(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LinkedCode]:
    with linked(tmp_path_factory.mktemp("kernel"), COMMON_CODE, FILES) as found:
        yield found


@pytest.fixture
def registers(code: LinkedCode) -> MsrRegisters:
    return MsrRegisters(code.helpers, NUMBERS.get, frozenset({"drinks"}))


@pytest.mark.parametrize(
    ("path", "vendor"),
    [
        (VMX, "vmx"), ("arch/x86/kvm/vmx.c", "vmx"), ("arch/x86/kvm/vmx/pmu_intel.c", "vmx"), (SVM, "svm"),
        ("arch/x86/kvm/pmu_amd.c", "svm"), ("arch/x86/kvm/x86.c", COMMON), ("arch/x86/include/asm/vmx.h", COMMON),
    ],
)  # fmt: skip
def test_vendor_of_a_file(path: str, vendor: str) -> None:
    assert vendor_of(path) == vendor


def test_vendors_with_a_handler(registers: MsrRegisters, tmp_path_factory: pytest.TempPathFactory) -> None:
    assert registers.vendors == ["svm", "vmx"]
    with linked(tmp_path_factory.mktemp("kernel"), COMMON_CODE) as alone:
        assert MsrRegisters(alone.helpers, NUMBERS.get, frozenset()).vendors == [COMMON]


@pytest.mark.parametrize(
    ("verb", "vendor", "names"),
    [
        ("get", "vmx", ["__kvm_get_msr"]), ("set", "vmx", ["vmx_set_msr"]), ("set", "svm", ["svm_set_msr"]),
        ("set", COMMON, ["kvm_set_msr_common"]),
    ],
)  # fmt: skip
def test_functions_with_which_an_access_begins(
    registers: MsrRegisters, verb: str, vendor: str, names: list[str]
) -> None:
    """KVM's own, else the vendor's, else the common one."""
    assert [body.name for body in registers.entries(verb, vendor)] == names


def test_filters_of_a_vendors_lists(registers: MsrRegisters) -> None:
    assert {vendor: [body.name for body in registers.filters(vendor)] for vendor in ("vmx", "svm")} == {
        "vmx": ["vmx_has_emulated_msr"], "svm": ["svm_has_emulated_msr"]
    }  # fmt: skip


def test_functions_behind_a_member_of_a_table(registers: MsrRegisters) -> None:
    """A macro around the name stands for its possible beginnings; another structure's table is none."""
    slot = ("kvm_x86_ops", "set_msr")
    assert [body.name for body in registers.through(slot, "vmx")] == ["vmx_set_msr"]
    assert [body.name for body in registers.through(slot, "svm")] == ["svm_set_msr"]
    assert registers.through(("kvm_x86_ops", "nothing"), "svm") == []


@pytest.mark.parametrize(
    ("chain", "slot"),
    [
        ("kvm_x86_ops.get_msr", ("kvm_x86_ops", "get_msr")), ("kvm->pmu_ops->get_msr", ("kvm_pmu_ops", "get_msr")),
        ("kvm_x86_call(get_msr)", ("kvm_x86_ops", "get_msr")), ("vcpu->arch.get_msr", None), ("get_msr", None),
    ],
)  # fmt: skip
def test_a_call_through_a_table(registers: MsrRegisters, chain: str, slot: tuple[str, str] | None) -> None:
    assert registers.slot(chain) == slot


def test_definitions_that_a_call_may_mean(registers: MsrRegisters) -> None:
    """Those of the caller's file come first, and another vendor's never."""
    assert [body.handler.path for body in registers.definitions("helper", "vmx", VMX)] == [VMX]
    assert [body.handler.path for body in registers.definitions("helper", "svm", SVM)] == ["arch/x86/kvm/x86.c"]
    assert len(registers.definitions("helper", "vmx", "arch/x86/kvm/vmx/other.c")) == 2
    assert registers.definitions("svm_set_msr", "vmx", VMX) == []


@pytest.mark.parametrize(
    ("name", "tests"),
    [("plain", False), ("has_tea", True), ("cached", True), ("deep_1", True), ("deep_2", True), ("deep_3", False)],
)
def test_functions_that_test_features_of_the_guest(
    code: LinkedCode, registers: MsrRegisters, name: str, tests: bool
) -> None:
    """Themselves, or in what they call, two calls deep."""
    assert registers.tests_features(code.body(name)) is tests


@pytest.mark.parametrize(
    ("condition", "mentions"),
    [
        ("!guest_cpuid_has(vcpu, X86_FEATURE_TEA)", True), ("vcpu->kvm->arch.drinks", True), ("has_tea(vcpu)", True),
        ("deep_2(vcpu) && x", True), ("plain(vcpu)", False), ("data & ~7", False), ("has_tea", False),
        ("nowhere(vcpu)", False),
    ],
)  # fmt: skip
def test_conditions_about_features(registers: MsrRegisters, condition: str, mentions: bool) -> None:
    assert registers.mentions_features(condition) is mentions


def test_a_list_of_run_time_may_hold_what_code_names(registers: MsrRegisters, code: LinkedCode) -> None:
    """All of which must be known, else any register may be in it."""
    lookup = "kvm_find_user_return_msr"
    assert [registers.finds(lookup, number) for number in (0x10, 0x12, 0x11)] == [True, True, False]
    unknown = MsrRegisters(code.helpers, {"MSR_TEA": 0x10}.get, frozenset())
    assert unknown.finds(lookup, 0x11)


def test_labels_of_a_switch(registers: MsrRegisters) -> None:
    cases = [("MSR_TEA", "MSR_TEA"), ("MSR_TEA", "0x30"), ("MSR_NO", "MSR_NO")]
    steps = [FlowStep("case", *case, at, at, True, Sequence()) for at, case in enumerate(cases)]
    sequence = Sequence(steps=[*steps[:1], FlowStep("default", "", "", 9, 9, True, Sequence()), *steps[1:]])
    assert registers.labels(sequence) == ([(0x10, 0x10, 0), (0x10, 0x30, 2)], [3])
