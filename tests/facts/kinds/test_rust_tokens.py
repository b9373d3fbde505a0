"""Ledger of a Rust file: each name of interest with what explains it, or None for what nothing explains."""

from __future__ import annotations

import pytest

from caplint.facts.kinds.rust_tokens import VARIANT, rust_tokens
from caplint.facts.store.records import Token
from caplint.rust.lower import lower

# Code, and the kind of the name.
KINDS = [
    ("pub const KVM_CAP_A: u32 = 1;", "definition"),
    ("use kvm_bindings::{KVM_CAP_A, B};", "import"),
    ("fn f() { g(kvm_bindings::KVM_CAP_A) }", "argument"),
    ("fn f() { assert!(g(KVM_CAP_A)) }", "argument"),
    ("fn f() { S { cap: KVM_CAP_A } }", "table entry"),
    ("enum E { A = KVM_CAP_A }", "enumerator"),
    ("const A: [u32; 1] = [KVM_CAP_A];", "list entry"),
    ("fn f() { match x { KVM_CAP_A => 1 } }", "case"),
    ("fn f() { x == KVM_CAP_A }", "comparison"),
    ("fn f() { KVM_CAP_A.into() }", "member"),
    ("// KVM_CAP_A", "comment"),
    ('const A: &str = "KVM_CAP_A";', "string"),
    ("#[cfg(test)]\nmod t { const B: u32 = KVM_CAP_A; }", "disabled"),
    ("macro_rules! m { () => { KVM_CAP_A } }", "macro body"),
    ("m! { KVM_CAP_A }", "macro use (file)"),
    ("fn f() { matches!(x, KVM_CAP_A) }", None),
    ("fn f() { kvm.check_extension(kvm_ioctls::Cap::A) }", "variant"),
    ("use kvm_ioctls::Cap::A;", "variant"),
    ("const A: [u32; 1] = [RANGE!(KVM_CAP_A)];", "argument"),
]
# Code, and the capabilities that variants without their type name in it.
BARE = [
    ("use kvm_ioctls::Cap::*;\nfn f() { kvm.check_extension(Irqchip) }", ["KVM_CAP_IRQCHIP"]),
    ("use kvm_ioctls::{Cap::*, *};\nfn f() { let c = [Irqfd, ArmPsci02]; }", ["KVM_CAP_ARM_PSCI_0_2", "KVM_CAP_IRQFD"]),
    ("use Cap::Irqchip;\nfn f() { kvm.check_extension(Irqchip) }", ["KVM_CAP_IRQCHIP", "KVM_CAP_IRQCHIP"]),
    ("use kvm_ioctls::*;\nfn f() { kvm.check_extension(Irqchip) }", []),
    ("use kvm_ioctls::Cap::*;\n// Irqchip\nfn f() { let r: Result = Nothing; }", []),
    ("use kvm_ioctls::Cap::*;\n#[cfg(test)]\nmod t { fn f() { g(Irqchip) } }", []),
]


def _ledger(source: str) -> list[Token]:
    return list(rust_tokens(lower(source.encode())))


@pytest.mark.parametrize(("source", "caps"), BARE)
def test_ledger_of_bare_variants(source: str, caps: list[str]) -> None:
    assert sorted((token.name, token.kind) for token in _ledger(source)) == [(cap, VARIANT) for cap in caps]


@pytest.mark.parametrize(("source", "kind"), KINDS)
def test_ledger(source: str, kind: str | None) -> None:
    assert [(token.name, token.kind) for token in _ledger(source)] == [("KVM_CAP_A", kind)]


def test_names_are_counted_by_kind_and_have_their_first_place() -> None:
    source = "// MSR_A\nconst X: u32 = MSR_A;\nfn f() { g(1, MSR_A); h(MSR_A); // KVM_CAP_B\n}\n"
    assert _ledger(source) == [
        Token("KVM_CAP_B", "comment", 1, 3, 36),
        Token("MSR_A", "argument", 2, 3, 15),
        Token("MSR_A", "comment", 1, 1, 4),
        Token("MSR_A", "initialiser", 1, 2, 16),
    ]


def test_names_that_nothing_explains_are_told_one_by_one() -> None:
    source = "fn f() {\n\tmatches!(x, KVM_CAP_A | KVM_CAP_A)\n}\n"
    assert _ledger(source) == [Token("KVM_CAP_A", None, 1, 2, 14), Token("KVM_CAP_A", None, 1, 2, 26)]


def test_a_longer_name_is_not_counted_as_the_name_in_it() -> None:
    assert [token.name for token in _ledger("fn f() { g(HV_X64_MSR_EOI, KVM_CAP_AB) }")] == [
        "HV_X64_MSR_EOI",
        "KVM_CAP_AB",
    ]
    assert _ledger("fn f() { g(XKVM_CAP_A, kvm_cap_a, Kvm_CAP_A) }") == []


# Code, and the kinds of KVM_CAP_A in it.
SEVERAL = [
    (
        "fn f() -> u32 { if a == KVM_CAP_A || b & KVM_CAP_A != 0 { return KVM_CAP_A; } 0 }",
        ["comparison", "operand", "return"],
    ),
    ("fn f() { match c { KVM_CAP_A | 2 => a(), _ => x = KVM_CAP_A } }", ["assignment", "case"]),
    ("fn f() { let c = KVM_CAP_A as u32; d[KVM_CAP_A] = &KVM_CAP_A; }", ["cast", "index", "operand"]),
    ("mod m { n! { KVM_CAP_A, { (KVM_CAP_A) } } }", ["macro use (file)"]),
    ("static A: S = S { a: KVM_CAP_A, ..T };\nstatic B: u32 = KVM_CAP_A;", ["initialiser", "table entry"]),
    ("fn f(x: [u8; KVM_CAP_A]) { (KVM_CAP_A, 1); }", ["array size", "list entry"]),
    (
        "use a::KVM_CAP_A as B;\nuse a::{b::{KVM_CAP_A}};\npub static KVM_CAP_A: u32 = KVM_CAP_A;",
        ["definition", "import", "initialiser"],
    ),
]


@pytest.mark.parametrize(("source", "kinds"), SEVERAL)
def test_kinds_of_one_name(source: str, kinds: list[str]) -> None:
    found = {token.kind for token in _ledger(source)}
    assert found == set(kinds)
    assert sum(token.occurrences for token in _ledger(source)) == source.count("KVM_CAP_A")


@pytest.mark.parametrize(
    "source",
    [
        "// Cap::Hlt",
        'const A: &str = "Cap::Hlt";',
        "#[cfg(test)]\nmod t { fn f() { g(Cap::Hlt) } }",
        "fn f() { MyCap::Hlt; Cap::hlt(); Caps::Hlt }",
    ],
)
def test_what_looks_like_a_variant_and_is_none(source: str) -> None:
    assert _ledger(source) == []


def test_a_variant_has_its_place() -> None:
    assert _ledger("fn f() {\n\tvm.check_extension(kvm_ioctls::Cap::UserMemory)\n}") == [
        Token("KVM_CAP_USER_MEMORY", VARIANT, 1, 2, 33)
    ]


def test_code_that_is_broken_around_a_name_explains_nothing() -> None:
    assert {token.kind for token in _ledger("fn f() { let KVM_CAP_A @ 5 KVM_CAP_A = ; }")} == {None}


def test_many_names_take_no_square_of_the_time() -> None:
    source = "fn f() {\n" + "\tg(KVM_CAP_A, Cap::Hlt);\n" * 3000 + "}\n"
    tokens = _ledger(source)
    assert tokens[0] == Token("KVM_CAP_A", "argument", 3000, 2, 4)
    assert len(tokens) == 3001
