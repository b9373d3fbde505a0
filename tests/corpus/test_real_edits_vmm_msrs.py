"""Single edits to the code of real QEMUs that reads and writes MSRs: exactly the findings that follow come and go."""

from __future__ import annotations

import difflib
import json
import os
from pathlib import Path

import pytest
import real_trees
from conftest import Caplint
from editing import OLD, Edit, Row, Transform, before, both, brings_and_takes_exactly, every, inside, swap
from real_trees import Corpus, root, source

pytestmark = [pytest.mark.corpus, pytest.mark.edits]
corpus = real_trees.corpus

KVM = "target/i386/kvm/kvm.c"
PUT = "kvm_put_msrs"
GET = "kvm_get_msrs"


def rows(severity: str, code: str, *names: str) -> list[Row]:
    return [(severity, code, name, "x86") for name in names]


def warns(code: str, *names: str) -> list[Row]:
    return rows("warning", code, *names)


def unguarded(flag: str) -> Transform:
    """Let what stands under a flag alone happen always."""
    return every(rf"if \({flag}\) \{{", "if (1) {")


def without_entry(name: str) -> Transform:
    """Drop the call that adds a register."""
    return every(rf"^ *kvm_msr_entry_add\(cpu, {name}\b(?:[^;]|\n)*;\n", "")


def renamed(old: str, new: str) -> Transform:
    return every(rf"\b{old}\b", new)


ARCH = """\
    if (has_msr_arch_capabs) {
        kvm_msr_entry_add(cpu, MSR_IA32_ARCH_CAPABILITIES,
                          env->features[FEAT_ARCH_CAPABILITIES]);
    }
"""
SPEC = "    if (has_msr_spec_ctrl) {\n        kvm_msr_entry_add(cpu, MSR_IA32_SPEC_CTRL, env->spec_ctrl);\n    }\n"
SSBD = "    if (has_msr_virt_ssbd) {\n        kvm_msr_entry_add(cpu, MSR_VIRT_SSBD, env->virt_ssbd);\n    }\n"
READ_SPEC = "    if (has_msr_spec_ctrl) {\n        kvm_msr_entry_add(cpu, MSR_IA32_SPEC_CTRL, 0);\n    }\n"
TABLE = """\
static const struct {
    uint32_t index;
    size_t where;
    const bool *listed;
} simple_msrs[] = {
    { MSR_IA32_SPEC_CTRL, offsetof(CPUX86State, spec_ctrl), %s },
    { MSR_VIRT_SSBD, offsetof(CPUX86State, virt_ssbd), %s },
};
"""
LOOP = """\
    for (i = 0; i < ARRAY_SIZE(simple_msrs); i++) {
        if (!simple_msrs[i].listed || *simple_msrs[i].listed) {
            kvm_msr_entry_add(cpu, simple_msrs[i].index, *(uint64_t *)((char *)env + simple_msrs[i].where));
        }
    }
"""
LOOP_BY_POINTER = """\
    for (const MsrSlot *slot = simple_msrs; slot->index; slot++) {
        if (slot->listed && !*slot->listed) {
            continue;
        }
        kvm_msr_entry_add(cpu, slot->index, *(uint64_t *)((char *)env + slot->where));
    }
"""
ONE_READ = "    if (ret < 0) {\n        return ret;\n    }\n    assert(ret == 1);\n"
FLUSH = "    if (ret < cpu->kvm_msr_buf->nmsrs) {\n"


def in_table(first: str, second: str, loop: str = LOOP) -> Transform:
    return both(before(PUT, TABLE % (first, second)), inside(PUT, swap(SPEC, loop), swap(SSBD, "")))


EDITS = [
    # CAP311: what is asked before a register is written.
    Edit("always", {KVM: inside("kvm_init_msrs", unguarded("has_msr_arch_capabs"))},
         warns("CAP311", "MSR_IA32_ARCH_CAPABILITIES")),
    Edit("old-always", {KVM: inside("kvm_init_msrs", unguarded("has_msr_arch_capabs"))},
         warns("CAP311", "MSR_IA32_ARCH_CAPABILITIES"), pair=OLD),
    Edit("plain-always", {KVM: inside("kvm_init_msrs", swap(ARCH, ARCH.replace("if (has_msr_arch_capabs) ", "")))},
         warns("CAP311", "MSR_IA32_ARCH_CAPABILITIES")),
    Edit("by-level-only", {KVM: inside(PUT, swap("if (has_msr_spec_ctrl)", "if (level >= KVM_PUT_RESET_STATE)"))},
         warns("CAP311", "MSR_IA32_SPEC_CTRL")),
    Edit("helper-always", {KVM: both(
        before(PUT, "static void put_ssbd(X86CPU *cpu)\n{\n    kvm_msr_entry_add(cpu, MSR_VIRT_SSBD, 1);\n}\n"),
        inside(PUT, swap(SSBD, "    put_ssbd(cpu);\n")))}, warns("CAP311", "MSR_VIRT_SSBD")),
    Edit("macro-always", {KVM: both(
        before(PUT, "#define PUT_MSR(name, field) kvm_msr_entry_add(cpu, MSR_ ## name, env->field)\n"),
        inside(PUT, swap(SPEC, "    PUT_MSR(IA32_SPEC_CTRL, spec_ctrl);\n")))}, warns("CAP311", "MSR_IA32_SPEC_CTRL")),
    Edit("table-flags", {KVM: in_table("&has_msr_spec_ctrl", "&has_msr_virt_ssbd")}),
    Edit("table-by-pointer", {KVM: in_table("&has_msr_spec_ctrl", "&has_msr_virt_ssbd", LOOP_BY_POINTER)}),
    Edit("flag-renamed", {KVM: both(renamed("has_msr_arch_capabs", "caps_known"), renamed("has_msr_spec_ctrl", "x"))}),
    Edit("guard-in-caller", {KVM: both(
        before(PUT, "static void put_ssbd(X86CPU *cpu)\n{\n    kvm_msr_entry_add(cpu, MSR_VIRT_SSBD, 1);\n}\n"),
        inside(PUT, swap("        kvm_msr_entry_add(cpu, MSR_VIRT_SSBD, env->virt_ssbd);\n", "        put_ssbd(cpu);\n")))}),  # noqa: E501
    Edit("early-return", {KVM: both(
        before(PUT, "static void put_ssbd(X86CPU *cpu)\n{\n    if (!has_msr_virt_ssbd) {\n        return;\n    }\n"
               "    kvm_msr_entry_add(cpu, MSR_VIRT_SSBD, 1);\n}\n"),
        inside(PUT, swap(SSBD, "    put_ssbd(cpu);\n")))}),
    Edit("by-predicate", {KVM: both(
        before(PUT, "static bool can_ssbd(void)\n{\n    return has_msr_virt_ssbd;\n}\n"),
        inside(PUT, swap("if (has_msr_virt_ssbd)", "if (can_ssbd())")))}),
    Edit("by-local", {KVM: inside(PUT, swap(SSBD, "    bool known = has_msr_virt_ssbd;\n\n    if (known) {\n"
         "        kvm_msr_entry_add(cpu, MSR_VIRT_SSBD, env->virt_ssbd);\n    }\n"))}),
    Edit("by-cpuid", {KVM: inside(PUT, swap(
        "if (has_msr_virt_ssbd)", "if (env->features[FEAT_8000_0008_EBX] & CPUID_8000_0008_EBX_VIRT_SSBD)"))}),
    Edit("by-capability", {KVM: inside(PUT, swap(
        "if (has_msr_virt_ssbd)", "if (kvm_check_extension(kvm_state, KVM_CAP_GET_MSR_FEATURES))"))}),
    # CAP312: one direction goes.
    *(Edit(f"{name}-not-put", {KVM: inside(PUT, without_entry(name))}, warns("CAP312", name))
      for name in ("MSR_IA32_TSX_CTRL", "MSR_K7_HWCR", "MSR_KVM_ASYNC_PF_INT", "MSR_MCG_STATUS",
                   "MSR_IA32_XFD_ERR", "MSR_IA32_SYSENTER_CS", "MSR_VM_HSAVE_PA")),
    Edit("own-function-not-put", {KVM: inside("kvm_put_tscdeadline_msr", every(
        r"    ret = kvm_put_one_msr\([^;]*;\n", "    ret = 1;\n"))}, warns("CAP312", "MSR_IA32_TSCDEADLINE")),
    *(Edit(f"{name}-not-read", {KVM: inside(GET, without_entry(name))}, warns("CAP312", name))
      for name in ("MSR_K7_HWCR", "MSR_KVM_ASYNC_PF_INT", "MSR_IA32_UMWAIT_CONTROL", "MSR_IA32_SMBASE")),
    Edit("read-and-not-kept", {KVM: both(
        inside(PUT, without_entry("MSR_K7_HWCR")),
        inside(GET, swap("            env->msr_hwcr = msrs[i].data;\n", "            trace_hwcr(msrs[i].data);\n")))}),
    # CAP313: the number is not looked at.
    Edit("set-asserted-positive", {KVM: inside("kvm_buf_set_msrs", swap(FLUSH, "    if (ret < 0) {\n"), swap(
        "assert(ret == cpu->kvm_msr_buf->nmsrs)", "assert(ret >= 0)"))}, warns("CAP313", "KVM_SET_MSRS")),
    Edit("set-dropped", {KVM: inside("kvm_arch_reset_parked_vcpu", every(
        r"    if \(ioctl\(kvm_fd, KVM_SET_MSRS, msrs\) != 1\) \{(?:.|\n)*?\n    \}\n", "    ioctl(kvm_fd, KVM_SET_MSRS, msrs);\n"))},  # noqa: E501
        warns("CAP313", "KVM_SET_MSRS")),
    Edit("set-in-condition", {KVM: inside("kvm_arch_reset_parked_vcpu", swap("msrs) != 1", "msrs) < 0"))},
         warns("CAP313", "KVM_SET_MSRS")),
    Edit("get-by-callers", {KVM: inside("kvm_get_one_msr", swap("    assert(ret == 1);\n", ""))},
         warns("CAP313", "KVM_GET_MSRS", "KVM_GET_MSRS")),
    Edit("put-by-caller", {KVM: inside("kvm_put_apicbase", swap("assert(ret == 1)", "assert(ret >= 0)"))},
         warns("CAP313", "KVM_SET_MSRS")),
    Edit("set-returned-as-bool", {KVM: inside("kvm_buf_set_msrs", swap(FLUSH, "    if (0) {\n"), swap(
        "    assert(ret == cpu->kvm_msr_buf->nmsrs);\n    return 0;\n",
        "    return ret == cpu->kvm_msr_buf->nmsrs ? 0 : -EINVAL;\n"))}),
    Edit("set-compared-elsewhere", {KVM: both(
        before("kvm_buf_set_msrs", "static bool all_taken(X86CPU *cpu, int n)\n{\n    return n == cpu->kvm_msr_buf->nmsrs;\n}\n"),  # noqa: E501
        inside("kvm_buf_set_msrs", swap(FLUSH, "    if (0) {\n"), swap("assert(ret == cpu->kvm_msr_buf->nmsrs)",
                                                                        "assert(all_taken(cpu, ret))")))}),
    # CAP304: what only the VMM can save.
    Edit("mtrrs-go", {KVM: both(*(inside(function, every(r"^ *kvm_msr_entry_add\(cpu, MSR_MTRR(?:[^;]|\n)*;\n", ""))
                                  for function in (PUT, GET)))}, warns("CAP304", "MSR_MTRRdefType")),
    Edit("fixed-mtrrs-go", {KVM: both(*(inside(function, every(r"^ *kvm_msr_entry_add\(cpu, MSR_MTRRfix(?:[^;]|\n)*;\n", ""))  # noqa: E501
                                        for function in (PUT, GET)))}, warns("CAP304", "MSR_MTRRfix16K_80000 and others")),  # noqa: E501
    Edit("timer-counts-go", {KVM: both(
        inside(PUT, without_entry("HV_X64_MSR_STIMER0_COUNT"), swap("HV_X64_MSR_STIMER0_CONFIG + j * 2", "HV_X64_MSR_STIMER0_CONFIG")),  # noqa: E501
        inside(GET, swap("msr <= HV_X64_MSR_STIMER3_COUNT", "msr <= HV_X64_MSR_STIMER0_CONFIG")))},
        warns("CAP304", "HV_X64_MSR_STIMER0_COUNT and others")),
]  # fmt: skip


@pytest.mark.parametrize("edit", EDITS, ids=lambda edit: edit.name)
def test_edits(corpus: Corpus, edit: Edit) -> None:
    brings_and_takes_exactly(corpus, edit)


@pytest.mark.parametrize(
    ("functions", "expected"),
    [
        ((PUT, GET), [("CAP306", "warning", "MSR_KVM_ASYNC_PF_INT")]),
        ((PUT,), [("CAP312", "warning", "MSR_KVM_ASYNC_PF_INT")]),
        ((GET,), [("CAP312", "warning", "MSR_KVM_ASYNC_PF_INT")]),
    ],
)
def test_a_patch_that_no_longer_saves_a_register(
    tmp_path: Path, caplint: Caplint, functions: tuple[str, ...], expected: list[tuple[str, str, str]]
) -> None:
    was = source("qemu-10.0", KVM)
    now = both(*(inside(function, without_entry("MSR_KVM_ASYNC_PF_INT")) for function in functions))(was)
    text = difflib.unified_diff(was.splitlines(True), now.splitlines(True), f"a/{KVM}", f"b/{KVM}")
    (patch := tmp_path / "a.patch").write_text("".join(text))
    trees = ["--kernel", os.path.realpath(root("linux-6.12")), "--qemu", os.path.realpath(root("qemu-10.0"))]
    run = caplint("patch", patch, *trees, "--output-format", "json")
    found = json.loads(run.out)["findings"]
    assert [(entry["code"], entry["severity"], entry["subject"]) for entry in found] == expected
