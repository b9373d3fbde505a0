"""Error handling around an expression: what remains without it, and what becomes of an error."""

from __future__ import annotations

import pytest
from rust_text import nodes_of

from caplint.rust.results import only_expression, peeled

# Expression, what is inside its error handling, and what becomes of an error.
PEELED = [
    ("f()", "f()", ""),
    ("f()?", "f()", "try"),
    ("f().await?", "f()", "try"),
    ("(f())?", "f()", "try"),
    ("f().map_err(E::Cap)?", "f()", "try"),
    ("f().unwrap()", "f()", "fatal"),
    ('f().context("no").expect("no")', "f()", "fatal"),
    ("f().unwrap_err()", "f()", "expected"),
    ("f().ok()", "f()", "dropped"),
    ("drop(f())", "f()", "dropped"),
    ("std::mem::drop(f())", "f()", "dropped"),
    # The outermost one decides.
    ("f()?.unwrap()", "f()", "fatal"),
    ("f().ok()?", "f()", "try"),
    ("Ok(f()?)", "f()", "try"),
    ("f().unwrap_or_default()", "f()", ""),
    ("Some(f() as u32)", "f()", ""),
    ("unsafe { f() }", "f()", ""),
    ("unsafe { f()? }", "f()", "try"),
    ("vm.get().into_iter()", "vm.get()", ""),
    # No error handling.
    ("Ok(())", "Ok(())", ""),
    ("Ok(a, b)", "Ok(a, b)", ""),
    ("Err(f())", "Err(f())", ""),
    ("f().is_ok()", "f().is_ok()", ""),
    ("own.drop(f())", "own.drop(f())", ""),
    ("unsafe { a(); f() }", "unsafe { a(); f() }", ""),
    ("f() + g()?", "f() + g()?", ""),
    ("!f()?", "!f()?", ""),
    ("unwrap()", "unwrap()", ""),
    ("drop()", "drop()", ""),
    ("f /* why */ ()?", "f /* why */ ()", "try"),
    ("Ok(/* why */ f())", "f()", ""),
]


@pytest.mark.parametrize(("written", "inner", "kind"), PEELED, ids=[row[0] for row in PEELED])
def test_peeled(written: str, inner: str, kind: str) -> None:
    file, (declared,) = nodes_of("let_declaration", f"fn f() {{ let x = {written}; }}")
    value = declared.child_by_field_name("value")
    assert value is not None
    found = peeled(file, value)
    assert (file.plain(found.node), found.kind) == (inner, kind)


def test_long_chains_are_peeled() -> None:
    file, (declared,) = nodes_of("let_declaration", f"fn f() {{ let x = f(){'?' * 150}; }}")
    value = declared.child_by_field_name("value")
    assert value is not None
    assert file.plain(peeled(file, value).node) == "f()"


ONLY = [
    ("{ f() }", "f()"),
    ("unsafe { f() }", "f()"),
    ("{ /* why */ f() // end\n }", "f()"),
    ("'out: { f() }", None),
    ("{ f(); }", None),
    ("{ a(); f() }", None),
    ("{ let x = 1; }", None),
    ("{ fn f() {} }", None),
    ("{ const A: u8 = 1; A }", None),
    ("{ }", None),
    ("f()", None),
    ("loop { f() }", None),
    ("async { f() }", None),
]


@pytest.mark.parametrize(("written", "inner"), ONLY, ids=[row[0] for row in ONLY])
def test_only_expression(written: str, inner: str | None) -> None:
    file, nodes = nodes_of("let_declaration", f"fn g() {{ let x = {written}; }}")
    value = nodes[0].child_by_field_name("value")
    assert value is not None
    found = only_expression(value)
    assert (file.plain(found) if found is not None else None) == inner
