"""Mails of a series: their names, heads, texts and diffs, and the cover letter with places and questions."""

from __future__ import annotations

import email
import email.charset
import email.policy
from collections.abc import Iterator
from email.message import EmailMessage
from pathlib import Path

import pytest
from conftest import UAPI, X86, bare_kernel, git, lay
from written import workshop

from caplint.authoring.request import parse
from caplint.authoring.series.compose import NewSeries
from caplint.authoring.series.mails import Sender, mails
from caplint.authoring.topic import Topic
from caplint.authoring.workshop import Workshop

SENDER = Sender("A Person <person@example.org>", 1_700_000_000)
NEW = "virt/kvm/bells.c"
COVER = "0000-cover-letter.patch"
LONG = "KVM: x86/mmu: Ring the bell, twice -- and once more if nobody has listened to it..."


@pytest.fixture(scope="module")
def linked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workshop]:
    with workshop(bare_kernel(tmp_path_factory.mktemp("tree"), {UAPI: "one\ntwo\n", X86: "x\n"})) as made:
        yield made


@pytest.fixture
def made(linked: Workshop) -> NewSeries:
    """Two patches, by hand."""
    place = Workshop(linked.bench, linked.tree)
    first = Topic(place, "KVM: Add KVM_CAP_BELL", ["word " * 30, "A second paragraph: naïve."])
    first.below(UAPI, 1, ["1.5"], "a number")
    first.replace(X86, 1, ["X"], "a letter")
    second = Topic(place, LONG, ["Ring."])
    second.create(NEW, ["ring", "/* Decision (order): */"], "a bell")
    second.above(UAPI, 2, ["1.7"], "another number")
    second.silent_decision(
        NEW, "order of the bells, of which there are many", "Which one?" + " Which one?" * 8, "None.", "Decision"
    )
    return NewSeries(parse("KVM_CAP_BELL"), place, [first, second])


def _read(content: bytes) -> EmailMessage:
    _, _, mail = content.partition(b"\n")  # git's first line is no header
    return email.message_from_bytes(mail, EmailMessage, policy=email.policy.default)


def test_a_series_without_patches_has_no_mails(made: NewSeries) -> None:
    assert mails(NewSeries(made.request, made.workshop, []), SENDER) == {}


def test_files_are_named_as_git_names_them(made: NewSeries) -> None:
    assert list(mails(made, SENDER)) == [
        COVER, "0001-KVM-Add-KVM_CAP_BELL.patch", "0002-KVM-x86-mmu-Ring-the-bell-twice-and-once-more-if-nob.patch",
    ]  # fmt: skip


def test_heads(made: NewSeries) -> None:
    found = [_read(content) for content in mails(made, SENDER).values()]
    assert [mail["Subject"] for mail in found] == [
        "[PATCH 0/2] KVM: Add KVM_CAP_BELL", "[PATCH 1/2] KVM: Add KVM_CAP_BELL", f"[PATCH 2/2] {LONG}",
    ]  # fmt: skip
    assert {str(mail["From"]) for mail in found} == {SENDER.author}
    assert {str(mail["Date"]) for mail in found} == {"Tue, 14 Nov 2023 22:13:20 +0000"}


def test_a_title_without_the_capability_is_not_that_of_the_series(made: NewSeries) -> None:
    cover = mails(NewSeries(made.request, made.workshop, made.topics[1:]), SENDER)[COVER]
    assert _read(cover)["Subject"] == "[PATCH 0/1] Add KVM_CAP_BELL"


@pytest.fixture
def _raw_heads() -> Iterator[None]:
    """A library has told Python's module for mails to encode no heads, as b4 does."""
    known = dict(email.charset.CHARSETS)
    email.charset.add_charset("utf-8", None)
    yield
    email.charset.CHARSETS.clear()
    email.charset.CHARSETS.update(known)


@pytest.mark.usefixtures("_raw_heads")
def test_other_letters_are_encoded_in_heads_and_declared_for_texts(made: NewSeries) -> None:
    first, second = (
        content for name, content in mails(made, Sender("Jörg <j@example.org>", 0)).items() if "0000" not in name
    )
    assert str(_read(first)["From"]) == "Jörg <j@example.org>"
    assert first.partition(b"\n\n")[0].isascii()
    assert "naïve" in _read(first).get_content()
    assert b"Content-Type" in first
    assert b"Content-Type" not in second


def test_paragraphs_are_wrapped(made: NewSeries) -> None:
    text = _read(mails(made, SENDER)["0001-KVM-Add-KVM_CAP_BELL.patch"]).get_content()
    message = text.partition("---\n")[0]
    assert all(len(line) <= 72 for line in message.splitlines())
    assert message.count("word") == 30
    assert message.endswith("word word\n\nA second paragraph: naïve.\n\n")


def test_the_summary_counts_lines(made: NewSeries) -> None:
    first, second = (content.decode() for name, content in mails(made, SENDER).items() if "0000" not in name)
    assert f"---\n {X86:24} | 2\n {UAPI} | 1\n 2 files changed, 2 insertions(+), 1 deletions(-)\n" in first
    assert f" {NEW:24} | 2\n" in second
    assert " 2 files changed, 3 insertions(+), 0 deletions(-)\n" in second


def test_git_takes_them(made: NewSeries, tmp_path: Path) -> None:
    """Ids are those of the contents before and after, so that `git am -3` finds them."""
    root = lay(tmp_path / "tree", {UAPI: "one\ntwo\n", X86: "x\n"})
    for words in (("init", "-q"), ("add", "-A"), ("commit", "-q", "-m", "base")):
        git(root, *words)
    before = git(root, "hash-object", UAPI)[:12]
    files = mails(made, SENDER)
    out = lay(tmp_path / "out", dict(files))
    git(root, "am", "-q", *(str(out / name) for name in sorted(files) if name != COVER))
    assert (root / UAPI).read_text() == "one\n1.5\n1.7\ntwo\n"
    assert (root / NEW).read_text() == "ring\n/* Decision (order): */\n"
    assert git(root, "log", "--format=%s", "-2").splitlines() == [LONG, "KVM: Add KVM_CAP_BELL"]
    middle = git(root, "rev-parse", f"HEAD~1:{UAPI}")[:12]
    first, second = (files[name] for name in sorted(files) if name != COVER)
    assert f"index {before}..{middle} 100644\n".encode() in first
    assert f"index {middle}..{git(root, 'hash-object', UAPI)[:12]} 100644\n".encode() in second
    assert (
        f"new file mode 100644\nindex {'0' * 12}..{git(root, 'hash-object', NEW)[:12]}\n--- /dev/null\n".encode()
        in second
    )


def test_the_cover_letter_tells_patches_places_and_questions(made: NewSeries) -> None:
    text = _read(mails(made, SENDER)[COVER]).get_content()
    assert f"Patches:\n  1. KVM: Add KVM_CAP_BELL\n  2. {LONG}\n\nPlaces, after the last patch" in text
    assert f"  {UAPI}:2: a number\n  {UAPI}:3: another number\n  {NEW}:1: a bell\n" in text
    asked = text.partition("the code has the safe default:\n")[2].partition("-- \n")[0]
    assert asked.startswith(f"  1. order of the bells, of which there are many ({NEW}:2):\n")
    assert "Which one? None." in asked.replace("\n     ", " ")
    assert all(len(line) <= 72 for line in asked.splitlines())


def test_without_questions_none_are_announced(made: NewSeries) -> None:
    text = _read(mails(NewSeries(made.request, made.workshop, made.topics[:1]), SENDER)[COVER]).get_content()
    assert "Decisions" not in text
