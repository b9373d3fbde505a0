"""Items as C writes them: constants, enumerations, structures, functions and macros, with their conditions."""

from __future__ import annotations

import pytest
from rust_text import c_of, nodes_of

from caplint.rust.items import macro_names
from caplint.rust.lower import lower

CONSTANTS = [
    ("const A: u32 = 1;", "#define A 1"),
    ("pub(crate) const A: u64 = 1 << B;", "#define A 1 << B"),
    ("const A: u32 = a::B as u32;", "#define A B"),
    ("const A: i32 = -3;", "#define A -3"),
    ("const A: u32 = (B | C);", "#define A (B | C)"),
    ("const A: bool = true;", "#define A true"),
    ("impl Vm { const A: u32 = Self::B; }", "#define Vm__A Vm__B"),
    ("trait T { const A: u32 = 1; const B: u32; }", "#define T__A 1"),
    ("impl T for Vm { const A: u32 = 1; }", "#define Vm__A 1"),
    # A value that is only made when the program runs is no macro.
    ("static A: u32 = 1;", "const int A = 1;"),
    ("const A: Vm = Vm::new();", "const int A = new();"),
    ("const A: [u16; 2] = [B, 2];", "const __u16 A[] = { B, 2, };"),
    ("static A: &[u32] = &[B, #[cfg(unix)] C];",
     "const int A[] = { B, #if defined(__unix__) C, #endif };"),
    ("const A: [u8; 4] = [0; 4];", "const __u8 A[] = { 0 };"),
    ("extern \"C\" { static A: u32; }", ""),
]  # fmt: skip


@pytest.mark.parametrize(("source", "text"), CONSTANTS, ids=[row[0] for row in CONSTANTS])
def test_constant(source: str, text: str) -> None:
    assert c_of(source) == text


TYPES = [
    ("enum E { A = 1, B, #[cfg(unix)] C(u8), default { a: u8 } }",
     "enum E { E__A = 1, E__B, #if defined(__unix__) E__C, #endif E__default_, };"),
    ("enum E { A, #[cfg(test)] B }", "enum E { E__A, };"),
    ("pub struct S { pub a: u8, /* two */ b: [u16; 4 as usize], #[cfg(unix)] c: Arc<Vm> }",
     "struct S { __u8 a; __u16 b[4]; #if defined(__unix__) struct Vm c; #endif };"),
    ("struct S(pub Vm, u32);", "struct S { struct Vm _0; __u32 _1; };"),
    ("struct S { #[cfg(test)] a: u8, r#in: i64 }", "struct S { __s64 in; };"),
    ("union U { a: u8, b: *mut Vm }", "union U { __u8 a; struct Vm * b; };"),
    ("struct S;", "struct S { };"),
]  # fmt: skip


@pytest.mark.parametrize(("source", "text"), TYPES, ids=[row[0] for row in TYPES])
def test_type(source: str, text: str) -> None:
    assert c_of(source) == text


# Function, and its first line.
HEADS = [
    ("fn f() {}", "static void f(void)"),
    ("pub fn f() -> u32 { 1 }", "__u32 f(void)"),
    ("pub(crate) fn f() -> Arc<Vm> { x }", "struct Vm f(void)"),
    ("fn f(a: u8, mut b: &Vm, c: *const Vm) {}", "static void f(__u8 a, struct Vm *b, struct Vm *c)"),
    ("fn f((a, b): (u8, u8), _: Vm, _c: u8) {}", "static void f(int a, struct Vm unnamed_1, __u8 _c)"),
    ("fn f(default: u8) {}", "static void f(__u8 default_)"),
    ("impl Vm { fn f(&mut self, a: u8) {} }", "static void f(struct Vm *self, __u8 a)"),
    ("impl<T> Run for Vm<T> { fn f(self) {} }", "static void f(struct Vm *self)"),
    ("trait Run { fn f(&self) {} fn g(&self); }", "static void f(struct Run *self)"),
    ("mod m { pub fn f() {} }", "void f(void)"),
    ("extern \"C\" fn f(a: c_int) {}", "static void f(int a)"),
]  # fmt: skip


@pytest.mark.parametrize(("source", "head"), HEADS, ids=[row[0] for row in HEADS])
def test_head_of_a_function(source: str, head: str) -> None:
    assert c_of(source).partition(" {")[0] == head
    assert c_of(source).count("{") == c_of(source).count("}")


def test_functions_without_a_body_are_left_out() -> None:
    assert c_of('extern "C" { fn ioctl(fd: c_int, ...) -> c_int; } trait T { fn f(&self); }') == ""


def test_each_function_knows_the_types_of_its_own_parameters() -> None:
    found = c_of(
        "impl Vm { fn f(&self, o: &Self, cpu: &Cpu) { o.a(); self.b(); cpu.c(); } } fn g() { o.d(); cpu.e(); }"
    )
    calls = ["a((struct Vm *)o)", "b((struct Vm *)self)", "c((struct Cpu *)cpu)", "d(o)", "e(cpu)"]
    assert [call for call in calls if f" {call};" in found] == calls


def test_a_type_around_ends_with_its_items() -> None:
    found = c_of("impl A { const X: u8 = 1; } mod m { impl B { const X: u8 = 2; } const X: u8 = 3; } const X: u8 = 4;")
    assert found == "#define A__X 1 #define B__X 2 #define X 3 #define X 4"


def test_conditions_of_items() -> None:
    assert c_of('#[cfg(unix)] mod m { #![cfg(feature = "x")] const A: u8 = 1; } const B: u8 = 2;') == (
        "#if defined(__unix__) #if defined(CFG_feature_x) #define A 1 #endif #endif #define B 2"
    )


@pytest.mark.parametrize(
    ("source", "skipped"),
    [
        ("#[cfg(test)] mod t { const A: u8 = 1; }", "mod t { const A: u8 = 1; }"),
        ("#[test] fn f() { a(); }", "fn f() { a(); }"),
        ("mod t { #![cfg(test)] const A: u8 = 1; }", "const A: u8 = 1;"),
        ("enum E { #[cfg(test)] A }", "A"),
    ],
)
def test_what_is_in_no_program_is_recorded(source: str, skipped: str) -> None:
    lowered = lower(source.encode())
    assert b"A 1" not in lowered.text
    assert skipped in [source[start:stop] for start, stop in lowered.skipped]


MACROS = [
    ("macro_rules! m { ($a:expr) => { f($a) } }", "#define m_macro(a) { f(a); }"),
    ("macro_rules! m { ($a:ident, $default:expr) => { if !$a.has($default) { return 1; } } }",
     "#define m_macro(a, default_) { if (!has(a, default_)) { return 1; } }"),
    ("macro_rules! m { () => { f() } }", "#define m_macro() { f(); }"),
    # Several rules, repetitions, and what is no code have no text of C.
    ("macro_rules! m { ($a:expr) => { f($a) }; ($a:expr, $b:expr) => { g($a) } }", ""),
    ("macro_rules! m { ($($a:expr),*) => { f() } }", ""),
    ("macro_rules! m { ($a:expr) => { $(f($a))* } }", ""),
    ("macro_rules! m { ($a:expr) => { #[cfg(unix)] f($a); } }", ""),
]  # fmt: skip


@pytest.mark.parametrize(("source", "text"), MACROS, ids=[row[0] for row in MACROS])
def test_macro(source: str, text: str) -> None:
    assert c_of(source) == text


def test_macros_that_are_too_long_have_no_text() -> None:
    assert c_of(f"macro_rules! m {{ ($a:expr) => {{ {'f($a); ' * 1000} }} }}") == ""


def test_names_of_macros() -> None:
    file, nodes = nodes_of(
        "macro_definition", "macro_rules! need { () => {} } fn f() { macro_rules! r#if { () => {} } }"
    )
    assert macro_names(file, nodes)["need"] == "need_macro"
    assert len(macro_names(file, nodes)) == 2


def test_functions_that_a_macro_defines() -> None:
    text = "int kvm_get_x(int fd, unsigned long data) { return ioctl(fd, KVM_GET_X, data); }"
    assert c_of("nix::ioctl_read!(/* get */ kvm_get_x, KVMIO, 4, x);") == text
    assert c_of("mod m { ioctl_none!(kvm_get_x, KVMIO, 4); }") == text
    # The number of an ioctl is no function that issues it.
    assert c_of("ioctl_iow_nr!(KVM_X, KVMIO, 3, x); other!(kvm_get_x, 1);") == ""


def test_what_is_wrong_costs_only_its_own_item() -> None:
    text = lower(b"const A: u32 = 1;\nfn ! {}\nconst B: u32 = 2;").text.decode()
    assert "#define A 1\n" in text
    assert "#define B 2\n" in text


def test_places_lead_back_to_the_source() -> None:
    source = "// \xe9\npub fn get(a: u8) {\n  first(second(a));\n}\n"
    lowered = lower(source.encode())
    for name in (b"get", b"first", b"second"):
        assert lowered.origins.at(lowered.text.index(name)) == source.encode().index(name)
