"""Every fix on the real trees as they are, and the kernel's headers as QEMU copies them."""

from __future__ import annotations

import re
from collections import Counter
from difflib import unified_diff
from pathlib import Path

import pytest
import real_trees
from conftest import Caplint, git, lay
from real_trees import QEMU, TOOLS, UAPI, Corpus, root, source, stated

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


def _mail(tree: str, changes: dict[str, tuple[str, str]]) -> str:
    """Return a mail that replaces one text in each file."""
    parts = ["From: A Person <person@example.org>\nSubject: [PATCH] kvm: add PPIN\n\nFor tests.\n---\n"]
    for path, (old, new) in changes.items():
        before = source(tree, path)
        assert before.count(old) == 1
        after = before.replace(old, new)
        parts.append(f"diff --git a/{path} b/{path}\n")
        parts += unified_diff(before.splitlines(True), after.splitlines(True), f"a/{path}", f"b/{path}")
    return "".join(parts)


SYNC = ("#define KVM_CAP_S390_CPU_TOPOLOGY 222\n", "#define KVM_CAP_S390_CPU_TOPOLOGY 222\n#define KVM_CAP_PPIN 1239\n")
CODE = (
    "    ret = kvm_arch_init(ms, s);\n",
    "    s->ppin = kvm_check_extension(s, KVM_CAP_PPIN);\n    ret = kvm_arch_init(ms, s);\n",
)


@pytest.mark.edits
@pytest.mark.parametrize(
    ("tree", "changes", "code", "left"),
    [
        ("qemu-10.0", {QEMU: SYNC, "accel/kvm/kvm-all.c": CODE}, "CAP601", [[QEMU], ["accel/kvm/kvm-all.c"]]),
        ("qemu-7.2", {QEMU: SYNC, "accel/kvm/kvm-all.c": CODE}, "CAP601", [[QEMU], ["accel/kvm/kvm-all.c"]]),
        ("linux-6.12", {UAPI: SYNC, TOOLS: SYNC}, "CAP605", [[UAPI]]),
        ("linux-6.1", {UAPI: SYNC, TOOLS: SYNC}, "CAP605", [[UAPI]]),
    ],
)
def test_mails_are_split_and_copies_dropped(  # noqa: PLR0917 - four of them are of the case
    caplint: Caplint, apart: Path, tree: str, changes: dict[str, tuple[str, str]], code: str, left: list[list[str]]
) -> None:
    stated(tree)
    (apart / "one.patch").write_text(_mail(tree, changes), "utf-8")
    option = "--qemu" if tree.startswith("qemu") else "--kernel"
    words = (option, root(tree).resolve(), "--select", code)
    run = caplint("patch", "one.patch", *words, "--fix", "-o", "out")
    assert (run.status, "fixed 1 finding" in run.err) == (0, True), run.err
    assert caplint("patch", "out/one.patch", *words).status == 0
    repository = lay(apart / "tree", {path: source(tree, path).encode() for path in changes})
    for command in (("init", "-q"), ("add", "-A"), ("commit", "-q", "-m", "base")):
        git(repository, *command)
    git(repository, "am", "-q", str(apart / "out/one.patch"))
    commits = git(repository, "log", "--reverse", "--format=%H").split()[1:]
    assert [git(repository, "diff", "--name-only", f"{commit}~1", commit).split() for commit in commits] == left
