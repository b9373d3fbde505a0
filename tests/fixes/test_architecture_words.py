"""Words for architectures, as a file of the documentation writes them."""

from __future__ import annotations

from pathlib import Path

import pytest
from bench import API, bench

from caplint.fixes.architecture_words import word_for


@pytest.mark.parametrize(
    ("text", "arch", "word"),
    [
        (":Architectures: ppc\n", "powerpc", "ppc"),
        (":Architectures: x86, ppc, s390\n", "powerpc", "ppc"),
        (":Architecture: powerpc\n", "powerpc", "powerpc"),
        # The most frequent word; the first one of two that are as frequent.
        (":Architectures: ppc\n\n:Architectures: powerpc\n\n:Architectures: powerpc, x86\n", "powerpc", "powerpc"),
        (":Architectures: ppc\n\n:Architectures: powerpc\n", "powerpc", "ppc"),
        (":Architectures: x86\n", "powerpc", "powerpc"),
        ("", "powerpc", "powerpc"),
        # Prose, indented fields and other fields say nothing.
        ("see :Architectures: ppc\n", "powerpc", "powerpc"),
        ("  :Architectures: ppc\n", "powerpc", "powerpc"),
        (":Architectures:\n", "x86", "x86"),
        (":Capability: ppc\n", "powerpc", "powerpc"),
        (":Architectures: arm\n:Architectures: arm64\n:Architectures: arm64\n", "arm64", "arm64"),
    ],
)
def test_word(tmp_path: Path, text: str, arch: str, word: str) -> None:
    assert word_for(bench(tmp_path, {API: text}), ("kernel", API), arch) == word


def test_a_file_that_cannot_be_read_writes_nothing(tmp_path: Path) -> None:
    assert word_for(bench(tmp_path, {API: b":Architectures: ppc\r\n"}), ("kernel", API), "powerpc") == "powerpc"
    assert word_for(bench(tmp_path, {}), ("kernel", "missing.rst"), "powerpc") == "powerpc"
