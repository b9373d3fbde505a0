"""Questions that a VMM asks before it touches an MSR: the strongest counts, in the function and in its callers."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from bodies import LinkedCode, linked_vmm

from caplint.link.functions.call_sites import Budget
from caplint.link.vmm.msr_code import MsrCode
from caplint.link.vmm.msr_guards import CAPABILITY, CPUID, LIST, PROBE, UNKNOWN, MsrGuards, strongest
from caplint.link.vmm.msr_places import places_of, takers_of
from caplint.link.vmm.msr_registers import Register

ABOVE = """\
static bool has_msr_tea, has_msr_cup, has_cap, always = true, from_elsewhere;
static int kvm_get_supported_msrs(KVMState *s)
{
    struct kvm_msr_list *list = s->list;
    int i;

    kvm_ioctl(s, KVM_GET_MSR_INDEX_LIST, list);
    for (i = 0; i < list->nmsrs; i++) {
        switch (list->indices[i]) {
        case MSR_TEA:
            has_msr_tea = true;
            break;
        }
    }
    return 0;
}
static void init(KVMState *s)
{
    has_cap = kvm_check_extension(s, KVM_CAP_TEA);
    s->has_pot = kvm_check_extension(s, KVM_CAP_POT) > 0;
    from_elsewhere = elsewhere(s);
}
static bool is_intel(CPUX86State *env) { return env->features[FEAT_1_EDX] & 1; }
static bool knows_tea(void) { return has_msr_tea; }
static bool wants(CPUX86State *env) { if (has_cap) return true; return false; }
static int prepares(X86CPU *cpu) { if (cpu->bad) return -EINVAL; cpu->ready = 1; return 0; }
static int reads_one(X86CPU *cpu, uint32_t index)
{
    cpu->m->entries[0].index = index;
    return ioctl(1, KVM_GET_MSRS, cpu->m);
}
"""
ADD = "kvm_msr_entry_add(cpu, MSR_TEA, 0);"
# Name → body of a function with one place; what is asked in front of it.
BODIES = {
    "nothing": (ADD, ""),
    "list": (f"if (has_msr_tea) {{ {ADD} }}", LIST),
    "list_negated": (f"if (!has_msr_tea) return; {ADD}", LIST),
    "list_in_place": (f"if (cpu->list->indices[0] == MSR_TEA) {{ {ADD} }}", LIST),
    "by_a_function": (f"if (knows_tea()) {{ {ADD} }}", LIST),
    "capability": (f"if (has_cap) {{ {ADD} }}", CAPABILITY),
    "capability_in_a_member": (f"if (s->has_pot) {{ {ADD} }}", CAPABILITY),
    "capability_in_place": (f"if (kvm_check_extension(s, KVM_CAP_TEA)) {{ {ADD} }}", CAPABILITY),
    "capability_in_a_local": (f"int r = kvm_check_extension(s, KVM_CAP_TEA); if (r > 0) {{ {ADD} }}", CAPABILITY),
    "capability_by_a_function": (f"if (wants(env)) {{ {ADD} }}", CAPABILITY),
    "cpuid": (f"if (env->features[FEAT_1_ECX] & CPUID_EXT_TEA) {{ {ADD} }}", CPUID),
    "cpuid_by_a_function": (f"if (is_intel(env)) {{ {ADD} }}", CPUID),
    "cpuid_by_a_call": (f"if (cpu_has_tea(env)) {{ {ADD} }}", CPUID),
    "probe": (f"if (reads_one(cpu, MSR_CUP) < 0) return; {ADD}", PROBE),
    "two": (f"if (env->features[FEAT_1_ECX] & CPUID_EXT_TEA) {{ if (has_msr_tea) {{ {ADD} }} }}", LIST),
    "two_at_once": (f"if (cpu_has_tea(env) && has_cap) {{ {ADD} }}", CAPABILITY),
    "behind": (f"{ADD} if (has_msr_tea) {{ x(); }}", ""),
    "elsewhere": (f"if (elsewhere(cpu)) {{ {ADD} }}", UNKNOWN),
    "stored_from_elsewhere": (f"if (from_elsewhere) {{ {ADD} }}", UNKNOWN),
    "a_member_that_nothing_sets": (f"if (s->never) {{ {ADD} }}", UNKNOWN),
    "a_member_that_nothing_sets_and_list": (f"if (s->never) {{ if (has_msr_tea) {{ {ADD} }} }}", LIST),
    "error_of_a_step": (f"int ret = prepares(cpu); if (ret < 0) return; {ADD}", ""),
    "error_of_a_step_in_place": (f"if (prepares(cpu)) return; {ADD}", ""),
    "in_a_case": (f"switch (s->kind) {{ case 1: {ADD} }}", UNKNOWN),
    "mode": (f"if (level >= KVM_PUT_FULL_STATE) {{ {ADD} }}", ""),
    "in_the_caller": (ADD, LIST),
    "in_one_caller": (ADD, ""),
    "in_two_callers": (ADD, CPUID),
    "calls_itself": (f"{ADD} calls_itself(cpu, env, s, 1);", UNKNOWN),
}  # fmt: skip
HEAD = "void {}(X86CPU *cpu, CPUX86State *env, KVMState *s, int level)"
TEXT = ABOVE + "".join(f"{HEAD.format(name)}\n{{\n{body}\n}}\n" for name, (body, _) in BODIES.items())
TEXT += """\
void a(X86CPU *cpu) { if (has_msr_tea) { in_the_caller(cpu, 0, 0, 1); in_one_caller(cpu, 0, 0, 1); } }
void b(X86CPU *cpu) { in_one_caller(cpu, 0, 0, 2); }
void c(X86CPU *cpu) { if (has_msr_tea) { in_two_callers(cpu, 0, 0, 1); } }
void d(X86CPU *cpu) { if (cpu_has_tea(cpu)) { in_two_callers(cpu, 0, 0, 1); } }
void tried(X86CPU *cpu) { int r = reads_one(cpu, MSR_POT); if (r < 0) { warn(); } }
void insisted(X86CPU *cpu) { int r = reads_one(cpu, MSR_POT); assert(r == 1); }
"""


@pytest.fixture(scope="module")
def vmm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LinkedCode]:
    with linked_vmm(tmp_path_factory.mktemp("qemu"), TEXT) as found:
        yield found


def _asked(vmm: LinkedCode, name: str, entry: str = "", steps: int = 10_000) -> str:
    code = MsrCode.of(vmm.connection, "now", vmm.tree)
    takers = takers_of(code)
    places = [place for place in places_of(code, takers) if place.function.name == name]
    code.code.budget = Budget(steps)
    return MsrGuards(code, takers).of(places[-1], Register("MSR_TEA", 1, 1, entry))


@pytest.mark.parametrize("name", BODIES)
def test_what_is_asked(vmm: LinkedCode, name: str) -> None:
    assert _asked(vmm, name) == BODIES[name][1]


@pytest.mark.parametrize(
    ("entry", "asked"),
    [
        ("{ MSR_TEA, &has_msr_tea }", LIST), ("{ MSR_TEA, CPUID_EXT_TEA }", CPUID),
        ("{ MSR_TEA, &has_cap }", CAPABILITY),
        ("{ MSR_TEA, 4 }", ""), ("{ .index = MSR_TEA, .size = SIZE }", ""), ("MSR_TEA", ""),
    ],
)  # fmt: skip
def test_what_an_entry_of_a_table_names(vmm: LinkedCode, entry: str, asked: str) -> None:
    assert _asked(vmm, "nothing", entry) == asked


def test_an_entry_explains_what_conditions_do_not(vmm: LinkedCode) -> None:
    assert _asked(vmm, "elsewhere", "{ MSR_TEA, &has_msr_tea }") == LIST
    assert _asked(vmm, "cpuid", "{ MSR_TEA, &has_cap }") == CAPABILITY
    assert _asked(vmm, "list", "{ MSR_TEA, CPUID_EXT_TEA }") == LIST


def test_an_access_that_may_fail_is_a_trial(vmm: LinkedCode) -> None:
    assert (_asked(vmm, "tried"), _asked(vmm, "insisted")) == (PROBE, "")


def test_nothing_is_known_once_the_budget_is_spent(vmm: LinkedCode) -> None:
    assert _asked(vmm, "list", steps=0) == UNKNOWN
    assert _asked(vmm, "in_the_caller", steps=0) == UNKNOWN


def test_the_strongest_question() -> None:
    assert strongest([UNKNOWN, "", PROBE, CPUID]) == CPUID
    assert strongest(["", ""]) == strongest([]) == ""
