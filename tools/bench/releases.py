"""Repositories that stand for real histories: releases that lead from one tree of the corpus to another."""

import filecmp
import random
import subprocess
from collections.abc import Iterator
from pathlib import Path

from tools.bench.sources import CORPUS
from tools.errors import ToolError

_SEED = 23


def repository(place: Path, old: str, new: str, tags: list[str]) -> int:
    """Make a bare repository with a commit per tag, the first of which is the old tree, the last the new one.

    Each commit changes an equal share of the files that differ, drawn at random and always alike. Returns their number.
    """
    before, after = (_files(CORPUS / name) for name in (old, new))
    changed = sorted(
        path
        for path in before | after
        if path not in before or path not in after or not _same(CORPUS / old / path, CORPUS / new / path)
    )
    random.Random(_SEED).shuffle(changed)  # noqa: S311 - no secret depends on it
    _imported(place, b"".join(_stream(CORPUS / old, CORPUS / new, (sorted(before), changed, after), tags)))
    return len(changed)


def header_versions(place: Path, tree: str, count: int) -> None:
    """Make a bare repository of a tree's header and markers, with a commit for each of so many further capabilities."""
    path = "include/uapi/linux/kvm.h"
    text = (CORPUS / tree / path).read_bytes()
    stream = [b"".join(_commit(0, "first")), _content("virt/kvm/kvm_main.c", b"")]
    for number in range(1, count + 1):
        text += b"#define KVM_CAP_STEP%d %d\n" % (number, 1_000 + number)
        stream += [b"".join(_commit(number, f"step {number}")), _content(path, text)]
    _imported(place, b"".join(stream))


def _imported(place: Path, stream: bytes) -> None:
    subprocess.run(["git", "init", "-q", "--bare", "-b", "master", str(place)], check=True)
    made = subprocess.run(["git", "-C", str(place), "fast-import", "--quiet"], input=stream, check=False)
    if made.returncode:
        raise ToolError(f"git fast-import ended with {made.returncode}")


def _files(root: Path) -> set[str]:
    return {str(path.relative_to(root)) for path in root.rglob("*") if path.is_file() and not path.is_symlink()}


def _same(one: Path, other: Path) -> bool:
    return filecmp.cmp(one, other, shallow=False)


def _stream(old: Path, new: Path, paths: tuple[list[str], list[str], set[str]], tags: list[str]) -> Iterator[bytes]:
    """Yield the lines of git-fast-import(1)."""
    start, changed, after = paths
    yield from _commit(0, tags[0])
    yield from (_file(path, old / path) for path in start)
    yield b"reset refs/tags/%s\nfrom refs/heads/master\n\n" % tags[0].encode()
    steps = len(tags) - 1
    for number, tag in enumerate(tags[1:], 1):
        yield from _commit(number, tag)
        for path in changed[len(changed) * (number - 1) // steps : len(changed) * number // steps]:
            yield _file(path, new / path) if path in after else b"D %s\n" % path.encode()
        yield b"reset refs/tags/%s\nfrom refs/heads/master\n\n" % tag.encode()


def _commit(number: int, tag: str) -> Iterator[bytes]:
    yield b"commit refs/heads/master\ncommitter Bench <bench@example.org> %d +0000\n" % (1_600_000_000 + number)
    yield b"data %d\n%s\n" % (len(tag), tag.encode())


def _file(path: str, place: Path) -> bytes:
    return _content(path, place.read_bytes())


def _content(path: str, content: bytes) -> bytes:
    return b"M 100644 inline %s\ndata %d\n%s\n" % (path.encode(), len(content), content)
