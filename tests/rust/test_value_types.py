"""Names, numbers, types and choices that the text of an expression tells."""

from __future__ import annotations

import pytest
import tree_sitter
from rust_text import nodes_of, scope_of

from caplint.rust.scope import RustScope
from caplint.rust.value_types import choice_of, first_inside, name_of, number_text, static_type, type_of_value

NUMBERS = [
    ("0", "0"), ("1_000", "1000"), ("007", "7"), ("0x4068_aea3", "0x4068aea3"), ("0xFFu64", "0xFFull"),
    ("0xfe_u8", "0xfe"), ("0o17", "017"), ("0b1010_1010i64", "0b10101010ll"), ("5u32", "5u"), ("5usize", "5ul"),
    ("5i8", "5"), ("1u128", "1"), ("0u8", "0"), ("true", "true"), ("false", "false"), ("1.5", "1.0"), ("1e9", "1.0"),
    ("2f64", "1.0"), ("9" * 5000, "9" * 5000),
]  # fmt: skip


@pytest.mark.parametrize(("written", "lowered"), NUMBERS, ids=[row[0][:20] for row in NUMBERS])
def test_numbers(written: str, lowered: str) -> None:
    assert number_text(written) == lowered


def _value(written: str) -> tuple[RustScope, tree_sitter.Node]:
    """Return an expression in a method of `Vmm`, which holds a `VmFd` and knows what a few variables are."""
    file, (declared,) = nodes_of("let_declaration", f"fn f() {{ let x = {written}; }}")
    scope = scope_of(file, types={"vm": "VmFd", "vmm": "Vmm"})
    scope.own_type = "Vmm"
    scope.members = {("Vmm", "vm"): "VmFd", ("VmFd", "kvm"): "Kvm", ("Vmm", "0"): "Pair"}
    scope.imports = {"Cap": ["kvm_ioctls", "Cap"], "Hlt": ["kvm_ioctls", "Cap", "Hlt"], "A": ["b", "KVM_CAP_A"],
                     "vm": ["other", "vm_of_a_module"], "caps": ["x", "LONG"]}  # fmt: skip
    value = declared.child_by_field_name("value")
    assert value is not None
    return scope, value


NAMES = [
    ("KVM_CAP_B", "KVM_CAP_B"), ("a::b::KVM_CAP_B", "KVM_CAP_B"), ("Cap::Hlt", "Cap__Hlt"), ("Hlt", "Cap__Hlt"),
    ("A", "KVM_CAP_A"), ("Self::OWN", "Vmm__OWN"), ("Vec::<u8>::NEW", "Vec__NEW"), ("None", "NULL"), ("self", "self"),
    ("default", "default_"), ("r#type", "type"), ("caps::ONE", "ONE"),
    # A variable hides an import.
    ("vm", "vm"),
]  # fmt: skip


@pytest.mark.parametrize(("written", "name"), NAMES)
def test_names(written: str, name: str) -> None:
    assert name_of(*_value(written)) == name


STATIC = [
    ("self", "Vmm"), ("self.vm", "VmFd"), ("self.vm.kvm", "Kvm"), ("(&self.vm)", "VmFd"), ("self.0", "Pair"),
    ("vm", "VmFd"), ("vm.kvm", "Kvm"), ("&mut vm", "VmFd"), ("vmm.vm.kvm", "Kvm"), ("self.vm?", "VmFd"),
    ("self.vm.lock()", "VmFd"), ("self.vm.as_ref().clone()", "VmFd"), ("vmm.vm.lock().kvm", "Kvm"),
    # Not told.
    ("other", ""), ("self.unknown", ""), ("other.vm", ""), ("self.vm.get()", ""), ("vm()", ""), ("vm[0]", ""),
]  # fmt: skip


@pytest.mark.parametrize(("written", "kind"), STATIC)
def test_types_of_chains(written: str, kind: str) -> None:
    assert static_type(*_value(written)) == kind


VALUES = [
    ("Kvm { fd: 1 }", "Kvm"), ("a::Kvm { fd: 1 }", "Kvm"), ("Kvm::new()", "Kvm"), ("a::Kvm::open(1)?", "Kvm"),
    ("&Kvm::default()", "Kvm"), ("Self::new()", "Vmm"), ("Kvm::new().unwrap()", "Kvm"),
    ('Kvm::new().map_err(E::Open).expect("no")', "Kvm"), ("(Kvm::new())", "Kvm"), ("vm", "VmFd"), ("self.vm", "VmFd"),
    ("self.vm.clone()", "VmFd"),
    # What a function of another name gives, or one of a module, is not told.
    ("Kvm::create_vm()", ""), ("kvm::new()", ""), ("new()", ""), ("Kvm::new().create_vm()", ""), ("1", ""),
]  # fmt: skip


@pytest.mark.parametrize(("written", "kind"), VALUES)
def test_types_of_initial_values(written: str, kind: str) -> None:
    assert type_of_value(*_value(written)) == kind


CHOICES = [
    ("if a { 1 } else { 2 }", ["a", "1", "2"]),
    ("if f(x)? { /* one */ B } else { g(1) }", ["f(x)?", "B", "g(1)"]),
    ("if a { 1 } else { g(); 2 }", None),
    ("if a { g(); } else { 2 }", None),
    ("if a { 1 } else if b { 2 } else { 3 }", None),
    ("if let Some(x) = a { x } else { 2 }", None),
    ("if let Some(x) = a && b { x } else { 2 }", None),
    ("if a { }", None),
    ("match a { _ => 1 }", None),
    ("a", None),
]


@pytest.mark.parametrize(("written", "parts"), CHOICES, ids=[row[0] for row in CHOICES])
def test_choices(written: str, parts: list[str] | None) -> None:
    scope, value = _value(written)
    found = choice_of(value)
    assert (None if found is None else [scope.file.plain(part) for part in found]) == parts


def test_first_inside() -> None:
    scope, value = _value("&mut /* why */ a")
    found = first_inside(value)
    assert found is not None
    assert scope.file.plain(found) == "a"
    assert first_inside(_value("()")[1]) is None
