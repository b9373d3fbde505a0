"""Registers whose value a VMM keeps after it was read, and what a value that it writes is."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from bodies import LinkedCode, linked_vmm

from caplint.link.vmm.msr_code import MsrCode
from caplint.link.vmm.msr_places import places_of, takers_of
from caplint.link.vmm.msr_registers import Register
from caplint.link.vmm.msr_state import MsrState, written_kind

NUMBERS = {"A": 10, "B": 20, "C": 30, "D": 40, "E": 50, "F": 60, "G": 100, "H": 200, "I": 300, "J": 400}
HEADER = "".join(f"#define MSR_{name} 0x{number}\n" for name, number in NUMBERS.items())
TEXT = """\
static uint64_t kept_value;
int read_all(X86CPU *cpu, CPUX86State *env, struct kvm_msrs *m)
{
    int i, n = ioctl(cpu->fd, KVM_GET_MSRS, m);

    for (i = 0; i < n; i++) {
        uint32_t index = m->entries[i].index;
        uint64_t local;

        switch (index) {
        case MSR_A:
            env->a = m->entries[i].data;
            break;
        case MSR_B ... MSR_B + 3:
            env->bank[index - MSR_B] = m->entries[i].data;
            break;
        case MSR_C:
            local = m->entries[i].data;
            break;
        case MSR_D:
            env->d = 1;
            break;
        }
        if (index == MSR_E) {
            kept_value = m->entries[i].data;
        }
        if (!(index == MSR_F)) {
            kept_value = m->entries[i].data;
        }
        if (index >= MSR_G && index < MSR_H) {
            env->g[index] = m->entries[i].data;
        }
    }
    if (m->entries[0].index != MSR_I && !(m->entries[0].index == MSR_J))
        return 0;
    env->i = m->entries[0].data;
    return 0;
}
void to_a_member(X86CPU *cpu) { reads(cpu, MSR_A, &cpu->env.a); }
void to_a_local(X86CPU *cpu) { uint64_t v; reads(cpu, MSR_A, &v); use(v); }
void copied(X86CPU *cpu) { uint64_t v; reads(cpu, MSR_A, &v); cpu->env.a = v & 7; }
void copied_before(X86CPU *cpu) { uint64_t v = 0; cpu->env.a = v; reads(cpu, MSR_A, &v); }
static int reads(X86CPU *cpu, uint32_t index, uint64_t *value)
{
    struct kvm_msrs *m = cpu->m;

    m->entries[0].index = index;
    return ioctl(cpu->fd, KVM_GET_MSRS, m);
}
void adds(X86CPU *cpu) { kvm_msr_entry_add(cpu, MSR_A, 0); }
"""


@pytest.fixture(scope="module")
def vmm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LinkedCode]:
    with linked_vmm(tmp_path_factory.mktemp("qemu"), TEXT, {"target/i386/cpu.h": HEADER}) as found:
        yield found


def _keeps(vmm: LinkedCode, function: str, register: Register) -> int | None:
    code = MsrCode.of(vmm.connection, "now", vmm.tree)
    (place,) = (place for place in places_of(code, takers_of(code)) if place.function.name == function)
    return MsrState(code).keeps(place, register)


@pytest.mark.parametrize(
    ("first", "last", "kept"),
    [
        (0x10, 0x10, 1), (0x11, 0x11, 0), (0xF, 0xF, 0), (0x20, 0x20, 1), (0x23, 0x23, 1), (0x24, 0x24, 0),
        (0x30, 0x30, 0), (0x300, 0x300, 1), (0x301, 0x301, 0), (0x400, 0x400, 1),
        (0x40, 0x40, 0), (0x50, 0x50, 1), (0x60, 0x60, 0), (0x100, 0x100, 1), (0x11F, 0x11F, 1), (0x120, 0x120, 0),
        (0x8, 0x18, 1), (0x12, 0x1F, 0), (0x22, 0x41, 1), (None, None, None),
    ],
)  # fmt: skip
def test_registers_whose_data_is_stored(vmm: LinkedCode, first: int | None, last: int | None, kept: int | None) -> None:
    """A bank counts if any of it is kept."""
    assert _keeps(vmm, "adds", Register("MSR", first, last)) == kept


def test_an_entry_of_a_table_may_be_kept_by_a_loop_over_the_table(vmm: LinkedCode) -> None:
    assert _keeps(vmm, "adds", Register("MSR", 0x999, 0x999, "{ 0x999 }")) is None
    assert _keeps(vmm, "adds", Register("MSR", 0x10, 0x10, "{ MSR_A }")) == 1


@pytest.mark.parametrize(
    ("function", "kept"), [("to_a_member", 1), ("to_a_local", 0), ("copied", 1), ("copied_before", 0)]
)
def test_what_a_pointer_gets(vmm: LinkedCode, function: str, kept: int) -> None:
    assert _keeps(vmm, function, Register("MSR_A", 0x10, 0x10)) == kept


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        ("", "none"), ("()", "none"), ("0", "constant"), ("0x1F", "constant"), ("(1ULL << 3) | BIT_A", "constant"),
        ("MSR_DEFAULT", "constant"), ("env->tsc", "state"), ("cpu->env.msr_bank[i]", "state"),
        ("(uint64_t)env->tsc", "state"), ("eax", "other"), ("fd | 1", "other"), ("1ull << 63", "constant"),
        ("env->a | env->b", "other"), ("value", "other"), ("read(cpu)", "other"), ("fx", "other"),
    ],
)  # fmt: skip
def test_kinds_of_written_values(value: str, kind: str) -> None:
    assert written_kind(value) == kind
