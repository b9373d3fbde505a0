"""Compressed files: what they hold, and nothing beyond any bound."""

from __future__ import annotations

import bz2
import gzip
import lzma
import random
import time
import tracemalloc
from types import SimpleNamespace

import pytest

from caplint.util.compressed import expanded
from caplint.util.errors import CaplintError

TEXT = b"--- a/x\n" * 1_000
NOISE = random.Random(1).randbytes(10_000)


@pytest.mark.parametrize("pack", [gzip.compress, lzma.compress])
def test_it_is_expanded(pack: object) -> None:
    assert callable(pack)
    for content in (b"", b"x", TEXT, NOISE):
        assert expanded(pack(content), "p", 100_000) == content
        assert expanded(pack(content) + pack(b"more"), "p", 100_000) == content + b"more"
        assert expanded(pack(content) + bytes(8), "p", 100_000) == content
    assert expanded(TEXT, "p", 1) == TEXT
    assert expanded(b"", "p", 1) == b""


@pytest.mark.parametrize("pack", [gzip.compress, lzma.compress])
def test_no_more_than_the_bound_is_kept(pack: object) -> None:
    assert callable(pack)
    bomb = pack(bytes(50_000_000))
    assert len(bomb) < 100_000
    tracemalloc.start()
    with pytest.raises(CaplintError, match="p: more than 1,000,000 bytes once it is decompressed"):
        expanded(bomb, "p", 1_000_000)
    assert tracemalloc.get_traced_memory()[1] < 20_000_000  # xz keeps 8 MB of what it has written
    tracemalloc.stop()
    assert expanded(pack(bytes(1_000_000)), "p", 1_000_000) == bytes(1_000_000)
    with pytest.raises(CaplintError, match="more than 1,500,000"):
        expanded(pack(bytes(1_000_000)) * 2, "p", 1_500_000)


@pytest.mark.parametrize("pack", [gzip.compress, lzma.compress])
def test_damage_is_one_line(pack: object) -> None:
    assert callable(pack)
    whole = pack(NOISE)
    for at in range(0, len(whole), 487):
        for damaged in (whole[:at], whole[:at] + bytes([whole[at] ^ 0x55]) + whole[at + 1 :]):
            try:
                assert expanded(damaged, "p", 100_000) in {NOISE, damaged}  # flags that mean nothing; the mark itself
            except CaplintError as error:
                assert "\n" not in str(error)  # noqa: PT017
    with pytest.raises(CaplintError, match="ends early"):
        expanded(whole[:-5], "p", 100_000)
    with pytest.raises(CaplintError, match="cannot be decompressed"):
        expanded(whole + b"rest", "p", 100_000)


def test_streams_without_end() -> None:
    begun = time.process_time()
    with pytest.raises(CaplintError, match="more than 1,000 compressed parts"):
        expanded(gzip.compress(b"") * 1_000_000, "p", 1_000)
    assert time.process_time() - begun < 10


def test_memory_that_a_header_asks_for() -> None:
    filters = [{"id": lzma.FILTER_LZMA2, "preset": 0, "dict_size": 1 << 30}]
    with pytest.raises(CaplintError, match=r"cannot be decompressed: Memory usage limit exceeded"):
        expanded(lzma.compress(TEXT, filters=filters)[:200] + bytes(100), "p", 100_000)


@pytest.mark.parametrize(("content", "name"), [(bz2.compress(TEXT), "bzip2"), (b"\x28\xb5\x2f\xfd" + TEXT, "zstd")])
def test_other_kinds(content: bytes, name: str) -> None:
    with pytest.raises(CaplintError, match=f"p: is compressed with {name}, which is not read; decompress it first"):
        expanded(content, "p", 100_000)


def test_short_memory_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    def short() -> object:
        return SimpleNamespace(eof=False, decompress=lambda *_: bytes(1 << 60))

    monkeypatch.setattr("caplint.util.compressed._xz", short)
    with pytest.raises(CaplintError, match="p: cannot be decompressed: not enough memory"):
        expanded(lzma.compress(TEXT), "p", 100_000)
