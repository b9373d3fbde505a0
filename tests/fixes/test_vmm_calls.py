"""Wrappers that fixes put into a VMM, and calls that are left as they are."""

from __future__ import annotations

import pytest
from mended import Change, mend_edited

ARM = "arch/arm64/kvm/arm.c"
ALL = "accel/kvm/kvm-all.c"
I386 = "target/i386/kvm/kvm.c"
S390 = "target/s390x/kvm/kvm.c"
MIPS = "target/mips/kvm.c"

LIMIT = (
    ARM,
    "\t\tanswer = kvm_arm_default_max_vcpus();\n",
    "\t\tif (kvm)\n\t\t\tanswer = kvm->max_vcpus;\n\t\telse\n\t\t\tanswer = kvm_arm_default_max_vcpus();\n",
)
ASKS = "    s->max_vcpus = kvm_check_extension(s, KVM_CAP_MAX_VCPUS);\n"
FALLS_BACK = "    return ret < 0 ? kvm_check_extension(s, extension) : ret;\n"
TOPOLOGY = "        int ret = kvm_vm_enable_cap(s, KVM_CAP_S390_CPU_TOPOLOGY, 0);\n"
WRONG = TOPOLOGY.replace("vm_enable_cap(s", "vcpu_enable_cap(first_cpu")
CHANNELS = "    return kvm_vcpu_enable_cap(cs, KVM_CAP_S390_CSS_SUPPORT, 0);\n"
PER_VM = CHANNELS.replace("vcpu_enable_cap(cs", "vm_enable_cap(kvm_state")
INIT = "int kvm_arch_init(MachineState *ms, KVMState *s)\n"
INIT_VCPU = "int kvm_arch_init_vcpu(CPUState *cs)\n{\n    if"
PLATFORM = """\
    if (kvm_check_extension(s, KVM_CAP_MSR_PLATFORM_INFO)) {
        ret = kvm_vm_enable_cap(s, KVM_CAP_MSR_PLATFORM_INFO, 0, 1);
        if (ret < 0) {
            return ret;
        }
    }
"""
SILENT = "    (void)kvm_vm_enable_cap(s, KVM_CAP_MSR_PLATFORM_INFO, 0, 1);\n"
FLOAT = """\
    if (kvm_check_extension(kvm_state, KVM_CAP_MIPS_FPU)) {
        ret = kvm_vcpu_enable_cap(cs, KVM_CAP_MIPS_FPU, 0, 0);
        if (ret < 0) {
            error_report("no floating-point unit for the guest: %s", strerror(-ret));
        }
    }
"""


def _asks(new: str) -> tuple[Change, ...]:
    return (LIMIT, (ALL, ASKS, new))


FIXED: dict[str, tuple[tuple[Change, ...], str]] = {
    "an answer that is assigned": ((LIMIT,), ASKS.replace("kvm_check", "kvm_vm_check")),
    "a condition over several lines": (
        _asks("    if (s->nr_vcpus &&\n"
              "        kvm_check_extension(s, KVM_CAP_MAX_VCPUS) > 9) {\n        return -1;\n    }\n"),
        "        kvm_vm_check_extension(s, KVM_CAP_MAX_VCPUS) > 9) {\n",
    ),
    "arguments over several lines": (
        _asks("    s->max_vcpus = kvm_check_extension(s,\n"
              "                                       KVM_CAP_MAX_VCPUS);\n"),
        "    s->max_vcpus = kvm_vm_check_extension(s,\n                                          KVM_CAP_MAX_VCPUS);\n",
    ),
    "the ioctl itself stays": (_asks("    s->max_vcpus = kvm_ioctl(s, KVM_CHECK_EXTENSION, KVM_CAP_MAX_VCPUS);\n"), ""),
    "a wrapper that asks nobody else": ((LIMIT, (ALL, FALLS_BACK, "    return ret < 0 ? 0 : ret;\n")), ""),
    "the parameter for the VM": (((S390, TOPOLOGY, WRONG),), TOPOLOGY),
    "the global for the VM": (
        ((S390, TOPOLOGY, WRONG), (S390, INIT, INIT.replace("KVMState *s", "AccelState *as"))),
        TOPOLOGY.replace("(s,", "(kvm_state,"),
    ),
    "a wrapper whose arguments go on below": (
        ((S390, TOPOLOGY, "        int ret = kvm_vcpu_enable_cap(first_cpu, KVM_CAP_S390_CPU_TOPOLOGY,\n"
                          "                                      0);\n"),),
        "        int ret = kvm_vm_enable_cap(s, KVM_CAP_S390_CPU_TOPOLOGY,\n                                    0);\n",
    ),
    "the parameter for the vCPU": (((S390, CHANNELS, PER_VM),), CHANNELS),
    "the architecture's type of vCPU": (
        ((S390, CHANNELS, PER_VM), (S390, INIT_VCPU, INIT_VCPU.replace("CPUState *cs", "S390CPU *cpu"))),
        CHANNELS.replace("(cs,", "(CPU(cpu),"),
    ),
    "no vCPU at hand": (
        ((S390, CHANNELS, PER_VM), (S390, INIT_VCPU, INIT_VCPU.replace("CPUState *cs", "void *opaque"))),
        "",
    ),
    "two vCPUs at hand": (
        ((S390, CHANNELS, PER_VM),
         (S390, INIT_VCPU, INIT_VCPU.replace("    if", "    CPUState *other = cs->next;\n    if"))),
        "",
    ),
    "a variable would be left without use": (
        ((S390, TOPOLOGY, WRONG.replace("first_cpu", "cs")),
         (S390, f"{INIT}{{\n", f"{INIT}{{\n    CPUState *cs = first_cpu;\n\n")),
        "",
    ),
    "a check of the VM": (
        ((I386, PLATFORM, SILENT),),
        f"    if (kvm_vm_check_extension(s, KVM_CAP_MSR_PLATFORM_INFO)) {{\n    {SILENT}    }}\n",
    ),
    "a check of the VM for a vCPU": (
        ((MIPS, FLOAT, "    (void)kvm_vcpu_enable_cap(cs, KVM_CAP_MIPS_FPU, 0, 0);\n"),),
        "    if (kvm_vm_check_extension(kvm_state, KVM_CAP_MIPS_FPU)) {\n"
        "        (void)kvm_vcpu_enable_cap(cs, KVM_CAP_MIPS_FPU, 0, 0);\n    }\n",
    ),
    "no check where the call is a branch": ((((I386, PLATFORM, f"    if (ms)\n    {SILENT}")),), ""),
}  # fmt: skip


@pytest.mark.parametrize("name", FIXED)
def test_shape(name: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    changes, added = FIXED[name]
    lines, refused = mend_edited(changes, True, str(tmp_path_factory.getbasetemp().parent / "shapes"))
    assert (lines.rstrip(), refused) == (added.rstrip(), [])
