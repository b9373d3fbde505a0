"""Histories of directories and headers: what is wanted, and in which order it stands."""

from __future__ import annotations

from pathlib import Path

import pytest
from conftest import QEMU_UAPI, UAPI, lay
from histories import Made, brief, header

from caplint.config.settings import Config
from caplint.history.build import HistoryRun, header_paths, of_directories
from caplint.history.model import Track
from caplint.history.wanted import Wanted
from caplint.trees.detect import directory_tree
from caplint.util.errors import CaplintError


def _states(root: Path, *texts: str, caps: tuple[str, ...] = (), name: str | None = None) -> Track:
    words = []
    for number, text in enumerate(texts):
        files = {UAPI: text, "virt/kvm/kvm_main.c": ""}
        words.append((str(lay(root / str(number), files)), f"v{number}"))
    run = HistoryRun(Wanted(caps, code=False), Config(cache="none", jobs=1), lambda *_: None)
    return of_directories(words, ("kernel", name), run)


@pytest.mark.parametrize(
    ("caps", "wanted"),
    [
        ((), ["KVM_CAP_A", "KVM_CAP_B"]),
        (("KVM_CAP_A",), ["KVM_CAP_A"]),
        (("KVM_CAP_*",), ["KVM_CAP_A", "KVM_CAP_B"]),
        (("*_B", "*_A"), ["KVM_CAP_A", "KVM_CAP_B"]),
        (("KVM_CAP_Z",), []),
    ],
)
def test_what_is_wanted(tmp_path: Path, caps: tuple[str, ...], wanted: list[str]) -> None:
    assert [cap for cap in ("KVM_CAP_A", "KVM_CAP_B") if Wanted(caps).has(cap)] == wanted
    track = _states(tmp_path, header(A=1, B=2), caps=caps)
    assert [event.cap for event in track.events] == wanted
    assert track.known == ("KVM_CAP_A", "KVM_CAP_B")  # whatever is wanted


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        ([header(A=1)], [("A", "present", None, "1", "v0")]),
        ([header(), header(A=1)], [("A", "brought", None, "1", "v1")]),
        ([header(A=1), header()], [("A", "present", None, "1", "v0"), ("A", "removed", "1", None, "v1")]),
        (
            [header(A=1), header(A=2), header(A=2)],
            [("A", "present", None, "1", "v0"), ("A", "renumbered", "1", "2", "v1")],
        ),
        (
            [header(A=1), header(), header(A=1)],
            [("A", "present", None, "1", "v0"), ("A", "removed", "1", None, "v1"), ("A", "brought", None, "1", "v2")],
        ),
        (
            [header(A=1), header(B=1)],
            [
                ("A", "present", None, "1", "v0"),
                ("A", "renamed", "KVM_CAP_A", "KVM_CAP_B", "v1"),
                ("B", "renamed", "KVM_CAP_A", "KVM_CAP_B", "v1"),
            ],
        ),
    ],
)
def test_events_of_directories(tmp_path: Path, texts: list[str], expected: list[tuple[str | None, ...]]) -> None:
    assert [brief(event) for event in _states(tmp_path, *texts).events] == expected


def test_events_stand_by_number_then_name_and_those_without_a_number_last(tmp_path: Path) -> None:
    text = header(UNKNOWN="ELSEWHERE", NINE=9, TEN=10, AGAIN=9, ZERO=0)
    first = _states(tmp_path, text).events
    assert [event.cap.removeprefix("KVM_CAP_") for event in first] == ["ZERO", "AGAIN", "NINE", "TEN", "UNKNOWN"]


def test_the_last_number_counts_for_the_order(tmp_path: Path) -> None:
    track = _states(tmp_path, header(A=1, B=2), header(A=3, B=2))
    assert [event.cap for event in track.events] == ["KVM_CAP_B", "KVM_CAP_A", "KVM_CAP_A"]


def test_a_track_of_directories(tmp_path: Path) -> None:
    track = _states(tmp_path, header(A=1), header(A=1), name="mine")
    assert (track.name, track.role) == ("mine", "kernel")
    assert track.location == f"{tmp_path}/0, {tmp_path}/1"
    assert [(point.label, point.commit) for point in track.points] == [("v0", None), ("v1", None)]
    assert track.remarks == ()


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ({UAPI: "", "virt/kvm/kvm_main.c": ""}, UAPI),
        ({QEMU_UAPI: "", "accel/kvm/kvm-all.c": ""}, QEMU_UAPI),
    ],
)
def test_the_header_with_the_numbers(tmp_path: Path, files: dict[str, str], expected: str) -> None:
    assert expected in header_paths(directory_tree(str(lay(tmp_path, files))))


def test_a_header_that_is_gone_defines_nothing(tmp_path: Path) -> None:
    lay(tmp_path / "a", {UAPI: header(A=1), "virt/kvm/kvm_main.c": ""})
    lay(tmp_path / "b", {"include/uapi/linux/kvm.h": "", "virt/kvm/kvm_main.c": ""})
    run = HistoryRun(Wanted(code=False), Config(cache="none", jobs=1), lambda *_: None)
    words = [(str(tmp_path / name), name) for name in ("a", "b")]
    track = of_directories(words, ("kernel", None), run)
    assert [brief(event)[1] for event in track.events] == ["present", "removed"]


def test_a_revision_that_is_no_commit(tmp_path: Path) -> None:
    made = Made(tmp_path / "k")
    made.state("first", A=1)
    with pytest.raises(CaplintError, match="is not a commit"):
        made.track(revision="HEAD^{tree}")


def test_the_last_state_is_a_point_even_without_a_tag(tmp_path: Path) -> None:
    made = Made(tmp_path / "k")
    made.state("first", A=1)
    made.tag("v6.1")
    assert [point.label for point in made.track().points] == ["v6.1"]
    last = made.state("second", A=1, B=2)
    track = made.track()
    assert [(point.label, point.commit) for point in track.points][1:] == [("HEAD", last)]
    assert [brief(event) for event in track.events if event.cap == "KVM_CAP_B"] == [("B", "brought", None, "2", None)]
