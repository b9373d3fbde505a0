"""Code of a VMM that has to do with MSRs: its files, its ioctls, and calls that only name one."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from bodies import LinkedCode, linked_vmm
from conftest import ask, bare_qemu

from caplint.link.vmm.msr_code import FEATURE, MsrCode

WRAPPERS = """\
static int set(int fd, unsigned long request, struct kvm_msrs *msrs)
{
	return ioctl(fd, request, msrs);
}
static void note(unsigned long request, const char *what)
{
	printf("%s %lx", what, request);
}
"""
# One line of a function, and the uses of the number by the function that returns it.
LINES = {
    "direct": ("if (ioctl(fd, KVM_SET_MSRS, m) < 0)\n\t\tabort();", [("ioctl", "error")]),
    "cast": ("if (ioctl(fd, (unsigned long)KVM_SET_MSRS, m) < 0)\n\t\tabort();", [("ioctl", "error")]),
    "chosen": ("ioctl(fd, put ? KVM_SET_MSRS : KVM_GET_MSRS, m);", [("ioctl", "dropped")]),
    "own function": ("if (set(fd, KVM_SET_MSRS, m) < 0)\n\t\tabort();", [("set", "error")]),
    "member": ("vm->ioctl(fd, KVM_SET_MSRS, m);", [("vm->ioctl", "dropped")]),
    "named in a message": (
        'if (ioctl(fd, KVM_SET_MSRS, m) < 0)\n\t\tdie_perror("KVM_SET_MSRS failed");', [("ioctl", "error")]
    ),
    "compared, with a message": (
        'if (ioctl(fd, KVM_SET_MSRS, m) != 1)\n\t\tdie("KVM_SET_MSRS");', [("ioctl", "compared")]
    ),
    "in another call": ("die_if(ioctl(fd, KVM_SET_MSRS, m) != 1);", [("ioctl", "compared")]),
    "printed as a number": ('printf("%lx", KVM_SET_MSRS);', []),
    "printed by an own function": ('note(KVM_SET_MSRS, "set");', []),
    "compared as a request": ("take(request == KVM_SET_MSRS);", []),
}  # fmt: skip


@pytest.mark.parametrize(("line", "uses"), LINES.values(), ids=LINES)
def test_calls_that_issue(tmp_path: Path, line: str, uses: list[tuple[str, str]]) -> None:
    code = f"void f(int fd, int put, struct vm *vm, struct kvm_msrs *m)\n{{\n\t{line}\n}}\n"
    tree = bare_qemu(tmp_path, {"target/i386/kvm/kvm.c": WRAPPERS + code})
    found = ask([tree], "SELECT callee, use FROM vmm_msr_count WHERE function = 'f' ORDER BY line, column")
    assert found == uses


FILES = {
    "target/i386/kvm/other.c": "void calls(X86CPU *cpu) { add(cpu, MSR_TEA); }\nvoid idle(void) { add(1); }\n",
    "target/i386/kvm/comment.c": "/* KVM_SET_MSRS */\nvoid c(X86CPU *cpu) { nothing(cpu); }\n",
    "target/i386/cpu.h": "#define MSR_TEA 0x10\n",
}
TEXT = """\
static void add(X86CPU *cpu, uint32_t index) { cpu->buf->index = index; }
void vcpu(CPUState *cs, struct kvm_msrs *m, bool put)
{
    kvm_vcpu_ioctl(cs, KVM_GET_MSRS, m);
    kvm_vcpu_ioctl(cs, put ? KVM_SET_MSRS : KVM_GET_MSRS, m);
    kvm_vcpu_ioctl(cs, KVM_GET_REGS, m);
}
void host(KVMState *s, struct kvm_msrs *m) { kvm_ioctl(s, KVM_GET_MSRS, m); }
"""


@pytest.fixture(scope="module")
def vmm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LinkedCode]:
    with linked_vmm(tmp_path_factory.mktemp("qemu"), TEXT, FILES) as found:
        yield found


def test_only_files_that_have_to_do_with_msrs_are_read(vmm: LinkedCode) -> None:
    """A comment that names the ioctl does not make a file one of them."""
    code = MsrCode.of(vmm.connection, "now", vmm.tree)
    assert {function.name for function in code.code.functions} == {"add", "vcpu", "host"}


def test_files_that_call_some_functions_are_added(vmm: LinkedCode) -> None:
    code = MsrCode.of(vmm.connection, "now", vmm.tree)
    wider = code.including(["add"])
    assert {function.name for function in wider.code.functions} == {"add", "vcpu", "host", "calls", "idle"}
    assert wider.including(["add", "vcpu"]) is wider
    assert code.including(["nobody_calls_this"]) is code


def test_what_an_ioctl_does_depends_on_request_and_descriptor(vmm: LinkedCode) -> None:
    code = MsrCode.of(vmm.connection, "now", vmm.tree)
    (vcpu,), (host,) = code.code.named("vcpu"), code.code.named("host")
    assert [(set(ioctl.verbs), ioctl.requests) for ioctl in code.ioctls(vcpu)] == [
        ({"get"}, ("KVM_GET_MSRS",)), ({"get", "put"}, ("KVM_SET_MSRS", "KVM_GET_MSRS"))
    ]  # fmt: skip
    assert [set(ioctl.verbs) for ioctl in code.ioctls(host)] == [{FEATURE}]


def test_values_of_expressions(vmm: LinkedCode) -> None:
    code = MsrCode.of(vmm.connection, "now", vmm.tree)
    (function,) = code.code.named("vcpu")
    values = [code.value(function, text) for text in ("MSR_TEA", "MSR_TEA + 0x100", "index", "MSR_CUP")]
    assert values == [0x10, 0x110, None, None]
