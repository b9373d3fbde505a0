"""Copies of KVM's headers in tools/: what a patch of KVM has changed there is taken back."""

from __future__ import annotations

from pathlib import Path

import pytest
from bench import Rows, bench, finding
from conftest import UAPI

from caplint.findings.finding import Finding
from caplint.findings.fix import Fix
from caplint.fixes.dropped_copy import propose
from caplint.trees.overlay import OverlayTree

COPY, ARCH = "tools/include/uapi/linux/kvm.h", "tools/arch/x86/include/uapi/asm/kvm.h"
TABLE = "patch_file(tree, path, series, ordinal, kind)"
BEFORE = {COPY: "one\ntwo\n", ARCH: "x\n", UAPI: "one\ntwo\n"}
FOUND = finding(1, path=UAPI)


def _fixes(
    root: Path,
    rows: Rows,
    after: dict[str, bytes | None],
    found: Finding = FOUND,
    before: dict[str, str | bytes] | None = None,
) -> list[tuple[Finding, Fix]]:
    made = bench(root, {**BEFORE, **(before or {})}, {TABLE: [("kernel", *row) for row in rows]})
    made.trees["kernel"] = OverlayTree(made.trees["kernel"], after)
    return list(propose([found], made))


def _row(path: str, ordinal: int = 1, kind: str = "modified") -> tuple[object, ...]:
    return path, 1, ordinal, kind


OURS: Rows = [_row(UAPI), _row(COPY)]
AFTER: dict[str, bytes | None] = {UAPI: b"one\ntwo\nthree\n", COPY: b"one\ntwo\nthree\n"}


def test_a_copy_is_what_it_was(tmp_path: Path) -> None:
    ((of, fix),) = _fixes(tmp_path, OURS, AFTER)
    assert of is FOUND
    assert [(edit.path, edit.line, edit.old, edit.new) for edit in fix.edits] == [
        (COPY, 3, ("three",), ()),
    ]  # fmt: skip
    assert fix.brings == ("CAP106",), "those who update the copy are told of it"


def test_all_copies_of_the_patch_or_none(tmp_path: Path) -> None:
    after: dict[str, bytes | None] = {**AFTER, ARCH: b"x\ny\n"}
    ((_, fix),) = _fixes(tmp_path / "a", [*OURS, _row(ARCH)], after)
    assert {edit.path for edit in fix.edits} == {COPY, ARCH}
    assert _fixes(tmp_path / "b", [*OURS, _row(ARCH)], {**after, ARCH: b"x\r\n"}) == []


@pytest.mark.parametrize(
    "rows",
    [
        [_row(UAPI)],  # changes no copy
        [_row(UAPI), _row(COPY, 2)],  # another patch does
        [*OURS, _row(COPY, 2)],  # so does another patch
        [*OURS, (COPY, 2, 1, "modified")],
        [_row(UAPI), _row(COPY, kind="added")],
        [*OURS, _row(ARCH, kind="renamed")],
        [_row(UAPI), _row("tools/include/uapi/linux/vhost.h")],
        [],
    ],
)
def test_a_patch_that_is_not_the_only_one_or_does_more(tmp_path: Path, rows: Rows) -> None:
    assert _fixes(tmp_path, rows, {**AFTER, ARCH: b"x\ny\n"}) == []


def test_a_note_asks_for_nothing(tmp_path: Path) -> None:
    assert _fixes(tmp_path, OURS, AFTER, finding(1, path=UAPI, severity="note")) == []


@pytest.mark.parametrize("content", [b"\xff\n", b"one\r\n"])
def test_a_copy_that_was_no_plain_text(tmp_path: Path, content: bytes) -> None:
    """The text before the patch cannot be given back by lines."""
    assert _fixes(tmp_path, OURS, {**AFTER, COPY: content}) == []
    assert _fixes(tmp_path / "b", OURS, AFTER, before={COPY: b"\xff\n"}) == []


def test_a_tree_without_a_patch(tmp_path: Path) -> None:
    made = bench(tmp_path, BEFORE, {TABLE: [("kernel", *row) for row in OURS]})
    assert list(propose([FOUND], made)) == []
