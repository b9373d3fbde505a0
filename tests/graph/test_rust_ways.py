"""Ways through programs in Rust: which call leads to which function, and what is no way."""

from __future__ import annotations

from pathlib import Path

import pytest
from conftest import Caplint, lay

_CARGO = '[package]\nname = "tea"\n'
_SITE = """\
use kvm_ioctls::{Cap, Kvm};
pub struct Pot { kvm: Kvm }
pub trait Brew { fn brew(&self); fn pour(&self) { self.brew() } }
impl Brew for Pot { fn brew(&self) { self.ask_hlt(); } }
impl Pot {
    pub fn new(kvm: Kvm) -> Result<Self, ()> { Ok(Self { kvm }) }
    pub fn ask_hlt(&self) { self.kvm.check_extension(Cap::Hlt); }
}
pub fn ask(pot: &Pot) { pot.ask_hlt() }
"""


def _said(caplint: Caplint, tmp_path: Path, main: str, **files: str) -> str:
    rust = {f"src/{name}.rs": text for name, text in files.items()}
    root = lay(tmp_path / "tea", {"Cargo.toml": _CARGO, "src/pot.rs": _SITE, "src/main.rs": main, **rust})
    return str(caplint("path", "KVM_CAP_HLT", "--tree", f"tea=vmm:{root}").out)


_MODULE = "mod pot;\n"


@pytest.mark.parametrize(
    "main",
    [
        "fn main() { let p = pot::Pot::new(k).unwrap(); p.ask_hlt(); }",
        "use pot::Pot;\nfn main() { let p = Pot::new(k)?; p.ask_hlt(); }",
        "use pot::*;\nfn main() { if let Ok(p) = Pot::new(k) { p.ask_hlt(); } }",
        "use pot::Pot as Kettle;\nfn main() { match Kettle::new(k) { Ok(p) => p.ask_hlt(), Err(_) => {} } }",
        "use crate::pot::Pot;\nfn f(p: &mut Pot) { p.ask_hlt() }\nfn main() { f(&mut x) }",
        "use crate::pot::Pot;\nfn f(p: Arc<Mutex<Pot>>) { p.lock().unwrap().ask_hlt() }\nfn main() { f(x) }",
        "struct S { p: Option<Box<pot::Pot>> }\nimpl S { fn go(&self) { self.p.as_ref().unwrap().ask_hlt() } }\n"
        "fn main() { let s = S { p: None }; s.go(); }",
        "struct S(Vec<pot::Pot>);\nimpl S { fn go(&self) { for p in self.0.iter() { p.ask_hlt() } } }\n"
        "fn main() { S(v).go2(); let s: S = x; s.go(); }",
        "struct S { m: HashMap<u8, pot::Pot> }\nfn f(s: S) { for (_, p) in &s.m { p.ask_hlt(); } }\nfn main() { f(s) }",
        "fn f(v: Vec<pot::Pot>) { v.iter().for_each(|p| p.ask_hlt()); }\nfn main() { f(v) }",
        "enum E { A(pot::Pot), B }\n"
        "impl E { fn f(&self) { match self { Self::A(p) => p.ask_hlt(), _ => {} } } }\n"
        "fn main() { let e: E = x; e.f(); }",
        "enum E { B { p: pot::Pot } }\nfn f(e: E) { if let E::B { p } = e { p.ask_hlt() } }\nfn main() { f(e) }",
        "fn two() -> (u8, pot::Pot) { x }\nfn main() { let (_, p) = two(); p.ask_hlt(); }",
        "type T = pot::Pot;\nfn main() { T::ask_hlt(&p); }",
        "static P: pot::Pot = x;\nfn main() { P.ask_hlt(); }",
        "struct W(pot::Pot);\nimpl Deref for W { type Target = pot::Pot; fn deref(&self) -> &pot::Pot { &self.0 } }\n"
        "fn main() { let w: W = x; w.ask_hlt(); }",
        "fn main() { std::thread::spawn(move || { pot::ask(&p) }); }",
        "fn main() { list.iter().map(pot::ask); }",
        "fn main() { run(pot::Pot::ask_hlt) }",
        "use pot::ask;\nmacro_rules! go { ($a:expr) => { ask($a) }; }\nfn main() { go!(p); }",
        "fn main() { info!(\"{}\", pot::ask(&p)); }",
        "fn main() { { #[cfg(windows)]\nother(); pot::ask(&p) } }",
        "fn main() { let x = [#[cfg(windows)]\nother(), pot::ask(&p)]; }",
        "cfg_if::cfg_if! { if #[cfg(target_os = \"linux\")] { use pot as own; } else { mod own; } }\n"
        "fn main() { own::ask(&p) }",
        "fn main() { cfg_if! { if #[cfg(unix)] { pot::ask(&p) } else { other() } } }",
        "async fn f() { pot::ask(&p) }\n#[tokio::main]\nasync fn main() { f().await }",
        "fn main() { fn inner(p: &pot::Pot) { pot::ask(p) }\n inner(&p) }",
        "fn main() { use pot::Pot; let p: Pot = x; p.ask_hlt(); }",
        "fn main() { kettle.ask_hlt(); }",  # nothing else has this name
    ],
)  # fmt: skip
def test_a_call_is_followed(caplint: Caplint, tmp_path: Path, main: str) -> None:
    said = _said(caplint, tmp_path, _MODULE + main)
    assert "  main  tea:src/main.rs:" in said, said
    assert "!! main" not in said


@pytest.mark.parametrize(
    "main",
    [
        "use pot::Brew;\nfn f(b: &dyn Brew) { b.brew() }\nfn main() { f(&p) }",
        "use pot::Brew;\nfn f(b: &(dyn Brew + Send)) { b.brew() }\nfn main() { f(&p) }",
        "use pot::Brew;\nfn f(b: impl Brew + Send) { b.brew() }\nfn main() { f(p) }",
        "use pot::Brew;\nfn f<B: Brew>(b: B) { b.brew() }\nfn main() { f(p) }",
        "use pot::Brew;\nfn f<B>(b: Arc<B>) where B: Brew { b.brew() }\nfn main() { f(p) }",
        "use pot::Brew;\nstruct S<B: Brew> { b: B }\nimpl<B: Brew> S<B> { fn go(&self) { self.b.brew() } }\n"
        "fn main() { let s: S = x; s.go(); }",
        "use pot::Brew;\nfn f(b: Box<dyn Brew>) { b.pour() }\nfn main() { f(p) }",
        "trait Both: crate::pot::Brew {}\nimpl Both for pot::Pot {}\n"
        "fn f(b: &dyn Both) { b.brew() }\nfn main() { f(&p) }",
    ],
)  # fmt: skip
def test_a_trait_is_named(caplint: Caplint, tmp_path: Path, main: str) -> None:
    said = _said(caplint, tmp_path, _MODULE + main)
    assert "  main  tea:src/main.rs:" in said, said
    assert "~> Pot::brew  tea:src/" in said
    assert "(by trait Brew::brew" in said


@pytest.mark.parametrize(
    ("main", "why"),
    [
        ("fn main() {}", "no call"),
        ("struct Cup;\nimpl Cup { fn ask_hlt(&self) {} }\nfn main() { let c: Cup = x; c.ask_hlt() }", "no call"),
        ("fn main() { let p = other_crate::Pot::new(); p.ask_hlt(); }", "no call"),
        ("fn main() { p.ask_hlt(1); }", "no call"),
        ("#[cfg(windows)]\nfn f() { pot::ask(&p) }\nfn main() { f() }", "called at src/main.rs:3"),
        ("#[cfg(test)]\nfn main() { pot::ask(&p) }", "no `fn main` of a program is in view"),
        ("fn main() { f(|| 1) }\nfn f() { pot::ask(&p) }", "no call"),  # other arguments
    ],
)  # fmt: skip
def test_what_is_no_way(caplint: Caplint, tmp_path: Path, main: str, why: str) -> None:
    said = _said(caplint, tmp_path, _MODULE + main)
    assert "  main  tea:" not in said, said
    assert "!! " in said
    assert why in said, said


def test_a_receiver_that_is_not_known_is_said(caplint: Caplint, tmp_path: Path) -> None:
    main = "struct Cup;\nimpl Cup { fn ask_twice(&self) {} }\nfn main() { c.ask_twice(); }"
    site = "impl Pan { fn ask_twice(&self) { kvm_ioctls::x(); self.kvm.check_extension(Cap::Hlt); } }"
    root = lay(tmp_path / "tea", {"src/pan.rs": site, "src/main.rs": main})
    said = caplint("path", "KVM_CAP_HLT", "--tree", f"tea=vmm:{root}").out
    assert "!! Pan::ask_twice (src/pan.rs:1): called at src/main.rs:3 on a value whose type is not known" in said


def test_from_another_function(caplint: Caplint, tmp_path: Path) -> None:
    root = lay(tmp_path / "tea", {"Cargo.toml": _CARGO, "src/pot.rs": _SITE, "src/main.rs": "mod pot;\nfn main() {}\n"})
    words = ("path", "KVM_CAP_HLT", "--tree", f"tea=vmm:{root}", "--from", "ask")
    assert "  ask  tea:src/pot.rs:9\n    -> Pot::ask_hlt  tea:src/pot.rs:9\n" in caplint(*words).out


def test_a_crate_of_the_tree(caplint: Caplint, tmp_path: Path) -> None:
    files = {
        "Cargo.toml": "[workspace]\n",
        "app/Cargo.toml": '[package]\nname = "app"\n[dependencies]\ntea-pot = { path = "../lib" }\n',
        "app/src/main.rs": "use tea_pot::Pot;\nfn main() { let p: Pot = x; p.ask_hlt(); }\n",
        "lib/Cargo.toml": '[package]\nname = "tea-pot"\n',
        "lib/src/lib.rs": "mod pot;\npub use pot::*;\n",
        "lib/src/pot.rs": _SITE,
    }
    said = caplint("path", "KVM_CAP_HLT", "--tree", f"tea=vmm:{lay(tmp_path, files)}").out
    assert "-> Pot::ask_hlt  tea:app/src/main.rs:2" in said


def test_paths_that_lead_to_themselves(caplint: Caplint, tmp_path: Path) -> None:
    main = "mod pot;\nuse a::*;\nmod a { pub use super::*; pub use crate::b::*; }\n"
    main += "mod b { pub use crate::a::*; pub use c as c; }\n"
    said = _said(caplint, tmp_path, main + "fn main() { ask(&p); c::d(); }")
    assert "!! " in said
