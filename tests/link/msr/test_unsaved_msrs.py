"""CAP306: one note for each list and family, and what a patch adds or removes by itself."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from conftest import X86, Caplint, kernel, lay, qemu

INDEX = "arch/x86/include/asm/msr-index.h"
NAMES = ("MSR_K7_TEA0", "MSR_K7_TEA1", "MSR_K8_CUP", "HV_X64_MSR_POT", "HV_X64_MSR_LID")
NUMBERED = "".join(f"#define {name} {0x100 + at}\n" for at, name in enumerate(NAMES))
VMM = "target/i386/kvm/kvm.c"
LISTS = """\
static const u32 msrs_to_save_base[] = {
	MSR_K7_TEA0,
	MSR_K7_TEA1,
	MSR_K8_CUP,
};
static const u32 emulated_msrs_all[] = {
	HV_X64_MSR_POT,
	HV_X64_MSR_LID,
};
"""


def _vmm(*names: str) -> str:
    entries = "".join(f"    kvm_msr_entry_add(cpu, {name}, 0);\n" for name in names)
    asked = {"get": "    return kvm_vcpu_ioctl(cpu, KVM_GET_MSRS, cpu->buf);\n", "put": ""}
    return "".join(f"static int kvm_{verb}_msrs(X86CPU *cpu)\n{{\n{entries}{end}}}\n" for verb, end in asked.items())


def _numbers(root: Path) -> dict[str, Path]:
    files = {INDEX: NUMBERED, X86: (kernel(root / "plain") / X86).read_text() + LISTS}
    trees = {"linux": kernel(root / "linux", files), "qemu": qemu(root / "qemu", {VMM: _vmm("MSR_K8_CUP")})}
    lay(trees["qemu"], {"target/i386/cpu.h": NUMBERED})
    return trees


def _found(caplint: Caplint, *words: str | Path) -> list[tuple[str, str]]:
    run = caplint(*words, "--output-format", "json", "--select", "CAP306")
    return sorted((entry["severity"], entry["subject"]) for entry in json.loads(run.out)["findings"])


def test_one_note_for_each_list_and_family(tmp_path: Path, caplint: Caplint) -> None:
    trees = _numbers(tmp_path)
    found = _found(caplint, "check", "--kernel", trees["linux"], "--qemu", trees["qemu"])
    assert found == [("note", "HV_X64_MSR_*"), ("note", "MSR_K7_*")]


@pytest.mark.parametrize(
    ("change", "path", "expected"),
    [
        (("    kvm_msr_entry_add(cpu, MSR_K8_CUP, 0);\n", "    reset(cpu);\n"), VMM, [("warning", "MSR_K8_CUP")]),
        (("\tMSR_K7_TEA1,\n", "\tMSR_K7_TEA1,\n\tMSR_K8_POT,\n"), X86, [("note", "MSR_K8_POT")]),
        (("\tHV_X64_MSR_LID,\n", "\tHV_X64_MSR_LID,\n\tHV_X64_MSR_CAN,\n"), X86, [("note", "HV_X64_MSR_CAN")]),
        (("\tHV_X64_MSR_LID,\n", "\tHV_X64_MSR_LID, /* moved */\n"), X86, []),
    ],
)
def test_patches(tmp_path: Path, caplint: Caplint, change: tuple[str, str], path: str, expected: list[object]) -> None:
    trees = _numbers(tmp_path)
    for tree in trees.values():
        for file in (tree / INDEX, tree / "target/i386/cpu.h"):
            if file.exists():
                file.write_text(f"{NUMBERED}#define MSR_K8_POT 0x200\n#define HV_X64_MSR_CAN 0x201\n")
    root = trees["qemu" if path == VMM else "linux"]
    before = (root / path).read_text()
    after = before.replace(*change)
    assert after != before
    patch = tmp_path / "a.patch"
    patch.write_text(_diff(path, before, after))
    found = _found(caplint, "patch", patch, "--kernel", trees["linux"], "--qemu", trees["qemu"])
    assert found == expected


def _diff(path: str, before: str, after: str) -> str:
    removed = "".join(f"-{line}" for line in before.splitlines(keepends=True))
    added = "".join(f"+{line}" for line in after.splitlines(keepends=True))
    head = f"@@ -1,{len(before.splitlines())} +1,{len(after.splitlines())} @@"
    return f"--- a/{path}\n+++ b/{path}\n{head}\n{removed}{added}"
