"""Types as the call graph needs them: what a value holds, and the traits that bind a generic parameter."""

from __future__ import annotations

import pytest
from rust_text import nodes_of

from caplint.rust.held_types import bounds_of, held_type, joined_bounds, plain_path

TYPES = [
    ("Vm", "Vm"),
    ("kvm::Vm", "kvm::Vm"),
    ("&'a mut Vm", "Vm"),
    ("*const Vm", "Vm"),
    ("Arc<Vm>", "Vm"),
    ("std::sync::Arc<Box<Vm>>", "Vm"),
    # The holder has methods of its own, which come first.
    ("Mutex<Vm>", "?Vm"),
    ("Arc<Mutex<Vm>>", "?Vm"),
    ("Arc<Mutex<Box<dyn Vm>>>", "?Vm"),
    ("Option<&Vm>", "?Vm"),
    ("Result<Vm, Error>", "?Vm"),
    ("[Vm; 4]", "?Vm"),
    ("&[Arc<Vm>]", "?Vm"),
    ("HashMap<u32, Vcpu>", "?Vcpu"),
    ("BTreeMap<Id, Vec<Vcpu>>", "?Vcpu"),
    ("Cow<'a, Vm>", "?Vm"),
    # No holder: its own functions are meant.
    ("Registry<Vm>", "Registry"),
    ("a::Registry<'a, Vm>", "a::Registry"),
    ("Arc", "Arc"),
    ("dyn Device", "Device"),
    ("Box<dyn a::Device + Send + 'static>", "a::Device"),
    ("impl Fn(Vm) -> Vm", ""),
    ("&dyn for<'a> Visit<'a>", "Visit"),
    ("(Vm, u8, Arc<Vcpu>)", "(Vm,,Vcpu)"),
    ("(Vm, (A, B))", "(Vm,)"),
    ("Option<(Vm, A)>", "?(Vm,A)"),
    ("(Vm,)", "(Vm)"),
    # Brackets are no tuple.
    ("&(dyn Device + Send)", "Device"),
    ("Arc<(Vm)>", "Vm"),
    ("u8", ""),
    ("&[u8]", ""),
    ("Option<u64>", ""),
    ("()", ""),
    ("fn(Vm) -> Vm", ""),
    ("T", "Run+Stop"),
    ("Arc<Mutex<T>>", "?Run+Stop"),
    ("Unbound", ""),
]


@pytest.mark.parametrize(("written", "held"), TYPES, ids=[row[0] for row in TYPES])
def test_held_type(written: str, held: str) -> None:
    file, (node,) = nodes_of("type_item", f"type X = {written};")
    bounds = {"T": "Run+Stop", "Unbound": ""}
    assert held_type(file, node.child_by_field_name("type"), bounds) == held


def test_a_type_that_is_not_told() -> None:
    file, _ = nodes_of("let_declaration", "fn f() { let a = 1; }")
    assert held_type(file, None, {}) == ""


def test_types_of_many_steps_end() -> None:
    file, (node,) = nodes_of("type_item", f"type X = {'Arc<' * 50}Vm{'>' * 50};")
    assert held_type(file, node.child_by_field_name("type"), {}) == ""


def test_several_traits() -> None:
    file, (node,) = nodes_of("type_item", "type X = impl Run + a::Stop + Send;")
    assert set(held_type(file, node.child_by_field_name("type"), {}).split("+")) == {"Run", "a::Stop"}


BOUNDS = [
    ("fn f<T: Run + Send, U>() {}", {"T": "Run", "U": ""}),
    ("fn f<'a, T: 'a + a::Run<u8>, const N: usize>() {}", {"T": "a::Run", "N": ""}),
    ("fn f<T: Run>() where T: Stop + Clone {}", {"T": "Run+Stop"}),
    ("fn f<T>() where T: Stop {}", {"T": "Stop"}),
    ("fn f<T: ?Sized + Run>() {}", {"T": "Run"}),
    # A bound of another type says nothing about a parameter.
    ("fn f<T>() where Vec<T>: Stop, Other: Run {}", {"T": ""}),
    ("fn f<T = Vm>() {}", {"T": ""}),
    ("fn f() {}", {}),
]


@pytest.mark.parametrize(("source", "bounds"), BOUNDS, ids=[row[0] for row in BOUNDS])
def test_bounds(source: str, bounds: dict[str, str]) -> None:
    file, (node,) = nodes_of("function_item", source)
    assert bounds_of(file, node, {}) == bounds


def test_bounds_of_what_is_around() -> None:
    file, (node,) = nodes_of("function_item", "fn f<U: Inner>() where T: More {}")
    outer = {"T": "Outer", "U": "Hidden"}
    assert bounds_of(file, node, outer) == {"T": "Outer+More", "U": "Inner"}
    assert outer == {"T": "Outer", "U": "Hidden"}


def test_traits_are_named_once_and_not_without_end() -> None:
    many = " + ".join(["Run", "Run", "Copy", *(f"T{n}" for n in range(20))])
    file, (node,) = nodes_of("trait_bounds", f"trait X: {many} {{}}")
    assert joined_bounds(file, node).split("+") == ["Run", *(f"T{n}" for n in range(7))]


@pytest.mark.parametrize(
    ("written", "plain"),
    [
        ("a::B::<T>", "a::B"), ("a :: b\n:: c", "a::b::c"), ("Vec::<Arc<T>>::new", "Vec::new"),
        ("::std::mem", "std::mem"), ("a::r#type", "a::type"), ("", ""), ("a<", "a"), ("<" * 5000, ""),
    ],
)  # fmt: skip
def test_plain_path(written: str, plain: str) -> None:
    assert plain_path(written) == plain
