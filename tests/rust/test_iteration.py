"""Closures that get each entry of a collection: their parameter is an entry of it in the lowered text."""

from __future__ import annotations

import pytest

from caplint.rust.lower import lower

WALKS = [
    ("caps.iter().all(|c| kvm.has(*c))", "all(({ int c = (caps)[each]; each(has(kvm, *c)); }))"),
    ("caps.iter().find(|&c| !kvm.has(c))", "find(({ int c = (caps)[each]; each(!has(kvm, c)); }))"),
    ("caps.into_iter().any(|c| kvm.has(c))", "any(({ int c = (caps)[each]; each(has(kvm, c)); }))"),
    (
        "caps.iter().copied().enumerate().map(|(at, c)| kvm.has(c))",
        "map(({ int c = (caps)[each]; each(has(kvm, c)); }))",
    ),
    ("self.caps.iter().for_each(|c| kvm.has(*c))", "for_each(({ int c = (self.caps)[each]; each(has(kvm, *c)); }))"),
    ("caps.iter().all(|_| kvm.has(1))", "all(caps, has(kvm, 1))"),
    # No iterator, no closure, or a closure of something else.
    ("cap.map(|c| kvm.has(c))", "map(cap, has(kvm, c))"),
    ("caps.iter().all(check)", "all(caps, check)"),
    ("caps.iter().fold(0, |sum, c| kvm.has(c))", "fold(caps, 0, has(kvm, c))"),
]


def _lowered(code: str) -> str:
    text = lower(f"impl V {{ fn f(&self, kvm: Unknown) {{ let r = {code}; }} }}".encode()).text.decode()
    return " ".join(text.split())


@pytest.mark.parametrize(("code", "expected"), WALKS)
def test_walks(code: str, expected: str) -> None:
    plain = _lowered(code).replace("(struct Unknown *)", "")
    assert f"int r = {expected};" in plain


def test_the_value_of_a_block_is_handed_on() -> None:
    text = _lowered("caps.iter().all(|c| { log(); kvm.has(*c) })").replace("(struct Unknown *)", "")
    assert "log();" in text
    block = text[text.index("all(({") :]
    target = block.split("int entry_")[1].split(";")[0]
    assert f"entry_{target} = has(kvm, *c);" in block
    assert f"each(entry_{target});" in block


def test_a_type_of_the_same_name_is_not_that_of_the_entry() -> None:
    source = b"impl V { fn f(&self) { let c = KvmVm::new(); caps.iter().all(|c| c.has()); c.has(); } }"
    text = " ".join(lower(source).text.decode().split())
    assert "each(has(c))" in text
