"""A site in Rust, the function around it, and the kernel behind it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from conftest import CHECK, HEADER, UAPI, Caplint, lay

from caplint.cli.main import main

_VM = "use kvm_ioctls::{Cap, Kvm};\nfn f(kvm: &Kvm) {\n    if kvm.check_extension(Cap::Hlt) {}\n}\n"


def test_a_site_in_rust(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    root = lay(tmp_path, {"src/vm.rs": _VM})
    assert main(["path", "KVM_CAP_HLT", "--tree", f"tea=vmm:{root}"]) == 0
    said = capsys.readouterr().out
    assert "KVM_CAP_HLT checked" in said
    assert "!! f (src/vm.rs:2): no caller found; no `fn main` of a program is in view" in said
    assert "tea:src/vm.rs:3" in said


_MAIN = """\
static long kvm_vm_ioctl_check_extension_generic(struct kvm *kvm, long arg)
{
	return kvm_vm_ioctl_check_extension(kvm, arg);
}
static long kvm_vm_ioctl(struct file *filp, unsigned int ioctl, unsigned long arg)
{
	switch (ioctl) {
	case KVM_CHECK_EXTENSION:
		return kvm_vm_ioctl_check_extension_generic(kvm, arg);
	}
	return -ENOTTY;
}
static long kvm_dev_ioctl(struct file *filp, unsigned int ioctl, unsigned long arg)
{
	switch (ioctl) {
	case KVM_CHECK_EXTENSION:
		return kvm_vm_ioctl_check_extension_generic(NULL, arg);
	}
	return -ENOTTY;
}
"""
_X86 = """\
use kvm_ioctls::{Cap, Kvm, VmFd};
macro_rules! check_extension {
    ($kvm:expr, $cap:expr) => { if !$kvm.check_extension($cap) { return false; } };
}
pub fn required(kvm: &Kvm) -> bool {
    check_extension!(kvm, Cap::Irqchip);
    true
}
pub fn on(vm: &VmFd) -> bool {
    vm.check_extension(Cap::Hlt)
}
#[cfg(feature = "extra")]
pub fn more(vm: &VmFd) {
    vm.check_extension(Cap::NrVcpus);
}
"""


def _path(caplint: Caplint, tmp_path: Path, name: str, *words: str, rust: str = _X86) -> str:
    root = lay(tmp_path / "tea", {"src/x86_64/vm.rs": rust})
    answering = {f"arch/{path}": CHECK for path in ("x86/kvm/x86.c", "arm64/kvm/arm.c")}
    linux = lay(tmp_path / "kernel", {UAPI: HEADER, **answering, "virt/kvm/kvm_main.c": _MAIN})
    return str(caplint("path", name, "--kernel", linux, "--tree", f"tea=vmm:{root}", *words).out)


def test_behind_the_site_is_the_kernel(caplint: Caplint, tmp_path: Path) -> None:
    said = _path(caplint, tmp_path, "KVM_CAP_HLT")
    assert "-> check_extension  tea:src/x86_64/vm.rs:10  (KVM_CAP_HLT)" in said
    assert "=> KVM_CHECK_EXTENSION kvm_vm_ioctl " in said
    assert "-> case KVM_CAP_HLT  " in said
    assert "on arm64" not in said  # the file is for x86


def test_the_system_has_another_receiver(caplint: Caplint, tmp_path: Path) -> None:
    said = _path(caplint, tmp_path, "KVM_CAP_IRQCHIP")
    assert "-> check_extension!  tea:src/x86_64/vm.rs:6  (KVM_CAP_IRQCHIP)" in said
    assert "=> KVM_CHECK_EXTENSION kvm_dev_ioctl " in said


def test_conditions_are_those_of_rust(caplint: Caplint, tmp_path: Path) -> None:
    assert '(KVM_CAP_NR_VCPUS, if feature = "extra")' in _path(caplint, tmp_path, "KVM_CAP_NR_VCPUS")


def test_nothing_answers_it(caplint: Caplint, tmp_path: Path) -> None:
    rust = "fn f(vm: &VmFd) { let c = kvm_enable_cap { cap: KVM_CAP_HLT, ..Default::default() }; vm.enable_cap(&c); }\n"
    said = _path(caplint, tmp_path, "KVM_CAP_HLT", "--arch", "x86", rust=f"// kvm_ioctls\n{rust}")
    assert "!! no code of x86 has a case for it in its enable handlers" in said


def test_an_ioctl_of_kvm_ioctls_is_not_denied(caplint: Caplint, tmp_path: Path) -> None:
    said = _path(caplint, tmp_path, "KVM_CHECK_EXTENSION")
    assert "no VMM in view issues it; calls of kvm-ioctls' methods in Rust are not followed" in said


def test_an_ioctl_by_its_number(caplint: Caplint, tmp_path: Path) -> None:
    rust = "fn f(vm: &VmFd) { unsafe { ioctl_with_val(vm, KVM_CHECK_EXTENSION, 3) }; }\n// kvm_ioctls\n"
    said = _path(caplint, tmp_path, "KVM_CHECK_EXTENSION", rust=rust)
    assert "-> ioctl_with_val  tea:src/x86_64/vm.rs:1  (KVM_CHECK_EXTENSION)" in said


def test_the_inventory_has_them(caplint: Caplint, tmp_path: Path) -> None:
    _path(caplint, tmp_path, "KVM_CAP_HLT")
    words = ("--kernel", tmp_path / "kernel", "--tree", f"tea=vmm:{tmp_path / 'tea'}", "--output-format", "json")
    caps = {cap["name"]: cap for cap in json.loads(caplint("inventory", *words).out)["capabilities"]}
    (path,) = caps["KVM_CAP_HLT"]["paths"]
    assert (path["verb"], path["arch"], path["steps"][-1]["function"]) == (
        "check",
        "x86",
        "kvm_vm_ioctl_check_extension",
    )
    (use,) = caps["KVM_CAP_NR_VCPUS"]["vmm"]
    assert use["condition"] == 'feature = "extra"'
