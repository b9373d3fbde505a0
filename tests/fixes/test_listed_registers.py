"""Lists of MSRs that fixes change, and registers that people have to decide about."""

from __future__ import annotations

import pytest
from mended import Change, mend_edited

HOST = "arch/x86/include/asm/kvm_host.h"
X86 = "arch/x86/kvm/x86.c"
VMX = "arch/x86/kvm/vmx/vmx.c"

STATE = (HOST, "\tDECLARE_BITMAP(regs_avail, 32);\n", "\tDECLARE_BITMAP(regs_avail, 32);\n\tu64 ppin;\n")
GET = "#endif\n\tdefault:\n\t\treturn 1;\n\t}\n\treturn 0;\n}\nEXPORT_SYMBOL_GPL(kvm_get_msr_common);\n"
SET = "#endif\n\tdefault:\n\t\treturn 1;\n\t}\n\treturn 0;\n}\nEXPORT_SYMBOL_GPL(kvm_set_msr_common);\n"
READ = "\tcase MSR_PPIN:\n\t\tmsr_info->data = vcpu->arch.ppin;\n\t\tbreak;\n"
WRITE = (
    "\tcase MSR_PPIN:\n\t\tif (!msr_info->host_initiated)\n\t\t\treturn 1;\n\t\tvcpu->arch.ppin = data;\n\t\tbreak;\n"
)
LIST = "static const u32 emulated_msrs_all[] = {\n\tMSR_PLATFORM_INFO,\n};\n"
GUARDED = LIST.replace("};", "#ifdef CONFIG_X86_64\n\tMSR_IA32_MISC_ENABLE,\n#endif\n};")


def _served(read: str = READ) -> tuple[Change, ...]:
    return (
        STATE,
        (X86, GET, GET.replace("#endif\n", f"#endif\n{read}")),
        (X86, SET, SET.replace("#endif\n", f"#endif\n{WRITE}")),
    )


FIXED: dict[str, tuple[tuple[Change, ...], str]] = {
    "a new register with state of its own": (_served(), "\tMSR_PPIN,"),
    "a register that a patch takes out of its list": (
        ((X86, LIST, LIST.replace("\tMSR_PLATFORM_INFO,\n", "\tMSR_IA32_MISC_ENABLE,\n")),),
        "",
    ),
    "a new register under a condition": (_served(f"#ifdef CONFIG_KVM_PPIN\n{READ}#endif\n"), ""),
    "a list that ends under a condition": ((*_served(), (X86, LIST, GUARDED)), ""),
}


@pytest.mark.parametrize("name", FIXED)
def test_shape(name: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    changes, added = FIXED[name]
    lines, refused = mend_edited(changes, True, str(tmp_path_factory.getbasetemp().parent / "shapes"))
    assert (lines.rstrip(), refused) == (added.rstrip(), [])
