"""Fixes in the patches of series: each goes into the mail that brought the fault, and later mails follow it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from conftest import bare_kernel

from caplint.engine.mending import Mended
from caplint.engine.outcome import Outcome, nothing
from caplint.engine.series_fixes import Texts, fix_series, only, refuse_equal_names, replace_content
from caplint.findings.finding import Finding, Location, identify
from caplint.findings.fix import Fix, LineEdit
from caplint.trees.patch_text import PatchText
from caplint.trees.series import PatchedTrees, apply_series, read_series
from caplint.trees.tree import Tree
from caplint.util.errors import CaplintError

FILE = "virt/kvm/tea.c"
START = "int one;\nint two;\n"


def _mail(number: int, before: str, after: str, *, count: int = 2, path: str = FILE, more: str = "") -> PatchText:
    """A mail that replaces a whole file."""
    old, new = ([f"{mark}{line}\n" for line in text.splitlines()] for mark, text in (("-", before), ("+", after)))
    text = (
        f"From {'1' * 40} Mon Sep 17 00:00:00 2001\nFrom: Me <me@example.org>\n"
        f"Subject: [PATCH {number}/{count}] Do {number}\n{more}\nWhy.\n---\n\n"
        f"diff --git a/{path} b/{path}\nindex 1111111..2222222 100644\n--- a/{path}\n+++ b/{path}\n"
        f"@@ -1,{len(old)} +1,{len(new)} @@\n{''.join(old + new)}-- \n2.43.0\n\n"
    )
    return PatchText(f"{number}.patch", text.encode())


def _wrong(tree: Tree) -> Iterator[Finding]:
    """Every line with `bad` is a fault, which `good` instead would mend."""
    for number, line in enumerate(tree.read(FILE).decode().splitlines(), 1):
        if "bad" in line:
            edit = LineEdit("kernel", FILE, number, (line,), (line.replace("bad", "good"),))
            place = Location("kernel", FILE, number)
            yield Finding("CAP999", "x", "note", line, None, None, "m", place, fix=Fix("mend", (edit,)))


def _check(patched: PatchedTrees) -> Outcome:
    return replace(nothing([], ""), findings=identify(_wrong(patched.trees[0]), {"kernel": "kernel"}))


def _fixed(root: Path, *texts: PatchText) -> Mended[Texts]:
    tree = bare_kernel(root, {FILE: START})

    def lay(texts: Texts) -> PatchedTrees:
        return only(apply_series(read_series(texts, lambda _: None), [tree], None, lambda _: None))

    return fix_series(texts, _check(lay(texts)), lay, _check)


ADDED = START + "int bad;\n"


def test_a_fault_is_mended_where_it_came_and_the_next_mail_follows(tmp_path: Path) -> None:
    texts = (_mail(1, START, ADDED), _mail(2, ADDED, f"{ADDED}int more;\n"))
    mended = _fixed(tmp_path, *texts)
    first, second = (text.content.decode() for text in mended.state)
    assert "+int good;\n" in first
    assert "bad" not in first + second
    assert "int more;\n" in second
    assert ([found.subject for found in mended.fixed], mended.refused) == (["int bad;"], [])


def test_a_mail_before_the_fault_keeps_its_bytes(tmp_path: Path) -> None:
    between = START + "int fine;\n"
    texts = (_mail(1, START, between), _mail(2, between, f"{between}int bad;\n"))
    mended = _fixed(tmp_path, *texts)
    assert mended.state[0] is texts[0]
    assert b"+int good;\n" in mended.state[1].content
    assert b"Subject: [PATCH 2/2] Do 2\n" in mended.state[1].content


def test_several_mails_of_one_file(tmp_path: Path) -> None:
    one, two = _mail(1, START, ADDED), _mail(2, ADDED, f"{ADDED}int bad2;\n")
    mended = _fixed(tmp_path, PatchText("all.mbox", one.content + two.content))
    (text,) = mended.state
    assert text.label == "all.mbox"
    assert text.content.count(b"Subject: ") == 2
    assert b"bad" not in text.content
    assert len(mended.fixed) == 2


def test_an_encoded_mail_is_refused_and_the_other_mended(tmp_path: Path) -> None:
    coded = _mail(1, START, ADDED, more="Content-Transfer-Encoding: quoted-printable\n")
    texts = (replace_content(coded, coded.content.replace(b"=", b"=3D")), _mail(2, ADDED, f"{ADDED}int bad2;\n"))
    mended = _fixed(tmp_path, *texts)
    assert [(found.subject, reason) for found, reason in mended.refused] == [
        ("int bad;", "the mail is encoded or in several parts; use --diff")
    ]
    assert [found.subject for found in mended.fixed] == ["int bad2;"]
    assert mended.state[0] is texts[0]


def test_a_fault_that_the_series_did_not_bring_changes_no_mail(tmp_path: Path) -> None:
    tree = bare_kernel(tmp_path, {FILE: ADDED})
    texts = (_mail(1, ADDED, f"{ADDED}int more;\n", count=1),)

    def lay(texts: Texts) -> PatchedTrees:
        return only(apply_series(read_series(texts, lambda _: None), [tree], None, lambda _: None))

    mended = fix_series(texts, _check(lay(texts)), lay, _check)
    assert mended.state == texts
    assert mended.fixed == []
    assert [found.subject for found, _ in mended.refused] == ["int bad;"]


def test_nothing_wrong_is_nothing_changed(tmp_path: Path) -> None:
    texts = (_mail(1, START, f"{START}int more;\n", count=1),)
    mended = _fixed(tmp_path, *texts)
    assert (mended.state, mended.fixed, mended.refused) == (texts, [], [])


def test_two_files_of_one_name_cannot_be_told_apart() -> None:
    one = PatchText("a.patch", b"")
    refuse_equal_names((one, PatchText("b.patch", b"")))
    with pytest.raises(CaplintError, match=r"a\.patch: is given twice"):
        refuse_equal_names((one, PatchText("b.patch", b""), one))


def test_series_that_exclude_each_other_are_refused(tmp_path: Path) -> None:
    texts = (_mail(1, START, f"{START}int x;\n", count=1), PatchText("o", _mail(1, START, f"{START}int y;\n").content))
    laid = apply_series(
        read_series(texts, lambda _: None), [bare_kernel(tmp_path, {FILE: START})], None, lambda _: None
    )
    with pytest.raises(CaplintError, match="series that can be applied together"):
        only(laid)
