"""Workshop of the authors: what they read of a tree, what they may change, and what they have changed."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from conftest import UAPI, bare_kernel
from written import fresh, workshop

from caplint.authoring.workshop import Workshop, WrittenPlace
from caplint.util.errors import CaplintError

FILE = "virt/kvm/kvm_main.c"
BELLS = "virt/kvm/bells.c"
CAPS = "SELECT name, number FROM cap WHERE tree = ?1 AND number > ?2 ORDER BY number"


@pytest.fixture(scope="module")
def linked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workshop]:
    files = {
        UAPI: "#define KVM_CAP_A 1\n#define KVM_CAP_B 2\n", FILE: "one\n\ntwo\nthree\n", BELLS: "first\nlast\n",
        "virt/kvm/crlf.c": "one\r\n", "virt/kvm/open.c": "no end", "virt/kvm/empty.c": "",
    }  # fmt: skip
    with workshop(bare_kernel(tmp_path_factory.mktemp("tree"), files)) as made:
        yield made


@pytest.fixture
def place(linked: Workshop) -> Workshop:
    return fresh(linked).workshop


def test_queries_are_about_the_tree(place: Workshop) -> None:
    assert place.rows(CAPS, 0) == [("KVM_CAP_A", 1), ("KVM_CAP_B", 2)]
    assert place.rows(CAPS, 1) == [("KVM_CAP_B", 2)]


def test_lines_are_those_before_any_patch(place: Workshop) -> None:
    fresh(place).above(FILE, 1, ["new"], "why")
    assert place.lines(FILE) == ["one", "", "two", "three"]
    assert [place.line(FILE, number) for number in (-1, 0, 1, 2, 4, 5)] == ["", "", "one", "", "three", ""]
    assert place.line("virt/kvm/gone.c", 1) == ""


@pytest.mark.parametrize("path", ["virt/kvm/gone.c", "virt/kvm/crlf.c", "virt/kvm/open.c", "virt/kvm/empty.c", "../x"])
def test_a_file_that_cannot_be_edited_exactly_is_no_place(place: Workshop, path: str) -> None:
    with pytest.raises(CaplintError, match=f"lacks the place to edit: {path} is missing, or is not plain text"):
        place.sheet(path)
    assert place.written == []


def test_all_patches_share_a_file(place: Workshop) -> None:
    assert place.sheet(FILE) is place.sheet(FILE)
    place.sheet(BELLS)
    assert place.written == [FILE, BELLS]


def test_a_new_file_is_new_once(place: Workshop) -> None:
    place.create("virt/kvm/new.c")
    assert (place.is_new("virt/kvm/new.c"), place.is_new(FILE)) == (True, False)
    assert place.sheet("virt/kvm/new.c").content == b""
    for path in ("virt/kvm/new.c", FILE, "virt/kvm/empty.c"):
        with pytest.raises(CaplintError, match=f"{path} exists already"):
            place.create(path)


def test_a_place_is_a_run_of_lines_with_one_reason(place: Workshop) -> None:
    """Files in the order of their paths, lines as after the last patch."""
    topic = fresh(place)
    place = topic.workshop
    topic.above(FILE, 3, ["x", "y"], "why")
    topic.above(FILE, 3, ["z"], "else")
    topic.below(FILE, 4, ["end"], "why")
    topic.above(FILE, 1, ["top"], "why")
    topic.replace(BELLS, 2, ["LAST"], "sound")
    assert list(place.places()) == [
        WrittenPlace(BELLS, 2, "sound"), WrittenPlace(FILE, 1, "why"), WrittenPlace(FILE, 4, "why"),
        WrittenPlace(FILE, 6, "else"), WrittenPlace(FILE, 9, "why"),
    ]  # fmt: skip


def test_a_tree_without_a_place_is_told_by_its_name(place: Workshop) -> None:
    assert str(place.lacks("to ring", "no bell")) == f"{place.tree.name} lacks the place to ring: no bell"
