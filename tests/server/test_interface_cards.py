"""Cards of ioctls and MSRs: number, handlers, documentation, capabilities and uses, each with its places."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator

import pytest
from conftest import QEMU_UAPI, UAPI, X86, bare_kernel, bare_qemu

from caplint.config.settings import Config
from caplint.server.interface_cards import ioctl_card, msr_card, places_text
from caplint.server.messages import NameCard
from caplint.session import open_session

INDEX = "arch/x86/include/asm/msr-index.h"
API = "Documentation/virt/kvm/api.rst"
ARM = "arch/arm64/kvm/arm.c"
VMM = "target/i386/kvm/kvm.c"
HEADER = """\
#include <linux/types.h>
#include <linux/ioctl.h>
#include <asm/kvm.h>
#define KVM_CAP_TEA 7
struct kvm_tea {
	__u64 cups;
	struct kvm_pot pot;
};
/* Available with KVM_CAP_TEA */
#define KVM_GET_TEA _IOR(0xAE, 0xd9, struct kvm_tea)
#define KVM_POUR _IO(0xAE, 0xda)
#define KVM_SPILL _IOW(0xAE, 0xdb, __u32)
"""
CODE = """\
long kvm_arch_vcpu_ioctl(struct file *filp, unsigned int ioctl, unsigned long arg)
{
	switch (ioctl) {
	case KVM_GET_TEA:
		return 0;
	}
	return -EINVAL;
}
int kvm_arch_vm_ioctl(struct file *filp, unsigned int ioctl, unsigned long arg)
{
	switch (ioctl) {
	case KVM_GET_TEA:
	case KVM_POUR:
		return 0;
	}
	return -EINVAL;
}
static const u32 msrs_to_save_base[] = { MSR_TEA };
int kvm_set_msr_common(struct kvm_vcpu *vcpu, struct msr_data *msr_info)
{
	switch (msr_info->index) {
	case MSR_TEA:
		vcpu->arch.tea = msr_info->data;
		break;
	case MSR_FIRST ... MSR_FIRST + 7:
		break;
	}
	return 0;
}
int kvm_get_msr_common(struct kvm_vcpu *vcpu, struct msr_data *msr_info)
{
	switch (msr_info->index) {
	case MSR_TEA:
		msr_info->data = vcpu->arch.tea;
		break;
	}
	return 0;
}
int kvm_vm_ioctl_check_extension(struct kvm *kvm, long ext)
{
	switch (ext) {
	case KVM_CAP_TEA:
		return 1;
	}
	return 0;
}
"""
REGISTERS = """\
#define MSR_TEA 0x123
#define MSR_FIRST 0x200
#define MSR_ALIAS 0x200
#define MSR_LAST 0x207
#define MSR_BEHIND 0x208
#define MSR_ODD (x + 1)
"""
VMX = "void f(void)\n{\n\tvmx_disable_intercept_for_msr(vcpu, MSR_TEA, MSR_TYPE_RW);\n}\n"
USES = """\
static int kvm_put_msrs(X86CPU *cpu, int level)
{
	kvm_msr_entry_add(cpu, MSR_TEA, cpu->env.tea);
	return kvm_vcpu_ioctl(CPU(cpu), KVM_SET_MSRS, cpu->kvm_msr_buf);
}
int get(X86CPU *cpu, struct kvm_tea *tea)
{
	return kvm_vcpu_ioctl(CPU(cpu), KVM_GET_TEA, tea);
}
"""
POURS = "".join(f"int pour{number}(void) {{ return kvm_vm_ioctl(s, KVM_POUR); }}\n" for number in range(8))


@pytest.fixture(scope="module")
def connection(tmp_path_factory: pytest.TempPathFactory) -> Iterator[sqlite3.Connection]:
    root = tmp_path_factory.mktemp("cards")
    arm = "int kvm_arch_vm_ioctl(struct file *filp, unsigned int ioctl, unsigned long arg)\n{\n\tswitch (ioctl) {\n"
    linux = {
        UAPI: HEADER,
        "arch/x86/include/uapi/asm/kvm.h": "struct kvm_pot {\n\t__u64 size;\n};\n",
        "arch/arm64/include/uapi/asm/kvm.h": "struct kvm_pot {\n\t__u64 size[2];\n};\n",
        X86: CODE,
        ARM: f"{arm}\tcase KVM_POUR:\n\t\treturn 0;\n\t}}\n\treturn -EINVAL;\n}}\n",
        INDEX: REGISTERS,
        "arch/x86/kvm/vmx/vmx.c": VMX,
        API: "1. API\n======\n\n4.140 KVM_GET_TEA\n-----------------\n\nTea.\n\nKVM_POUR\n--------\n\nMore.\n",
    }
    vmm = {QEMU_UAPI: HEADER, VMM: USES + POURS, "target/i386/cpu.h": "#define MSR_TEA 0x123\n"}
    trees = [bare_qemu(root / "q", vmm), bare_kernel(root / "k", linux)]
    session = open_session(trees, Config(cache="none", jobs=1))
    yield session.connection
    session.store.close()


def _ioctl(connection: sqlite3.Connection, name: str) -> NameCard:
    card = ioctl_card(connection, name)
    assert card is not None
    return card


def _msr(connection: sqlite3.Connection, name: str) -> NameCard:
    card = msr_card(connection, name)
    assert card is not None
    return card


def _at(text: str, line: str, after: str = "") -> int:
    """Line number of the first such text behind another one."""
    return text.count("\n", 0, text.index(line, text.index(after))) + 1


def test_an_ioctl_whose_argument_differs_by_architecture(connection: sqlite3.Connection) -> None:
    card = _ioctl(connection, "KVM_GET_TEA")
    assert card.title == "KVM_GET_TEA (ioctl)"
    numbers = {text for label, text in card.lines if label == "number"}
    size_of = {"x86": 16, "arm64": 24}
    for arch, size in size_of.items():
        (text,) = [text for text in numbers if text.partition(", on ")[2].split(", ").count(arch)]
        number = (2 << 30) | (size << 16) | (0xAE << 8) | 0xD9  # ioctl.h: read, size, type, number
        assert text.partition(", on ")[0] == f"{number:#x}, argument struct kvm_tea of {size} bytes"
    vcpu, vm = (_at(CODE, "case KVM_GET_TEA", function) for function in ("vcpu_ioctl", "arch_vm_ioctl"))
    assert [line for line in card.lines if line[0] != "number"] == [
        ("x86", f"handled on the vcpu descriptor (kernel:{X86}:{vcpu})"),
        ("x86", f"handled on the vm descriptor (kernel:{X86}:{vm})"),
        ("documentation", f"4.140 KVM_GET_TEA (kernel:{API}:4)"),
        ("needs", "KVM_CAP_TEA"),
        ("issued in VMMs", f"qemu:{VMM}:{_at(USES, 'KVM_GET_TEA')}"),
    ]


def test_an_ioctl_without_an_argument_on_two_architectures(connection: sqlite3.Connection) -> None:
    lines = _ioctl(connection, "KVM_POUR").lines
    first = USES.count("\n") + 1
    assert lines == [
        ("number", "0xaeda"),
        ("arm64", f"handled on the vm descriptor (kernel:{ARM}:4)"),
        ("x86", f"handled on the vm descriptor (kernel:{X86}:{_at(CODE, 'case KVM_POUR')})"),
        ("documentation", f"KVM_POUR (kernel:{API}:9)"),
        ("issued in VMMs", ", ".join(f"qemu:{VMM}:{first + number}" for number in range(6)) + " and 2 more"),
    ]


def test_an_ioctl_that_nothing_handles(connection: sqlite3.Connection) -> None:
    number = (1 << 30) | (4 << 16) | (0xAE << 8) | 0xDB
    assert _ioctl(connection, "KVM_SPILL").lines == [
        ("number", f"{number:#x}, argument __u32 of 4 bytes"), ("kernel", "no handler has a case for it"),
    ]  # fmt: skip


def test_an_msr_with_all_that_is_told_of_it(connection: sqlite3.Connection) -> None:
    card = _msr(connection, "MSR_TEA")
    assert card.title == "MSR_TEA = 0x123 (MSR)"
    read, written = (_at(CODE, "case MSR_TEA", function) for function in ("kvm_get_msr", "kvm_set_msr"))
    assert card.lines == [
        ("read in", f"kernel:{X86}:{read}"),
        ("written in", f"kernel:{X86}:{written}"),
        ("listed in", f"msrs_to_save_base (kernel:{X86}:{_at(CODE, 'msrs_to_save_base')})"),
        ("passed through", "kernel:arch/x86/kvm/vmx/vmx.c:3"),
        ("capabilities", "KVM_CAP_TEA"),
        ("VMMs write", f"qemu:{VMM}:{_at(USES, 'MSR_TEA')}"),
    ]


@pytest.mark.parametrize(("name", "number"), [("MSR_FIRST", "0x200"), ("MSR_ALIAS", "0x200"), ("MSR_LAST", "0x207")])
def test_an_msr_within_a_range(connection: sqlite3.Connection, name: str, number: str) -> None:
    card = _msr(connection, name)
    assert card.title == f"{name} = {number} (MSR)"
    assert card.lines == [("written in", f"kernel:{X86}:{_at(CODE, 'MSR_FIRST ...')}")]


@pytest.mark.parametrize(("name", "number"), [("MSR_BEHIND", "0x208"), ("MSR_ODD", "a number that is not computed")])
def test_an_msr_that_no_handler_names(connection: sqlite3.Connection, name: str, number: str) -> None:
    card = _msr(connection, name)
    assert (card.title, card.lines) == (f"{name} = {number} (MSR)", [("kernel", "no handler names it")])


@pytest.mark.parametrize("name", ["KVM_CAP_TEA", "KVM_GONE", "MSR_GONE", "kvm_pour", "", "x' OR '1'='1"])
def test_other_names_have_no_card(connection: sqlite3.Connection, name: str) -> None:
    assert ioctl_card(connection, name) is None
    assert msr_card(connection, name) is None


@pytest.mark.parametrize(("count", "more"), [(0, ""), (1, ""), (6, ""), (7, " and 1 more"), (100, " and 94 more")])
def test_so_many_places_and_no_more(count: int, more: str) -> None:
    text = places_text([("k", "a.c", line) for line in range(1, count + 1)])
    assert text == ", ".join(f"k:a.c:{line}" for line in range(1, min(count, 6) + 1)) + more
