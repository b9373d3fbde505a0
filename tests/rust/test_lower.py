"""Rust as the C text that it becomes, by the facts of that text."""

from __future__ import annotations

import json

import pytest

from caplint.facts.extract import extract
from caplint.facts.kinds.elements import Element, Enumerator
from caplint.facts.store.records import BlindSpot, Call, Function, GuardExtent, Macro, Member, Record, Store
from caplint.facts.store.records import Test as Condition
from caplint.rust.lower import lower


def _facts(source: str) -> list[Record]:
    facts = extract(source.encode(), "rust").records
    assert not [record for record in facts if isinstance(record, BlindSpot)], lower(source.encode()).text.decode()
    return facts


def _calls(body: str, callee: str, before: str = "") -> list[Call]:
    found = _facts(
        f"{before}\nimpl Vmm {{ fn f(&self, vm: &VmFd, cap: &kvm_enable_cap) -> Result<()> {{\n{body}\n}} }}\n"
    )
    return [record for record in found if isinstance(record, Call) and record.callee == callee]


# Statement, and the use of the result.
FATES = [
    ("vm.enable_cap(cap)?; Ok(())", "tested"),
    ("vm.enable_cap(cap).map_err(Error::Cap)?; Ok(())", "tested"),
    ('vm.enable_cap(cap).expect("no"); Ok(())', "tested"),
    ("vm.enable_cap(cap).unwrap(); Ok(())", "tested"),
    ('vm.enable_cap(cap).expect_err("yes"); Ok(())', "tested"),
    ("let _ = vm.enable_cap(cap); Ok(())", "void"),
    ("vm.enable_cap(cap).ok(); Ok(())", "void"),
    ("drop(vm.enable_cap(cap)); Ok(())", "void"),
    ("vm.enable_cap(cap); Ok(())", "dropped"),
    ("vm.enable_cap(cap)", "returned"),
    ("return vm.enable_cap(cap);", "returned"),
    ("Ok(vm.enable_cap(cap)?)", "returned"),
    ("unsafe { vm.enable_cap(cap) }", "returned"),
    ("let r = vm.enable_cap(cap); r", "assigned"),
    ("let r = unsafe { vm.enable_cap(cap) }; r", "assigned"),
    ("if vm.enable_cap(cap).is_err() { return Err(E); } Ok(())", "argument"),
    ("if let Err(e) = vm.enable_cap(cap) { warn!(e); } Ok(())", "assigned"),
    ("match vm.enable_cap(cap) { Ok(()) => Ok(()), Err(e) => Err(e) }", "assigned"),
    ("assert!(vm.enable_cap(cap)); Ok(())", "tested"),
    ("Ok(unsafe { vm.enable_cap(cap) == Ok(()) })", "value"),
]


@pytest.mark.parametrize(("body", "use"), FATES, ids=[body for body, _ in FATES])
def test_use_of_a_result(body: str, use: str) -> None:
    (call,) = _calls(body, "enable_cap")
    assert call.use == use
    assert json.loads(call.arguments) == ["(struct VmFd *)vm", "cap"]


def test_place_of_a_call() -> None:
    (call,) = _calls("vm\n    .enable_cap(cap)?; Ok(())", "enable_cap")
    assert (call.function, call.line, call.column) == ("f", 4, 6)


# Expression of a capability, and how it is written.
NAMES = [
    ("KVM_CAP_A", "KVM_CAP_A"),
    ("kvm_bindings::KVM_CAP_A", "KVM_CAP_A"),
    ("KVM_CAP_A.into()", "KVM_CAP_A"),
    ("u64::from(KVM_CAP_A)", "KVM_CAP_A"),
    ("KVM_CAP_A as c_ulong", "KVM_CAP_A"),
    ("Cap::First", "Cap__First"),
    ("kvm_ioctls::Cap::First", "Cap__First"),
    ("First", "Cap__First"),
    ("Alias", "KVM_CAP_LONG"),
    ("Self::OWN", "Vmm__OWN"),
    ("if a { KVM_CAP_A } else { KVM_CAP_B }", "(a ? KVM_CAP_A : KVM_CAP_B)"),
    ("list[1]", "list[1]"),
    ("*entry", "*entry"),
    ("entry.cap", "entry.cap"),
    ("pair.0", "pair._0"),
    ("0xffu64", "0xffull"),
    ("1_000", "1000"),
    ("0o17", "017"),
]


@pytest.mark.parametrize(("written", "lowered"), NAMES)
def test_argument(written: str, lowered: str) -> None:
    before = "use kvm_ioctls::Cap::{self, First}; use kvm_bindings::{KVM_CAP_LONG as Alias};"
    (call,) = _calls(f"vm.check_extension({written}); Ok(())", "check_extension", before)
    assert json.loads(call.arguments)[1:] == [lowered]


def _of(kind: type, source: str) -> list[Record]:
    return [record for record in _facts(source) if isinstance(record, kind)]


def test_constants() -> None:
    rows = _of(Macro, "pub const KVM_CAP_A: u32 = 0x4068_aea3;\n#[cfg(unix)]\nconst B: u64 = 1 << 3;\n")
    assert [(row[0], row[2], row[4], row[5], row[6]) for row in rows] == [
        ("KVM_CAP_A", "0x4068aea3", 1, 11, "1"),
        ("B", "1 << 3", 3, 7, "defined(__unix__)"),
    ]


def test_enumeration() -> None:
    rows = _of(Enumerator, '#[repr(u32)]\nenum Cap {\n #[cfg(target_arch = "x86_64")]\n A = KVM_CAP_A,\n B,\n}\n')
    assert [(row[1], row[2], row[4], row[7]) for row in rows] == [
        ("Cap__A", "KVM_CAP_A", 4, "defined(__x86_64__)"),
        ("Cap__B", "", 5, "1"),
    ]


def test_lists() -> None:
    rows = _of(Element, "impl Kvm { pub const ALL: [u32; 2] = [kvm_bindings::KVM_CAP_A,\n KVM_CAP_B]; }")
    assert [(row[1], row[2], row[4], row[5]) for row in rows] == [
        ("Kvm__ALL", 0, "KVM_CAP_A", 1),
        ("Kvm__ALL", 1, "KVM_CAP_B", 2),
    ]


def test_structures() -> None:
    rows = _of(
        Member, "#[repr(C)]\npub struct S { pub a: [u8; 4usize], b: Arc<Mutex<VmFd>>, r#type: u32 }\nstruct T(Kvm, u8);"
    )
    assert [(row[0], row[1], row[2], row[3]) for row in rows] == [
        ("S", "a", "__u8", "[4]"),
        ("S", "b", "struct VmFd", ""),
        ("S", "type", "__u32", ""),
        ("T", "_0", "struct Kvm", ""),
        ("T", "_1", "__u8", ""),
    ]


def test_functions() -> None:
    source = """impl A { pub fn f(&mut self, mut x: u32, (a, b): (u8, u8), _: u8) {} }
mod m { fn g() {} }
trait T { fn h(&self); }"""
    rows = _of(Function, source)
    assert [(row[0], row[1], row[4], json.loads(row[5])) for row in rows] == [
        ("f", 1, 0, ["self", "x", "a", "unnamed_3"]),
        ("g", 2, 1, []),
    ]


# Predicate, and the condition.
CONDITIONS = [
    ('target_arch = "aarch64"', "defined(__aarch64__)"),
    ('not(target_arch = "x86_64")', "!defined(__x86_64__)"),
    ('all(unix, feature = "tdx")', "defined(CFG_feature_tdx) && defined(__unix__)"),
    ('any(target_arch = "x86_64", target_arch = "aarch64")', "defined(__aarch64__) || defined(__x86_64__)"),
    ("all(unix, not(test))", "defined(__unix__)"),
]


@pytest.mark.parametrize(("predicate", "condition"), CONDITIONS)
def test_conditions(predicate: str, condition: str) -> None:
    rows = _of(Macro, f"#[cfg({predicate})]\nconst A: u32 = 1;")
    assert [row[6] for row in rows] == [condition]


@pytest.mark.parametrize("attribute", ["#[cfg(test)]", "#[test]", "#[cfg(all(test, unix))]", "#[tokio::test]"])
def test_tests_are_left_out(attribute: str) -> None:
    assert not _of(Function, f"{attribute}\nfn f() {{ vm.enable_cap(&cap); }}")


def test_conditions_inside_functions() -> None:
    source = "fn f() {\n#[cfg(unix)]\n{ a(); }\nmatch x {\n#[cfg(windows)]\nA::B => b(),\n_ => c(),\n}\n}"
    rows = {row[1]: row[7] for row in _of(Call, source)}
    assert rows == {"a": "defined(__unix__)", "b": "defined(_WIN32)", "c": "1"}


# Condition in Rust, whose operators have another precedence than those of C, and what it becomes.
PRECEDENCE = [
    ("if a & B == B {}", "((a & B) == B)"),
    ("if u64::from(a | B) == C {}", "((a | B) == C)"),
    ("if unsafe { a | b } == C {}", "((a | b) == C)"),
    ("assert_eq!(a & B, B);", "(!((a & B) == B))"),
    ("match x { A | B if c => {}, _ => {} }", "((x == A || x == B) && c)"),
    ("match x { A if b || c => {}, _ => {} }", "(x == A && (b || c))"),
]


@pytest.mark.parametrize(("code", "expression"), PRECEDENCE)
def test_operands_keep_their_brackets(code: str, expression: str) -> None:
    rows = [row for row in _of(Condition, f"fn f() {{ {code} }}") if isinstance(row, Condition)]
    assert [row.expression for row in rows] == [expression]


def test_guards() -> None:
    source = """fn f(vm: &VmFd) -> Result<()> {
if !vm.check_extension(Cap::A) { return Err(E); }
b();
if vm.check_extension(Cap::B) { c(); }
Ok(())
}"""
    calls = {row.callee: row.start for row in _of(Call, source)}  # type: ignore[attr-defined]
    guards = [row for row in _of(GuardExtent, source) if isinstance(row, GuardExtent)]
    held = {name: [(g.kind, g.negated) for g in guards if g.start <= calls[name] < g.stop] for name in ("b", "c")}
    assert held == {"b": [("early_exit", 1)], "c": [("early_exit", 1), ("enclosing", 0)]}


def test_values_of_blocks() -> None:
    source = "fn f() { let x = match a { E::A => KVM_CAP_A, E::B => { g(); KVM_CAP_B } _ => return }; h(x); }"
    rows = (row for row in _of(Store, source) if isinstance(row, Store))
    assert [(row.target, row.value) for row in rows] == [("x", "KVM_CAP_A"), ("x", "KVM_CAP_B")]


def test_loops_give_the_entries() -> None:
    rows = list(_of(Store, "fn f(l: &[u32]) { for (i, c) in l.iter().enumerate() { g(*c); } }"))
    assert [(row.target, row.value) for row in rows if isinstance(row, Store)] == [("c", "(l)[each]")]


def test_macros_of_the_file() -> None:
    source = (
        "fn f() { macro_rules! need { ($cap:expr) => { if !kvm.check($cap) { return Err(E); } } }\nneed!(Cap::A); }"
    )
    (macro,) = [row for row in _of(Macro, source) if isinstance(row, Macro)]
    assert (macro.name, macro.parameters) == ("need_macro", '["cap"]')
    assert "check(kvm, cap)" in macro.body
    assert [(row[1], row[2], row[4]) for row in _of(Call, source)] == [("need_macro", '["Cap__A"]', 2)]


def test_closures_with_names() -> None:
    source = "fn f() { let check = |n: u32| -> bool { ioctl(KVM_CHECK_EXTENSION, n) == 1 };\nif check(KVM_CAP_A) {} }"
    (macro,) = [row for row in _of(Macro, source) if isinstance(row, Macro)]
    assert (macro.name, macro.parameters) == ("check_closure", '["n"]')
    assert "ioctl(KVM_CHECK_EXTENSION, n) == 1" in macro.body
    assert [row[1] for row in _of(Call, source)] == ["check_closure"]


def test_functions_that_issue_an_ioctl() -> None:
    source = """mod ioctl { ioctl_write_ptr!(kvm_enable_cap, KVMIO, 0xa3, kvm_enable_cap); }
ioctl_write_int_bad!(kvm_run, request_code_none!(KVMIO, 0x80));"""
    assert [(row[0], row[1]) for row in _of(Function, source)] == [("kvm_enable_cap", 1), ("kvm_run", 2)]
    assert [row[2] for row in _of(Call, source)] == ['["fd", "KVM_ENABLE_CAP", "data"]', '["fd", "KVM_RUN", "data"]']


def test_macros_around_expressions() -> None:
    calls = _of(Call, 'fn f() { info!("{}", kvm.check(Cap::A)); vec![kvm.check(Cap::B)]; }')
    assert [row[2] for row in calls if row[1] == "check"] == ['["kvm", "Cap__A"]', '["kvm", "Cap__B"]']


def test_conditions_of_if_let() -> None:
    rows = [
        row
        for row in _of(Condition, "fn f() { if let Some(x) = a { b(x) } else { c() } }")
        if isinstance(row, Condition)
    ]
    assert [row.expression for row in rows] == ["(!(a < 0))"]
