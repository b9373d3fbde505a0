"""Crates with KVM's UAPI: the versions that a Cargo.lock names, and the crate that a Cargo.toml is of."""

from __future__ import annotations

import re
from collections.abc import Iterator

from caplint.facts.store.records import Crate
from caplint.knowledge.load import knowledge
from caplint.util.errors import CaplintError
from caplint.util.toml_file import parse_toml

LOCKED, OWN, UNREAD = "locked", "own", "unread"
"""Roles: a version that a Cargo.lock names, the crate of a Cargo.toml, a file that cannot be read as either."""
# Cargo writes a package as these lines; a version of more characters is none (semver.org).
_PACKAGE = re.compile(
    rb'^\[\[package\]\]\r?\nname = "([\w-]{1,100})"\r?\nversion = "([\w.+-]{1,100})"\r?$', re.MULTILINE
)
_VERSION = re.compile(r"[0-9]+(?:\.[0-9]+){0,2}[\w.+-]{0,60}\Z")
_MANIFEST_BYTES = 1 << 20
_MOST = 100


def locked_crates(source: bytes) -> Iterator[Crate]:
    """Yield the versions of the crates of vmm.toml that a Cargo.lock names; a row without a name for another text."""
    known = knowledge().bindings_crates
    count, line, place = 0, 1, 0
    for match in _PACKAGE.finditer(source):
        count += 1
        name, version = match[1].decode(), match[2].decode()
        line, place = line + source.count(b"\n", place, match.start(1)), match.start(1)
        if name in known and _VERSION.match(version) and count < 100 * _MOST:
            yield Crate(name, version, LOCKED, line)
    if not count and source.strip():
        yield Crate("", "", UNREAD, 1)


def own_crate(source: bytes) -> Iterator[Crate]:
    """Yield the crate of a Cargo.toml if it is one of vmm.toml."""
    if len(source) > _MANIFEST_BYTES or not any(name.encode() in source for name in knowledge().bindings_crates):
        return
    try:
        package = parse_toml(source, "Cargo.toml").get("package")
    except CaplintError:
        yield Crate("", "", UNREAD, 1)
        return
    name, version = (package.get(key) for key in ("name", "version")) if isinstance(package, dict) else ("", "")
    if name in knowledge().bindings_crates and isinstance(version, str) and _VERSION.match(version):
        found = re.search(rb"^\s*version\s*=", source, re.MULTILINE)
        yield Crate(str(name), version, OWN, source.count(b"\n", 0, found.start()) + 1 if found else 1)
