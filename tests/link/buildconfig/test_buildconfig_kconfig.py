"""What each architecture's Kconfig makes possible, and what follows for the generic handler."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from bodies import LinkedCode, linked
from conftest import ask, bare_kernel, bare_qemu

from caplint.trees.overlay import OverlayTree

SHARED = """\
config HAVE_RING
	bool
config HAVE_RING_TSO
	bool
	select HAVE_RING
	depends on X86
config NEED_BITMAP
	bool
	depends on HAVE_RING
config HAVE_NOTIFIER
	bool
config COMPAT_IOCTL
	def_bool y
	depends on KVM && COMPAT && !(S390 || ARM64)
config PLAIN
	def_bool y
config FALLBACK
	bool
	default n if X86
	default y
config COUNT
	int
	default 4
config HAVE_KVM
	bool
config WANTED
	bool
config UNUSED
	bool
	select ONLY_BY_UNUSED
config ONLY_BY_UNUSED
	bool
"""
X86 = """\
if VIRTUALIZATION
config KVM
	tristate "KVM"
	depends on X86_LOCAL_APIC && !BROKEN
config KVM_X86
	def_tristate KVM if KVM_INTEL
	select HAVE_RING_TSO
	select HAVE_NOTIFIER if PM
	select TIMERS
config KVM_INTEL
	tristate "Intel"
	depends on KVM
config KVM_ON_S390
	bool "no"
	depends on S390
config KVM_ON_KVM_OFF
	bool "no"
	depends on KVM=n
endif
"""
S390 = """\
config KVM
	def_tristate y
	prompt "KVM"
	depends on HAVE_KVM
	imply NEED_BITMAP
	imply WANTED
	select HAVE_NOTIFIER if !UNUSED
"""
X86_MAKE = """\
kvm-y += x86.o sub/deep.o
kvm-$(CONFIG_XEN) += xen.o
obj-$(CONFIG_KVM_X86) += kvm.o
obj-$(CONFIG_KVM_INTEL) += vmx/
"""
SHARED_MAKE = """\
KVM ?= ../../../virt/kvm
kvm-y := $(KVM)/kvm_main.o
kvm-$(CONFIG_HAVE_RING) += $(KVM)/ring.o
"""
FILES = {
    "virt/kvm/Kconfig": SHARED,
    "virt/kvm/Makefile.kvm": SHARED_MAKE,
    "virt/kvm/ring.c": "",
    "arch/x86/kvm/Kconfig": X86,
    "arch/x86/kvm/Makefile": X86_MAKE,
    "arch/x86/kvm/vmx/Makefile": "obj-$(CONFIG_SGX) += sgx.o\nobj-y += ../both.o\n",
    "arch/x86/kvm/x86.c": "",
    "arch/x86/kvm/xen.c": "",
    "arch/x86/kvm/both.c": "",
    "arch/x86/kvm/sub/deep.c": "",
    "arch/x86/kvm/vmx/sgx.c": "",
    "arch/x86/kvm/lone.c": "",
    "arch/s390/kvm/Kconfig": S390,
    "arch/s390/kvm/Makefile": "obj-$(CONFIG_KVM) += kvm.o\n",
}


@pytest.fixture(scope="module")
def code(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LinkedCode]:
    with linked(tmp_path_factory.mktemp("kernel"), "", FILES) as found:
        yield found


STATES = [
    ("KVM", "always", "always"),
    ("KVM_X86", "always", None),
    ("KVM_INTEL", "possible", None),
    ("HAVE_RING_TSO", "always", "never"),
    ("HAVE_RING", "always", "never"),
    ("HAVE_NOTIFIER", "possible", "always"),
    ("NEED_BITMAP", "never", "never"),
    ("COMPAT_IOCTL", "possible", "never"),
    ("PLAIN", "always", "always"),
    ("FALLBACK", "possible", "possible"),
    ("HAVE_KVM", "possible", "always"),
    ("WANTED", "never", "possible"),
    ("UNUSED", "never", "never"),
    ("ONLY_BY_UNUSED", "never", "never"),
    ("KVM_ON_S390", "never", None),
    ("KVM_ON_KVM_OFF", "never", None),
    ("X86", "always", "never"),
    ("S390", "never", "always"),
    ("X86_LOCAL_APIC", "always", None),
    ("BROKEN", "never", None),
    ("VIRTUALIZATION", "always", None),
    ("TIMERS", "always", None),
    ("COUNT", None, None),
    ("PM", None, None),
]


def _rows(code: LinkedCode, query: str) -> list[tuple[Any, ...]]:
    return code.connection.execute(query).fetchall()


@pytest.mark.parametrize(("symbol", "x86", "s390"), STATES)
def test_state(code: LinkedCode, symbol: str, x86: str | None, s390: str | None) -> None:
    states = dict(_rows(code, f"SELECT arch, state FROM kconfig WHERE symbol = '{symbol}'"))
    assert (states.get("x86"), states.get("s390")) == (x86, s390)


def test_the_place_of_a_symbol(code: LinkedCode) -> None:
    rows = _rows(code, "SELECT symbol, path, line FROM kconfig WHERE arch = 'x86'")
    places = {symbol: (path, line) for symbol, path, line in rows}
    assert places["HAVE_RING"] == ("virt/kvm/Kconfig", 1)
    assert places["KVM_X86"] == ("arch/x86/kvm/Kconfig", 5)
    assert places["TIMERS"] == ("arch/x86/kvm/Kconfig", 9)
    assert places["X86_LOCAL_APIC"] == ("arch/x86/kvm/Kconfig", 2)
    assert places["S390"] == (None, None)


# Architecture, condition; possible, certain.
CONDITIONS: list[tuple[str | None, str | None, tuple[int | None, int | None]]] = [
    ("x86", "1", (1, 1)),
    ("x86", "0", (0, 0)),
    ("x86", "CONFIG_HAVE_RING_TSO", (1, 1)),
    ("s390", "CONFIG_HAVE_RING_TSO", (0, 0)),
    ("s390", "!CONFIG_HAVE_RING_TSO", (1, 1)),
    ("x86", "CONFIG_HAVE_NOTIFIER", (1, 0)),
    ("x86", "CONFIG_UNKNOWN && CONFIG_HAVE_RING", (1, 0)),
    ("s390", "CONFIG_UNKNOWN && CONFIG_HAVE_RING", (0, 0)),
    ("x86", "(CONFIG_A && !CONFIG_B) || (!CONFIG_A || CONFIG_B)", (1, 1)),
    ("x86", "(CONFIG_A || CONFIG_B) && (CONFIG_A || !CONFIG_B) && !CONFIG_A", (0, 0)),
    ("generic", "CONFIG_HAVE_RING", (1, 0)),
    ("generic", "CONFIG_HAVE_RING || !CONFIG_HAVE_RING", (1, 1)),
    (None, "CONFIG_KVM", (1, 0)),
    ("vax", "CONFIG_KVM", (1, 0)),
    ("x86", None, (None, None)),
]


@pytest.mark.parametrize(("arch", "condition", "expected"), CONDITIONS)
def test_decided(
    code: LinkedCode, arch: str | None, condition: str | None, expected: tuple[int | None, int | None]
) -> None:
    one, other = (f"'{value}'" if value is not None else "NULL" for value in (arch, condition))
    assert _rows(code, f"SELECT possible({one}, {other}), certain({one}, {other})") == [expected]
    assert _rows(code, f"SELECT possible({one}, {other}, '{code.tree}')") == [expected[:1]]


def test_without_a_kernel_nothing_is_known(tmp_path: Path) -> None:
    assert ask([bare_qemu(tmp_path, {})], "SELECT possible('x86', 'CONFIG_KVM'), certain('x86', 'CONFIG_X86')") == [
        (1, 0)
    ]


MAIN = """\
static int kvm_vm_ioctl_check_extension_generic(struct kvm *kvm, long arg)
{
	switch (arg) {
	case KVM_CAP_ONE:
		return 1;
#ifdef CONFIG_HAVE_NOTIFIER
	case KVM_CAP_NOTIFY:
		return 1;
#endif
	case KVM_CAP_RING:
#ifdef CONFIG_HAVE_RING_TSO
		return 1000;
#else
		return 0;
#endif
	case KVM_CAP_OFF:
#ifndef CONFIG_HAVE_RING_TSO
		return 0;
#else
		return 7;
#endif
	case KVM_CAP_EITHER:
		if (kvm)
			return kvm->one;
		return 2;
	case KVM_CAP_SOMETIMES:
		if (kvm)
			return 1;
		break;
	case KVM_CAP_LEFT:
		if (!kvm)
			break;
		return 1;
	case KVM_CAP_INNER:
		switch (kvm->type) {
		case 1:
			return 1;
		}
		break;
	case KVM_CAP_ON:
		break;
	default:
		break;
	}
	return kvm_vm_ioctl_check_extension(kvm, arg);
}
"""
ARCH = """\
int kvm_vm_ioctl_check_extension(struct kvm *kvm, long ext)
{
	int r = 0;

	switch (ext) {
	case KVM_CAP_OWN:
		r = 1;
		break;
	case KVM_CAP_ZERO:
		r = 0;
		break;
	case KVM_CAP_MAYBE:
		r = 0;
#ifdef CONFIG_HAVE_RING_TSO
		r = 5;
#endif
		break;
	}
	return r;
}
"""


ANSWERING = {**FILES, "virt/kvm/kvm_main.c": MAIN, "arch/x86/kvm/x86.c": ARCH, "arch/s390/kvm/kvm-s390.c": ARCH}


@pytest.fixture(scope="module")
def answering(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LinkedCode]:
    with linked(tmp_path_factory.mktemp("answering"), ARCH, ANSWERING) as found:
        yield found


RETURNS = [
    ("ONE", "1", "1"),
    ("NOTIFY", "CONFIG_HAVE_NOTIFIER", "CONFIG_HAVE_NOTIFIER"),
    ("RING", "1", "CONFIG_HAVE_RING_TSO"),
    ("OFF", "1", "CONFIG_HAVE_RING_TSO"),
    ("EITHER", "1", "1"),
    ("SOMETIMES", "0", "1"),
    ("LEFT", "0", "1"),
    ("INNER", "0", "1"),
    ("ON", "0", "0"),
]


@pytest.mark.parametrize(("cap", "returns", "positive"), RETURNS)
def test_how_a_generic_case_ends(answering: LinkedCode, cap: str, returns: str, positive: str) -> None:
    columns = "returns_condition, nonzero_condition"
    query = f"SELECT {columns} FROM check_site WHERE cap = 'KVM_CAP_{cap}' AND arch = 'generic'"
    assert _rows(answering, query) == [(returns, positive)]


def test_what_each_architecture_answers(answering: LinkedCode) -> None:
    rows: list[tuple[Any, ...]] = _rows(answering, "SELECT arch, cap, function FROM cap_answer")
    answers = {arch: {cap.removeprefix("KVM_CAP_") for a, cap, _ in rows if a == arch} for arch, _, _ in rows}
    shared = {"ONE", "NOTIFY", "EITHER", "SOMETIMES", "LEFT", "INNER", "OWN"}
    assert answers == {"x86": shared | {"RING", "OFF", "MAYBE"}, "s390": shared}
    assert {function for _, cap, function in rows if cap == "KVM_CAP_OWN"} == {"kvm_vm_ioctl_check_extension"}


def test_a_patch_changes_what_is_known(tmp_path: Path) -> None:
    patched = OverlayTree(
        bare_kernel(tmp_path, ANSWERING), {"arch/s390/kvm/Kconfig": f"{S390}\tselect HAVE_RING_TSO\n".encode()}
    )
    for view, caps in (("cap_answer", [("KVM_CAP_RING",)]), ("base_cap_answer", [])):
        query = f"SELECT cap FROM {view} WHERE arch = 's390' AND cap = 'KVM_CAP_RING'"
        assert ask([patched], query) == caps


def test_a_module_is_not_built_in(tmp_path: Path) -> None:
    entries = ('KVM\n\ttristate "k"', 'PLAIN\n\tbool "p"', 'PARTS\n\ttristate "q"')
    kconfig = "".join(f"config {entry}\n" for entry in entries)
    built_in = "IS_BUILTIN(CONFIG_{0})"
    conditions = ["IS_MODULE(CONFIG_PLAIN)", "IS_MODULE(CONFIG_PARTS)"]
    conditions += [f"{built_in.format('PARTS')} && CONFIG_PARTS_MODULE"]
    conditions += [f"CONFIG_{name} && !{built_in.format(name)}" for name in ("PLAIN", "PARTS")]
    tree = bare_kernel(tmp_path, {"arch/x86/kvm/Kconfig": kconfig})
    query = f"SELECT {', '.join(f'''consistent('x86', '{condition}')''' for condition in conditions)}"
    assert ask([tree], query) == [(0, 1, 0, 0, 1)]
    assert ask([tree], "SELECT symbol FROM kconfig WHERE symbol LIKE '%MODULE'") == []


def test_e500_and_book3s_exclude_each_other_under_both_names(tmp_path: Path) -> None:
    tree = bare_kernel(tmp_path, {"arch/powerpc/kvm/Kconfig": 'config KVM\n\tbool "k"\n'})
    query = "SELECT consistent('powerpc', 'CONFIG_{0} && CONFIG_PPC_BOOK3S_64'), consistent('powerpc', 'CONFIG_{0}')"
    for name in ("E500", "PPC_E500", "PPC_E500MC"):
        assert ask([tree], query.format(name)) == [(0, 1)]
