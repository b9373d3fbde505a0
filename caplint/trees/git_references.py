"""Reads a repository's references, without git: what a branch, a tag or HEAD names."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterator
from pathlib import Path

from caplint.errors import CaplintError
from caplint.regular_file import open_regular, read_regular
from caplint.trees.git_place import GitPlace
from caplint.trees.names import shown

OBJECT_ID = re.compile(rb"[0-9a-f]{40}")
_LARGEST = 4096
_LARGEST_PACKED = 256_000_000
_MOST = 1_000_000
_MOST_STEPS = 5
# gitrevisions(7): in this order.
_RULES = ("{}", "refs/{}", "refs/tags/{}", "refs/heads/{}", "refs/remotes/{}", "refs/remotes/{}/HEAD")
_KINDS = ("tags", "heads", "remotes")
# git-check-ref-format(1).
_NO_NAME = re.compile(r"[\x00-\x20\x7f~^:?*\[\\]|\.\.|@\{|//|(?:^|/)\.|\.lock(?:/|$)|[./]$|^/|^@$")
_PSEUDO = re.compile(r"[A-Z][A-Z0-9_]*")
_PACKED = re.compile(rb"^([0-9a-f]{40}) (refs/[^\n]+)$", re.MULTILINE)
# A worktree has these of its own.
_OWN = ("refs/bisect/", "refs/worktree/", "refs/rewritten/")


class References:
    """The references of one working tree."""

    def __init__(self, place: GitPlace) -> None:
        self._place = place
        self._packed: bytes | None = None

    def find(self, name: str) -> str | None:
        """The object id that a short or full name stands for; None where there is no such reference.

        Raises `CaplintError` for a reference that is damaged.
        """
        for rule in _RULES:
            full = rule.format(name)
            if (full.startswith("refs/") or _PSEUDO.fullmatch(full)) and (found := self._resolve(full)):
                return found
        return None

    def packed_form(self) -> bytes:
        """All tags and branches, as a file `packed-refs` of git's has them."""
        found = {name: oid for oid, name in _PACKED.findall(self._packed_refs()) if _is_name(os.fsdecode(name))}
        for kind in _KINDS:
            for name in self._loose(f"refs/{kind}"):
                if (oid := self._resolve(name)) is not None:
                    found[os.fsencode(name)] = oid.encode()
        return b"".join(b"%s %s\n" % (oid, name) for name, oid in sorted(found.items()))

    def _resolve(self, name: str) -> str | None:
        first = name
        for _ in range(_MOST_STEPS):
            if not _is_name(name):
                return None
            target = self._read(name)
            if target is None or target.startswith("ref:"):
                if target is None:
                    return self._find_packed(name)
                name = target.removeprefix("ref:").strip()
            else:
                return target
        raise CaplintError(f"{shown(self._place.own)}: the reference {shown(first)} leads on and on")

    def _read(self, name: str) -> str | None:
        """An object id, or `ref: NAME`; None where there is no such file."""
        own = not name.startswith("refs/") or name.startswith(_OWN)
        file = (self._place.own if own else self._place.common) / name
        try:
            if stat.S_ISDIR(file.stat().st_mode) and name != "HEAD":
                return None
        except (OSError, ValueError):
            return None
        with open_regular(file) as opened:
            line = opened.read(_LARGEST).partition(b"\n")[0]
        if line.startswith(b"ref:"):
            return os.fsdecode(line)
        oid = line.split()[0] if line.split() else b""
        if OBJECT_ID.fullmatch(oid):
            return oid.decode()
        raise CaplintError(f"{shown(file)}: is a damaged reference: it holds neither an object id nor `ref: NAME`")

    def _find_packed(self, name: str) -> str | None:
        if not name.startswith("refs/"):
            return None
        packed, end = self._packed_refs(), b" %s\n" % os.fsencode(name)
        at = packed.find(end)
        while at >= 0:
            oid = packed[max(0, at - 40) : at]
            if OBJECT_ID.fullmatch(oid) and packed[at - 41 : at - 40] in {b"", b"\n"}:
                return oid.decode()
            at = packed.find(end, at + 1)
        return None

    def _packed_refs(self) -> bytes:
        if self._packed is None:
            file = self._place.common / "packed-refs"
            if (self._place.common / "reftable").exists():
                raise CaplintError(
                    f"{shown(self._place.common)}: keeps its references as reftable, which caplint does not read; "
                    "name a commit by its whole id, or convert it: git refs migrate --ref-format=files"
                )
            self._packed = read_regular(file, _LARGEST_PACKED) + b"\n" if os.path.lexists(file) else b""
        return self._packed

    def _loose(self, top: str) -> Iterator[str]:
        """The names of references that have a file of their own."""
        pending, count = [top], 0
        while pending:
            directory = pending.pop()
            try:
                with os.scandir(self._place.common / directory) as entries:
                    found = sorted((entry.name, entry.is_dir(follow_symlinks=False)) for entry in entries)
            except OSError:
                continue
            count += len(found)
            if count > _MOST:
                raise CaplintError(f"{shown(self._place.common)}: has more than {_MOST:,} references; prune them")
            pending += [f"{directory}/{name}" for name, is_directory in found if is_directory]
            yield from (f"{directory}/{name}" for name, is_directory in found if not is_directory)


def _is_name(name: str) -> bool:
    return len(name) < _LARGEST and _NO_NAME.search(name) is None


def shallow_form(file: Path) -> bytes:
    """The commits at which a shallow clone ends, one a line; empty for a whole one."""
    if not os.path.lexists(file):
        return b""
    lines = read_regular(file, _LARGEST_PACKED).split()
    if not all(map(OBJECT_ID.fullmatch, lines)):
        raise CaplintError(f"{shown(file)}: is damaged: a line of it is no object id")
    return b"".join(line + b"\n" for line in lines)
