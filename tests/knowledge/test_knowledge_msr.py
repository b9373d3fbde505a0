"""Knowledge about model-specific registers, as the shipped tables and hostile ones give it."""

from __future__ import annotations

import re
from typing import Any

import pytest

from caplint.knowledge.load import knowledge
from caplint.knowledge.msr import MsrKnowledge, msr_of


def _tables() -> dict[str, Any]:
    """A small file of tables, in which no two have the same content."""
    lists = [
        "prefixes", "selectors", "requests", "values", "results", "saved", "vendor_filtered", "filters", "features",
        "probes", "feature_probes", "switching", "switched_lists",
    ]  # fmt: skip
    tables = [
        "switched", "read_only", "write_only", "everywhere", "elsewhere", "by_vmm", "companions", "capabilities",
        "lookups", "assumed_false",
    ]  # fmt: skip
    return {
        "architecture": "x86",
        "vendor_filter": "has_emulated_msr",
        **{name: [f"a {name}"] for name in lists},
        **{name: {f"a {name}": "b"} for name in tables},
        "handlers": {verb: {"functions": [f"{verb}_msr"], "fields": [f".{verb}"]} for verb in ("get", "set")},
        "state": {"kvm_vcpu_arch": [r"vcpu->arch", "^arch"], "vcpu_vmx": ["a|b"]},
        "vmm": {
            "calls": {"kvm_get_one_msr": 1}, "requests": {"KVM_GET_MSRS": "get"}, "get": ["kvm_get_*"],
            "put": ["kvm_put_*", "kvm_init_msrs"], "index_list": "I", "feature_list": "F",
            "cpuid": ["env->features", "^cpuid_"],
        },
        "passthrough": {"disable_intercept": [1, 2, ["MSR_TYPE_RW"]]},
        "ways": {"get": ["__get"], "set": ["__set"], "tables": {"ops": "kvm_x86_ops"}, "wrapped": {"vt_op": ["vt_"]}},
        "vendors": {"vmx": "/vmx[/.]"},
        "features_of_guest": {"calls": ["guest_has", "guest_has"], "members": ["cache"], "enforced": ["enforce"]},
        "paths": {"exits": ["handle_exit"], "guest": {"get": ["rdmsr"]}, "host": {"set": ["KVM_SET_MSRS"]}},
    }  # fmt: skip


@pytest.fixture(scope="module")
def shipped() -> MsrKnowledge:
    return knowledge().msr


def test_each_table_is_kept_under_its_name() -> None:
    data = _tables()
    found = vars(msr_of(data))
    same = found.keys() & data.keys() - {"prefixes", "passthrough", "vendors", "ways"}
    assert {name: found[name] for name in same} == {name: data[name] for name in same}
    assert len(same) == 21
    assert found["prefixes"] == ("a prefixes",)  # str.startswith takes a tuple


def test_tables_of_verbs() -> None:
    found = msr_of(_tables())
    assert found.functions == {"get": ["get_msr"], "set": ["set_msr"]}
    assert found.fields == {"get": [".get"], "set": [".set"]}
    assert found.ways == {"get": ["__get"], "set": ["__set"]}
    assert (found.tables, found.wrapped) == ({"ops": "kvm_x86_ops"}, {"vt_op": ["vt_"]})
    assert found.directions == {"read_only": {"a read_only": "b"}, "write_only": {"a write_only": "b"}}
    assert (found.guest_accesses, found.host_accesses) == ({"get": ["rdmsr"]}, {"set": ["KVM_SET_MSRS"]})


def test_a_vmms_functions_are_globs_of_whole_names() -> None:
    found = msr_of(_tables()).vmm_functions
    names = ["kvm_get_msrs", "kvm_put_msrs", "kvm_init_msrs", "kvm_init_msrs2", "x_kvm_get_msrs"]
    assert {verb: [name for name in names if globs.fullmatch(name)] for verb, globs in found.items()} == {
        "get": ["kvm_get_msrs"],
        "put": ["kvm_put_msrs", "kvm_init_msrs"],
    }


def test_each_pattern_of_a_state_is_one_alternative() -> None:
    """A pattern with `|` does not run into what is put around it."""
    roots = msr_of(_tables()).roots
    assert [name for name, _ in roots] == ["kvm_vcpu_arch", "kvm_vcpu_arch", "vcpu_vmx"]
    assert re.fullmatch(roots[2][1].pattern + "x", "ax")
    assert [bool(roots[1][1].search(text)) for text in ("arch", "vcpu->arch")] == [True, False]


def test_any_of_the_expressions_of_cpuid_counts() -> None:
    cpuid = msr_of(_tables()).cpuid
    texts = ["env->features[FEAT_1_ECX]", "cpuid_has(x)", "has_cpuid_(x)"]
    assert [bool(cpuid.search(text)) for text in texts] == [True, True, False]


def test_the_place_of_a_grant_tells_the_register_and_the_mode() -> None:
    assert msr_of(_tables()).passthrough == {"disable_intercept": (1, 2, ["MSR_TYPE_RW"])}


@pytest.mark.parametrize("name", ["handlers", "vmm", "ways", "features_of_guest", "assumed_false", "paths"])
def test_a_table_that_is_missing_is_named(name: str) -> None:
    data = _tables()
    del data[name]
    with pytest.raises(KeyError, match=name):
        msr_of(data)


@pytest.mark.parametrize(
    ("path", "vendors"),
    [
        ("arch/x86/kvm/vmx/vmx.c", ["vmx"]),
        ("arch/x86/kvm/vmx.c", ["vmx"]),
        ("arch/x86/kvm/pmu_intel.c", ["vmx"]),
        ("arch/x86/kvm/svm/svm.c", ["svm"]),
        ("arch/x86/kvm/pmu_amd.c", ["svm"]),
        ("arch/x86/kvm/x86.c", []),
        ("arch/x86/kvm/vmx_helpers.c", []),
    ],
)
def test_vendor_of_a_file(shipped: MsrKnowledge, path: str, vendors: list[str]) -> None:
    assert [name for name, pattern in shipped.vendors.items() if pattern.search(path)] == vendors


@pytest.mark.parametrize(
    ("expression", "states"),
    [
        ("vcpu->arch", {"kvm_vcpu_arch"}),
        ("svm->vcpu.arch", {"kvm_vcpu_arch"}),
        ("vcpu->kvm->arch", {"kvm_arch"}),
        ("to_vmx(vcpu)", {"vcpu_vmx"}),
        ("vmx", {"vcpu_vmx"}),
        ("svm", {"vcpu_svm"}),
        ("my_vmx", set()),
    ],
)
def test_state_that_an_expression_leads_to(shipped: MsrKnowledge, expression: str, states: set[str]) -> None:
    assert {name for name, pattern in shipped.roots if re.search(f"{pattern.pattern}$", expression)} == states


def test_shipped_tables_agree_with_each_other(shipped: MsrKnowledge) -> None:
    """A register that is listed twice would have two reasons, of which one is wrong."""
    read, written = shipped.directions["read_only"], shipped.directions["write_only"]
    assert not read.keys() & written.keys()
    assert not shipped.everywhere.keys() & shipped.elsewhere.keys()
    assert not set(shipped.companions) & set(shipped.companions.values())
    assert set(shipped.feature_probes) <= set(shipped.probes)
    assert set(shipped.vendor_filtered) <= set(shipped.saved)


def test_registers_have_the_prefixes_by_which_they_are_found(shipped: MsrKnowledge) -> None:
    tables = [*shipped.directions.values(), shipped.switched, shipped.everywhere, shipped.elsewhere, shipped.by_vmm]
    names = [name for table in tables for name in table]
    assert len(names) > 50
    assert [name for name in names if not name.startswith(shipped.prefixes)] == []
