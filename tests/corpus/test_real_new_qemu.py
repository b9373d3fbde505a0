"""QEMU's half of new capabilities on real trees: git takes it, no rule finds anything, the way from main is closed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path

import pytest
import real_trees
from conftest import git, lay
from real_trees import Corpus

from caplint.authoring.kernel.numbers import settled
from caplint.authoring.request import parse
from caplint.authoring.series.compose import NewSeries, series
from caplint.authoring.series.mails import Sender, mails
from caplint.authoring.workshop import Workshop
from caplint.engine.compare import compare
from caplint.fixes.workbench import Workbench
from caplint.graph.path_cache import Question
from caplint.graph.path_lookup import find_paths
from caplint.session import Session, no_progress
from caplint.trees.overlay import OverlayTree
from caplint.trees.tree import Tree

corpus = real_trees.corpus
pytestmark = pytest.mark.corpus
REQUESTS = {
    "query": parse("KVM_CAP_BELL", scope="none"),
    "query of x86": parse("KVM_CAP_X86_BELL", archs=["x86"], scope="none"),
    "mask": parse("KVM_CAP_X86_BELL", archs=["x86"], answer="mask", arguments="mask:A,B=3,C"),
    "bool on arm64": parse("KVM_CAP_ARM_BELL", archs=["arm64"], arguments="bool"),
    "vcpu on s390": parse("KVM_CAP_S390_BELL", archs=["s390"], scope="vcpu"),
    "descriptor": parse("KVM_CAP_BELL", arguments="fd"),
    "ioctl": parse("KVM_CAP_X86_BELL", archs=["x86"], answer="mask", arguments="mask:A,B=3,C", ioctl="KVM_SET_BELL"),
    "ioctl of a vcpu": parse("KVM_CAP_S390_BELL", archs=["s390"], scope="vcpu", ioctl="S390_RING_BELL"),
    "ioctl for a descriptor": parse("KVM_CAP_BELL", arguments="fd", ioctl="KVM_BELL"),
    "largest": parse("KVM_CAP_BELL", answer="count", arguments="size"),
    "many": parse("KVM_CAP_BELL", archs=["x86", "s390", "arm64"], arguments="bool"),
    "register": parse("KVM_CAP_X86_PPIN", archs=["x86"], register="PPIN:ro"),
    "new register": parse("KVM_CAP_X86_BELL", archs=["x86"], arguments="bool", register="BELL=0x1234:rw"),
}
# Kernels have no handler for these; QEMU has a place all the same.
ALONE = {
    "powerpc": parse("KVM_CAP_PPC_BELL", archs=["powerpc"], arguments="bool"),
    "riscv": parse("KVM_CAP_RISCV_BELL", archs=["riscv"], arguments="size"),
    "vcpu on x86": parse("KVM_CAP_X86_BELL", archs=["x86"], scope="vcpu", arguments="mask:A,B"),
    "vcpu on arm64": parse("KVM_CAP_ARM_BELL", archs=["arm64"], scope="vcpu", arguments="bool"),
    "vcpu on powerpc": parse("KVM_CAP_PPC_BELL", archs=["powerpc"], scope="vcpu", arguments="bool"),
}
SENDER = Sender("A Person <person@example.org>", 1_700_000_000)
# The kernel's own copy of the header follows later; a patch of KVM must not touch it.
_EXPECTED = {("CAP106", real_trees.TOOLS)}


@pytest.fixture(scope="module", params=real_trees.VMMS)
def session(request: pytest.FixtureRequest, corpus: Corpus) -> Iterator[Session]:
    """A kernel and a QEMU, linked."""
    with corpus.session("linux-6.12", request.param) as opened:
        yield opened


def _made(session: Session, name: str) -> tuple[NewSeries, NewSeries | None]:
    """Return QEMU's series, and the kernel's if it has one."""
    trees = {tree.name: tree for tree in session.trees}
    bench = Workbench(session.connection, trees)
    workshop = Workshop(bench, trees["kernel"])
    request = settled((REQUESTS | ALONE)[name], workshop)
    return series(request, Workshop(bench, trees["qemu"])), None if name in ALONE else series(request, workshop)


def _patched(made: NewSeries) -> OverlayTree:
    return OverlayTree(made.workshop.tree, _contents(made))


def _contents(made: NewSeries) -> dict[str, bytes | None]:
    return {path: made.workshop.sheet(path).content for topic in made.topics for path in topic.files}


@pytest.mark.parametrize("name", REQUESTS | ALONE)
def test_git_takes_the_mails(session: Session, name: str, tmp_path: Path) -> None:
    made, _ = _made(session, name)
    tree, after = made.workshop.tree, _contents(made)
    repository = lay(tmp_path / "tree", {path: tree.read(path) for path in after})
    for words in (("init", "-q"), ("add", "-A"), ("commit", "-q", "-m", "base")):
        git(repository, *words)
    out = lay(tmp_path / "out", dict(mails(made, SENDER)))
    patches = sorted(str(path) for path in out.iterdir() if not path.name.startswith("0000"))
    assert len(patches) == 2 + (made.request.register is not None)
    git(repository, "am", "-q", "--whitespace=error", *patches)
    assert {path: (repository / path).read_bytes() for path in after} == after


@pytest.mark.edits
@pytest.mark.parametrize("name", REQUESTS)
def test_no_rule_finds_anything(session: Session, corpus: Corpus, name: str) -> None:
    vmm, kernel = _made(session, name)
    assert kernel
    outcome = compare([_patched(kernel), _patched(vmm)], real_trees.shipped_rules(), corpus.config)
    assert {(found.code, found.place.path) for found in outcome.findings} <= _EXPECTED
    assert not outcome.resolved


@pytest.mark.parametrize(
    "name", ["mask", "bool on arm64", "vcpu on s390", "descriptor", "register", "ioctl", "ioctl of a vcpu"]
)
def test_the_way_leads_from_main_to_the_new_cases(session: Session, corpus: Corpus, name: str) -> None:
    vmm, kernel = _made(session, name)
    assert kernel
    trees: list[Tree] = [_patched(kernel).without_base(), _patched(vmm).without_base()]
    ioctl = vmm.request.ioctl
    names = [vmm.request.name, *([ioctl.name] if ioctl else [])]
    whole = [
        path
        for asked in names
        for path in find_paths(
            Question(asked, None, None, 1, False), trees, corpus.config, lambda: nullcontext(no_progress)
        )
        if not path.below and not path.above
    ]
    assert {path.verb for path in whole} == {"check", "issue" if ioctl else "enable"}
    assert {path.steps[0].function for path in whole} == {"main"}
    assert vmm.request.is_generic or {path.arch for path in whole} >= set(vmm.request.archs)
