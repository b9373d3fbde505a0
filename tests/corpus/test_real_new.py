"""Series of new capabilities on the real kernels: git takes them, and no rule finds anything but what a sync brings."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import new_capabilities
import pytest
import real_trees
from conftest import git, lay
from real_trees import Corpus

from caplint.authoring.kernel.numbers import settled
from caplint.authoring.request import CapabilityRequest, parse
from caplint.authoring.series.compose import NewSeries, series
from caplint.authoring.series.mails import Sender, mails
from caplint.authoring.workshop import Workshop
from caplint.engine.compare import compare
from caplint.fixes.workbench import Workbench
from caplint.trees.overlay import OverlayTree
from caplint.trees.tree import Tree
from caplint.util.errors import CaplintError

corpus = real_trees.corpus
pytestmark = pytest.mark.corpus
REQUESTS = {
    **new_capabilities.REQUESTS,
    "many": parse("KVM_CAP_BELL", archs=["x86", "s390", "arm64"], arguments="bool"),
    "ioctl on many": parse("KVM_CAP_BELL", archs=["x86", "s390", "arm64"], arguments="bool", ioctl="KVM_SET_BELL"),
    "ioctl of many vcpus": parse(
        "KVM_CAP_BELL", archs=["x86", "s390", "arm64", "powerpc"], scope="vcpu", arguments="size", ioctl="KVM_SET_BELL"
    ),
    "ioctl of any vcpu": parse("KVM_CAP_BELL", scope="vcpu", arguments="bool", ioctl="KVM_SET_BELL"),
}
SENDER = Sender("A Person <person@example.org>", 1_700_000_000)
# The kernel's own copy of the header follows later; a patch of KVM must not touch it.
_EXPECTED = {("CAP106", real_trees.TOOLS)}


@pytest.fixture(scope="module", params=real_trees.KERNELS)
def workbench(request: pytest.FixtureRequest, corpus: Corpus) -> Iterator[tuple[Tree, Workbench]]:
    """A kernel, and its linked tables."""
    with corpus.session(request.param) as session:
        tree = corpus.tree(request.param)
        yield tree, Workbench(session.connection, {tree.name: tree})


def _series(request: CapabilityRequest, tree: Tree, bench: Workbench) -> NewSeries:
    workshop = Workshop(bench, tree)
    return series(settled(request, workshop), workshop)


def _contents(made: NewSeries) -> dict[str, bytes | None]:
    return {path: made.workshop.sheet(path).content for topic in made.topics for path in topic.files}


@pytest.mark.parametrize("name", REQUESTS)
def test_git_takes_the_mails(workbench: tuple[Tree, Workbench], name: str, tmp_path: Path) -> None:
    tree, _ = workbench
    made = _series(REQUESTS[name], *workbench)
    after = _contents(made)
    repository = lay(tmp_path / "tree", {path: tree.read(path) for path in after if tree.exists(path)})
    for words in (("init", "-q"), ("add", "-A"), ("commit", "-q", "-m", "base")):
        git(repository, *words)
    out = lay(tmp_path / "out", dict(mails(made, SENDER)))
    patches = sorted(str(path) for path in out.iterdir() if not path.name.startswith("0000"))
    git(repository, "am", "-q", "--whitespace=error", *patches)
    assert {path: (repository / path).read_bytes() for path in after} == after


@pytest.mark.parametrize("name", REQUESTS)
def test_answers_and_requests_are_where_they_belong(workbench: tuple[Tree, Workbench], name: str) -> None:
    made = _series(REQUESTS[name], *workbench)
    request = REQUESTS[name]
    reasons = [place.reason for place in made.places]
    assert len(made.topics) == {"register": 3, "new register": 4}.get(name, 2)
    assert reasons.count("answer to KVM_CHECK_EXTENSION") == len(REQUESTS[name].archs)
    enabling = "enables it: arguments are tested, then the state is set"
    assert reasons.count(enabling) == len(request.archs) * request.enabled
    for reason in ("carries the ioctl out", "case of the ioctl"):
        assert reasons.count(reason) == len(request.archs) * (request.ioctl is not None)
    assert "section about it" in reasons
    assert "builds the self-test" in reasons


@pytest.mark.edits
@pytest.mark.parametrize("name", REQUESTS)
def test_no_rule_finds_anything(workbench: tuple[Tree, Workbench], corpus: Corpus, name: str) -> None:
    tree, _ = workbench
    patched = OverlayTree(tree, _contents(_series(REQUESTS[name], *workbench)))
    outcome = compare([patched], real_trees.shipped_rules(), corpus.config)
    assert {(found.code, found.place.path) for found in outcome.findings} <= _EXPECTED
    assert not outcome.resolved


def test_an_ioctl_has_the_number_behind_the_last_one(workbench: tuple[Tree, Workbench]) -> None:
    tree, bench = workbench
    ioctl = _series(REQUESTS["ioctl"], tree, bench).request.ioctl
    assert ioctl is not None
    assert ioctl.number == (0xD6 if b"KVM_PRE_FAULT_MEMORY" in tree.read(real_trees.UAPI) else 0xD2)


def test_an_architecture_without_a_handler_is_named(workbench: tuple[Tree, Workbench]) -> None:
    with pytest.raises(CaplintError, match=r"lacks the place to enable KVM_CAP_BELL: no handler of riscv"):
        _series(parse("KVM_CAP_BELL", archs=["riscv"]), *workbench)
