"""Places where a VMM names an MSR, and the functions and macros that take one."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from bodies import LinkedCode, linked_vmm

from caplint.link.vmm.msr_code import MsrCode
from caplint.link.vmm.msr_places import places_of, takers_of

TAKERS = """\
#define ENTRY(_index, _data) { .index = _index, .data = _data }
#define BARE_ENTRY(_index) { .index = _index }
#define NOT_AN_ENTRY(index) ((index) + 1)
#define ADD(cpu, msr) kvm_msr_entry_add(cpu, MSR_##msr, 0)
struct kvm_msrs *buf;
static void fills(X86CPU *cpu, uint32_t index, uint64_t value)
{
    struct kvm_msr_entry *entry = &cpu->msrs->entries[cpu->msrs->nmsrs];
    entry->index = index;
    entry->data = value;
}
static int reads_one(X86CPU *cpu, uint32_t index, uint64_t *value)
{
    struct { struct kvm_msrs info; struct kvm_msr_entry entries[1]; } m = {};
    m.entries[0].index = index;
    return ioctl(cpu->fd, KVM_GET_MSRS, &m);
}
static void hands_on(X86CPU *cpu, int unused, uint32_t msr) { fills(cpu, msr, 1); }
static void hands_on_again(uint32_t msr) { hands_on(0, 1, msr); }
static void other_structure(struct list *l, int index) { l->index = index; }
"""
# Name → body of a function; register, value and taker of each place in it.
BODIES = {
    "called": ("kvm_msr_entry_add(cpu, MSR_A, env->a);", [("MSR_A", "env->a", "kvm_msr_entry_add")]),
    "without_a_value": ("kvm_get_one_msr(cpu, MSR_A);", [("MSR_A", "", "kvm_get_one_msr")]),
    "too_few": ("kvm_msr_entry_add(cpu);", []),
    "own": ("fills(cpu, MSR_A, 1); hands_on_again(MSR_B);", [("MSR_A", "1", "fills"), ("MSR_B", "", "hands_on_again")]),
    "read_alone": ("reads_one(cpu, MSR_A, &env->a);", [("MSR_A", "", "reads_one")]),
    "by_a_macro": ("ADD(cpu, A);", [("MSR_A", "0", "kvm_msr_entry_add")]),
    "by_a_macro_of_entries": ("struct kvm_msr_entry e[] = { ENTRY(MSR_A, 7), BARE_ENTRY(MSR_B) };",
                              [("MSR_A", "7", "ENTRY"), ("MSR_B", "", "BARE_ENTRY")]),
    "assigned": ("e->index = MSR_A; x = 1; e->data = 5;", [("MSR_A", "5", "")]),
    "assigned_in_a_loop": ("e[i].index = MSR_A; e[i].data = 5; e[i].index = MSR_B; e[i].data = 6;",
                           [("MSR_A", "5", ""), ("MSR_B", "6", "")]),
    "data_of_another": ("e->index = MSR_A; f->data = 5;", []),
    "data_in_front": ("e->data = 5; e->index = MSR_A;", []),
    "in_a_buffer": ("m->entries[0].index = MSR_A; ioctl(fd, KVM_SET_MSRS, m);", [("MSR_A", "", "")]),
    "in_a_buffer_of_nothing": ("m->entries[0].index = MSR_A;", []),
    "initialised": ("struct kvm_msr_entry e = { .index = MSR_A, .data = 3 };", [("MSR_A", "3", "")]),
    "initialised_without_data": ("struct row e = { .index = 3 };", []),
    "of_another_structure": ("other_structure(l, MSR_A);", []),
}  # fmt: skip
TEXT = TAKERS + "".join(
    f"void {name}(X86CPU *cpu, CPUX86State *env, struct kvm_msrs *m)\n{{\n{body}\n}}\n"
    for name, (body, _) in BODIES.items()
)


@pytest.fixture(scope="module")
def vmm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LinkedCode]:
    with linked_vmm(tmp_path_factory.mktemp("qemu"), TEXT) as found:
        yield found


@pytest.mark.parametrize("name", BODIES)
def test_places(vmm: LinkedCode, name: str) -> None:
    code = MsrCode.of(vmm.connection, "now", vmm.tree)
    found = [place for place in places_of(code, takers_of(code)) if place.function.name == name]
    assert sorted((place.register, place.value, place.taker) for place in found) == sorted(BODIES[name][1])


def test_takers(vmm: LinkedCode) -> None:
    """Each with the index of the register and of the value, and what its own ioctl does."""
    found = takers_of(MsrCode.of(vmm.connection, "now", vmm.tree))
    assert {name: (*taker[1:3], set(taker.verbs)) for name, taker in found.items()} == {
        "kvm_msr_entry_add": (1, 2, set()), "kvm_get_one_msr": (1, 2, {"get"}), "kvm_put_one_msr": (1, 2, {"put"}),
        "ENTRY": (0, 1, set()), "BARE_ENTRY": (0, None, set()), "fills": (1, 2, set()), "reads_one": (1, None, {"get"}),
        "hands_on": (2, None, set()), "hands_on_again": (0, None, set()),
    }  # fmt: skip


def test_the_trees_own_function_is_read_instead_of_what_its_name_tells(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    text = (
        "static void kvm_msr_entry_add(struct kvm_msr_entry *e, uint64_t value, int n, uint32_t index)\n"
        "{\n    e[n].index = index;\n    e[n].data = value;\n}\n"
        "int f(int fd, struct kvm_msrs *m) { return ioctl(fd, KVM_SET_MSRS, m); }\n"
    )
    with linked_vmm(tmp_path_factory.mktemp("qemu"), text) as own:
        taker = takers_of(MsrCode.of(own.connection, "now", own.tree))["kvm_msr_entry_add"]
    assert (taker.register, taker.value) == (3, 1)
