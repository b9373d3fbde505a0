"""Crates that a Cargo.lock and a Cargo.toml name, whatever else these files hold."""

from __future__ import annotations

import pytest

from caplint.facts.kinds.crates import LOCKED, OWN, UNREAD, locked_crates, own_crate
from caplint.facts.store.records import Crate

_PACKAGE = '[[package]]\nname = "{}"\nversion = "{}"\n'


def test_versions_that_a_lock_file_names() -> None:
    packages = {"libc": "0.2.1", "kvm-bindings": "0.14.1", "kvm-ioctls": "0.24.0", "serde": "1.0.0"}
    text = "# written by Cargo\nversion = 4\n\n" + "\n".join(_PACKAGE.format(*package) for package in packages.items())
    assert list(locked_crates(text.encode())) == [
        Crate("kvm-bindings", "0.14.1", LOCKED, 9),
        Crate("kvm-ioctls", "0.24.0", LOCKED, 13),
    ]
    assert next(iter(locked_crates(text.replace("\n", "\r\n").encode()))).version == "0.14.1"


def test_two_versions_of_one_crate() -> None:
    text = "\n".join(_PACKAGE.format("kvm-bindings", version) for version in ("0.10.0", "0.14.1"))
    assert [row.version for row in locked_crates(text.encode())] == ["0.10.0", "0.14.1"]


@pytest.mark.parametrize(("text", "unread"), [(b"", 0), (b" \n", 0), (b"version = 4\n", 1), (b"\xff\xfe\0", 1)])
def test_a_text_without_packages_is_unread_unless_it_is_empty(text: bytes, unread: int) -> None:
    assert list(locked_crates(text)) == [Crate("", "", UNREAD, 1)] * unread


def test_the_crate_of_a_manifest() -> None:
    text = b'[package]\nname = "kvm-bindings"\nedition = "2021"\nversion = "0.10.0"\n\n[dependencies]\n'
    assert list(own_crate(text)) == [Crate("kvm-bindings", "0.10.0", OWN, 4)]


def test_a_manifest_that_is_no_toml_is_unread() -> None:
    assert list(own_crate(b'[package\nname = "kvm-bindings"\n')) == [Crate("", "", UNREAD, 1)]
    assert list(own_crate(b"[package\n")) == []  # it names no crate that matters


@pytest.mark.parametrize(
    "text",
    [
        b'[[package]]\nname = "kvm-bindings"\nversion = "\x1b[31m"\n',
        b'[[package]]\nname = "kvm-bindings"\nversion = "' + b"9" * 5000 + b'"\n',
        b'[[package]]\nname = "kvm-bindings"\n',
        b'[[package]]\nname = "kvm-bindings2"\nversion = "1.0.0"\n',
    ],
)
def test_hostile_versions_are_none(text: bytes) -> None:
    assert not [row for row in locked_crates(text) if row.name]


def test_many_packages() -> None:
    assert len(list(locked_crates(b'[[package]]\nname = "kvm-ioctls"\nversion = "1.0.0"\n\n' * 50_000))) < 10_000


@pytest.mark.parametrize(
    "text",
    [
        b"kvm-bindings = [",
        b'[package]\nname = "kvm-bindings"\nversion.workspace = true\n',
        b'package = "kvm-bindings"',
        b"\xff kvm-bindings",
    ],
)
def test_a_manifest_that_tells_nothing(text: bytes) -> None:
    assert not [row for row in own_crate(text) if row.name]
