"""Text form of file names: different names have different texts, and every text leads back to its name."""

from __future__ import annotations

import itertools

import pytest

from caplint.trees.names import on_disk, path_bytes, path_bytes_of_system, path_text, shown


@pytest.mark.parametrize(
    ("name", "text"),
    [
        (b"arch/x86/kvm.c", "arch/x86/kvm.c"),
        ("häuser.c".encode(), "häuser.c"),
        (b"a\xffb", r"a\xffb"),
        (rb"a\xffb", r"a\x5cxffb"),
        (rb"a\x5cb", r"a\x5cx5cb"),
        # Backslashes that begin no escape stay: another digit, capitals, ASCII, the end of the name.
        (rb"a\b", r"a\b"), (rb"a\xFFb", r"a\xFFb"), (rb"a\x41b", r"a\x41b"), (rb"a\xf", r"a\xf"), (b"a\\x", "a\\x"),
        (b"\xff\\xff", r"\xff\x5cxff"),
        (b"\xed\xa0\x80", r"\xed\xa0\x80"),
        (b"", ""),
    ],
)  # fmt: skip
def test_text_of_a_name(name: bytes, text: str) -> None:
    assert path_text(name) == text
    assert path_bytes(text) == name


def test_texts_of_different_names_differ() -> None:
    pieces = [b"\\", b"x", b"5c", b"ff", b"\xff", b"8", b"\\x", "ä".encode()]
    names = {b"".join(parts) for size in range(5) for parts in itertools.product(pieces, repeat=size)}
    texts = {path_text(name): name for name in names}
    assert len(texts) == len(names)
    assert all(path_bytes(text) == name for text, name in texts.items())


@pytest.mark.parametrize("name", [b"a.c", b"a\xffb.c", rb"a\xff.c", "ä\x80".encode("latin-1"), b"\\\xfe"])
def test_paths_of_the_system(name: bytes) -> None:
    """Python stands a surrogate for a byte that is not UTF-8."""
    path = name.decode("utf-8", "surrogateescape")
    assert path_bytes_of_system(path) == name
    assert shown(path) == path_text(name)
    assert on_disk(shown(path)) == path
    assert on_disk(path_text(name)) == path


def test_a_surrogate_that_stands_for_no_byte_has_a_text() -> None:
    assert path_bytes_of_system("a\ud800") == rb"a\ud800"
    assert shown("a\ud800") == r"a\ud800"
    assert path_bytes("a\ud800") == rb"a\ud800"


def test_a_surrogate_that_stands_for_a_byte_is_that_byte() -> None:
    assert path_bytes("a\udcff\udc80") == b"a\xff\x80"
    assert path_bytes("a\udcff\ud800") == rb"a\udcff\ud800"
