"""Patch in the making: where its lines go among those of other patches, and the questions that it leaves to people."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from conftest import UAPI, bare_kernel
from written import fresh, text, workshop

from caplint.authoring.topic import Decision, Topic
from caplint.authoring.workshop import Workshop
from caplint.util.errors import CaplintError

FILE = "virt/kvm/kvm_main.c"
NEW = "virt/kvm/new.c"


@pytest.fixture(scope="module")
def linked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workshop]:
    files = {UAPI: "", FILE: "one\ntwo\nthree\n"}
    with workshop(bare_kernel(tmp_path_factory.mktemp("tree"), files)) as made:
        yield made


@pytest.fixture
def topic(linked: Workshop) -> Topic:
    return fresh(linked)


def test_lines_go_below_those_that_were_put_there_before(topic: Topic) -> None:
    topic.above(FILE, 2, ["a", "b"], "why")
    topic.below(FILE, 1, ["c"], "why")
    topic.above(FILE, 2, ["d"], "why")
    topic.below(FILE, 3, ["end"], "why")
    assert text(topic, FILE) == "one\na\nb\nc\nd\ntwo\nthree\nend\n"


def test_a_line_is_replaced_where_the_tree_has_it(topic: Topic) -> None:
    topic.above(FILE, 1, ["a", "b"], "why")
    topic.replace(FILE, 2, ["TWO", "2"], "why")
    topic.below(FILE, 2, ["c"], "why")
    assert text(topic, FILE) == "a\nb\none\nTWO\n2\nc\nthree\n"


def test_a_patch_changes_what_the_patches_before_it_have_left(topic: Topic) -> None:
    topic.above(FILE, 3, ["first"], "why")
    second = Topic(topic.workshop, "second", [])
    second.above(FILE, 3, ["second"], "why")
    assert topic.files[FILE].content == second.files[FILE].before == b"one\ntwo\nfirst\nthree\n"
    assert second.files[FILE].content == b"one\ntwo\nfirst\nsecond\nthree\n"
    assert set(second.files) == {FILE}


def test_a_new_file(topic: Topic) -> None:
    topic.create(NEW, ["x", "y"], "why")
    assert (topic.files[NEW].before, topic.files[NEW].content) == (b"", b"x\ny\n")
    for path in (NEW, FILE):
        with pytest.raises(CaplintError, match="exists already"):
            topic.create(path, ["z"], "why")
    assert (text(topic, NEW), text(topic, FILE)) == ("x\ny\n", "one\ntwo\nthree\n")


def test_a_decision_is_listed_and_becomes_a_comment(topic: Topic) -> None:
    comment = topic.decision(FILE, "order", "When may it ring?", "Never.")
    assert comment == ["/* Decision (order): When may it ring? Never. */"]
    assert topic.decisions == [Decision("order", "When may it ring?", "Never.", FILE, "Decision (order):")]
    assert topic.files == {}, "the caller puts the comment to its place"


def test_a_comment_has_the_width_that_is_left(topic: Topic) -> None:
    comment = topic.decision(FILE, "order", "When may it ring?", "Never, unless somebody asks for it.", 40)
    assert comment[0] == "/*"
    assert comment[-1] == " */"
    assert all(len(line) <= 40 for line in comment)
    assert "Decision (order): When may it ring? Never, unless somebody asks for it." in " ".join(
        line.removeprefix(" * ") for line in comment
    )


def test_a_decision_is_about_the_line_with_its_comment_after_all_patches(topic: Topic) -> None:
    topic.above(FILE, 3, topic.decision(FILE, "order", "When?", "Never."), "why")
    topic.silent_decision(FILE, "meaning", "What for?", "Nothing.", "thr")
    topic.silent_decision(FILE, "lost", "Which?", "None.", "no line has this")
    topic.above(FILE, 1, ["top"], "why")
    assert [(found.subject, topic.line_of(found)) for found in topic.decisions] == [
        ("order", 4), ("meaning", 5), ("lost", 1),
    ]  # fmt: skip
    assert "meaning" not in text(topic, FILE)
