"""vmm_check and vmm_enable of VMMs in Rust: capabilities, scopes, and what becomes of results."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from conftest import ask, lay

from caplint.trees.detect import parse_tree

USES = "SELECT cap, verb, scope, result, line FROM vmm_use ORDER BY line, cap"


def _ask(root: Path, files: dict[str, str] | str, query: str = USES) -> list[tuple[Any, ...]]:
    laid = {"src/vm.rs": files} if isinstance(files, str) else files
    first = next(iter(laid))
    return ask([parse_tree(f"tea=vmm:{lay(root, {**laid, first: laid[first] + ' // kvm_ioctls'})}")], query)


def _method(body: str, head: str = "fn f(&self, kvm: &Kvm, vm: &VmFd, vcpu: &VcpuFd) -> Result<()>") -> str:
    return f"use kvm_ioctls::{{Cap, Kvm, VmFd}};\nimpl Vmm {{ {head} {{\n{body}\n}} }}\n"


# Body, and the uses: capability without its prefix, verb, scope, use of the result.
SITES = [
    ("kvm.check_extension(Cap::Irqchip);", [("IRQCHIP", "check", "system", "dropped")]),
    ("vm.check_extension_int(Cap::ArmPsci02);", [("ARM_PSCI_0_2", "check", "vm", "dropped")]),
    ("if vm.check_extension_raw(KVM_CAP_A.into()) != 0 {}", [("A", "check", "vm", "tested")]),
    ("kvm.check_extension_raw(u64::from(kvm_bindings::KVM_CAP_A))", [("A", "check", "system", "returned")]),
    ("for c in [KVM_CAP_A, KVM_CAP_B] { kvm.check_extension_raw(c); }",
     [("A", "check", "system", "dropped"), ("B", "check", "system", "dropped")]),
    ("let caps = vec![Cap::Hlt, Cap::Pit];\nif caps.iter().all(|c| kvm.check_extension(*c)) {}",
     [("HLT", "check", "system", "argument"), ("PIT", "check", "system", "argument")]),
    ("let caps = [Cap::Hlt, Cap::Pit];\nmatch caps.iter().find(|&c| !kvm.check_extension(*c)) { None => {} _ => {} }",
     [("HLT", "check", "system", "argument"), ("PIT", "check", "system", "argument")]),
    ("[KVM_CAP_A].iter().copied().for_each(|c| { vm.check_extension_raw(c); });", [("A", "check", "vm", "dropped")]),
    ("for c in [Cap::Hlt] { kvm.check_extension(c); }", [("HLT", "check", "system", "dropped")]),
    ("let none = [Cap::Hlt].into_iter().enumerate().any(|(_, c)| kvm.check_extension(c));",
     [("HLT", "check", "system", "argument")]),
    ("let it = next(); if it.map(|c| kvm.check_extension(c)) {}", []),
    ("let c = if a { Cap::Hlt } else { Cap::Pit };\nkvm.check_extension(c)",
     [("HLT", "check", "system", "returned"), ("PIT", "check", "system", "returned")]),
    ("let c = match a { 1 => Cap::Hlt, _ => Cap::Pit };\nkvm.check_extension(c)",
     [("HLT", "check", "system", "returned"), ("PIT", "check", "system", "returned")]),
    ("let cap = kvm_enable_cap { cap: KVM_CAP_A, ..Default::default() };\nvm.enable_cap(&cap)?;",
     [("A", "enable", "vm", "tested")]),
    ("let mut cap: kvm_enable_cap = kvm_bindings::kvm_enable_cap { flags: 0, ..Default::default() };\n"
     "cap.cap = KVM_CAP_A;\n"
     "vcpu.enable_cap(&cap).map_err(E)", [("A", "enable", "vcpu", "returned")]),
    ("let mut c = kvm_enable_cap { cap: KVM_CAP_A, ..Default::default() };\nc.cap = 237;\nvm.enable_cap(&c)?;",
     [("X86_APIC_BUS_CYCLES_NS", "enable", "vm", "tested")]),
    ("let mut c = kvm_enable_cap::default();\nc.cap = 0x2f;\nvm.enable_cap(&c)?;",
     [("PCI_SEGMENT", "enable", "vm", "tested")]),
    ("let mut c = kvm_enable_cap::default();\nc.cap = 9999;\nvm.enable_cap(&c)?;", []),
    ("vm.enable_cap(&kvm_enable_cap { cap: KVM_CAP_A, args: [1, 0, 0, 0], ..Default::default() }).unwrap();",
     [("A", "enable", "vm", "tested")]),
    ("let mut c = kvm_enable_cap { cap: KVM_CAP_A, ..Default::default() };\nvm.enable_cap(&c)?;\n"
     "c = kvm_enable_cap { cap: KVM_CAP_B, ..Default::default() };\nlet _ = vm.enable_cap(&c);",
     [("A", "enable", "vm", "tested"), ("B", "enable", "vm", "void")]),
    ("unsafe { ioctl_with_val(vm, KVM_CHECK_EXTENSION(), KVM_CAP_A as c_ulong) };", [("A", "check", "vm", "dropped")]),
    ("let c = kvm_enable_cap { cap: KVM_CAP_A, ..Default::default() };\n"
     "let r = unsafe { ioctl_with_ref(&vm, KVM_ENABLE_CAP, &c) };",
     [("A", "enable", "vm", "assigned")]),
    ("unsafe { ioctl::kvm_enable_cap(vm.as_raw_fd(), &kvm_enable_cap { cap: KVM_CAP_A, ..Default::default() }) }?;",
     [("A", "enable", "vm", "tested")]),
    ("assert!(kvm.check_extension(Cap::Irqchip), \"no\");", [("IRQCHIP", "check", "system", "tested")]),
    ("macro_rules! need { ($c:expr) => { if !kvm.check_extension($c) { return Err(E); } }; }\nneed!(Cap::Hlt);",
     [("HLT", "check", "system", "value")]),
    ("let has = |c: u32| unsafe { ioctl_with_val(vm, KVM_CHECK_EXTENSION, c.into()) } == 1;\nif has(KVM_CAP_A) {}",
     [("A", "check", "vm", "value")]),
    ("#[cfg(test)]\nkvm.check_extension(Cap::Irqchip);", []),
]  # fmt: skip


@pytest.mark.parametrize(("body", "uses"), SITES, ids=[body[:60] for body, _ in SITES])
def test_sites(tmp_path: Path, body: str, uses: list[tuple[str, str, str, str]]) -> None:
    found = _ask(tmp_path, _method(body))
    assert [(f"KVM_CAP_{cap}", *rest) for cap, *rest in uses] == [row[:4] for row in found]


def test_what_is_not_followed_is_a_blind_spot(tmp_path: Path) -> None:
    body = "let caps = later();\nif caps.iter().all(|c| kvm.check_extension(*c)) {}"
    rows = _ask(tmp_path, _method(body), "SELECT path, line, verb, expression FROM vmm_unresolved")
    assert rows == [("src/vm.rs", 4, "check", "*c")]


GLOBS = [
    ("use kvm_ioctls::{Cap::*, *};", "", ["ARM_PSCI_0_2"]),
    ("use kvm_ioctls::Cap::*;", "", ["ARM_PSCI_0_2"]),
    ("use kvm_ioctls::Cap::ArmPsci02;", "", ["ARM_PSCI_0_2"]),
    ("use kvm_ioctls::Cap::{self, ArmPsci02};", "", ["ARM_PSCI_0_2"]),
    ("use kvm_ioctls::*;", "", []),
    ("use kvm_ioctls::Cap::*;", "enum ArmPsci02 {}", []),
    ("use kvm_ioctls::Cap::*;\nuse crate::Kind::*;", "", []),
]


@pytest.mark.parametrize(("head", "rest", "caps"), GLOBS)
def test_variants_without_their_type(tmp_path: Path, head: str, rest: str, caps: list[str]) -> None:
    body = "let all = [ArmPsci02];\nall.iter().all(|c| kvm.check_extension(*c))"
    text = f"{head}\nimpl Vmm {{ fn f(&self, kvm: &Kvm) -> bool {{ {body} }} }}\nconst A: u32 = KVM_CAP_A;\n{rest}\n"
    assert [row[0] for row in _ask(tmp_path, text)] == [f"KVM_CAP_{cap}" for cap in caps]


def test_an_enumeration_of_the_program(tmp_path: Path) -> None:
    files = {
        "src/cap.rs": "pub enum KvmCap { First = KVM_CAP_A, Second = KVM_CAP_B }",
        "src/vm/mod.rs": "impl KvmVm { fn has(&self, c: KvmCap) -> bool {"
        " unsafe { ioctl_with_val(self, KVM_CHECK_EXTENSION, c as c_ulong) == 1 } } }",
        "src/vm/x86_64.rs": "impl KvmVm { fn f(&self) { if self.has(KvmCap::First) { } } }\n// kvm_ioctls",
        "src/other.rs": "impl Other { fn f(&self) { if self.has(KvmCap::Second) { } } }\n// kvm_ioctls",
    }
    rows = _ask(tmp_path, files, "SELECT path, cap, scope, arch FROM vmm_use")
    assert rows == [("src/vm/x86_64.rs", "KVM_CAP_A", "vm", "x86")]


def test_arguments(tmp_path: Path) -> None:
    value = "kvm_enable_cap { cap: KVM_CAP_A, flags: 2, ..Default::default() }"
    body = f"let mut c = {value};\nc.args[1] = 3;\nvm.enable_cap(&c)?;"
    query = "SELECT position, text FROM vmm_argument ORDER BY 1"
    assert _ask(tmp_path, _method(body), query) == [(0, "0"), (1, "3")]


def test_arguments_of_another_array_are_unknown(tmp_path: Path) -> None:
    body = "let c = kvm_enable_cap { cap: KVM_CAP_A, args: *args, ..Default::default() };\nvm.enable_cap(&c)?;"
    assert _ask(tmp_path, _method(body), "SELECT arguments_written FROM vmm_use") == [(None,)]


def test_an_enable_behind_a_check(tmp_path: Path) -> None:
    enable = "let c = kvm_enable_cap { cap: KVM_CAP_A, ..Default::default() };\nvm.enable_cap(&c)?;"
    query = "SELECT cap, found_by FROM checked_before"
    for body in (
        f"if vm.check_extension_raw(KVM_CAP_A.into()) > 0 {{ {enable} }}",
        f"if vm.check_extension_raw(KVM_CAP_A.into()) == 0 {{ return Err(E); }}\n{enable}",
        f"let n = vm.check_extension_raw(KVM_CAP_A.into());\nif n != 0 {{ {enable} }}",
        f"match vm.check_extension_raw(KVM_CAP_A.into()) {{ n if n > 0 => {{ {enable} }} _ => {{}} }}",
    ):
        assert _ask(tmp_path, _method(body), query) == [("KVM_CAP_A", "same function")], body
    assert _ask(tmp_path, _method(enable), query) == []


def test_definitions_in_code(tmp_path: Path) -> None:
    query = "SELECT name, number, header FROM cap ORDER BY 1"
    assert _ask(tmp_path, "pub const KVM_CAP_A_UAPI: u32 = 249;", query) == [("KVM_CAP_A_UAPI", 249, "code")]
    laid = {"src/kvm.c": "#ifndef KVM_CAP_B\n#define KVM_CAP_B 137\n#endif\n"}
    assert _ask(tmp_path / "c", laid, query) == [("KVM_CAP_B", 137, "code")]


@pytest.mark.parametrize(
    ("attribute", "arch"),
    [
        ('#[cfg(target_arch = "x86_64")]', "x86"),
        ('#[cfg(all(unix, target_arch = "aarch64"))]', "arm64"),
        ('#[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]', None),
        ('#[cfg(not(target_arch = "x86_64"))]', None),
        ("", None),
    ],
)
def test_architecture_of_a_condition(tmp_path: Path, attribute: str, arch: str | None) -> None:
    body = f"{attribute}\n{{ vm.check_extension(Cap::Hlt); }}"
    assert _ask(tmp_path / "call", _method(body), "SELECT arch FROM vmm_use") == [(arch,)]
    function = f"{attribute}\nfn f(vm: &VmFd) {{ vm.check_extension(Cap::Hlt); }}"
    assert _ask(tmp_path / "function", function, "SELECT arch FROM vmm_use") == [(arch,)]


def test_an_enumeration_alone_uses_nothing(tmp_path: Path) -> None:
    files = {
        "src/cap.rs": "pub enum KvmCap { First = KVM_CAP_A, Second = KVM_CAP_B }",
        "src/vm.rs": "fn f(vm: &KvmVm) { vm.has(KvmCap::First); kvm.check_extension(Cap::Hlt); }\n// kvm_ioctls",
    }
    rows = _ask(tmp_path, files, "SELECT path, line, cap, kind FROM cap_use ORDER BY cap")
    assert rows == [("src/vm.rs", 1, "KVM_CAP_A", "variant"), ("src/vm.rs", 1, "KVM_CAP_HLT", "variant")]
