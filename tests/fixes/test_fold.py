"""Folding: lines are followed back through the patches of a series, and a fix begins where its lines do."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from caplint.findings.finding import Finding, Location
from caplint.findings.fix import Fix, LineEdit
from caplint.fixes.draft import Draft, lines_of
from caplint.fixes.fold import FoldError, Versions, folded
from caplint.fixes.line_map import blocks, earlier
from caplint.fixes.rewrite import rewritten

_TEXTS = st.lists(st.sampled_from([b"a\n", b"b\n", b"c\n", b"d\n"]), max_size=10).map(b"".join)


@given(before=_TEXTS, after=_TEXTS)
def test_a_line_that_is_found_earlier_is_the_same(before: bytes, after: bytes) -> None:
    changes = blocks(before, after)
    assert changes is not None
    assert Draft.between(before, after, changes).content == after
    old, new = lines_of(before), lines_of(after)
    kept = 0
    for first in range(len(new)):
        place = earlier(changes, first, first + 1)
        if place is not None:
            assert old[place] == new[first]
            kept += 1
    assert kept == len(new) - sum(block.new_stop - block.new for block in changes)


def _finding(line: int, old: str, new: str) -> Finding:
    fix = Fix("mend", (LineEdit("kernel", "a.h", line, (old,), (new,)),))
    return Finding("CAP102", "x", "error", "X", None, None, "m", Location("kernel", "a.h", line), fix=fix)


KEY = ("kernel", "a.h")


def test_a_fix_begins_with_its_lines() -> None:
    versions: Versions = [b"one\n", b"one\nbad\n", b"zero\none\nbad\nlast\n"]
    after = folded([_finding(3, "bad", "good")], {KEY: versions})[KEY]
    assert after == [b"one\n", b"one\ngood\n", b"zero\none\ngood\nlast\n"]


def test_an_added_file() -> None:
    versions: Versions = [None, b"bad\n", b"bad\nmore\n"]
    assert folded([_finding(1, "bad", "good")], {KEY: versions})[KEY] == [None, b"good\n", b"good\nmore\n"]


@pytest.mark.parametrize("versions", [[b"bad\n", b"bad\nmore\n"], [b"bad\n", None], None])
def test_what_no_patch_brings_is_not_folded(versions: Versions | None) -> None:
    files = {} if versions is None else {KEY: versions}
    with pytest.raises(FoldError):
        folded([_finding(1, "bad", "good")], files)


DIFF = b"""\
Say why.
---
 a.h | 1 +

diff --git a/a.h b/a.h
index 1234567..89abcde 100644
--- a/a.h
+++ b/a.h
@@ -1 +1,2 @@ struct x
 one
+bad
--\x20
2.39
"""


def test_the_rest_of_a_mail_stays() -> None:
    text = rewritten(DIFF, b"a.h", b"one\n", b"one\ngood\n")
    assert text == DIFF.replace(b"+bad", b"+good").replace(b" struct x", b"").replace(
        b"index 1234567..89abcde 100644\n", b""
    )


def test_another_file_gets_a_diff_behind_the_others() -> None:
    text = rewritten(DIFF, b"b.h", b"one\n", b"one\ngood\n")
    added = b"diff --git a/b.h b/b.h\n--- a/b.h\n+++ b/b.h\n@@ -1 +1,2 @@\n one\n+good\n"
    assert text == DIFF.replace(b"+bad\n", b"+bad\n" + added)


def test_a_diff_without_a_change_is_left_out() -> None:
    both = rewritten(DIFF, b"b.h", b"one\n", b"one\ngood\n")
    assert rewritten(both, b"b.h", b"one\n", b"one\n") == DIFF
    with pytest.raises(FoldError, match="nothing would be left of its patch"):
        rewritten(DIFF, b"a.h", b"one\n", b"one\n")


@pytest.mark.parametrize(
    ("text", "path"),
    [
        (DIFF.replace(b"diff --git a/a.h b/a.h\n", b""), b"b.h"),
        (DIFF.replace(b"\n", b"\r\n"), b"a.h"),
        (DIFF + DIFF, b"a.h"),
        (DIFF.replace(b"diff --git a/a.h b/a.h\n", b""), b"a.h"),
        (DIFF.replace(b"index 1234567..89abcde 100644\n", b"rename from b.h\nrename to a.h\n"), b"a.h"),
    ],
)
def test_other_diffs_are_refused(text: bytes, path: bytes) -> None:
    with pytest.raises(FoldError):
        rewritten(text, path, b"one\n", b"one\ngood\n")
