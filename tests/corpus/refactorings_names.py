"""Refactorings that give functions and lists other names, or name their elements otherwise."""

from __future__ import annotations

from editing import Edit, Transform, both, every, inside, swap
from refactoring import definition, without

X86 = "arch/x86/kvm/x86.c"
SVM = "arch/x86/kvm/svm/svm.c"
VMX = "arch/x86/kvm/vmx/vmx.c"
Q86 = "target/i386/kvm/kvm.c"


def _named(old: str, new: str) -> Transform:
    return every(rf"\b{old}\b", new)


EDITS = [
    Edit(
        "x86: the common reader of MSRs gets another name",
        {
            path: _named("kvm_get_msr_common", "kvm_read_msr_common")
            for path in (X86, SVM, VMX, "arch/x86/include/asm/kvm_host.h")
        },
    ),
    Edit("svm: the reader of MSRs gets another name", {SVM: _named("svm_get_msr", "svm_read_msr")}),
    Edit("x86: the list of MSRs to save gets another name", {X86: _named("msrs_to_save_base", "msrs_to_migrate")}),
    Edit("x86: the list of emulated MSRs gets another name", {X86: _named("emulated_msrs_all", "msrs_emulated")}),
    Edit(
        "x86: a group of emulated MSRs is named by a macro",
        {
            X86: both(
                swap("\tHV_X64_MSR_TIME_REF_COUNT, HV_X64_MSR_REFERENCE_TSC,\n", "\tHV_TIME_MSRS,\n"),
                swap(
                    "static const u32 emulated_msrs_all[] = {",
                    "#define HV_TIME_MSRS HV_X64_MSR_TIME_REF_COUNT, HV_X64_MSR_REFERENCE_TSC\n\n"
                    "static const u32 emulated_msrs_all[] = {",
                ),
            )
        },
    ),
    Edit(
        "vmx: the reading of MSRs moves to a file of its own",
        {
            VMX: without("vmx_get_msr"),
            "arch/x86/kvm/vmx/msrs.c": lambda _: (
                '#include "x86.h"\n#include "vmx.h"\n\n' + definition(VMX, "vmx_get_msr")
            ),
            "arch/x86/kvm/Makefile": swap("vmx/vmx.o vmx/vmenter.o", "vmx/vmx.o vmx/msrs.o vmx/vmenter.o"),
        },
    ),
    Edit(
        "x86: the request is copied before it is looked at",
        {
            X86: inside(
                "kvm_vm_ioctl_enable_cap",
                every(r"\bcap->", "request."),
                swap("\tint r;\n", "\tstruct kvm_enable_cap request = *cap;\n\tint r;\n"),
            )
        },
    ),
    Edit("qemu: the function that adds an MSR gets another name", {Q86: _named("kvm_msr_entry_add", "kvm_add_msr")}),
    Edit(
        "qemu: the functions that put and get MSRs get other names",
        {Q86: both(_named("kvm_put_msrs", "kvm_write_msrs"), _named("kvm_get_msrs", "kvm_read_msrs"))},
    ),
    Edit(
        "qemu: what is there of MSRs is kept in a structure",
        {
            Q86: both(
                every(r"^static bool has_msr_star;", "static struct {\n    bool star;\n} has_msr;"),
                _named("has_msr_star", "has_msr.star"),
            )
        },
    ),
]
