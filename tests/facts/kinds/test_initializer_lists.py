"""Initialisers, taken apart."""

from __future__ import annotations

import pytest

from caplint.facts.kinds.initializer_lists import entries


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (b"{}", []),
        (b"{ a, b, }", [("#0", "a"), ("#1", "b")]),
        (b"{ .x = a, .y.z = b }", [(".x", "a"), (".y.z", "b")]),
        (b"{ [A ... B] = a, b }", [("[]", "a"), ("#1", "b")]),
        (b"{ .x = { a, .y = b }, c }", [(".x#0", "a"), (".x.y", "b"), ("#1", "c")]),
        (b"{ M(a, b), .x = f(c, {d}), e }", [("#0", "M(a, b)"), (".x", "f(c, {d})"), ("#2", "e")]),
        (b'{ "a, } {", b }', [("#0", '"a, } {"'), ("#1", "b")]),
        (b"{ .x = (struct y) { .z = a }, .w = b }", [(".x", "(struct y) { .z = a }"), (".w", "b")]),
        (b"{ .x = a == b }", [(".x", "a == b")]),
        (b"{ { a", []),
        (b"}}, {", []),
    ],
)
def test_paths_and_values(text: bytes, expected: list[tuple[str, str]]) -> None:
    assert [(path, value) for _, path, value in entries(text, 0, len(text))] == expected


def test_offsets() -> None:
    text = b"x = { .a = f,\n  g }"
    assert [text[offset:][:2] for offset, _, _ in entries(text, 4, len(text))] == [b".a", b"g "]


def test_depth_is_bounded() -> None:
    text = b"{" * 5_000 + b"a" + b"}" * 5_000
    assert list(entries(text, 0, len(text))) == []
