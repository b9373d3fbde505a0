"""Registers that a VMM reads and writes, each with what it asks before and what it keeps."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from bodies import LinkedCode, linked_vmm
from conftest import QEMU_UAPI, ask, bare_qemu


def test_what_a_vmm_saves(tmp_path: Path) -> None:
    text = """\
static bool has_cup;
static int kvm_get_supported_msrs(KVMState *s)
{
    kvm_ioctl(s, KVM_GET_MSR_INDEX_LIST, list);
    has_cup = true;
    return 0;
}
static int kvm_put_msrs(X86CPU *cpu)
{
    kvm_msr_entry_add(cpu, MSR_TEA, 1);
    if (has_cup) {
        kvm_msr_entry_add(cpu, MSR_CUP, 1);
    }
    for (i = 0; i < 4; i++) {
        kvm_msr_entry_add(cpu, MSR_BANK + i, 1);
    }
    return 0;
}
"""
    header = "#define MSR_TEA 0x10\n#define MSR_CUP 0x11\n#define MSR_BANK 0x20\n"
    tree = bare_qemu(tmp_path, {"target/i386/kvm/kvm.c": text, "target/i386/cpu.h": header})
    assert ask([tree], "SELECT verb, number, last, listed FROM vmm_msr ORDER BY line") == [
        ("put", 0x10, 0x10, 0),
        ("put", 0x11, 0x11, 1),
        ("put", 0x20, 0x3F, 0),
    ]


def test_a_vmm_without_registers(tmp_path: Path) -> None:
    assert ask([bare_qemu(tmp_path, {QEMU_UAPI: ""})], "SELECT * FROM vmm_msr") == []


TABLES = """\
static bool has_tea;
static int kvm_get_supported_msrs(KVMState *s)
{
    has_tea = kvm_check_extension(s, KVM_CAP_TEA);
    return kvm_ioctl(s, KVM_GET_MSR_INDEX_LIST, s->list);
}
static int kvm_get_msrs(X86CPU *cpu, CPUX86State *env)
{
    int i, n;

    kvm_msr_entry_add(cpu, MSR_TEA, 0);
    kvm_msr_entry_add(cpu, MSR_CUP, 0);
    n = kvm_vcpu_ioctl(CPU(cpu), KVM_GET_MSRS, cpu->msrs);
    for (i = 0; i < n; i++) {
        switch (cpu->msrs->entries[i].index) {
        case MSR_TEA:
            env->tea = cpu->msrs->entries[i].data;
            break;
        }
    }
    return 0;
}
static int kvm_put_msrs(X86CPU *cpu, CPUX86State *env)
{
    if (has_tea) {
        kvm_msr_entry_add(cpu, MSR_TEA, env->tea);
    }
    if (elsewhere(env)) {
        kvm_msr_entry_add(cpu, MSR_CUP, 3);
    }
    kvm_msr_entry_add(cpu, pick(env), value(env));
    i = kvm_vcpu_ioctl(CPU(cpu), KVM_SET_MSRS, cpu->msrs);
    note(i);
}
static void host(KVMState *s)
{
    kvm_msr_entry_add(s, MSR_TEA, 0);
    kvm_ioctl(s, KVM_GET_MSRS, s->msrs);
}
"""


@pytest.fixture(scope="module")
def vmm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LinkedCode]:
    header = "#define MSR_TEA 0x10\n#define MSR_CUP 0x11\n"
    with linked_vmm(tmp_path_factory.mktemp("qemu"), TABLES, {"target/i386/cpu.h": header}) as found:
        yield found


def test_rows_of_registers(vmm: LinkedCode) -> None:
    """What a VMM reads from the host is no vCPU's register."""
    columns = "function, line, verb, msr, number, asked, value, kept"
    assert list(vmm.connection.execute(f"SELECT {columns} FROM vmm_msr ORDER BY line")) == [
        ("kvm_get_msrs", 11, "get", "MSR_TEA", 0x10, "", "none", 1),
        ("kvm_get_msrs", 12, "get", "MSR_CUP", 0x11, "", "none", 0),
        ("kvm_put_msrs", 26, "put", "MSR_TEA", 0x10, "capability", "state", None),
        ("kvm_put_msrs", 29, "put", "MSR_CUP", 0x11, "unknown", "constant", None),
        ("kvm_put_msrs", 31, "put", "pick(env)", None, "", "other", None),
    ]


def test_what_is_not_known_is_a_blind_spot(vmm: LinkedCode) -> None:
    found = vmm.connection.execute(
        "SELECT line, reason FROM all_cut WHERE reason LIKE '%MSR%' OR reason LIKE '%regist%'"
    )
    assert sorted(found) == [
        (29, "a question before MSR_CUP is written that is not understood"),
        (31, "an MSR that is not known: `pick(env)`"),
        (32, "what becomes of the number of registers that kvm_vcpu_ioctl() returns"),
    ]


def test_rows_of_counts(vmm: LinkedCode) -> None:
    columns = "function, line, callee, request, use"
    assert list(vmm.connection.execute(f"SELECT {columns} FROM vmm_msr_count ORDER BY line")) == [
        ("kvm_get_msrs", 13, "kvm_vcpu_ioctl", "KVM_GET_MSRS", "loop"),
        ("kvm_put_msrs", 32, "kvm_vcpu_ioctl", "KVM_SET_MSRS", "unknown"),
        ("host", 38, "kvm_ioctl", "KVM_GET_MSRS", "dropped"),
    ]


def test_a_vmm_with_too_many_values_is_a_blind_spot(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("caplint.link.vmm.msr_code._MOST_STEPS", 3)
    tree = bare_qemu(tmp_path, {"target/i386/kvm/kvm.c": TABLES})
    reasons = [reason for (reason,) in ask([tree], "SELECT reason FROM all_cut")]
    assert "MSRs that values lead to in too many ways to follow" in reasons


def test_a_file_that_only_calls_what_takes_a_register_counts(tmp_path: Path) -> None:
    files = {
        "target/i386/kvm/kvm.c": (
            "void add_own(X86CPU *cpu, uint32_t index)\n{\n    cpu->m->entries[0].index = index;\n"
            "    ioctl(cpu->fd, KVM_SET_MSRS, cpu->m);\n}\n"
        ),
        "target/i386/kvm/other.c": "void more(X86CPU *cpu)\n{\n    add_own(cpu, 0x10);\n}\n",
    }
    found = ask([bare_qemu(tmp_path, files)], "SELECT function, verb, number FROM vmm_msr")
    assert found == [("more", "put", 0x10)]
