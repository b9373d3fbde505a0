"""Diffs apply exactly or not at all."""

from __future__ import annotations

from pathlib import Path

import pytest
from conftest import X86, bare_kernel

from caplint.trees.apply import changes
from caplint.trees.tree import Tree
from caplint.util.errors import CaplintError


def _tree(root: Path, content: bytes = b"a\nb\nc\nd\ne\n") -> Tree:
    return bare_kernel(root, {X86: content})


def _diff(*lines: str, path: str = X86) -> bytes:
    return "".join(f"{line}\n" for line in (f"--- a/{path}", f"+++ b/{path}", *lines)).encode()


ADD = ("--- /dev/null", "+++ b/virt/kvm/new.c", "@@ -0,0 +1,2 @@", "+one", "+two", "")
REMOVE = (f"--- a/{X86}", "+++ /dev/null", "@@ -1,5 +0,0 @@", "-a", "-b", "-c", "-d", "-e", "")


@pytest.mark.parametrize(
    ("diff", "path", "after"),
    [
        (_diff("@@ -2,3 +2,3 @@", " b", "-c", "+C", " d"), X86, b"a\nb\nC\nd\ne\n"),
        (_diff("@@ -1,2 +1,3 @@", "+first", " a", " b"), X86, b"first\na\nb\nc\nd\ne\n"),
        (_diff("@@ -5,1 +5,2 @@", " e", "+f"), X86, b"a\nb\nc\nd\ne\nf\n"),
        (_diff("@@ -2,0 +3,1 @@", "+between"), X86, b"a\nb\nbetween\nc\nd\ne\n"),
        (_diff("@@ -2,1 +1,0 @@", "-b"), X86, b"a\nc\nd\ne\n"),
        (_diff("@@ -1,1 +1,1 @@", "-a", "+A", "@@ -5,1 +5,1 @@", "-e", "+E"), X86, b"A\nb\nc\nd\nE\n"),
        ("\n".join(ADD).encode(), "virt/kvm/new.c", b"one\ntwo\n"),
        ("\n".join(REMOVE).encode(), X86, None),
    ],
    ids=["modify", "prepend", "append", "no context", "drop", "two hunks", "add a file", "remove a file"],
)
def test_what_a_diff_makes_of_a_file(tmp_path: Path, diff: bytes, path: str, after: bytes | None) -> None:
    assert changes(_tree(tmp_path), diff, "p") == {path: after}


@pytest.mark.parametrize(
    ("before", "diff", "after"),
    [
        (b"a\r\nb\r\n", f"--- a/{X86}\n+++ b/{X86}\n@@ -1,2 +1,2 @@\n a\r\n-b\r\n+B\r\n".encode(), b"a\r\nB\r\n"),
        (b"a\nb", _diff("@@ -1,2 +1,2 @@", " a", "-b", r"\ No newline at end of file", "+b"), b"a\nb\n"),
        (b"a\nb\n", _diff("@@ -1,2 +1,2 @@", " a", "-b", "+b", r"\ No newline at end of file"), b"a\nb"),
        (b"a\nb", _diff("@@ -1,2 +1,2 @@", "-a", "+A", " b", r"\ No newline at end of file"), b"A\nb"),
        (b"\xe9\n\xff\n", _diff("@@ -1,2 +1,2 @@") + b" \xe9\n-\xff\n+\xfe\n", b"\xe9\n\xfe\n"),
        (b"a\x0cb\n\x85\n", _diff("@@ -1,2 +1,2 @@") + b"-a\x0cb\n+c\n \x85\n", b"c\n\x85\n"),
    ],
    ids=["CRLF", "newline added", "newline lost", "newline lost before", "not UTF-8", "form feed and NEL"],
)
def test_bytes_are_kept(tmp_path: Path, before: bytes, diff: bytes, after: bytes) -> None:
    assert changes(_tree(tmp_path, before), diff, "p") == {X86: after}


@pytest.mark.parametrize(
    ("diff", "message"),
    [
        (
            _diff("@@ -2,2 +2,2 @@", " b", "-x", "+C"),
            f"p: hunk 1 of {X86} (line 2) does not apply; make it against this very tree",
        ),
        (
            _diff("@@ -1,1 +1,1 @@", "-a", "+A", "@@ -4,1 +4,1 @@", "-e", "+E"),
            f"p: hunk 2 of {X86} (line 4) applies only at line 5; make it against this very tree",
        ),
        (
            _diff("@@ -9,1 +9,1 @@", "-a", "+A"),
            f"p: hunk 1 of {X86} (line 9) applies only at line 1; make it against this very tree",
        ),
        (
            _diff("@@ -1,1 +1,1 @@", "-a", "+A", path="virt/kvm/gone.c"),
            "p: kernel has no virt/kvm/gone.c to apply it to",
        ),
        (_diff("@@ -1,1 +1,1 @@", "-a", "+A", path="../out.c"), "p: '../out.c' lies outside the tree; refused"),
        (
            _diff("@@ -1,1 +1,1 @@", "-a", "+A", path="x/../../out.c"),
            "p: 'x/../../out.c' lies outside the tree; refused",
        ),
        (
            b"--- /etc/passwd\n+++ /etc/passwd\n@@ -1,1 +1,1 @@\n-a\n+A\n",
            "p: '/etc/passwd' lies outside the tree; refused",
        ),
        (b"", "p: holds no diff"),
        (b"just text\n", "p: holds no diff"),
    ],
)
def test_a_diff_that_cannot_be_laid(tmp_path: Path, diff: bytes, message: str) -> None:
    with pytest.raises(CaplintError) as error:
        changes(_tree(tmp_path), diff, "p")
    assert str(error.value) == message


@pytest.mark.parametrize(
    "diff",
    [
        _diff("@@ -1,3 +1,3 @@", " a"),
        _diff("@@ -1,1 +1,1 @@", "?a"),
    ],
    ids=["too short", "no such mark"],
)
def test_a_malformed_diff(tmp_path: Path, diff: bytes) -> None:
    with pytest.raises(CaplintError, match=r"^p: not a unified diff: "):
        changes(_tree(tmp_path), diff, "p")


@pytest.mark.parametrize(
    ("before", "message"),
    [
        (b"other\n", f"p: hunk 1 of {X86} (line 1) does not apply; make it against this very tree"),
        (b"a\nb\nc\nd\ne\nf\n", f"p: hunk 1 of {X86} (line 1) does not apply; make it against this very tree"),
    ],
)
def test_a_removal_has_to_fit(tmp_path: Path, before: bytes, message: str) -> None:
    with pytest.raises(CaplintError) as error:
        changes(_tree(tmp_path, before), "\n".join(REMOVE).encode(), "p")
    assert str(error.value) == message


def test_a_file_that_exists_cannot_be_added(tmp_path: Path) -> None:
    diff = f"--- /dev/null\n+++ b/{X86}\n@@ -0,0 +1,1 @@\n+one\n".encode()
    with pytest.raises(CaplintError) as error:
        changes(_tree(tmp_path), diff, "p")
    assert str(error.value) == f"p: kernel already has the {X86} that it adds"


def test_a_later_part_sees_what_an_earlier_one_did(tmp_path: Path) -> None:
    remove, add = "\n".join(REMOVE), f"--- /dev/null\n+++ b/{X86}\n@@ -0,0 +1,1 @@\n+one\n"
    assert changes(_tree(tmp_path), (remove + add).encode(), "p") == {X86: b"one\n"}
    with pytest.raises(CaplintError, match="has no"):
        changes(_tree(tmp_path), remove.encode() + _diff("@@ -1,1 +1,1 @@", "-a", "+A"), "p")
