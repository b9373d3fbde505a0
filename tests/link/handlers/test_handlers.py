"""Rows of the handlers' cases: what they answer and accept, and what they do with the VM and with arguments."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from bodies import linked
from conftest import X86, ask, bare_kernel

from caplint.link.handlers.handlers import ENABLING, link_handlers

CHECK = "int kvm_vm_ioctl_check_extension(struct kvm *kvm, long ext)"
VM = "int kvm_vm_ioctl_enable_cap(struct kvm *kvm, struct kvm_enable_cap *cap)"
HOST = "arch/x86/include/asm/kvm_host.h"


def _handler(head: str, *lines: str, above: tuple[str, ...] = ()) -> str:
    selector = "ext" if head == CHECK else "cap->cap"
    body = ("int r = -EINVAL;", *above, f"switch ({selector}) {{", "case KVM_CAP_A:", *lines, "}", "return r;")
    return "\n".join([head, "{", *(f"\t{line}" for line in body), "}", ""])


def _ask(root: Path, text: str, query: str, files: dict[str, str] | None = None) -> list[tuple[Any, ...]]:
    return ask([bare_kernel(root, {X86: text, **(files or {})})], query)


def _helper(*lines: str, name: str = "helper") -> str:
    return "\n".join([f"static int {name}(struct kvm *vm)", "{", *(f"\t{line}" for line in lines), "}", ""])


@pytest.mark.parametrize(
    ("text", "count"),
    [
        (_handler(CHECK, "r = kvm->x;", "break;"), 1),
        (_handler(CHECK, "return kvm->arch.x;"), 1),
        (_handler(CHECK, "if (y && kvm->x)", "r = 1;", "break;"), 1),
        (_handler(CHECK, "if (!kvm)", "r = kvm->x;", "break;"), 1),
        (_handler(CHECK, "r = y || kvm->x;", "break;"), 1),
        (_handler(CHECK, "r = kvm ? kvm->x : 1;", "break;"), 0),
        (_handler(CHECK, "r = !kvm ? 1 : kvm->x;", "break;"), 0),
        (_handler(CHECK, "r = kvm && kvm->x;", "break;"), 0),
        (_handler(CHECK, "r = !kvm || kvm->x;", "break;"), 0),
        (_handler(CHECK, "if (kvm != NULL && y)", "r = kvm->x;", "break;"), 0),
        (_handler(CHECK, "if (kvm) {", "if (y)", "r = kvm->x;", "}", "break;"), 0),
        (_handler(CHECK, "if (!kvm)", "return 0;", "r = kvm->x;", "break;"), 0),
        (_handler(CHECK, "if (WARN_ON_ONCE(!kvm))", "break;", "r = kvm->x;", "break;"), 0),
        (_handler(CHECK, "r = kvm->x;", "break;", above=("if (!kvm)", "\treturn 0;")), 0),
        (_handler(CHECK, "r = has ? kvm->x : 0;", "break;", above=("bool has = kvm != NULL;",)), 0),
        (_handler(CHECK, "r = sizeof(kvm->x);", "break;"), 0),
        (_handler(CHECK, "r = other->x;", "break;"), 0),
        (_handler(CHECK, "r = kvm->x;", "break;", above=("kvm = current_vm();",)), 0),
        (_helper("return vm->x;") + _handler(CHECK, "r = helper(kvm);", "break;"), 1),
        (_helper("return vm->x;") + _handler(CHECK, "r = kvm && helper(kvm);", "break;"), 0),
        (_helper("return vm && vm->x;") + _handler(CHECK, "r = helper(kvm);", "break;"), 0),
        (_helper("return vm != NULL;") + _handler(CHECK, "if (helper(kvm))", "r = kvm->x;", "break;"), 0),
        (_helper("return vm == NULL;") + _handler(CHECK, "if (helper(kvm))", "r = kvm->x;", "break;"), 1),
        (_helper("return helper(vm);", name="outer") + _helper("return vm->x;")
         + _handler(CHECK, "r = outer(kvm);", "break;"), 1),
        (_handler(CHECK, "r = unknown(kvm);", "break;"), 0),
        ("#define helper(vm) ((vm)->x)\n" + _handler(CHECK, "r = helper(kvm);", "break;"), 1),
        ("#define helper(vm) ((vm) ? (vm)->x : 0)\n" + _handler(CHECK, "r = helper(kvm);", "break;"), 0),
        ("#define outer(vm) helper((vm))\n" + _helper("return vm->x;")
         + _handler(CHECK, "r = outer(kvm);", "break;"), 1),
        (_handler(CHECK, "r = kvm_x86_call(f)(kvm, 1);", "break;"), 0),
    ],
)  # fmt: skip
def test_dereferences_of_a_vm_that_may_be_null(tmp_path: Path, text: str, count: int) -> None:
    found = _ask(tmp_path, text, "SELECT cap, arch FROM vm_dereference")
    assert found == [("KVM_CAP_A", "x86")] * count


def test_a_dereference_above_the_switch_is_of_no_capability(tmp_path: Path) -> None:
    text = _handler(CHECK, "return 1;", above=("int x = kvm->x;",))
    query = "SELECT cap, line, at_path, at_line FROM vm_dereference"
    assert _ask(tmp_path, text, query) == [("KVM_CHECK_EXTENSION", 4, X86, 4)]


@pytest.mark.parametrize(("call", "count"), [("more(kvm, ext)", 1), ("kvm ? more(kvm, ext) : 0", 0)])
def test_a_handler_that_others_hand_on_to(tmp_path: Path, call: str, count: int) -> None:
    text = "int more(struct kvm *kvm, long ext)\n{\n\tswitch (ext) {\n\tcase KVM_CAP_A:\n\t\treturn kvm->x;\n\t}\n}\n"
    text += f"{CHECK}\n{{\n\treturn {call};\n}}\n"
    assert len(_ask(tmp_path, text, "SELECT * FROM vm_dereference")) == count


READS = [
    (_handler(CHECK, "r = kvm->x;", "break;"), 1),
    (_handler(CHECK, "r = 1;", "break;"), 0),
    (_handler(CHECK, "r = unknown(kvm);", "break;"), 1),
    (_helper("return 1;") + _handler(CHECK, "r = helper(kvm);", "break;"), 0),
    (_helper("return vm && vm->x;") + _handler(CHECK, "r = helper(kvm);", "break;"), 1),
    (_handler(CHECK, "r = hv;", "break;", above=("int hv = 0;", "if (kvm)", "\thv = ask(kvm);")), 1),
    (_handler(CHECK, "r = 1;", "break;", above=("if (kvm && kvm->x)", "\treturn 0;")), 0),
]


@pytest.mark.parametrize(("text", "reads"), READS)
def test_whether_the_answer_reads_the_vm(tmp_path: Path, text: str, reads: int) -> None:
    assert _ask(tmp_path, text, "SELECT reads_vm FROM cap_check WHERE cap = 'KVM_CAP_A'") == [(reads,)]


def _arguments(*lines: str, above: tuple[str, ...] = ()) -> str:
    return _handler(VM, *lines, "r = 0;", "break;", above=above)


FAIL = "\treturn -EINVAL;"
SIZE = "static int resize(struct kvm *kvm, u32 size)\n{\n\t%s\n\tkvm->size = size;\n\treturn 0;\n}\n"


@pytest.mark.parametrize(
    ("text", "row"),
    [
        (_arguments("kvm->x = cap->args[0];"), ("stored", 0, "accepted", None)),
        (_arguments("kvm->truth = cap->args[0];"), ("stored", 1, "accepted", None)),
        (_arguments("kvm->x = !!cap->args[0];"), ("stored", 1, "accepted", None)),
        (_arguments("kvm->x = cap->args[0] & MASK;"), ("stored", 1, "accepted", None)),
        (_arguments("if (cap->args[0] & ~MASK)", FAIL, "kvm->x = cap->args[0];"), ("stored", 1, "accepted", "MASK")),
        (
            _arguments("if (cap->args[0] & ~(A | B))", FAIL, "kvm->x = cap->args[0];"),
            ("stored", 1, "accepted", "A | B"),
        ),
        (_arguments("if (cap->args[0] & ~MASK)", "\tpr_warn();", "kvm->x = cap->args[0];"),
         ("stored", 0, "accepted", None)),
        (_arguments("if (cap->args[0] & ~MASK)", "\tr = -EINVAL;", "else", "\tkvm->x = cap->args[0];"),
         ("stored", 1, "accepted", "MASK")),
        (_arguments("if (cap->args[0] > 7)", FAIL, "kvm->x = cap->args[0];"), ("stored", 1, "accepted", None)),
        (_arguments("u64 v = cap->args[0];", "if (7 < v)", FAIL, "kvm->x = v;"), ("stored", 1, "accepted", None)),
        (_arguments("if (cap->args[0] & FLAG)", "\tkvm->x = 1;"), ("tested", 0, "accepted", None)),
        (_arguments("if (cap->args[0])", "\tkvm->x = 1;"), ("tested", 1, "accepted", None)),
        (_arguments("if (cap->args[0])", FAIL), ("tested", 1, "required", None)),
        (_arguments("if (!cap->args[0])", FAIL, "kvm->x = cap->args[0];"), ("stored", 0, "rejected", None)),
        (_arguments("if (cap->args[0] == 0)", FAIL, "kvm->x = cap->args[0];"), ("stored", 0, "rejected", None)),
        (_arguments("if (!cap->args[0])", "\tkvm->x = 0;"), ("tested", 1, "accepted", None)),
        (_arguments("r = unknown(kvm, cap->args[0]);"), ("passed", None, "accepted", None)),
        (_arguments("if (copy_from_user(&x, (void __user *)cap->args[0], 8))", FAIL), ("passed", 1, "rejected", None)),
        (SIZE % "if (!size || size > 9) return -EINVAL;" + _arguments("r = resize(kvm, cap->args[0]);"),
         ("passed", 1, "rejected", None)),
        (SIZE % "" + _arguments("r = resize(kvm, cap->args[0]);"), ("passed", 0, "accepted", None)),
        (_arguments("kvm->x = cap->args[0];", above=("if (cap->args[0] > 7)", FAIL)), ("stored", 1, "accepted", None)),
        (_arguments('pr_info("%llu", cap->args[0]);'), ("tested", 1, "required", None)),
    ],
)  # fmt: skip
def test_what_happens_to_an_argument(tmp_path: Path, text: str, row: tuple[Any, ...]) -> None:
    files = {HOST: "struct kvm_arch { u64 x; bool truth; };\n"}
    query = "SELECT position, use, validated, zero, mask FROM cap_argument"
    assert _ask(tmp_path, text, query, files) == [(0, *row)]


HEADER = "#define A 1\n#define B (1 << 1)\n#define ALL_BITS (A | B)\n"


@pytest.mark.parametrize(
    ("lines", "value"),
    [
        (("r = ALL_BITS;", "break;"), 3),
        (("r = A;", "if (x)", "r |= B;", "break;"), 3),
        (("r = x ? ALL_BITS : 0;", "break;"), 3),
        (("return A;",), 1),
        (("r = B;", "break;"), 2),
        (("r = 1;", "break;"), None),
        (("r = host_bits;", "break;"), None),
        (("r = A;", "r |= host_bits;", "break;"), None),
    ],
)
def test_the_bits_that_are_advertised(tmp_path: Path, lines: tuple[str, ...], value: int | None) -> None:
    query = "SELECT value FROM cap_mask WHERE verb = 'check'"
    assert _ask(tmp_path, _handler(CHECK, *lines), query, {HOST: HEADER}) == [(value,)]


@pytest.mark.parametrize(
    ("lines", "value"),
    [
        (("if (cap->args[0] & ~ALL_BITS)", FAIL), 3),
        (("if (cap->args[0] & ~B)", FAIL), 2),
        (("u64 good = A;", "if (x)", "good = ALL_BITS;", "if (cap->args[0] & ~good)", FAIL), 3),
        (("if (cap->args[0] & ~host_bits)", FAIL), None),
    ],
)
def test_the_bits_that_are_accepted(tmp_path: Path, lines: tuple[str, ...], value: int | None) -> None:
    query = "SELECT value FROM cap_mask WHERE verb = 'enable'"
    assert _ask(tmp_path, _arguments(*lines), query, {HOST: HEADER}) == [(value,)]


def test_what_two_headers_define_differently_has_no_value(tmp_path: Path) -> None:
    files = {HOST: HEADER, "arch/x86/include/asm/kvm_types.h": "#define ALL_BITS 7\n"}
    query = "SELECT value FROM cap_mask WHERE verb = 'check'"
    assert _ask(tmp_path, _handler(CHECK, "r = ALL_BITS;", "break;"), query, files) == [(None,)]


LOOK = "if (!kvm->created_vcpus)"
WALK = (
    "static void kick(struct kvm *kvm)\n{\n\tstruct kvm_vcpu *v;\n\tlong i;\n\n"
    "\tkvm_for_each_vcpu(i, v, kvm)\n\t\tpoke(v);\n}\n"
)


@pytest.mark.parametrize(
    ("text", "locked"),
    [
        (_arguments(LOOK, "\tkvm->x = 1;"), [0]),
        (_arguments("mutex_lock(&kvm->lock);", LOOK, "\tkvm->x = 1;", "mutex_unlock(&kvm->lock);"), [1]),
        (_arguments("mutex_lock(&kvm->lock);", "mutex_unlock(&kvm->lock);", LOOK, "\tkvm->x = 1;"), [0]),
        (_arguments("mutex_lock(&kvm->slots_lock);", LOOK, "\tkvm->x = 1;"), [0]),
        (_arguments("guard(mutex)(&kvm->lock);", LOOK, "\tkvm->x = 1;"), [1]),
        (
            _arguments("mutex_lock(&kvm->lock);", "if (y) {", "mutex_unlock(&kvm->lock);", "return 0;", "}", LOOK,
                       "\tkvm->x = 1;"),
            [1],
        ),
        (WALK + _arguments("kvm->x = 1;", "kick(kvm);"), [0]),
        (WALK + _arguments("mutex_lock(&kvm->lock);", "kvm->x = 1;", "kick(kvm);", "mutex_unlock(&kvm->lock);"), [1]),
        (_arguments("kvm->x = 1;"), []),
    ],
    ids=["no lock", "lock", "lock given back", "another lock", "guard", "given back where it leaves", "helper",
         "helper under the lock", "no look"],
)  # fmt: skip
def test_looks_at_vcpus(tmp_path: Path, text: str, locked: list[int]) -> None:
    query = "SELECT locked, writes FROM vcpu_walk"
    assert _ask(tmp_path, text, query) == [(held, 1) for held in locked]


def test_a_handler_that_is_not_understood_is_a_blind_spot(tmp_path: Path) -> None:
    text = CHECK + "\n{\n\treturn elsewhere(ext);\n}\n"
    files = {"arch/arm64/kvm/arm.c": _handler(CHECK, "r = 1;", "break;")}
    query = "SELECT path, arch, verb, found_by, understood FROM handler ORDER BY path"
    tree = bare_kernel(tmp_path, {X86: text, **files})
    assert ask([tree], query) == [
        ("arch/arm64/kvm/arm.c", "arm64", "check", "name", 1), (X86, "x86", "check", "name", 0)
    ]  # fmt: skip
    assert [path for (path,) in ask([tree], "SELECT path FROM all_cut")] == [X86]


def test_many_cases_of_one_capability_are_cut(tmp_path: Path) -> None:
    tests = [f"if (ext == KVM_CAP_A && kvm->x == {at})\n\t\treturn {at};" for at in range(65)]
    text = "\n".join([CHECK, "{", *(f"\t{line}" for line in tests), "\treturn 0;", "}", ""])
    assert _ask(tmp_path, text, "SELECT count(*) FROM cap_check") == [(64,)]
    assert _ask(tmp_path, text, "SELECT reason FROM all_cut") == [
        ("more than 64 cases of one capability in a handler",)
    ]


@pytest.mark.parametrize(
    ("lines", "row"),
    [
        (("r = 1;", "break;"), ("1", "1", 1)),
        (("r = 0;", "break;"), ("0", "0", 0)),
        (("if (IS_ENABLED(CONFIG_TEA))", "r = 1;", "else", "r = 0;", "break;"), ("CONFIG_TEA", "CONFIG_TEA", 1)),
        (("r = kvm->x;", "break;"), ("1", "0", 1)),
    ],
)
def test_when_a_case_answers(tmp_path: Path, lines: tuple[str, ...], row: tuple[str, str, int]) -> None:
    """Where the answer may exceed 0, and where it always does."""
    text = _handler(CHECK, *lines)
    columns = "nonzero_condition, certain_condition, positive"
    assert _ask(tmp_path, text, f"SELECT {columns} FROM check_site") == [row]


def test_the_condition_of_a_case_is_that_of_its_file_too(tmp_path: Path) -> None:
    text = _handler(VM, "\n#ifdef CONFIG_A\n\t\tkvm->x = 1;\n#endif\n", "return 0;")
    files = {"arch/x86/kvm/xen.c": text, "arch/x86/kvm/Makefile": "kvm-$(CONFIG_XEN) += xen.o\n"}
    columns = "cap, condition, accept_condition, scope, stores, succeeds"
    assert _ask(tmp_path, "", f"SELECT {columns} FROM cap_enable", files) == [
        ("KVM_CAP_A", "CONFIG_XEN", "CONFIG_XEN", "vm", 1, 1)
    ]


def test_an_enable_case_that_always_refuses_does_nothing_to_its_arguments(tmp_path: Path) -> None:
    text = _handler(VM, "kvm->x = cap->args[0];", "return -EINVAL;")
    assert _ask(tmp_path, text, "SELECT succeeds FROM enable_site") == [(0,)]
    assert _ask(tmp_path, text, "SELECT * FROM cap_argument") == []


def test_when_enabling_is_refused_is_told_of_vms_and_only_if_it_is_asked_for(tmp_path: Path) -> None:
    """A vCPU's request is not late for it, and a check enables nothing."""
    vcpu = "int kvm_vcpu_ioctl_enable_cap(struct kvm_vcpu *vcpu, struct kvm_enable_cap *cap)"
    lines = ("if (kvm->created_vcpus)", "\tbreak;", "kvm->x = 1;", "r = 0;", "break;")
    text = _handler(VM, *lines) + _handler(vcpu, "vcpu->x = 1;", "r = 0;", "break;") + _handler(CHECK, "return 1;")
    query = "SELECT cap, function, asks FROM all_cap_order"
    with linked(tmp_path, text) as code:
        assert code.connection.execute(query).fetchall() == [("KVM_CAP_A", "kvm_vm_ioctl_enable_cap", 1)]
        for table in ("all_handler", *ENABLING):
            code.connection.execute(f"DELETE FROM temp.{table}")
        for enabling, rows in ((False, 0), (True, 1)):
            link_handlers(code.session.store, "extractor", enabling=enabling)
            assert len(code.connection.execute(query).fetchall()) == rows


def test_places_of_a_dereference(tmp_path: Path) -> None:
    """The case stands for what it runs; above the switch, the dereference stands for itself."""
    text = _handler(CHECK, "r = kvm->x;", "break;", above=("int y = kvm->y;",))
    found = _ask(tmp_path, text, "SELECT cap, line, text, at_line FROM vm_dereference ORDER BY line")
    assert [(cap, line, at_line) for cap, line, _, at_line in found] == [
        ("KVM_CHECK_EXTENSION", 4, 4), ("KVM_CAP_A", 6, 7)
    ]  # fmt: skip
    assert ["->y" in found[0][2], "->x" in found[1][2]] == [True, True]
