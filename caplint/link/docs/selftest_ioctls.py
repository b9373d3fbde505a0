"""Ioctls that self-tests issue which a patch changes or adds, and the capabilities for which they ask."""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Iterator

from caplint.c.conditions import conditionals
from caplint.c.lexer import lex
from caplint.link.core.rows import insert
from caplint.link.docs.rows import SelftestIoctlRow
from caplint.link.docs.selftest_code import SelftestCode

_ISSUED = re.compile(rb"\w{0,60}ioctl\w{0,60}\s{0,8}\([^;{}]{0,200}?\b(KVM_[A-Z0-9_]+)\b")
_TEST = re.compile(rb"\bmain\s*\(")
_LIBRARY = re.compile(r".*/(?:lib|include)/")
# A larger file is no test that somebody wrote; the kernel's have up to 50 kB.
_LARGEST = 400_000


def link_selftest_ioctls(connection: sqlite3.Connection, code: SelftestCode) -> None:
    """Fill `all_selftest_ioctl` for the self-tests that a patch changes."""
    tree = code.tree
    if tree.base is None or not tree.patch_files or not tree.project.selftests:
        return
    changed = code.among({row.path for row in tree.patch_files})
    tests = [path for path, content in changed.items() if len(content) <= _LARGEST and _TEST.search(content)]
    built = set(code.built) if tests else set()
    tests = [path for path in tests if path in built]
    if tests:
        shared = {name.cap for path in built if _LIBRARY.match(path) for name in code.names(path)}
        before = SelftestCode(tree.base)
        for path in tests:
            insert(connection, "all_selftest_ioctl", list(_rows(code, before, path, shared)))


def _rows(code: SelftestCode, before: SelftestCode, path: str, shared: set[str]) -> Iterator[SelftestIoctlRow]:
    asked = {name.cap for name in code.names(path)} | shared
    lost = {name.cap for name in before.names(path)} - asked
    used = set(_issued(before.read(path)))
    for ioctl, (line, column) in _issued(code.read(path)).items():
        yield SelftestIoctlRow(
            "now", code.tree.name, path, line, column, ioctl, int(ioctl not in used), json.dumps(sorted(asked)),
            json.dumps(sorted(lost)),
        )  # fmt: skip


def _issued(content: bytes) -> dict[str, tuple[int, int]]:
    """Return the ioctls that code issues, each with line and column of its first place."""
    lexed = lex(content)
    presence = conditionals(lexed).presence
    found: dict[str, tuple[int, int]] = {}
    for match in _ISSUED.finditer(content):
        offset = match.start(1)
        if offset not in lexed.comments and offset not in lexed.strings and presence(offset) is not False:
            place = lexed.line(offset), offset - content.rfind(b"\n", 0, offset)
            found.setdefault(match.group(1).decode(), place)
    return found
