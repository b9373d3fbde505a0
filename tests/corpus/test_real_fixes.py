"""Every fix on the real trees as they are, and the kernel's headers as QEMU copies them."""

from __future__ import annotations

import re
from collections import Counter

import pytest
import real_trees
from real_trees import Corpus, source, stated

from caplint.engine.mending import Mended, mend
from caplint.engine.outcome import Outcome
from caplint.findings.finding import Finding
from caplint.fixes.exported_header import exported
from caplint.fixes.lay import Drafts, laid, overlaid
from caplint.trees.tree import Tree

corpus = real_trees.corpus
pytestmark = pytest.mark.corpus
ARCHS = ("x86", "arm64", "s390", "powerpc", "mips")
ARRAY = re.compile(r"__DECLARE_FLEX_ARRAY\(([\w ]+), (\w+)\);")


@pytest.mark.parametrize("arch", ARCHS)
def test_headers_of_architectures_are_exported_as_qemu_has_them(arch: str) -> None:
    """QEMU 7.2 copied them from a release candidate of 6.1; stable releases have changed how arrays are declared."""
    stated("linux-6.1", "qemu-7.2")
    found = exported(source("linux-6.1", f"arch/{arch}/include/uapi/asm/kvm.h").splitlines())
    assert found
    assert [ARRAY.sub(r"\1 \2[];", line) for line in found] == source(
        "qemu-7.2", f"linux-headers/asm-{arch}/kvm.h"
    ).splitlines()


@pytest.mark.edits
@pytest.mark.parametrize(
    ("kernel", "vmm", "fixed"),
    [
        ("linux-6.12", "qemu-10.0", {"CAP401": 1, "CAP406": 5}),
        ("linux-6.1", "qemu-7.2", {"CAP103": 1, "CAP406": 4}),
    ],
)
def test_every_fix_is_made_and_nothing_comes(corpus: Corpus, kernel: str, vmm: str, fixed: dict[str, int]) -> None:
    stated(kernel, vmm)
    trees: list[Tree] = [corpus.tree(kernel), corpus.tree(vmm)]

    def fix(trees: list[Tree], outcome: Outcome) -> Mended[Drafts]:
        def lay(drafts: Drafts, findings: list[Finding]) -> tuple[Drafts, list[tuple[Finding, str]]]:
            return laid(trees, drafts, findings), []

        nothing: Drafts = {}
        return mend(nothing, outcome, lay, lambda drafts: corpus.check(*overlaid(trees, drafts)))

    outcome = corpus.pair(kernel, vmm)
    mended = fix(trees, outcome)
    assert not mended.refused
    assert Counter(found.code for found in mended.fixed) == Counter(
        found.code for found in outcome.findings if found.fix
    )
    assert Counter(found.code for found in mended.fixed if not found.code.startswith("CAP5")) == Counter(fixed)
    before, after = (
        Counter((found.code, found.subject) for found in run.findings) for run in (outcome, mended.outcome)
    )
    assert not after - before
    assert not Counter((found.code, found.subject) for found in mended.fixed) - (before - after)
    assert mended.outcome.coverage.total("blind_bytes") == outcome.coverage.total("blind_bytes")
    assert not fix(overlaid(trees, mended.state), mended.outcome).state
