"""cap_enable, cap_argument and vcpu_walk: the shapes in which handlers log, trust, cast, reject and lock."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from conftest import X86, ask, bare_kernel

VM = "int kvm_vm_ioctl_enable_cap(struct kvm *kvm, struct kvm_enable_cap *cap)"
HOST = {"arch/x86/include/asm/kvm_host.h": "struct kvm_arch { u64 x; bool truth; u8 bit : 1; u8 two : 2; };\n"}
FAIL = "\treturn -EINVAL;"


def _handler(*lines: str, above: tuple[str, ...] = ()) -> str:
    body = ("int r = -EINVAL;", *above, "switch (cap->cap) {", "case KVM_CAP_A:", *lines, "}", "return r;")
    return "\n".join([VM, "{", *(f"\t{line}" for line in body), "}", ""])


def _helper(name: str, *lines: str, parameters: str = "struct kvm *kvm, u64 v") -> str:
    return "\n".join([f"static int {name}({parameters})", "{", *(f"\t{line}" for line in lines), "}", ""])


def _ask(root: Path, text: str, query: str) -> list[tuple[Any, ...]]:
    return ask([bare_kernel(root, {X86: text, **HOST})], query)


LOGGING = ["pr_info", "pr_warn_once", "kvm_debug", "kvm_info", "kvm_err", "kvm_pr_unimpl", "VM_EVENT", "VCPU_EVENT",
           "trace_kvm_x", "printk"]  # fmt: skip


@pytest.mark.parametrize(
    ("callee", "calls"),
    [*((name, 0) for name in LOGGING), ("BUILD_BUG_ON", 0), ("WARN_ON_ONCE", 0), ("IS_ENABLED", 0),
     ("kvm_pr_unimpl_wrmsr", 0), ("vcpu_unimpl", 0), ("mutex_lock", 0), ("lockdep_assert_held", 0), ("READ_ONCE", 0),
     ("test_bit", 0), ("test_and_set_bit", 1), ("smp_wmb", 0), ("WARN_FOO", 1), ("KVM_BUG_ON", 1),
     ("kvm_info_set", 1), ("my_printk", 1), ("set", 1), ("kvm_errno", 1)],
)  # fmt: skip
def test_what_leaves_no_trace(tmp_path: Path, callee: str, calls: int) -> None:
    assert _ask(tmp_path, _handler(f"{callee}(x);", "return 0;"), "SELECT calls FROM enable_site") == [(calls,)]


@pytest.mark.parametrize("callee", LOGGING)
def test_a_value_that_is_printed_is_not_handed_on(tmp_path: Path, callee: str) -> None:
    query = "SELECT use, validated FROM cap_argument"
    assert _ask(tmp_path, _handler(f"{callee}(cap->args[0]);", "return 0;"), query) == [("tested", 1)]


@pytest.mark.parametrize(
    ("callee", "validated", "zero"),
    [
        ("copy_from_user", 1, "rejected"),
        ("copy_to_user", 1, "rejected"),
        ("get_user", 1, "rejected"),
        ("put_user", 1, "rejected"),
        ("u64_to_user_ptr", 1, "accepted"),
        ("fdget", 1, "accepted"),
        ("fdget_raw", 1, "accepted"),
        ("fget", 1, "accepted"),
        ("kvm_device_from_filp", 1, "accepted"),
        ("check_add_overflow", 1, "accepted"),
        ("access_ok", 1, "accepted"),
        ("memdup_user", 1, "rejected"),
        ("eventfd_ctx_fdget", 1, "accepted"),
        ("other", None, "accepted"),
        ("fdget_", 1, "accepted"),
        ("my_fget", None, "accepted"),
    ],
)
def test_who_looks_at_what_it_gets(tmp_path: Path, callee: str, validated: int | None, zero: str) -> None:
    text = _handler(f"r = {callee}(cap->args[0]);", "break;")
    found = _ask(tmp_path, text, "SELECT use, validated, zero FROM cap_argument")
    assert found == [("passed", validated, zero)]


@pytest.mark.parametrize("macro", ["READ_ONCE({})", "likely({})", "array_index_nospec({}, 4)", "READ_ONCE((u32){})"])
def test_macros_that_hand_a_value_on_are_seen_through(tmp_path: Path, macro: str) -> None:
    value = macro.format("cap->args[0]")
    query = "SELECT use, validated FROM cap_argument"
    stored = _handler(f"kvm->x = {value};", "return 0;")
    assert _ask(tmp_path / "stored", stored, query) == [("stored", 0)]
    tested = _handler(f"if ({value} > 3)", FAIL, "kvm->x = cap->args[0];", "return 0;")
    assert _ask(tmp_path / "tested", tested, query) == [("stored", 1)]
    passed = _helper("helper", "kvm->x = v;") + _handler(f"helper(kvm, {value});", "return 0;")
    assert _ask(tmp_path / "passed", passed, query) == [("passed", 0)]


@pytest.mark.parametrize(
    "store",
    ["WRITE_ONCE(kvm->arch.x, cap->args[0]);", "smp_store_release(&kvm->arch.x, cap->args[0]);",
     "WRITE_ONCE(kvm->arch.x, READ_ONCE(cap->args[0]));"],
)  # fmt: skip
def test_calls_that_are_assignments(tmp_path: Path, store: str) -> None:
    text = _handler(store, "return 0;")
    assert _ask(tmp_path / "effect", text, "SELECT stores FROM enable_site") == [(1,)]
    assert _ask(tmp_path / "argument", text, "SELECT use, validated FROM cap_argument") == [("stored", 0)]


@pytest.mark.parametrize(
    "value",
    ["cap->args[0]", "(u32)cap->args[0]", "(void __user *)cap->args[0]", "(unsigned long)cap->args[0]",
     "((u32)(cap->args[0]))", "(const struct kvm_x *)cap->args[0]", "v"],
)  # fmt: skip
def test_a_value_is_known_through_casts_and_copies(tmp_path: Path, value: str) -> None:
    text = _handler("u64 v = (u64)cap->args[0];", f"if ({value} > 7)", FAIL, f"kvm->x = {value};", "return 0;")
    found = _ask(tmp_path, text, "SELECT position, use, validated FROM cap_argument")
    assert found == [(0, "stored", 1)]


@pytest.mark.parametrize(
    ("store", "validated"),
    [
        ("kvm->arch.truth = cap->args[0];", 1),
        ("kvm->arch.bit = cap->args[0];", 1),
        ("kvm->arch.two = cap->args[0];", 0),
        ("kvm->arch.x = cap->args[0];", 0),
        ("kvm->arch.unknown = cap->args[0];", 0),
        ("kvm->arch.x = !cap->args[0];", 1),
        ("kvm->arch.x = cap->args[0] & 3;", 1),
        ("kvm->arch.x = cap->args[0] & ~3;", 0),
        ("kvm->arch.x = 3 & cap->args[0];", 1),
        ("kvm->arch.x = cap->args[0] ? 1 : 2;", 1),
        ("kvm->arch.x = cap->args[0] + 1;", 0),
        ("kvm->arch.x = y ? cap->args[0] : 0;", 0),
        ("kvm->arch.x |= cap->args[0] && y;", 1),
    ],
)
def test_what_may_be_stored_whatever_it_is(tmp_path: Path, store: str, validated: int) -> None:
    found = _ask(tmp_path, _handler(store, "return 0;"), "SELECT use, validated FROM cap_argument")
    assert found == [("stored", validated)]


@pytest.mark.parametrize(
    ("lines", "zero"),
    [
        (("if (!cap->args[0])", FAIL), "rejected"),
        (("if (!(cap->args[0]))", FAIL), "rejected"),
        (("if (cap->args[0] == 0)", FAIL), "rejected"),
        (("if (y || !cap->args[0])", FAIL), "rejected"),
        (("if (!(cap->args[0] & FLAG))", FAIL), "rejected"),
        (("if (!(cap->args[0] & ~FLAG))", FAIL), "rejected"),
        (("if (y && !cap->args[0])", FAIL), "accepted"),
        (("if (cap->args[0])", FAIL), "required"),
        (("if (cap->args[0] != 0)", FAIL), "required"),
        (("if (y || cap->args[0])", FAIL), "required"),
        (("if (!cap->args[0])", "\treturn 0;"), "accepted"),
        (("if (!cap->args[0]) {", "\tr = -EINVAL;", "\tbreak;", "}"), "rejected"),
        (("if (!cap->args[0]) {", "\tr = 0;", "\tbreak;", "}"), "accepted"),
        (("if (!cap->args[0])", "\tkvm->y = -EINVAL;"), "accepted"),
        (("if (!cap->args[0]) {", "\tif (y)", "\t\treturn 0;", FAIL, "}"), "accepted"),
        (("r = -EPERM;", "if (!cap->args[0])", "\tbreak;"), "rejected"),
        (("r = 0;", "if (!cap->args[0])", "\tbreak;"), "accepted"),
        (("while (!cap->args[0])", FAIL), "accepted"),
        (("if (cap->args[0])", "\treturn r;"), "required"),
        (("if (y || cap->args[0])", "\treturn r;"), "required"),
        (("r = -EPERM;", "if (!cap->args[0])", "\treturn r;"), "rejected"),
        (("r = 0;", "if (cap->args[0])", "\treturn r;"), "accepted"),
        (("r = 0;", "if (!cap->args[0])", "\treturn r;"), "accepted"),
        (("if (cap->args[0]) {", "\tr = -EPERM;", "\treturn r;", "}"), "required"),
        (("if (y)", "\tr = 0;", "if (cap->args[0])", "\treturn r;"), "required"),  # it may be an error
        (("if (y)", "\tr = 0;", "if (!cap->args[0])", "\treturn r;"), "accepted"),
        (("if (y) {", "\tr = -EPERM;", "\tif (cap->args[0])", "\t\treturn r;", "}"), "required"),
        (("const int e = -EPERM;", "if (cap->args[0])", "\treturn e;"), "required"),
        (("r = ask(kvm);", "if (r || cap->args[0])", "\treturn r;"), "required"),
        (("if (cap->args[0])", "\treturn other;"), "accepted"),
    ],
)
def test_what_becomes_of_zero(tmp_path: Path, lines: tuple[str, ...], zero: str) -> None:
    text = _handler(*lines, "kvm->x = cap->args[0];", "r = 0;", "break;")
    assert _ask(tmp_path, text, "SELECT zero FROM cap_argument") == [(zero,)]


@pytest.mark.parametrize(
    ("helpers", "call", "row"),
    [
        (_helper("set", "if (v > 7)", FAIL, "kvm->x = v;", "return 0;"), "set(kvm, cap->args[0])", (1, "accepted")),
        (_helper("set", "if (!v)", FAIL, "kvm->x = v;", "return 0;"), "set(kvm, cap->args[0])", (0, "rejected")),
        (_helper("set", "kvm->x = v;", "return 0;"), "set(kvm, cap->args[0])", (0, "accepted")),
        (_helper("set", "return y(v);"), "set(kvm, cap->args[0])", (None, "accepted")),
        (_helper("set", "return 0;", parameters="struct kvm *kvm"), "set(kvm, cap->args[0])", (None, "accepted")),
        (_helper("inner", "if (v > 7)", FAIL, "kvm->x = v;", "return 0;") + _helper("set", "return inner(kvm, v);"),
         "set(kvm, cap->args[0])", (1, "accepted")),
        (_helper("set", "kvm->x = v;", "return 0;"), "set(cap->args[0], 1)", (1, "required")),
    ],
)  # fmt: skip
def test_helpers_that_get_a_value(tmp_path: Path, helpers: str, call: str, row: tuple[int | None, str]) -> None:
    text = helpers + _handler(f"r = {call};", "break;")
    assert _ask(tmp_path, text, "SELECT validated, zero FROM cap_argument") == [row]


def test_each_argument_is_told_apart(tmp_path: Path) -> None:
    text = _handler("kvm->x = cap->args[0];", "if (cap->args[ 3 ] & ~A)", FAIL, "use(cap->args[1]);", "return 0;")
    found = _ask(tmp_path, text, "SELECT position, use, validated, mask FROM cap_argument ORDER BY 1")
    assert found == [(0, "stored", 0, None), (1, "passed", None, None), (3, "tested", 1, "A")]


LOOK = "if (kvm->created_vcpus)"
SET = "kvm->arch.x = 1;"


@pytest.mark.parametrize(
    ("lines", "locked"),
    [
        (("mutex_lock(&kvm->lock);", LOOK, FAIL), 1),
        (("mutex_lock_nested(&kvm->lock, 1);", LOOK, FAIL), 1),
        (("if (!mutex_trylock(&kvm->lock))", FAIL, LOOK, FAIL), 1),
        (("mutex_lock(&kvm -> lock);", LOOK, FAIL), 1),
        (("mutex_lock(&kvm->slots_lock);", LOOK, FAIL), 0),
        (("mutex_lock(&kvm->locked);", LOOK, FAIL), 0),
        (("my_mutex_lock(&kvm->lock);", LOOK, FAIL), 0),
        (("mutex_unlock(&kvm->lock);", LOOK, FAIL), 0),
        (("mutex_lock(&kvm->lock);", "mutex_unlock(&kvm->slots_lock);", LOOK, FAIL), 1),
        (("mutex_lock(&kvm->lock);", "mutex_unlock_x(&kvm->lock);", LOOK, FAIL), 1),
        (("r = lock_all_vcpus(kvm);", LOOK, FAIL), 1),
        (("kvm_trylock_all_vcpus(kvm);", LOOK, FAIL), 1),
        (("kvm_lock(x);", LOOK, FAIL), 1),
        (("unlock_all_vcpus(kvm);", LOOK, FAIL), 0),
        (("kvm_unlock_all_vcpus(kvm);", LOOK, FAIL), 0),
        (("lockdep_assert_held(&kvm->lock);", LOOK, FAIL), 1),
        (("lockdep_assert_held(&kvm->slots_lock);", LOOK, FAIL), 0),
        ((LOOK, FAIL, "mutex_lock(&kvm->lock);"), 0),
        (("mutex_lock(&kvm->lock);", "while (y) {", "\tmutex_unlock(&kvm->lock);", "}", LOOK, FAIL), 0),
        (("mutex_lock(&kvm->lock);", "kvm_for_each_vcpu(i, v, kvm)", "\tv->x = 1;"), 1),
        (("kvm_for_each_vcpu(i, v, kvm)", "\tv->x = 1;"), 0),
    ],
)
def test_whether_the_lock_is_held(tmp_path: Path, lines: tuple[str, ...], locked: int) -> None:
    text = _handler(*lines, SET, "return 0;")
    assert _ask(tmp_path, text, "SELECT locked, writes FROM vcpu_walk") == [(locked, 1)]


def test_a_lock_of_another_case_does_not_count_and_one_above_the_switch_does(tmp_path: Path) -> None:
    other = _handler("mutex_lock(&kvm->lock);", "break;", "case KVM_CAP_B:", LOOK, FAIL, SET, "return 0;")
    assert _ask(tmp_path / "other", other, "SELECT cap, locked FROM vcpu_walk") == [("KVM_CAP_B", 0)]
    above = _handler(LOOK, FAIL, SET, "return 0;", above=("mutex_lock(&kvm->lock);",))
    assert _ask(tmp_path / "above", above, "SELECT cap, locked FROM vcpu_walk") == [("KVM_CAP_A", 1)]


@pytest.mark.parametrize(
    ("change", "writes"),
    [
        ("kvm->arch.x = 1;", 1),
        ("kvm -> y |= 2;", 1),
        ("set_bit(1, &kvm->arch.flags);", 1),
        ("set(kvm->arch.x);", 1),
        ("x = kvm->arch.x;", 0),
        ("test_bit(1, &kvm->arch.flags);", 0),
        ("test_and_set_bit(1, &kvm->arch.flags);", 1),
        ("WRITE_ONCE(kvm->arch.x, 1);", 1),
        ("smp_store_release(&kvm->arch.x, 1);", 1),
        ("spin_lock(&kvm->mmu_lock);", 0),
        ("WARN_ON_ONCE(kvm->arch.x);", 0),
        ("x = READ_ONCE(kvm->arch.x);", 0),
        ("atomic_read(&kvm->online);", 0),
        ("lockdep_assert_held(&kvm->arch.x);", 0),
        ("mutex_init(&kvm->arch.x);", 0),
        ("pr_info(kvm->arch.x);", 0),
        ("VM_EVENT(kvm, 3, kvm->arch.x);", 0),
        ("trace_x(kvm->arch.x);", 0),
        ("set(kvm);", 0),
        ("set(&kvm->lock);", 0),
        ("set(kvm->mm);", 0),
        ("other->x = 1;", 0),
    ],
)
def test_whether_the_case_changes_the_vm(tmp_path: Path, change: str, writes: int) -> None:
    text = _handler(LOOK, FAIL, change, "return 0;")
    assert _ask(tmp_path, text, "SELECT text, at_line, writes FROM vcpu_walk") == [("kvm->created_vcpus", 6, writes)]


@pytest.mark.parametrize(
    ("helper", "call", "rows"),
    [
        (_helper("look", "return kvm->created_vcpus;"), "look(kvm)", [("look()", 0)]),
        (_helper("look", "mutex_lock(&kvm->lock);", "return kvm->created_vcpus;"), "look(kvm)", [("look()", 1)]),
        (_helper("look", "if (kvm->created_vcpus)", "\treturn 0;", "mutex_lock(&kvm->lock);",
                 "return kvm->created_vcpus;"), "look(kvm)", [("look()", 0)]),
        (_helper("look", "return 1;"), "look(kvm)", []),
        (_helper("look", "return kvm->created_vcpus;"), "look(x)", []),
        (_helper("look", "return look(kvm);"), "look(kvm)", []),
        (_helper("a", "return kvm->created_vcpus;") + _helper("b", "return a(kvm);") + _helper("c", "return b(kvm);"),
         "c(kvm)", [("c()", 0)]),
        (_helper("a", "return kvm->created_vcpus;") + _helper("b", "return a(kvm);") + _helper("c", "return b(kvm);")
         + _helper("d", "return c(kvm);"), "d(kvm)", []),
    ],
)  # fmt: skip
def test_helpers_that_look(tmp_path: Path, helper: str, call: str, rows: list[tuple[str, int]]) -> None:
    text = helper + _handler(f"if ({call})", FAIL, SET, "return 0;")
    assert _ask(tmp_path, text, "SELECT text, locked FROM vcpu_walk") == rows


def test_a_look_without_the_lock_is_told_rather_than_one_with_it(tmp_path: Path) -> None:
    unlock = "mutex_unlock(&kvm->lock);"
    text = _handler("mutex_lock(&kvm->lock);", LOOK, "\tx = 1;", unlock, "y = kvm->created_vcpus;", SET, "return 0;")
    assert _ask(tmp_path, text, "SELECT at_line, locked FROM vcpu_walk") == [(10, 0)]


WALK = "kvm_for_each_vcpu(i, v, kvm)\n\t\tkick(v);"
KICK = _helper("kick_all", WALK, "return 0;", parameters="struct kvm *kvm")
SETS_AND_KICKS = _helper("set_and_kick", SET, WALK, "return 0;", parameters="struct kvm *kvm")
KICKS_AND_SETS = _helper("kick_and_set", WALK, SET, "return 0;", parameters="struct kvm *kvm")
READ = "v->x = v->kvm->arch.x;"
CREATE = _helper("kvm_arch_vcpu_create", READ, parameters="struct kvm_vcpu *v")
POSTCREATE = _helper("kvm_arch_vcpu_postcreate", READ, parameters="struct kvm_vcpu *v")
CREATE_BY_HELPER = _helper("init", READ, parameters="struct kvm_vcpu *v") + _helper(
    "kvm_arch_vcpu_create", "return init(v);", parameters="struct kvm_vcpu *v"
)


@pytest.mark.parametrize(
    ("helpers", "lines", "missed"),
    [
        ("", (SET, WALK), 0),
        ("", (WALK, SET), 1),
        ("", ("set_bit(1, &kvm->arch.flags);", WALK), 0),
        ("", ("WRITE_ONCE(kvm->arch.x, 1);", WALK), 0),
        ("", ("other->x = 1;", WALK, SET), 1),
        ("", ("pr_info(kvm->arch.x);", WALK, SET), 1),
        ("", (LOOK, FAIL, SET), 1),
        ("", (LOOK, FAIL, SET, WALK), 1),
        ("", ("mutex_lock(&kvm->lock);", LOOK, FAIL, SET, "mutex_unlock(&kvm->lock);", WALK), 0),
        (KICK, (SET, "kick_all(kvm);"), 0),
        (KICK, ("kick_all(kvm);", SET), 1),
        (SETS_AND_KICKS, ("set_and_kick(kvm);", SET), 0),
        (KICKS_AND_SETS, ("kick_and_set(kvm);", SET), 1),
        (POSTCREATE, (SET, WALK), 0),
        (CREATE, (SET, WALK), 1),
        (CREATE_BY_HELPER, (SET, WALK), 1),
        (CREATE + POSTCREATE, (SET, WALK), 0),
        (CREATE, ("kvm->arch.y = 1;", WALK), 0),
        (CREATE, (SET, "kvm->arch.y = 1;", WALK), 0),
    ],
)
def test_whether_a_new_vcpu_misses_the_change(
    tmp_path: Path, helpers: str, lines: tuple[str, ...], missed: int
) -> None:
    text = helpers + _handler(*lines, "return 0;")
    assert _ask(tmp_path, text, "SELECT locked, missed FROM vcpu_walk") == [(0, missed)]


@pytest.mark.parametrize(
    ("lines", "succeeds"),
    [
        (("return (0);",), 1),
        (("return 0UL;",), 1),
        (("return -EINVAL;",), 0),
        (("if (y)", FAIL, "return f();"), None),
        (("r = -EPERM;", "break;"), 0),
        (("r = f();", "break;"), None),
        (("r = 0;", "if (y)", "\tr = -EPERM;", "break;"), 1),
        (("other = 0;", "break;"), 0),
    ],
)
def test_whether_a_case_can_succeed(tmp_path: Path, lines: tuple[str, ...], succeeds: int | None) -> None:
    assert _ask(tmp_path, _handler(*lines), "SELECT succeeds FROM enable_site") == [(succeeds,)]


def test_what_another_case_sets_is_not_how_this_one_begins(tmp_path: Path) -> None:
    text = _handler("r = 0;", "break;", "case KVM_CAP_B:", "break;")
    assert _ask(tmp_path, text, "SELECT cap, succeeds FROM enable_site ORDER BY 1") == [
        ("KVM_CAP_A", 1),
        ("KVM_CAP_B", 0),
    ]
