"""Paths of Python, whose bytes may be no UTF-8, and their text forms; test_file_names.py has the forms themselves."""

from __future__ import annotations

import os

import pytest

from caplint.trees.names import on_disk, path_bytes, path_bytes_of_system, shown

NAMES = [
    (b"a/b.c", "a/b.c"), ("é".encode(), "é"), (b"\xff", "\\xff"), (b"a\xe9b", "a\\xe9b"), (b"\\", "\\"),
    (b"a\\b", "a\\b"), (b"\\xff", "\\x5cxff"), (b"\\x5c", "\\x5cx5c"), (b"\\x41", "\\x41"), (b"\\x7f", "\\x7f"),
    (b"\\\xff", "\\\\xff"), (b"\\\\xff", "\\\\x5cxff"), (b"\xed\xa0\x80", "\\xed\\xa0\\x80"), (b"", ""),
]  # fmt: skip


@pytest.mark.parametrize(("name", "text"), NAMES)
def test_paths_of_python(name: bytes, text: str) -> None:
    path = os.fsdecode(name)
    assert shown(path) == text
    assert on_disk(text) == path
    assert path_bytes_of_system(path) == name


@pytest.mark.parametrize("path", ["\ud800", "a\udbffb", "\udfff\udc80"])
def test_a_surrogate_that_stands_for_no_byte(path: str) -> None:
    assert path_bytes_of_system(path) == path.encode("utf-8", "backslashreplace")
    assert shown(path).isascii()
    assert path_bytes(shown(path)) == path_bytes_of_system(path)
