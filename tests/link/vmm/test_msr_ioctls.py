"""Calls that issue KVM_GET_MSRS and KVM_SET_MSRS, and calls that only name them."""

from __future__ import annotations

from pathlib import Path

import pytest
from conftest import ask, bare_qemu

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


# What becomes of the number in `n`, and the use of it.
READS = {
    "bounds a loop": ("for (i = 0; i < n; i++) take(m, i);", "loop"),
    "bounds a loop, and an error": ("if (n < 0) return;\n\tfor (i = 0; i < n; i++) take(m, i);", "loop"),
    "the other way round": ("for (i = 0; n > i; ++i) take(m, i);", "loop"),
    "a loop that stops there": ("i = 0;\n\twhile (i != n) {\n\t\ttake(m, i);\n\t\ti += 1;\n\t}", "loop"),
    "a do loop": ("i = 0;\n\tdo {\n\t\ttake(m, i);\n\t\ti++;\n\t} while (i < n);", "loop"),
    "goes on behind it": ("while (n < m->nmsrs) n = more(m, n);", "compared"),
    "compared behind the loop": ("for (i = 0; i < n; i++) take(m, i);\n\tif (n != want) g();", "compared"),
    "another bound": ("for (i = 0; i < want; i++) if (i >= n) g();", "compared"),
    "handed on": ("for (i = 0; i < n; i++) take(m, i);\n\tcheck(n);", "unknown"),
}  # fmt: skip


@pytest.mark.parametrize(("code", "use"), READS.values(), ids=READS)
def test_a_number_that_bounds_a_loop(tmp_path: Path, code: str, use: str) -> None:
    head = "void f(int fd, int want, struct kvm_msrs *m)\n{\n\tint i, n;\n\tn = ioctl(fd, KVM_GET_MSRS, m);\n"
    tree = bare_qemu(tmp_path, {"target/i386/kvm/kvm.c": f"{head}\t{code}\n}}\n"})
    assert ask([tree], "SELECT use FROM vmm_msr_count") == [(use,)]
