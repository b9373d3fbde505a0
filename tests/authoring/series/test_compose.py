"""Series of one tree: the patches of its project's plan that have something to do, with all places and questions."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from conftest import lay
from written import kernel, workshop

from caplint.authoring.kernel.numbers import settled
from caplint.authoring.request import CapabilityRequest, parse
from caplint.authoring.series.compose import NewSeries, series
from caplint.authoring.workshop import Workshop
from caplint.trees.detect import directory_tree
from caplint.util.errors import CaplintError

UAPI = "include/uapi/linux/kvm.h"


@pytest.fixture(scope="module")
def mini() -> Iterator[Workshop]:
    with workshop(kernel()) as place:
        yield place


def _series(place: Workshop, request: CapabilityRequest) -> NewSeries:
    return series(settled(request, place), Workshop(place.bench, place.tree))


def test_patches_come_in_the_order_of_the_plan(mini: Workshop) -> None:
    made = _series(mini, parse("KVM_CAP_X86_BELL", archs=["x86"], register="BELL=0x1234"))
    assert [topic.subject.partition(": ")[0] for topic in made.topics] == ["x86/msr-index", "KVM", "KVM", "KVM"]
    assert [UAPI in topic.files for topic in made.topics] == [False, False, True, False]
    assert all(topic.workshop is made.workshop for topic in made.topics)
    assert all(topic.body for topic in made.topics)


def test_a_patch_without_anything_to_do_is_left_out(mini: Workshop) -> None:
    """The register is defined, so that there is nothing to add to the header of registers."""
    made = _series(mini, parse("KVM_CAP_X86_PPIN", archs=["x86"], register="PPIN"))
    assert [topic.subject for topic in made.topics] == [
        "KVM: x86: Emulate MSR_PPIN", "KVM: x86: Add KVM_CAP_X86_PPIN", "KVM: selftests: Test KVM_CAP_X86_PPIN",
    ]  # fmt: skip
    assert all(topic.files for topic in made.topics)


def test_its_questions_are_kept_with_the_patch_before_it(mini: Workshop) -> None:
    """No self-tests of MIPS are built, which people are asked about."""
    made = _series(mini, parse("KVM_CAP_MIPS_BELL", archs=["mips"], scope="none"))
    assert [topic.subject for topic in made.topics] == ["KVM: mips: Add KVM_CAP_MIPS_BELL"]
    assert "self-test" in [found.subject for found, _ in made.decisions]


def test_a_patch_changes_what_those_before_it_have_left(mini: Workshop) -> None:
    made = _series(mini, parse("KVM_CAP_X86_PPIN", archs=["x86"], register="PPIN"))
    state, adding, _ = made.topics
    shared = set(state.files) & set(adding.files)
    assert "arch/x86/kvm/x86.c" in shared
    assert all(state.files[path].content == adding.files[path].before for path in shared)


def test_places_and_decisions_are_those_of_all_patches(mini: Workshop) -> None:
    made = _series(mini, parse("KVM_CAP_BELL", arguments="size", answer="count"))
    assert {place.path for place in made.places} == {path for topic in made.topics for path in topic.files}
    assert [place.path for place in made.places] == sorted(place.path for place in made.places)
    assert [found for found, _ in made.decisions] == [found for topic in made.topics for found in topic.decisions]
    for found, line in made.decisions:
        assert found.anchor in made.workshop.sheet(found.path).lines[line - 1].text


def test_other_projects_get_no_patches(tmp_path: Path) -> None:
    files = {"src/qemu/qemu_driver.c": "", "src/libvirt-domain.c": ""}
    with (
        workshop(directory_tree(str(lay(tmp_path, files)), name="virt")) as place,
        pytest.raises(CaplintError, match="virt: patches can be written for linux, qemu, not for libvirt"),
    ):
        series(parse("KVM_CAP_BELL"), place)
