"""MSRs that an expression of a VMM stands for: one, a bank, the entries of a table, the kernel's whole list."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from bodies import LinkedCode, linked_vmm

from caplint.link.functions.call_sites import Budget
from caplint.link.vmm.msr_code import MsrCode
from caplint.link.vmm.msr_registers import LAST, LISTED, Register, VmmRegisters

HEADER = "#define MSR_A 0x10\n#define MSR_B 0x20\n#define MSR_BANK(x) (0x400 + 4 * (x))\n"
# Name → body that ends in here(); expression there; name and bounds of its registers.
BODIES = {
    "constant": ("", "MSR_A", [("MSR_A", 0x10, 0x10)]),
    "cast": ("", "(uint32_t)MSR_A", [("MSR_A", 0x10, 0x10)]),
    "number": ("", "0x8b", [("0x8b", 0x8B, 0x8B)]),
    "sum": ("", "MSR_A + 2", [("MSR_A + 2", 0x12, 0x12)]),
    "too_large": ("", "0x100000000", []),
    "bank": ("", "MSR_A + i", [("MSR_A + i", 0x10, 0x2F)]),
    "bank_by_a_macro": ("", "MSR_BANK(i)", [("MSR_BANK(i)", 0x400, 0x41F)]),
    "not_known": ("", "MSR_NOWhere", [("MSR_NOWhere", None, None)]),
    "chosen": ("", "x ? MSR_A : MSR_B", [("MSR_A", 0x10, 0x10), ("MSR_B", 0x20, 0x20)]),
    "chosen_from_unknown": ("", "x ? MSR_A : y", []),
    "list": ("", "list->indices[i]", [(LISTED, 0, LAST)]),
    "variable": ("uint32_t v = MSR_A;", "v", [("MSR_A", 0x10, 0x10)]),
    "set_again": ("uint32_t v = MSR_A; v = MSR_B;", "v", [("MSR_B", 0x20, 0x20)]),
    "variable_of_a_table": ("uint32_t v = table[i].index;", "v", [("MSR_A", 0x10, 0x10), ("MSR_B", 0x20, 0x20)]),
    "variable_of_itself": ("uint32_t v; v = v + 1;", "v", []),
    "member": ("", "s->chosen", [("MSR_B", 0x20, 0x20)]),
    "member_that_nothing_sets": ("", "s->never", []),
    "parameter": ("", "n", []),
    "table": ("", "table[i].index", [("MSR_A", 0x10, 0x10), ("MSR_B", 0x20, 0x20)]),
    "plain_table": ("", "plain[i]", [("0x11", 0x11, 0x11), ("MSR_B", 0x20, 0x20)]),
    "loop": ("uint32_t v; for (v = 0x200; v < 0x210; v++) { here(); }", "v", [("0x200", 0x200, 0x20F)]),
    "loop_to_the_last": ("uint32_t v; for (v = MSR_A; v <= MSR_B; v++) { here(); }", "v", [("MSR_A", 0x10, 0x20)]),
    "behind_the_loop": ("uint32_t v; for (v = 0x200; v < 0x210; v++) { x(); } here();", "v", [("0x200", 0x200, 0x200)]),
}  # fmt: skip
TEXT = """\
static const struct row table[] = { { MSR_A, 1 }, { .index = MSR_B }, { 0 } };
static const uint32_t plain[] = { 0x11, MSR_B, 0 };
int uses(int fd, struct kvm_msrs *m, struct state *s) { s->chosen = MSR_B; return ioctl(fd, KVM_GET_MSRS, m); }
""" + "".join(
    f"void {name}(struct state *s, struct list *list, int n)\n{{\t{body}\n\t{'here();' * ('here' not in body)}\n}}\n"
    for name, (body, _, _) in BODIES.items()
)


@pytest.fixture(scope="module")
def vmm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LinkedCode]:
    with linked_vmm(tmp_path_factory.mktemp("qemu"), TEXT, {"target/i386/cpu.h": HEADER}) as found:
        yield found


def _of(vmm: LinkedCode, name: str, steps: int = 1_000) -> list[Register]:
    code = MsrCode.of(vmm.connection, "now", vmm.tree)
    code.code.budget = Budget(steps)
    (function,) = code.code.named(name)
    (here,) = function.calls_of["here"]
    return VmmRegisters(code).of(function, here.start, BODIES[name][1])


@pytest.mark.parametrize("name", BODIES)
def test_registers(vmm: LinkedCode, name: str) -> None:
    assert [register[:3] for register in _of(vmm, name)] == BODIES[name][2]


def test_an_entry_of_a_table_is_told(vmm: LinkedCode) -> None:
    found = [(register.entry, register.line, register.table) for register in _of(vmm, "table")]
    assert found == [("{ MSR_A, 1 }", 1, "table"), ("{ .index = MSR_B }", 1, "table")]


def test_nothing_is_known_once_the_budget_is_spent(vmm: LinkedCode) -> None:
    assert _of(vmm, "constant", steps=0) == []
    assert _of(vmm, "table", steps=2) == []
