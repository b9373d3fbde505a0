"""Diffs of kinds that are not read are told by how they begin, wherever that is; prose and code are none."""

from __future__ import annotations

import time

import pytest

from caplint.trees.foreign_diffs import BOM, foreign

UNIFIED = b"diff --git a/x b/x\n--- a/x\n+++ b/x\n@@ -1 +1 @@\n-a\n+b\n"
CONTEXT = b"*** a/x.c\t2024\n--- b/x.c\t2024\n***************\n*** 1,3 ****\n  a\n! b\n--- 1,3 ----\n  a\n! c\n"
NORMAL = b"3c3\n< old\n---\n> new\n"


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        (b"diff --cc x\nindex 1,2..3\n", "combined"),
        (b"Subject: x\n\ndiff --combined x\n", "combined"),
        (b"\x1b[1mdiff --git a/x b/x\x1b[m\n", "coloured"),
        (b"\x1b[1;33m@@ -1 +1 @@\x1b[m\n", "coloured"),
        (b"\x1b[31m--- a/x\n", "coloured"),
        (CONTEXT, "context"),
        (b"--- a/x.c\n***************\n*** 1,3 ****\n", "context"),
        (NORMAL, "without context"),
        (b"text\n12,14d11\n< old\n", "without context"),
        (b"0a1,2\r\n> new\r\n", "without context"),
        (UNIFIED + NORMAL, "without context"),
    ],
)
def test_kinds(text: bytes, kind: str) -> None:
    said = foreign(text)
    assert said is not None
    assert kind in said


@pytest.mark.parametrize(
    "text",
    [
        b"",
        UNIFIED,
        UNIFIED.replace(b"+b", b"+diff --cc x"),
        b"as diff --cc says\n",
        b" 3c3\n< old\n",
        b"3c3\nold\n",
        b"3e3\n< old\n",
        b"1234567890c3\n< old\n",
        b"*** note ***\n***************\nno hunk\n",
        b"*** a\n**************\n*** 1,3 ****\n",
        b"\x1b[31mtext\n",
        b"\x1b[31m@ -1 +1 @@\n",
    ],
)
def test_what_is_none(text: bytes) -> None:
    assert foreign(text) is None


@pytest.mark.parametrize(
    ("text", "left"),
    [
        (b"\xef\xbb\xbfdiff --git a/x b/x\n", b"diff --git a/x b/x\n"), (b"\xef\xbb\xbf--- a/x\n", b"--- a/x\n"),
        (b"\xef\xbb\xbfFrom 0123\n", b"From 0123\n"), (b"x\n\xef\xbb\xbfdiff \n", b"x\ndiff \n"),
        (b"\xef\xbb\xbfother\n", b"\xef\xbb\xbfother\n"), (b"+\xef\xbb\xbfdiff \n", b"+\xef\xbb\xbfdiff \n"),
    ],
)  # fmt: skip
def test_marks_at_the_beginning_of_a_file(text: bytes, left: bytes) -> None:
    assert BOM.sub(b"", text) == left


def test_time_is_in_proportion_to_the_text() -> None:
    begin = time.process_time()
    assert foreign(b"*** " * 200_000 + b"1" * 200_000 + b"\x1b[" * 200_000 + b"*** \n" * 100_000) is None
    assert time.process_time() - begin < 1
