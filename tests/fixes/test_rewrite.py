"""The diff of one file in a mail is written anew; everything else stays."""

from __future__ import annotations

import pytest

from caplint.fixes.fold import FoldError
from caplint.fixes.rewrite import rewritten, sections

HEAD = b"From: a@example.org\nSubject: [PATCH] x\n\ntext\n---\n a.c | 1 +\n\n"
A = b"diff --git a/a.c b/a.c\nindex 111..222 100644\n--- a/a.c\n+++ b/a.c\n@@ -1,2 +1,3 @@\n one\n+new\n two\n"
B = b"diff --git a/b.c b/b.c\nindex 111..222 100644\n--- a/b.c\n+++ b/b.c\n@@ -1 +1 @@\n-x\n+y\n"
TAIL = b"-- \n2.40\n\n"
BEFORE, AFTER = b"one\ntwo\n", b"one\nbetter\ntwo\n"
BETTER = A.replace(b"index 111..222 100644\n", b"").replace(b"+new", b"+better")


@pytest.mark.parametrize(
    ("text", "expected"),
    [(HEAD + A + TAIL, HEAD + BETTER + TAIL), (HEAD + A + B + TAIL, HEAD + BETTER + B + TAIL),
     (HEAD + B + A + TAIL, HEAD + B + BETTER + TAIL)],
)  # fmt: skip
def test_one_diff_is_replaced(text: bytes, expected: bytes) -> None:
    assert rewritten(text, b"a.c", BEFORE, AFTER) == expected


def test_a_file_that_is_not_changed_any_more() -> None:
    assert rewritten(HEAD + A + B + TAIL, b"a.c", BEFORE, BEFORE) == HEAD + B + TAIL
    with pytest.raises(FoldError, match="nothing would be left of its patch"):
        rewritten(HEAD + A + TAIL, b"a.c", BEFORE, BEFORE)


def test_a_file_that_the_mail_does_not_change_yet() -> None:
    found = rewritten(HEAD + B + TAIL, b"a.c", BEFORE, AFTER)
    assert found.startswith(HEAD + B + b"diff --git a/a.c b/a.c\n")
    assert found.endswith(b"@@ -1,2 +1,3 @@\n one\n+better\n two\n" + TAIL)


@pytest.mark.parametrize(
    ("text", "before", "after", "message"),
    [
        (HEAD + TAIL, BEFORE, AFTER, "its patch is not written as git does"),
        (HEAD + A + A + TAIL, BEFORE, AFTER, "its patch is not written as git does"),
        (HEAD + A.replace(b"\n", b"\r\n"), BEFORE, AFTER, "its patch is not written as git does"),
        (HEAD + A + TAIL, BEFORE, None, "its patch is not written as git does"),
        (HEAD + A.partition(b"@@")[0], BEFORE, AFTER, "its patch changes too many lines, or none"),
        (HEAD + A.replace(b"index", b"rename from x\nrename to a.c\nindex"), BEFORE, AFTER, "moves or removes"),
        (HEAD + A.replace(b"index", b"deleted file mode 100644\nindex"), BEFORE, AFTER, "moves or removes the file"),
        (HEAD + A, b"".join(b"%d\n" % n for n in range(4000)), b"".join(b"x%d\n" % n for n in range(4000)), "too many"),
    ],
)  # fmt: skip
def test_mails_that_cannot_be_rewritten(text: bytes, before: bytes, after: bytes | None, message: str) -> None:
    with pytest.raises(FoldError, match=message):
        rewritten(text, b"a.c", before, after)


def test_a_new_file_keeps_its_mode() -> None:
    new = (
        b"diff --git a/a.c b/a.c\nnew file mode 100644\nindex 000..111\n--- /dev/null\n+++ b/a.c\n@@ -0,0 +1 @@\n+one\n"
    )
    found = rewritten(HEAD + new + TAIL, b"a.c", None, b"one\ntwo\n")
    assert found == HEAD + new.replace(b"index 000..111\n", b"").replace(b"+1 @@\n+one", b"+1,2 @@\n+one\n+two") + TAIL


def test_sections_end_with_their_hunks() -> None:
    text = HEAD + A + B + TAIL
    found = sections(text)
    assert [(one.path, text[one.start : one.stop]) for one in found] == [(b"a.c", A), (b"b.c", B)]
    assert sections(HEAD + TAIL) == []


@pytest.mark.parametrize(
    "hunks",
    [
        b"@@ -1 +1 @@\n-x\n+y\n\\ No newline at end of file\n", b"@@ -1,2 +1 @@\n x\n-diff\n",
        b"@@ -1,2 +1,2 @@\n\n-x\n+y\n",
        b"@@ -1 +0,0 @@\n-x\n@@ -9,0 +9 @@ f(x)\n+-- \n",
    ],
)  # fmt: skip
def test_ends_of_hunks(hunks: bytes) -> None:
    text = b"diff --git a/a.c b/a.c\n--- a/a.c\n+++ b/a.c\n" + hunks
    (found,) = sections(text + TAIL)
    assert found.stop == len(text)


def test_a_hunk_that_is_cut_off() -> None:
    text = b"diff --git a/a.c b/a.c\n@@ -1,999999999 +1,999999999 @@\n x"
    assert [one.stop for one in sections(text)] == [len(text)]
