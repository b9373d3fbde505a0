"""The seed case of a faulty patch pair, made for the trees that are measured."""

import difflib
from pathlib import Path

from tools.bench.sources import CORPUS, PAIR
from tools.errors import ToolError

_Edits = dict[str, list[tuple[str, str]]]
"""Path → texts, and what takes their place."""


def write_pair(place: str, name: str) -> list[str]:
    """Write the kernel's and the VMM's patch for a capability of this name below a directory; their paths."""
    files = []
    for tree, edits in zip(PAIR, (_kernel(name), _vmm(name)), strict=True):
        file = Path(place, f"{name}-{tree}.patch")
        file.write_text(f"From: a@example.org\nSubject: [PATCH] {name}\n\n{_diff(tree, edits)}", "utf-8")
        files.append(str(file))
    return files


def _kernel(name: str) -> _Edits:
    state = name.lower()
    reading = "\tcase MSR_IA32_TSC_ADJUST:\n\t\tmsr_info->data"
    enabling = "\tcase KVM_CAP_DISABLE_QUIRKS2:\n\t\tr = -EINVAL;"
    return {
        "include/uapi/linux/kvm.h": [_number("linux-6.12", "include/uapi/linux/kvm.h", name)],
        "arch/x86/include/asm/kvm_host.h": [("\tu64 ia32_xss;\n", f"\tu64 ia32_xss;\n\tu64 {state};\n")],
        "arch/x86/kvm/x86.c": [
            ("\tcase KVM_CAP_HLT:\n", f"\tcase KVM_CAP_HLT:\n\tcase KVM_CAP_{name}:\n"),
            (reading, f"\tcase MSR_{name}:\n\t\tmsr_info->data = vcpu->arch.{state};\n\t\tbreak;\n{reading}"),
            (enabling, f"\tcase KVM_CAP_{name}:\n\t\tr = 0;\n\t\tbreak;\n{enabling}"),
        ],
    }


def _vmm(name: str) -> _Edits:
    before = "    ret = kvm_arch_init(ms, s);\n"
    enabling = f"        kvm_vm_enable_cap(s, KVM_CAP_{name}, 0);\n"
    wanted = f"    if (kvm_vm_check_extension(s, KVM_CAP_{name})) {{\n{enabling}    }}\n"
    return {
        "linux-headers/linux/kvm.h": [_number("qemu-10.0", "linux-headers/linux/kvm.h", name)],
        "accel/kvm/kvm-all.c": [(before, f"{wanted}\n{before}")],
    }


def _number(tree: str, path: str, name: str) -> tuple[str, str]:
    lines = (CORPUS / tree / path).read_text("utf-8").splitlines(keepends=True)
    last = next(line for line in reversed(lines) if line.startswith("#define KVM_CAP_"))
    return last, f"{last}#define KVM_CAP_{name} 250\n"


def _diff(tree: str, edits: _Edits) -> str:
    parts: list[str] = []
    for path, changes in edits.items():
        before = after = (CORPUS / tree / path).read_text("utf-8")
        for text, other in changes:
            if text not in after:
                raise ToolError(f"{tree}/{path} does not hold {text!r}, so the patch pair cannot be made")
            after = after.replace(text, other, 1)
        parts += difflib.unified_diff(
            before.splitlines(keepends=True), after.splitlines(keepends=True), f"a/{path}", f"b/{path}"
        )
    return "".join(parts)
