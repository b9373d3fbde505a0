"""Calls in the body of a function, each with the chain that leads to its receiver."""

from __future__ import annotations

from typing import Any

import pytest
import tree_sitter
from rust_text import nodes_of

from caplint.rust.call_bodies import BodyReader, Call


def _read(body: str, parameters: str = "", bounds: dict[str, str] | None = None) -> tuple[list[Call], list[str]]:
    """Return the calls of a function, and the items inside it with the conditions around them."""
    file, nodes = nodes_of("function_item", f"fn f({parameters}) {{\n{body}\n}}")
    items: list[str] = []

    def inner(node: tree_sitter.Node, conditions: list[str]) -> None:
        name = node.child_by_field_name("name")
        items.append(" ".join([file.plain(name) if name is not None else node.type, *conditions]))

    reader = BodyReader(file, bounds or {}, inner)
    given, code = nodes[0].child_by_field_name("parameters"), nodes[0].child_by_field_name("body")
    assert given is not None
    assert code is not None
    for child in given.named_children:
        if (pattern := child.child_by_field_name("pattern")) is not None:
            reader.bind_type(pattern, child.child_by_field_name("type"))
    reader.read(code)
    return reader.calls, items


def _receiver(body: str, parameters: str = "") -> Any:
    """Return the chain of the receiver of `target()`; it must be called once."""
    (found,) = [what[1] for kind, what, *_ in _read(body, parameters)[0] if kind == "m" and what[0] == "target"]
    return found


SELF, VM = ["self"], ["t", "Vm"]
# Body, and the chain of the receiver of `target`.
RECEIVERS = [
    ("self.target();", SELF),
    ("self.vm.target();", ["f", SELF, "vm"]),
    ("self.0.target();", ["f", SELF, "0"]),
    ("self.vm.lock().unwrap().target();", ["m", ["m", ["f", SELF, "vm"], "lock"], "unwrap"]),
    ("vm.target();", VM),
    ("(&mut *vm).target();", VM),
    ("let x = &mut self.vm; x.target();", ["f", SELF, "vm"]),
    ("if let Some(mut x) = vm.get() { x.target(); }", ["m", VM, "get"]),
    ("vms[0].target();", ["t", "?Vm"]),
    ("open()?.target();", ["c", "open"]),
    ("a::open::<u8>(1).await.target();", ["c", "a::open"]),
    ("Vm::new().target();", ["c", "Vm::new"]),
    ("GLOBAL.target();", ["g", "GLOBAL"]),
    ("Box::new(vm).target();", VM),
    ("std::sync::Arc::clone(&self.vm).target();", ["f", SELF, "vm"]),
    ("Some(vm).target();", VM),
    ("Vm { a: 1 }.target();", VM),
    ("(x as Vm).target();", VM),
    ("(if a { vm } else { other() }).target();", VM),
    ("unsafe { let a = 1; vm }.target();", VM),
    # Not understood.
    ("(a + b).target();", None),
    ("made!(vm).target();", None),
    ("(self.f)().target();", None),
    # Local variables.
    ("let x = self.vm.get(); x.target();", ["m", ["f", SELF, "vm"], "get"]),
    ("let x: &Vm = get(); x.target();", VM),
    ("let x = vm; let y = x; y.target();", VM),
    ("let (a, b) = self.pair(); b.target();", ["f", ["m", SELF, "pair"], "1"]),
    ("let (_, b) = self.pair(); b.target();", ["f", ["m", SELF, "pair"], "1"]),
    ("let (.., b) = self.pair(); b.target();", None),
    ("if let Kind::A(_, x) = k { x.target(); }", ["f", ["t", "Kind::A"], "1"]),
    ("if let Kind::A(x, ..) = k { x.target(); }", ["f", ["t", "Kind::A"], "0"]),
    ("if let Kind::A(.., x) = k { x.target(); }", None),
    ("let Pair { x: Some(deep), .. } = p; deep.target();", ["f", ["t", "Pair"], "x"]),
    ("let vm = 1; vm.target();", None),
    ("{ let vm = 1; } vm.target();", VM),
    ("if a { let vm = 1; } vm.target();", VM),
    ("let Some(x) = vm.get() else { return }; x.target();", ["m", VM, "get"]),
    ("if let Ok(x) = vm.get() { x.target(); }", ["m", VM, "get"]),
    ("if let Some(vm) = other() {} vm.target();", VM),
    ("while let Some(x) = vm.next() { x.target(); }", ["m", VM, "next"]),
    ("for x in vm.list() { x.target(); }", ["m", VM, "list"]),
    ("for vm in other() {} vm.target();", VM),
    ("match vm.kind() { Kind::A(x) => x.target(), _ => () }", ["f", ["t", "Kind::A"], "0"]),
    ("match vm.kind() { Kind::B { at, x: y } => y.target(), _ => () }", ["f", ["t", "Kind::B"], "x"]),
    ("match vm.kind() { x @ 1 | x if x.target() => (), _ => () }", ["m", VM, "kind"]),
    # Closures: some methods give what their receiver holds.
    ("vm.list().iter().for_each(|x| x.target());", ["m", ["m", VM, "list"], "iter"]),
    ("vm.list().fold(0, |x, y| x.target());", None),
    ("vm.list().map(|x: &Vm| x.target());", VM),
    ("vm.list().map(|x, y| y.target());", None),
    ("let go = |x: Vm| x.target();", VM),
]


@pytest.mark.parametrize(("body", "chain"), RECEIVERS, ids=[row[0] for row in RECEIVERS])
def test_receiver(body: str, chain: Any) -> None:
    assert _receiver(body, "&self, vm: &Arc<Vm>, vms: &[Vm]") == chain


def test_chains_that_are_too_long_are_unknown() -> None:
    assert _receiver(f"self{'.a' * 11}.target();") is not None
    assert _receiver(f"self{'.a' * 30}.target();") is None
    # By way of variables too: each step takes the chain of the one before.
    steps = "".join(f"let x{n + 1} = x{n}.a; " for n in range(30))
    assert _receiver(f"let x0 = self; {steps} x30.target();") is None


# Body, and path and number of arguments of each call by path.
PATHS = [
    ("a(); b::c(1, /* two */ 2); d::<T>(3);", [("a", 0), ("b::c", 2), ("d", 1)]),
    ("a(1, #[cfg(unix)] 2);", [("a", -1)]),
    ("Self::new(); T::make(); U::make();", [("Self::new", 0), ("Run::make", 0), ("", 0)]),
    ("<Vm as Run>::go(vm); <Arc<Vm>>::stop();", [("Vm::go", 1), ("Vm::stop", 0)]),
    ("m!(a(1)); x::warn!(\"{}\", b());", [("m!", 1), ("a", 1), ("x::warn!", 2), ("b", 0)]),
    ("outer(inner(1), Some(deep()));", [("outer", 2), ("inner", 1), ("Some", 1), ("deep", 0)]),
    ("return a(b[c()]);", [("a", 1), ("c", 0)]),
    ("let x = S { cb: made() };", [("made", 0)]),
]  # fmt: skip


@pytest.mark.parametrize(("body", "paths"), PATHS, ids=[row[0] for row in PATHS])
def test_paths(body: str, paths: list[tuple[str, int]]) -> None:
    calls, _ = _read(body, bounds={"T": "Run", "U": ""})
    assert [(what, count) for kind, what, _, _, count in calls if kind == "p"] == paths


def test_places_and_arguments_of_methods() -> None:
    calls, _ = _read("self.a(1,\n 2)\n.b();")
    assert [(what[0], offset, count) for _, what, offset, _, count in calls] == [("a", 14, 2), ("b", 24, 0)]


def test_functions_that_are_passed_on() -> None:
    calls, _ = _read(
        "spawn(worker); spawn(a::run, vm, Kind::New, LIMIT); let h = S { cb: callback, own: vm }; map(Some);",
        "vm: &Vm",
    )
    assert [what for kind, what, *_ in calls if kind == "v"] == ["worker", "a::run", "callback"]


def test_conditions_of_compilation() -> None:
    calls, items = _read(
        """#[cfg(unix)] { a(); #[cfg(feature = "x")] b(); }
        c();
        match k { #[cfg(windows)] A => d(), #[cfg(test)] B => never(), _ => e() }
        #[cfg(test)] never();
        cfg_if! { if #[cfg(unix)] { g(); } else { h(); } }
        #[cfg(unix)] fn inner() { never() }
        use x::y;"""
    )
    unix = "defined(__unix__)"
    assert {what: conditions for _, what, _, conditions, _ in calls} == {
        "a": [unix], "b": [unix, "defined(CFG_feature_x)"], "c": [], "d": ["defined(_WIN32)"], "e": [],
        "g": [f"({unix})"], "h": [f"(!({unix})) && (1)"],
    }  # fmt: skip
    assert items == [f"inner {unix}", "use_declaration"]
