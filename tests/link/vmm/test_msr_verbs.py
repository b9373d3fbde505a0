"""What KVM does with a buffer of MSRs that a function of a VMM fills: it reads the registers, or writes them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from bodies import LinkedCode, linked_vmm

from caplint.link.functions.call_sites import Budget
from caplint.link.vmm.msr_code import MsrCode
from caplint.link.vmm.msr_places import places_of, takers_of
from caplint.link.vmm.msr_verbs import MsrVerbs

ADD, GET, PUT = "kvm_msr_entry_add(cpu, MSR_A, 0);", "ioctl(fd, KVM_GET_MSRS, m);", "ioctl(fd, KVM_SET_MSRS, m);"
# Name of a function with one place → its body; what KVM does there.
BODIES = {
    "reads": (f"{ADD} {GET}", {"get"}),
    "writes": (f"{ADD} {PUT}", {"put"}),
    "the_next": (f"{GET} {ADD} {PUT}", {"put"}),
    "the_last": (f"{GET} {ADD}", {"get"}),
    "other_branch": (f"{ADD} if (put) {{ {PUT} }} else {{ {GET} }}", {"get", "put"}),
    "two_conditions": (f"{ADD} if (put) {{ {PUT} }} if (get) {{ {GET} }}", {"put"}),
    "chosen": (f"{ADD} ioctl(fd, put ? KVM_SET_MSRS : KVM_GET_MSRS, m);", {"get", "put"}),
    "by_a_helper": (f"{ADD} flush(cpu);", {"put"}),
    "by_a_helper_of_a_helper": (f"{ADD} flush_all(cpu);", {"put"}),
    "host": (f"{ADD} kvm_ioctl(s, KVM_GET_MSRS, m);", {"feature"}),
    "host_by_a_helper": (f"{ADD} host_value(cpu);", set()),
    "called": (ADD, {"put"}),
    "called_deep": (ADD, {"get"}),
    "called_by_two": (ADD, {"get", "put"}),
    "called_by_nobody": (ADD, set()),
    "kvm_get_by_name": (ADD, {"get"}),
    "kvm_put_by_name": (ADD, {"put"}),
    "kvm_get_written": (f"{ADD} {PUT}", {"put"}),
    "by_the_function_itself": ("kvm_put_one_msr(cpu, MSR_A, 0); ioctl(fd, KVM_GET_MSRS, m);", {"put"}),
    "calls_itself": (f"{ADD} calls_itself(cpu);", set()),
}  # fmt: skip
HEAD = "{}(X86CPU *cpu, int fd, struct kvm_msrs *m, int put, int get)"
TEXT = f"""\
static void flush(X86CPU *cpu) {{ {PUT} }}
static void flush_all(X86CPU *cpu) {{ flush(cpu); }}
static uint64_t host_value(KVMState *s) {{ kvm_ioctl(s, KVM_GET_MSRS, m); return m->entries[0].data; }}
""" + "".join(f"void {HEAD.format(name)}\n{{\n{body}\n}}\n" for name, (body, _) in BODIES.items())
TEXT += f"""\
void calls(X86CPU *cpu) {{ called(cpu, 0, m, 0, 0); {PUT} }}
void middle(X86CPU *cpu) {{ called_deep(cpu, 0, m, 0, 0); }}
void outer(X86CPU *cpu) {{ middle(cpu); {GET} }}
void one(X86CPU *cpu) {{ called_by_two(cpu, 0, m, 0, 0); {PUT} }}
void other(X86CPU *cpu) {{ called_by_two(cpu, 0, m, 0, 0); {GET} }}
"""


@pytest.fixture(scope="module")
def vmm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LinkedCode]:
    with linked_vmm(tmp_path_factory.mktemp("qemu"), TEXT) as found:
        yield found


def _verbs(vmm: LinkedCode, name: str, steps: int = 1_000) -> set[str]:
    code = MsrCode.of(vmm.connection, "now", vmm.tree)
    takers = takers_of(code)
    (place,) = (place for place in places_of(code, takers) if place.function.name == name)
    code.code.budget = Budget(steps)
    return set(MsrVerbs(code, takers).of(place))


@pytest.mark.parametrize("name", BODIES)
def test_verbs(vmm: LinkedCode, name: str) -> None:
    assert _verbs(vmm, name) == BODIES[name][1]


def test_callers_are_not_followed_once_the_budget_is_spent(vmm: LinkedCode) -> None:
    assert _verbs(vmm, "called", steps=0) == set()
    assert _verbs(vmm, "reads", steps=0) == {"get"}
