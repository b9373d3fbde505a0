"""Series for a kernel: git takes their mails, no rule finds anything in them, and every line is understood."""

from __future__ import annotations

from pathlib import Path

import pytest
from conftest import git, lay
from written import REQUESTS, contents, kernel, written

from caplint.authoring.request import CapabilityRequest, parse
from caplint.authoring.series.mails import Sender, mails
from caplint.config.settings import Config
from caplint.engine.compare import compare
from caplint.inventory.builder import build
from caplint.rules import page
from caplint.trees.overlay import OverlayTree
from caplint.trees.tree import Tree
from caplint.util import shipped_files

SENDER = Sender("A Person <person@example.org>", 1_700_000_000)
CONFIG = Config(cache="none", jobs=1)
# The kernel's own copy of the header follows later; a patch of KVM must not touch it.
# No self-tests are built for some architectures.
EXPECTED = {"CAP106", "CAP506"}


@pytest.mark.parametrize("request_", REQUESTS.values(), ids=REQUESTS)
def test_no_rule_finds_anything_and_everything_is_understood(request_: CapabilityRequest) -> None:
    before = kernel()
    with written(request_, before) as made:
        after: list[Tree] = [OverlayTree(before, contents(made))]
    outcome = compare(after, page.load([shipped_files.RULES]), CONFIG)
    assert [found for found in outcome.findings if found.code not in EXPECTED] == []
    assert any(found.code == "CAP506" for found in outcome.findings) == (request_.archs == ("mips",))
    clean = compare([OverlayTree(before, {})], page.load([shipped_files.RULES]), CONFIG)
    assert outcome.coverage.total("blind_bytes") == clean.coverage.total("blind_bytes")


@pytest.mark.parametrize("request_", REQUESTS.values(), ids=REQUESTS)
def test_git_takes_the_mails_one_by_one(request_: CapabilityRequest, tmp_path: Path) -> None:
    before = kernel()
    with written(request_, before) as made:
        files = mails(made, SENDER)
        after = contents(made)
        subjects = [topic.subject for topic in made.topics]
        assert files == mails(made, SENDER)
    root = lay(tmp_path / "tree", {path: before.read(path) for path in after if before.exists(path)})
    git(root, "init", "-q")
    git(root, "add", "-A")
    git(root, "commit", "-q", "-m", "base")
    out = lay(tmp_path / "out", dict(files))
    git(root, "am", "-q", "--whitespace=error", *(str(out / name) for name in sorted(files) if name[:4] != "0000"))
    assert git(root, "log", "--format=%s", "--reverse").splitlines()[1:] == subjects
    assert git(root, "log", "-1", "--format=%an <%ae> %at") == "A Person <person@example.org> 1700000000"
    assert {path: (root / path).read_bytes() for path in after} == after
    for path in after:  # the ids are those of git, so that `git am -3` finds the contents
        blob = git(root, "hash-object", path)[:12]
        assert any(f"..{blob}".encode() in content for content in files.values())


@pytest.mark.parametrize("request_", REQUESTS.values(), ids=REQUESTS)
def test_the_inventory_has_every_place(request_: CapabilityRequest) -> None:
    before = kernel()
    with written(request_, before) as made:
        tree = OverlayTree(before, contents(made)).without_base()
    inventory, _ = build([tree], page.load([shipped_files.RULES]), CONFIG, paths=False)
    (row,) = [cap for cap in inventory.capabilities if cap.name == request_.name]
    assert row.number == 224
    assert (row.section is not None) == (request_.ioctl is None)
    assert [found.name for found in row.ioctls] == ([request_.ioctl.name] if request_.ioctl else [])
    assert bool(row.selftests) == (request_.archs != ("mips",))
    archs = {"arm64", "mips", "s390", "x86"} if request_.is_generic else set(request_.archs)
    assert row.architectures.keys() >= archs - {"mips"} if request_.is_generic else row.architectures.keys() == archs
    for support in row.architectures.values():
        assert support.advertised == "always"
        assert support.scopes == ([request_.scope] if request_.enabled else [])
        for enable in support.enables:
            assert enable.flags_checked
            assert all(argument.validated for argument in enable.arguments)
    if request_.register is not None:
        (register,) = row.msrs
        assert register.name == request_.register.name


def test_the_cover_letter_lists_places_and_decisions() -> None:
    with written(REQUESTS["register"]) as made:
        cover = mails(made, SENDER)["0000-cover-letter.patch"].decode()
        for topic in made.topics:
            for path in topic.files:
                assert f"  {path}:" in cover
        subjects = {found.subject for found, _ in made.decisions}
        words = ("host value", "sharing", "migration", "reset", "order", "meaning")
        assert subjects >= {f"{word} of PPIN" for word in words}
        for found, line in made.decisions:
            assert found.anchor in made.workshop.sheet(found.path).lines[line - 1].text
            assert f"{found.subject} (" in cover.replace("\n     ", " ")
        for place in made.places:
            assert made.workshop.sheet(place.path).lines[place.line - 1].reason == place.reason


def test_a_subject_of_any_letters_is_a_header(tmp_path: Path) -> None:
    with written(parse("KVM_CAP_FOO")) as made:
        files = mails(made, Sender("Jörg Müller <j@example.org>", 0))
    root = lay(tmp_path / "tree", {path: kernel().read(path) for path in contents(made) if kernel().exists(path)})
    git(root, "init", "-q")
    git(root, "add", "-A")
    git(root, "commit", "-q", "-m", "base")
    out = lay(tmp_path / "out", dict(files))
    git(root, "am", "-q", *(str(out / name) for name in sorted(files) if name[:4] != "0000"))
    assert git(root, "log", "-1", "--format=%an %at") == "Jörg Müller 0"
