"""Architectures that serve an ioctl of shared code because something is registered there that carries it out."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from conftest import ask, bare_kernel

API = """\
4.1 KVM_CREATE_POT
------------------

:Capability: KVM_CAP_POTS
:Architectures: all
:Type: vm ioctl
:Parameters: none
:Returns: 0
"""
CASE = """\
static long kvm_vm_ioctl(struct file *filp, unsigned int ioctl, unsigned long arg)
{{
	struct kvm *kvm = filp->private_data;
	switch (ioctl) {{
	case KVM_CREATE_POT: {{
		{}
	}}
	default:
		return -ENOTTY;
	}}
}}
"""
REGISTERS = """\
static const struct pot_ops *pots[KINDS];

int kvm_register_pot(const struct pot_ops *ops, u32 kind)
{
	if (pots[kind] != NULL)
		return -EEXIST;
	pots[kind] = ops;
	return 0;
}

void kvm_unregister_pot(u32 kind)
{
	pots[kind] = NULL;
}
"""
MAKES = "static int make(struct kvm *kvm, unsigned long kind)\n{{\n\t{}\n}}\n"
USUAL = REGISTERS + MAKES.format("struct pot_ops *ops = pots[kind];\n\treturn ops ? ops->create(kvm) : -ENODEV;")
CALLED = CASE.format("return make(kvm, arg);")
XARRAY = """\
static DEFINE_XARRAY(pots);

int kvm_register_pot(const struct pot_ops *ops, u32 kind)
{
	return xa_insert(&pots, kind, ops, GFP_KERNEL);
}
"""
LIST = """\
static LIST_HEAD(pots);

void kvm_register_pot(struct pot_ops *ops, u32 kind)
{
	ops->kind = kind;
	list_add_tail(&ops->node, &pots);
}
"""
WALK = """\
struct pot_ops *ops;

	list_for_each_entry(ops, &pots, node) {
		if (ops->kind == kind)
			return ops->create(kvm);
	}
	return -ENODEV;"""
TAKEN = "ops = pots[arg];\n\t\tif (!ops)\n\t\t\treturn -ENODEV;\n\t\treturn ops->create(kvm);"
TESTED = "if (pots[kind] && !pots[kind]->create(kvm))\n\t\treturn 0;\n\treturn -ENODEV;"
LOADED = "const struct pot_ops *ops = xa_load(&pots, kind);\n\n\treturn ops->create(kvm);"


def _with(put: str, take: str) -> str:
    return USUAL.replace("pots[kind] = ops;", put).replace("= pots[kind];", f"= {take};") + CALLED


SHARED = {
    "a helper takes the functions from an array": USUAL + CALLED,
    "the case itself": REGISTERS + CASE.format(TAKEN),
    "without a pointer in between": REGISTERS + CASE.format("return pots[arg]->create(kvm);"),
    "in a condition": REGISTERS + MAKES.format(TESTED) + CALLED,
    "an xarray": XARRAY + MAKES.format(LOADED) + CALLED,
    "a list": LIST + MAKES.format(WALK) + CALLED,
    "published by RCU": _with("rcu_assign_pointer(pots[kind], ops);", "rcu_dereference(pots[kind])"),
    "written once": _with("WRITE_ONCE(pots[kind], ops);", "READ_ONCE(pots[kind])"),
}
"""Shared code: of the case, of what it calls, and of the function that registers."""
LOOP = "void f(void)\n{\n\tfor (int i = 0; i < 3; i++)\n\t\tkvm_register_pot(own[i].ops, own[i].kind);\n}\n"
SWITCH = "int f(int x)\n{\n\tswitch (x) {\n\tcase 1:\n\t\treturn kvm_register_pot(&tin, 1);\n\t}\n\treturn 0;\n}\n"
MACRO = "#define REGISTER(ops, kind) kvm_register_pot(&(ops), kind)\nvoid f(void)\n{\n\tREGISTER(tin, 1);\n}\n"
HANDED = "static int add(struct pot_ops *ops)\n{\n\treturn kvm_register_pot(ops, 1);\n}\n"
REGISTERING = {
    "returned": "int f(void)\n{\n\treturn kvm_register_pot(&tin, 1);\n}\n",
    "assigned": "int f(void)\n{\n\tint r = kvm_register_pot(&tin, 1);\n\treturn r;\n}\n",
    "dropped": "void f(void)\n{\n\tif (has_pots())\n\t\tkvm_register_pot(&tin, 1);\n}\n",
    "in a switch": SWITCH,
    "out of a table": LOOP,
    "a macro": MACRO,
    "a function in between": HANDED + "int f(void)\n{\n\treturn add(&tin);\n}\n",
}
"""Code of architectures that registers."""
TABLE = """\
int kvm_register_pots(struct pot *pots, int n)
{
	int i;
	for (i = 0; i < n; i++)
		kvm_register_pot(pots[i].ops, i);
	return 0;
}
"""
ROUND = """\
int a(struct pot_ops *ops)
{
	b(ops);
	return kvm_register_pot(ops, 1);
}
int b(struct pot_ops *ops)
{
	return a(ops);
}
"""
QUERY = "SELECT arch, condition FROM ioctl_registration ORDER BY arch, path, line"


def _found(root: Path, shared: str, files: dict[str, str]) -> list[tuple[Any, ...]]:
    every = {"virt/kvm/kvm_main.c": shared, "Documentation/virt/kvm/api.rst": API, **files}
    return ask([bare_kernel(root, every)], QUERY)


@pytest.mark.parametrize("shared", SHARED.values(), ids=SHARED)
def test_ways_in_which_shared_code_keeps_them(tmp_path: Path, shared: str) -> None:
    assert _found(tmp_path, shared, {"arch/s390/kvm/pot.c": REGISTERING["returned"]}) == [("s390", "1")]


@pytest.mark.parametrize("code", REGISTERING.values(), ids=REGISTERING)
def test_ways_in_which_an_architecture_registers(tmp_path: Path, code: str) -> None:
    assert _found(tmp_path, USUAL + CALLED, {"arch/s390/kvm/pot.c": code}) == [("s390", "1")]


def test_conditions_count_and_so_does_the_initialiser(tmp_path: Path) -> None:
    entries = "[KINDS] = {\n#ifdef CONFIG_TIN\n\t[1] = &tin_ops,\n#endif\n};"
    shared = (USUAL + CALLED).replace("[KINDS];", entries, 1)
    glass = f"#ifdef CONFIG_GLASS\n{REGISTERING['dropped']}#endif\n"
    files = {"virt/kvm/pot.c": glass, "virt/kvm/Makefile.kvm": "kvm-$(CONFIG_POT) += $(KVM)/pot.o\n"}
    found = _found(tmp_path, shared, files)
    assert [arch for arch, _ in found] == ["generic", "generic"]
    assert {condition for _, condition in found} >= {"CONFIG_TIN"}
    assert any("CONFIG_GLASS" in str(condition) for _, condition in found)


@pytest.mark.parametrize(
    "shared",
    [
        # Nothing is called through what the table holds.
        REGISTERS + CASE.format("return pots[arg] ? 0 : -ENODEV;"),
        # What is called through does not come from a table.
        REGISTERS + CASE.format("return kvm->ops->create(kvm);"),
        # No function puts its parameter in.
        USUAL.replace("pots[kind] = ops;", "pots[kind] = &standard;") + CALLED,
        "",
    ],
)
def test_what_is_no_registration(tmp_path: Path, shared: str) -> None:
    assert _found(tmp_path, shared, {"arch/s390/kvm/pot.c": REGISTERING["returned"]}) == []


def test_shared_code_that_registers_what_it_gets_is_none_by_itself(tmp_path: Path) -> None:
    """Only its callers tell for which architectures something is registered."""
    local = "int again(void)\n{\n\tstruct pot_ops *ops = next();\n\n\treturn kvm_register_pot(ops, 1);\n}\n"
    calls = "int f(void)\n{\n\treturn kvm_register_pots(tins, 3);\n}\n"
    files = {"virt/kvm/pot.c": TABLE + local, "arch/riscv/kvm/pot.c": calls}
    assert _found(tmp_path, USUAL + CALLED, files) == [("riscv", "1")]


def test_functions_that_hand_on_to_each_other_end(tmp_path: Path) -> None:
    assert _found(tmp_path, USUAL + CALLED, {"arch/s390/kvm/pot.c": ROUND}) == []
