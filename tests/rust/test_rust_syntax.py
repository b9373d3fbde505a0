"""Rust that cannot be read is a blind spot; the ledger counts every name."""

from __future__ import annotations

import random

import pytest

from caplint.facts.extract import extract
from caplint.facts.store.records import BlindSpot, Call

_BYTES = random.Random(1)
_FN = b"fn f() {\n"

# Name, source, reasons of the blind spots (None: any).
HOSTILE: list[tuple[str, bytes, list[str] | None]] = [
    ("empty", b"", []),
    ("nul bytes", b"const A: u32 = 1;\0", ["contains NUL bytes"]),
    ("not utf-8", b'// \xff\nconst A: &str = "\xe9";\n', []),
    ("long line", b"x " * (25 << 20), ["larger than 16 MiB"]),
    ("long word", b"x" * (2 << 20), ["has a line longer than 1 MiB"]),
    ("brackets", _FN + b"(" * 20_000, ["has more than 160 open brackets"]),
    ("sum", _FN + b"x = " + b"a + " * 5_000 + b"1; }", ["nests deeper than 200"]),
    ("raw string", b'r#"' * 20_000, ["has a raw string without an end"]),
    ("any bytes", bytes(_BYTES.choices(range(1, 256), k=50_000)), None),
    ("truncated", _FN + b"let x = vm.enable_c", None),
    ("unmatched", b"}" * 500, None),
]


@pytest.mark.parametrize(("source", "reasons"), [row[1:] for row in HOSTILE], ids=[row[0] for row in HOSTILE])
def test_hostile(source: bytes, reasons: list[str] | None) -> None:
    spots = [record for record in extract(source, "rust").records if isinstance(record, BlindSpot)]
    assert reasons is None or [spot.reason for spot in spots] == reasons
    assert all(0 <= spot.start <= spot.stop <= len(source) for spot in spots)


def test_the_rest_of_a_file_is_read() -> None:
    facts = extract(b"fn f() { a(); }\nfn ! {}\nfn g() { b(); }\n", "rust").records
    assert [record.callee for record in facts if isinstance(record, Call)] == ["a", "b"]
    assert any(isinstance(record, BlindSpot) for record in facts)


def test_attributes_that_the_grammar_does_not_accept() -> None:
    source = b"fn f() { match x { A { a,\n#[cfg(unix)]\nb } => c(), _ => d() } }"
    facts = extract(source, "rust").records
    assert not [record for record in facts if isinstance(record, BlindSpot)]
