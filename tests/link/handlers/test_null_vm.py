"""vm_dereference: what counts as a test of the VM on the way, in every shape that it is written in."""

from __future__ import annotations

from pathlib import Path

import pytest
from conftest import X86, ask, bare_kernel

CHECK = "int kvm_vm_ioctl_check_extension(struct kvm *kvm, long ext)"


def _rows(root: Path, text: str, columns: str = "at_line") -> list[tuple[object, ...]]:
    return ask([bare_kernel(root, {X86: text})], f"SELECT {columns} FROM vm_dereference ORDER BY 1")


def _handler(*lines: str) -> str:
    body = ("int r = 0;", "switch (ext) {", "case KVM_CAP_A:", *lines, "break;", "}", "return r;")
    return "\n".join([CHECK, "{", *(f"\t{line}" for line in body), "}", ""])


def _helper(name: str, *lines: str, parameters: str = "struct kvm *vm") -> str:
    return "\n".join([f"static int {name}({parameters})", "{", *(f"\t{line}" for line in lines), "}", ""])


TOLD = [
    "if (kvm)",
    "if ((kvm))",
    "if (!!kvm)",
    "if (!(!kvm))",
    "if (likely(kvm))",
    "if (READ_ONCE(kvm))",
    "if (!WARN_ON_ONCE(!kvm))",
    "if (!VM_WARN_ON(kvm == NULL))",
    "if (likely(y && kvm))",
    "if (kvm != NULL)",
    "if (NULL != kvm)",
    "if (!(kvm == NULL))",
    "if (y && kvm)",
    "if (kvm && y && z)",
    "if ((y || z) && kvm)",
    "if ((kvm && y) || (z && kvm))",
    "if (!(!kvm || y))",
    "if (!(y || NULL == kvm))",
    "if (!(!kvm && y) && kvm)",
    "if (unknown(kvm))",
    "if (unknown(kvm, y))",
    "if (y && unknown(kvm))",
    "if (!unknown(kvm))",
    "if (unknown(y, kvm))",
    "if (ops->ask(kvm))",
    "if (!IS_ERR_OR_NULL(kvm))",
    "if (!ZERO_OR_NULL_PTR(kvm))",
    "if (kvm != 0)",
    "if ((kvm == NULL) == false)",
    "if (!!kvm != 0)",
    "if (y & !!kvm)",
    "if (kvm ? y : 0)",
    "if (!kvm ? false : y)",
    "if (!(kvm ? 0 : 1))",
]
UNTOLD = [
    "if (y)",
    "if (!kvm)",
    "if (!!!kvm)",
    "if (kvm == NULL)",
    "if (NULL == kvm)",
    "if (!(kvm))",
    "if (!(kvm != NULL))",
    "if (y || kvm)",
    "if (kvm || y || z)",
    "if ((kvm && y) || z)",
    "if (!(!kvm && y))",
    "if (!(y && kvm == NULL))",
    "if (unknown(other))",
    "if (kvmx)",
    "if (IS_ERR_OR_NULL(kvm))",
    "if (!IS_ERR(kvm))",
    "if (kvm == 0)",
    "if ((kvm == NULL) == true)",
    "if (y | !!kvm)",
    "if (kvm ? 0 : y)",
    "if (kvm ? y : z)",
    "if (y ? kvm : z)",
    "if (!(kvm ? 0 : y))",
    "if (&kvm->arch)",
    "if (ask(y) && (z || kvm))",
]


@pytest.mark.parametrize(("test", "count"), [*((test, 0) for test in TOLD), *((test, 1) for test in UNTOLD)])
def test_what_a_test_tells_of_the_vm(tmp_path: Path, test: str, count: int) -> None:
    assert len(_rows(tmp_path, _handler(test, "\tr = kvm->x;"))) == count


@pytest.mark.parametrize(
    ("test", "count"),
    [
        ("if (!kvm)", 0),
        ("if (kvm == NULL)", 0),
        ("if (unlikely(!kvm))", 0),
        ("if (WARN_ON(!kvm))", 0),
        ("if (y || !kvm)", 0),
        ("if (!kvm || y || z)", 0),
        ("if (!kvm && y)", 1),
        ("if (kvm)", 1),
        ("if (y)", 1),
    ],
)
def test_what_is_left_when_it_is_not_so(tmp_path: Path, test: str, count: int) -> None:
    assert len(_rows(tmp_path, _handler(test, "\treturn 0;", "r = kvm->x;"))) == count


@pytest.mark.parametrize(
    ("returns", "count"),
    [
        (("return vm && y;",), 0),
        (("return vm != NULL;",), 0),
        (("if (!vm)", "\treturn 0;", "return y;"), 0),
        (("if (!vm)", "\treturn false;", "return y;"), 0),
        (("if (vm)", "\treturn y;", "return 0;"), 0),
        (("if (!vm)", "\treturn 1;", "return y;"), 1),
        (("if (y)", "\treturn z;", "return 0;"), 1),
        (("return vm || y;",), 1),
        (("return y;",), 1),
    ],
)
def test_what_a_helpers_yes_tells(tmp_path: Path, returns: tuple[str, ...], count: int) -> None:
    text = _helper("has", *returns) + _handler("if (has(kvm))", "\tr = kvm->x;")
    assert len(_rows(tmp_path, text)) == count


@pytest.mark.parametrize(
    ("value", "count"),
    [
        ("kvm != NULL", 0),
        ("ask(kvm)", 0),
        ("y", 1),
        ("kvmx", 1),
        ("other && y", 1),
        ("kvm ? y : z", 1),
        ("kvm ? y : 0", 0),
        ("!kvm", 1),
        ("kvm == NULL", 1),
        ("!kvm || y", 1),
    ],
)
def test_what_a_variable_tells(tmp_path: Path, value: str, count: int) -> None:
    text = _handler(f"has = {value};", "if (has)", "\tr = kvm->x;")
    assert len(_rows(tmp_path, text)) == count


NO_VM = [
    (("bool no_vm = !kvm;",), "if (!no_vm)", 0),
    (("bool no_vm = !kvm;",), "if (no_vm)", 1),
    (("bool no_vm = kvm ? false : true;",), "if (!no_vm)", 0),
    (("bool no_vm = IS_ERR_OR_NULL(kvm);",), "if (no_vm == false)", 0),
    (("bool no_vm = false;", "if (!kvm)", "\tno_vm = true;"), "if (!no_vm)", 1),
    (("bool no_vm;", "if (kvm)", "\tno_vm = false;", "else", "\tno_vm = true;"), "if (!no_vm)", 0),
    (("bool has = false;", "if (kvm)", "\thas = y;"), "if (has)", 0),
    (("bool has = y;", "if (kvm)", "\thas = kvm->x;"), "if (has)", 1),
    (("bool has = y;", "has &= !!kvm;"), "if (has)", 0),
    (("bool has = !!kvm;", "has |= y;"), "if (has)", 1),
    (("bool a = !!kvm;", "bool b = a && y;"), "if (b)", 0),
    (("int err = kvm ? 0 : -EINVAL;",), "if (!err)", 0),
    (("int err = kvm ? 0 : -EINVAL;",), "if (err >= 0)", 0),
    (("int err = kvm ? 0 : -EINVAL;",), "if (err < 0)", 1),
    (("int err = need_vm(kvm);",), "if (!err)", 0),
    (("int err = need_vm(kvm);",), "if (err)", 1),
    (("int err = need_other(kvm);",), "if (!err)", 1),
    (("struct state s;", "s.has = kvm != NULL;"), "if (s.has)", 0),
    (("struct kvm *vm = kvm;",), "if (vm)", 0),
    (("struct kvm *vm = other;",), "if (vm)", 1),
]


@pytest.mark.parametrize(("above", "test", "count"), NO_VM)
def test_both_polarities_of_variables(tmp_path: Path, above: tuple[str, ...], test: str, count: int) -> None:
    helpers = _helper("need_vm", "if (!vm)", "\treturn -EINVAL;", "return 0;")
    helpers += _helper("need_other", "if (other)", "\treturn -EINVAL;", "return 0;")
    lines = _handler(*above, test, "\tr = kvm->x;")
    assert min(1, len(_rows(tmp_path, helpers + lines, "cap"))) == count


# A statement of the handler, where no test guards it; whether it accesses a VM that is NULL.
UNTESTED = [
    ("mutex_lock(&kvm->lock);", True),
    ("guard(mutex)(&kvm->lock);", True),
    ("scoped_guard(mutex, &kvm->lock) { r = 1; }", True),
    ("scoped_guard(mutex, &other->lock) { r = 1; }", False),
    ("spin_lock(&(kvm)->mmu_lock);", True),
    ("down_read(&kvm->arch.sem);", True),
    ("lock_of(&kvm->lock);", True),
    ("r = test_bit(X, &kvm->arch.flags);", True),
    ("r = atomic_read(&kvm->online_vcpus);", True),
    ("r = smp_load_acquire(&kvm->x);", True),
    ("r = list_empty(&kvm->devices);", True),
    ("r = xa_load(&kvm->vcpu_array, 0);", True),
    ("r = READ_ONCE(kvm->x);", True),
    ("r = (*kvm).x;", True),
    ("copy = *kvm;", True),
    ("r = sizeof(*kvm);", False),
    ("kvm_for_each_vcpu(i, vcpu, kvm) r++;", True),
    ("kvm_for_each_vcpu(i, vcpu, other) r++;", False),
    ("p = &kvm->arch;", False),
    ("r = unknown(&kvm->arch);", False),
    ("r = reads(&kvm->arch);", True),
    ("r = reads(&kvm->arch.inner);", True),
    ("r = reads(&(*kvm).arch);", True),
    ("r = careful_reads(&kvm->arch);", True),
    ("r = reads(&kvm->arch.ptr->inner);", True),
    ("r = ignores(&kvm->arch);", False),
    ("r = flag(&kvm->arch.has);", True),
    ("r = first(&kvm->arch.has);", True),
    ("r = hands_on(kvm);", True),
    ("r = to_vmx(kvm)->x;", True),
    ("r = to_vmx_macro(kvm)->x;", True),
    ("r = container_of(kvm, struct kvm_vmx, kvm)->x;", True),
    ("r = !to_vmx(kvm);", False),
    ("r = use(&to_vmx(kvm)->x);", False),
    ("r = test_bit(X, flags_of(kvm));", True),
    ("r = unknown(flags_of(kvm));", False),
    ("r = ((struct kvm_vmx *)kvm)->x;", True),
    ("struct kvm *vm = kvm;\n\tr = vm->x;", True),
    ("struct kvm *vm = kvm;\n\tif (kvm)\n\t\tr = vm->x;", False),
    ("struct kvm *vm = kvm;\n\tif (vm)\n\t\tr = kvm->x;", False),
    ("struct kvm *vm = kvm ?: other;\n\tr = vm->x;", False),
    ("struct kvm_arch *arch = &kvm->arch;\n\tr = arch->x;", True),
    ("struct kvm_arch *arch = &kvm->arch;\n\tif (arch)\n\t\tr = arch->x;", True),
    ("struct kvm_arch *arch = &kvm->arch;\n\tr = kvm ? arch->x : 0;", False),
    ("struct kvm_arch *arch = kvm ? &kvm->arch : NULL;\n\tif (arch)\n\t\tr = arch->x;", False),
    ("struct kvm_vmx *vmx = to_vmx(kvm);\n\tr = vmx->x;", True),
    ("struct kvm_vmx *vmx = to_vmx(kvm);\n\tr = kvm && vmx->x;", False),
    ("if (!kvm)\n\t\tbreak;\n\tmutex_lock(&kvm->lock);", False),
    ("r = kvm && test_bit(X, &kvm->arch.flags);", False),
    ("r = both(kvm, &kvm->arch);", False),
]
HELPERS = """\
#define to_vmx_macro(vm) container_of(vm, struct kvm_vmx, kvm)
#define flags_of(vm) (&(vm)->arch.flags)
static void lock_of(struct mutex *lock) { mutex_lock(lock); }
static int reads(struct kvm_arch *arch) { return arch->x; }
static int careful_reads(struct kvm_arch *arch) { return arch ? arch->x : 0; }
static int ignores(struct kvm_arch *arch) { return 1; }
static bool flag(bool *has) { return *has; }
static bool first(bool *has) { return has[0]; }
static int hands_on(struct kvm *vm) { return reads(&vm->arch); }
static int both(struct kvm *vm, struct kvm_arch *arch) { return vm ? arch->x : 0; }
static struct kvm_vmx *to_vmx(struct kvm *vm) { return container_of(vm, struct kvm_vmx, kvm); }
"""


@pytest.mark.parametrize(("statement", "accesses"), UNTESTED)
def test_accesses_in_every_shape(tmp_path: Path, statement: str, accesses: bool) -> None:
    assert bool(_rows(tmp_path, HELPERS + _handler(statement))) is accesses


def test_a_guard_that_is_not_in_view_is_a_blind_spot(tmp_path: Path) -> None:
    trees = [bare_kernel(tmp_path, {X86: _handler("if (unknown(kvm))", "\tr = kvm->x;")})]
    assert ask(trees, "SELECT line, reason FROM cut") == [
        (7, "a function that is not in view may test the VM for NULL")
    ]


@pytest.mark.parametrize(
    ("helper", "call", "count"),
    [
        (_helper("second", "return vm->x;", parameters="int a, struct kvm *vm"), "second(1, kvm)", 1),
        (_helper("second", "return vm->x;", parameters="int a, struct kvm *vm"), "second(1, (kvm))", 1),
        (_helper("second", "return vm->x;", parameters="int a, struct kvm *vm"), "second(kvm, other)", 0),
        (_helper("none", "return 1;", parameters="void"), "none(kvm)", 0),
        (_helper("more", "return 1;", parameters="int a, ..."), "more(1, kvm)", 0),
        (_helper("late", "if (!vm)", "\treturn 0;", "return vm->x;"), "late(kvm)", 0),
        (_helper("sets", "vm = get();", "return vm->x;"), "sets(kvm)", 0),
        (_helper("itself", "return itself(vm);"), "itself(kvm)", 0),
        (_helper("itself", "if (y)", "\treturn itself(vm);", "return vm->x;"), "itself(kvm)", 1),
        (_helper("address", "return use(&vm->x);"), "address(kvm)", 0),
    ],
)
def test_helpers_are_followed(tmp_path: Path, helper: str, call: str, count: int) -> None:
    assert len(_rows(tmp_path, helper + _handler(f"r = {call};"))) == count


@pytest.mark.parametrize(
    ("body", "count"),
    [
        ("((vm)->x)", 1),
        ("(use((vm)->x))", 1),
        ("(y)", 0),
        ("((vm) && (vm)->x)", 0),
        ("((vm) ? (vm)->x : 0)", 0),
        ("((vm) == NULL ? 0 : (vm)->x)", 0),
        ("((vm) != NULL && (vm)->x)", 0),
        ("(!(vm) || (vm)->x)", 0),
        ("reads(vm)", 1),
        ("reads((vm), y)", 1),
        ("careful(vm)", 0),
        ("unknown(vm)", 0),
        ("(y && (vm)->x)", 1),
        ("(y & (vm)->x)", 1),
        ("(f(y) & (vm)->x)", 1),
        ("(&(vm)->x)", 0),
        ("unknown(&(vm)->x)", 0),
        ("unknown(y, &((vm)->x))", 0),
        ("unknown(&(vm)->x->y)", 1),
        ("mutex_lock(&(vm)->lock)", 1),
    ],
)
def test_macros_are_followed(tmp_path: Path, body: str, count: int) -> None:
    helpers = _helper("reads", "return vm->x;") + _helper("careful", "return vm && vm->x;")
    assert len(_rows(tmp_path, f"#define get(vm) {body}\n{helpers}" + _handler("r = get(kvm);"))) == count


@pytest.mark.parametrize(("helpers", "count"), [(1, 1), (5, 1), (6, 0)])
def test_helpers_are_followed_five_deep(tmp_path: Path, helpers: int, count: int) -> None:
    chain = [_helper(f"h{at}", f"return h{at + 1}(vm);") for at in range(1, helpers)]
    chain.append(_helper(f"h{helpers}", "return vm->x;"))
    assert len(_rows(tmp_path, "".join(chain) + _handler("r = h1(kvm);"))) == count


def test_the_first_dereference_of_a_capability_is_told_where_it_stands(tmp_path: Path) -> None:
    helper = _helper("reads", "", "#ifdef CONFIG_Y", "return vm->y;", "#endif", "return vm->z;")
    columns = "at_line, line, at_path, text, condition"
    inner = _rows(tmp_path / "inner", helper + _handler("r = reads(kvm);", "r += (kvm)->w;"), columns)
    assert inner == [(5, 13, X86, "vm->y", "CONFIG_Y")]
    outer = _rows(tmp_path / "outer", helper + _handler("r += (kvm)->w;", "r = reads(kvm);"), columns)
    assert outer == [(14, 13, X86, "(kvm)->w", "1")]
    macro = _rows(tmp_path / "macro", "\n#define get(vm) ((vm)->x)\n" + _handler("r = get(kvm);"), columns)
    assert macro == [(2, 7, X86, "((vm)->x)", "1")]


@pytest.mark.parametrize(
    ("given", "caps"),
    [
        ("NULL, ext", ["KVM_CAP_A"]),
        ("kvm, ext", ["KVM_CAP_A"]),
        ("other, ext", []),
        ("kvm->parent, ext", ["KVM_CHECK_EXTENSION"]),
    ],
)
def test_who_hands_no_vm_on(tmp_path: Path, given: str, caps: list[str]) -> None:
    more = "int more(struct kvm *vm, long ext)\n{\n\tswitch (ext) {\n\tcase KVM_CAP_A:\n\t\treturn vm->x;\n\t}\n}\n"
    found = _rows(tmp_path, f"{more}{CHECK}\n{{\n\treturn more({given});\n}}\n", "cap")
    assert found == [(cap,) for cap in caps]


def test_above_the_switch_it_stands_where_it_is(tmp_path: Path) -> None:
    text = _handler("r = 1;").replace("int r = 0;", "int r = kvm->x;")
    assert _rows(tmp_path, text, "cap, line, column, at_line") == [("KVM_CHECK_EXTENSION", 3, 1, 3)]


@pytest.mark.parametrize(
    ("macro", "told"),
    [
        ("#define has(vm) ((vm) != NULL)", True),
        ("#define has(vm) (!!(vm) && y)", True),
        ("#define has(vm) y", False),
        ("#define has(vm) ((vm) == NULL)", False),
        ("#define has(vm) has(vm)", True),
    ],
)
def test_a_macro_that_tests_it(tmp_path: Path, macro: str, told: bool) -> None:
    text = f"{macro}\n{_handler('if (has(kvm))', '	r = kvm->x;')}"
    assert bool(_rows(tmp_path, text)) is not told


def test_functions_that_ask_themselves_or_many_others(tmp_path: Path) -> None:
    """As real as a broken tree can be; the run ends, and what is not followed is taken for a test."""
    itself = _helper("f", "if (y)", "\treturn f(vm);", *["return f(vm);"] * 500, "return vm != NULL;")
    chain = "".join(_helper(f"g{at}", f"return g{at + 1}(vm);") for at in range(300))
    for name, helpers in (("f", itself), ("g0", chain)):
        assert _rows(tmp_path / name, helpers + _handler(f"if ({name}(kvm))", "\tr = kvm->x;")) == []
    variables = ["bool v0 = !!kvm;", *(f"bool v{at + 1} = v{at};" for at in range(300)), "if (v300)"]
    assert _rows(tmp_path / "variables", _handler(*variables, "\tr = kvm->x;")) == []
    choice = "y"
    for _ in range(30):
        choice = f"({choice}?y:z)"
    assert _rows(tmp_path / "choice", _handler(f"if ({choice})", "\tr = kvm->x;")) != []
    deep = "(y&&" * 90 + "kvm" + ")" * 90
    _rows(tmp_path / "deep", _handler(f"if ({deep})", "\tr = kvm->x;"))
    _rows(tmp_path / "not", _handler(f"if ({'!' * 390}kvm)", "\tr = kvm->x;"))
    careless = _helper("h", "if (y)", "\treturn h(vm);", "return 1;")
    assert _rows(tmp_path / "h", careless + _handler("if (h(kvm))", "\tr = kvm->x;")) != []
