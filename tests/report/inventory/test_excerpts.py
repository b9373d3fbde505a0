"""Source lines around the places of an inventory."""

from __future__ import annotations

from pathlib import Path

from capabilities import argument, cap, definition, found, section, support, use
from conftest import bare_kernel

from caplint.inventory.model import AnnouncedIoctl, Capability, SourceLine
from caplint.report.inventory.excerpts import excerpts, places

TEN = "".join(f"line {number}\n" for number in range(1, 11))


def _at(line: int, path: str = "virt/kvm/a.c") -> Capability:
    return cap(selftests=[SourceLine("kernel", path, line)])


def _numbers(root: Path, text: str, *lines: int) -> list[int]:
    tree = bare_kernel(root, {"virt/kvm/a.c": text})
    return list(excerpts([tree], [_at(line) for line in lines])["kernel"]["virt/kvm/a.c"])


def test_one_line_before_and_four_behind(tmp_path: Path) -> None:
    assert _numbers(tmp_path, TEN, 3) == [2, 3, 4, 5, 6, 7]


def test_at_the_ends_of_a_file(tmp_path: Path) -> None:
    assert _numbers(tmp_path / "a", TEN, 1) == [1, 2, 3, 4, 5]
    assert _numbers(tmp_path / "b", TEN.rstrip("\n"), 10) == [9, 10]
    assert _numbers(tmp_path / "c", TEN, 99) == []


def test_places_that_overlap_share_lines(tmp_path: Path) -> None:
    assert _numbers(tmp_path, TEN, 1, 3) == [1, 2, 3, 4, 5, 6, 7]


def test_lines_are_shown_safely(tmp_path: Path) -> None:
    text = b"\tif (a)\t\x1b[2J  \r\n" + b"x" * 300 + b"\n\xff\xe2\x80\xae\n"
    tree = bare_kernel(tmp_path, {"virt/kvm/a.c": text})
    lines = excerpts([tree], [_at(1)])["kernel"]["virt/kvm/a.c"]
    assert lines[1] == "        if (a)  \\x1b[2J"
    assert lines[2] == "x" * 180 + "…"
    assert lines[3] == "\ufffd\\u202e"


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    tree = bare_kernel(tmp_path, {})
    assert excerpts([tree], [_at(1, "virt/kvm/gone.c")]) == {"kernel": {"virt/kvm/gone.c": {}}}


def test_every_kind_of_place_counts() -> None:
    lines = {
        1: cap(definitions=[definition(SourceLine("k", "a", 1))]),
        2: cap(ioctls=[AnnouncedIoctl("KVM_RUN", None, SourceLine("k", "a", 2))]),
        3: cap(documentation=[section()]),
        4: cap(vmm=[use("check", SourceLine("q", "a", 4))]),
        5: cap(findings=[found("note")]),
        6: _at(6),
        7: cap(architectures={"x86": support("always", "vm", arguments=(argument(0),))}),
    }
    assert {number: len(list(places(one))) for number, one in lines.items()} == {
        1: 1, 2: 1, 3: 1, 4: 1, 5: 1, 6: 1, 7: 2,
    }  # fmt: skip
    assert list(places(cap())) == []
