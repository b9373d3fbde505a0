"""Hunks that were edited by hand are counted anew, and that is said; hunks that were cut off stay errors."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from conftest import UAPI, Caplint, bare_kernel, kernel, lay

from caplint.trees.apply import changes
from caplint.trees.mail import mails
from caplint.trees.unified import FileDiff, parse
from caplint.util.errors import CaplintError

NAMES = b"--- a/x\n+++ b/x\n"
SIGNED = b"-- \n2.39.0\n\n"
NEXT = b"@@ -20,2 +21,3 @@\n s\n+t\n u\n"
OTHER = b"diff --git a/y b/y\n--- a/y\n+++ b/y\n@@ -1 +1,2 @@\n s\n+t\n"
MORE = b"@@ -5,4 +5,5 @@\n a\n b\n+c\n+more\n d\n e\n"
FEWER = b"@@ -5,4 +5,6 @@\n a\n b\n+c\n d\n e\n"
REPLACED = b"@@ -5,5 +5,3 @@\n a\n-b\n-removed\n+c\n+more\n d\n e\n"


def _read(text: bytes) -> list[FileDiff]:
    return [file for mail in mails(text, "p") for file in parse(mail.text, "p")]


@pytest.mark.parametrize("head", [b"", b"From: a\nSubject: [PATCH] b\n\ntext\n---\n"])
@pytest.mark.parametrize("hunk", [MORE, FEWER, REPLACED, MORE.replace(b" b\n", b"\n"), MORE.replace(b"5,5", b"5")])
@pytest.mark.parametrize("behind", [b"", SIGNED, SIGNED.replace(b"-- ", b"--"), NEXT, OTHER, b"\n\n", b"\n\ntext\n"])
def test_counted_anew(head: bytes, hunk: bytes, behind: bytes) -> None:
    first = _read(head + NAMES + hunk + behind)[0]
    assert first.edited == [1]
    assert first.hunks[0].lines == tuple(hunk.splitlines(True)[1:])


def test_lines_behind_are_numbered_by_the_lines_that_are_there() -> None:
    (file,) = _read(NAMES + MORE + NEXT + b"@@ -30 +33,0 @@\n-u\n@@ -40,0 +42 @@\n+v\n")
    assert [(hunk.old, hunk.new, hunk.edited) for hunk in file.hunks] == [
        (5, 5, True), (20, 22, False), (30, 32, False), (40, 43, False),
    ]  # fmt: skip


@pytest.mark.parametrize(
    "hunk",
    [
        MORE.replace(b"4 +5,5", b"4 +5,6"),
        b"@@ -5,4 +5,5 @@\n a\n-----\n-- \n+c\n+====\n d\n e\n".replace(b"5,5", b"5,4"),
    ],
)
def test_what_is_right_is_not_touched(hunk: bytes) -> None:
    (file,) = _read(NAMES + hunk + SIGNED)
    assert file.edited == []


@pytest.mark.parametrize(
    "text",
    [
        NAMES + MORE.replace(b"5,5", b"5,9")[:-8],
        NAMES + FEWER[:-3],
        NAMES + FEWER[:-1],
        NAMES + FEWER.replace(b" e\n", b" e\nwrapped line\n+f\n"),
        NAMES + b"@@ -5,4 +5,4 @@\n a\n b\n" + SIGNED,
        NAMES + b"@@ -5,4 +5,4 @@\n",
    ],
)
def test_what_may_have_been_cut_off(text: bytes) -> None:
    with pytest.raises(CaplintError, match=r"does not match its @@ header \(line \d+\); the patch is truncated or"):
        _read(text)


def test_a_heading_of_a_document_is_no_signature() -> None:
    lines = b" a\n-4.1 KVM_X\n---------\n+4.2 KVM_X\n+========\n b\n"
    (file,) = _read(NAMES + b"@@ -1,4 +1,5 @@\n" + lines + SIGNED)
    assert file.hunks[0].lines == tuple(lines.splitlines(True))


def test_it_is_said(caplint: Caplint, tmp_path: Path, apart: Path) -> None:
    root = tmp_path
    assert apart.is_dir()
    lines = " #define KVM_CAP_NR_VCPUS 9\n+#define A 1\n+#define KVM_CAP_B 12\n"
    diff = f"--- a/{UAPI}\n+++ b/{UAPI}\n@@ -3,1 +3,2 @@\n{lines}"
    run = caplint("patch", lay(root, {"p": diff}) / "p", "--kernel", kernel(root / "k"), "--output-format", "concise")
    assert f"note: {root}/p: the lines of {UAPI} were counted anew; its @@ headers are wrong (hunk 1)\n" in run.err
    assert "CAP105 KVM_CAP_B" in run.out
    with pytest.raises(CaplintError, match="has line counts that do not match its @@ header"):
        changes(bare_kernel(root / "b", {}), diff.encode(), "page")


def test_time() -> None:
    text = NAMES + b"".join(b"@@ -%d,1 +%d,1 @@\n a\n+b\n c\n" % (line, line) for line in range(1, 100_000, 5))
    begun = time.process_time()
    assert len(_read(text)[0].edited) == 20_000
    assert time.process_time() - begun < 5
