"""Parts of diffs that are damaged, or of a kind that is not read: each is refused, none is passed over as text."""

from __future__ import annotations

import pytest

from caplint.trees.mail import mails
from caplint.trees.unified import parse
from caplint.util.errors import CaplintError

GIT = b"diff --git a/x b/x\n"
NAMES = b"--- a/x\n+++ b/x\n"
HUNK = b"@@ -1 +1,2 @@\n a\n+b\n"
SOUND = b"diff --git a/s b/s\n--- a/s\n+++ b/s\n@@ -1 +1,2 @@\n s\n+t\n"
NEW = b"diff --git a/x b/x\nnew file mode 100644\n"
TORN = "two names of a file do not stand above"
MISSING = "the changes of b/x are missing"


def _read(text: bytes) -> list[str]:
    return [file.path for mail in mails(text, "p") for file in parse(mail.text, "p")]


@pytest.mark.parametrize("around", [b"%s", SOUND + b"%s", b"From: a\nSubject: [PATCH] b\n\ntext\n---\n%s"])
@pytest.mark.parametrize(
    ("part", "message"),
    [
        (b"diff --cc x\nindex 1,2..3\n" + NAMES + b"@@@ -1,1 -1,1 +1,2 @@@\n  a\n++b\n", "a combined diff"),
        (b"diff --combined x\n" + NAMES + b"@@@ -1,1 -1,1 +1,2 @@@\n  a\n++b\n", "a combined diff"),
        (b"*** a/x\n--- b/x\n***************\n*** 1 ****\n--- 1,2 ----\n  a\n+ b\n", "a context diff"),
        (b"diff a/x b/x\n1a2\n> b\n", "a diff without context"),
        (b"\x1b[1mdiff --git a/x b/x\x1b[m\n\x1b[1m--- a/x\x1b[m\n", "coloured"),
        (b" --- a/x\n +++ b/x\n" + HUNK, TORN),
        (GIT + NAMES.replace(b"--- a/x\n", b"") + HUNK, TORN),
        (GIT + NAMES.replace(b"+++ b/x\n", b"") + HUNK, TORN),
        (GIT + b"+++ b/x\n--- a/x\n" + HUNK, TORN),
        (GIT + HUNK, TORN),
        (GIT + NAMES + b"index 1..2\n" + HUNK, TORN),
        (NAMES, TORN),
        (GIT, MISSING),
        (GIT + b"index 1234567..89abcde 100644\n", MISSING),
        (GIT + b"old mode 100644\nnew mode 100755\nindex 1234567..89abcde\n", MISSING),
        (NEW + b"index 0000000..1234567\n", MISSING),
        (GIT + NAMES + HUNK.replace(b"@@ -", b"@ -"), TORN),
        (GIT + NAMES + HUNK + b"+c\nwrapped\n", "more lines than the head"),
        (GIT + NAMES + HUNK + b" c\n+d\nwrapped\n+e\n", "more lines than the head"),
        (GIT + NAMES + HUNK + b"-c\n>d\n", "more lines than the head"),
        (GIT + NAMES + HUNK + HUNK.replace(b"@@ -", b"@ -"), "a malformed @@ header"),
        (GIT + b"--- a/y\n+++ b/x\n" + HUNK, "b/x is a/y above its hunks"),
        (GIT + b"--- a/x\n+++ b/y\n" + HUNK, "b/x is b/y above its hunks"),
        (b"diff --git a/x b/y\nrename from x\nrename to y\n--- a/z\n+++ b/y\n" + HUNK, "y is a/z above its hunks"),
    ],
)
def test_refused(around: bytes, part: bytes, message: str) -> None:
    if part.startswith(b" ---") and around.startswith(SOUND[:4]):
        pytest.skip("the hunk is then one more of the file before it, which has no such line")
    with pytest.raises(CaplintError) as error:
        _read(around % part)
    assert message in str(error.value)


@pytest.mark.parametrize(
    "text",
    [
        SOUND + GIT + NAMES + HUNK + b"-- \n2.39.0\n\n",
        SOUND + GIT + NAMES + HUNK + b"-=-=-=-=-\nfooter\n",
        GIT + NAMES + HUNK + b"\n+1, fine\n" + SOUND,
        SOUND + GIT + b"old mode 100644\nnew mode 100755\n",
        SOUND + NEW + b"index 0000000..e69de29\n",
        SOUND + NEW + b"index 0000000..473a0f4c3be8\n",
        SOUND + b"diff --git a/y b/x\nsimilarity index 100%\nrename from y\nrename to x\n",
        SOUND + GIT + b"--- a/x\t2023-01-01\n+++ b/x\t2023-01-01\n" + HUNK,
        b"\xef\xbb\xbf" + GIT + b"old mode 100644\nnew mode 100755\n" + SOUND,
        SOUND + b"\xef\xbb\xbf" + NAMES + HUNK,
    ],
)
def test_read(text: bytes) -> None:
    assert sorted(_read(text)) == ["s", "x"]


def test_a_mark_at_the_beginning() -> None:
    assert _read(b"\xef\xbb\xbf" + NAMES + HUNK) == ["x"]
    (mail,) = mails(b"\xef\xbb\xbfFrom: a\nSubject: b\n\n" + NAMES + HUNK, "p")
    assert mail.subject == "b"
    # As it comes out of a mail's transfer encoding.
    assert [file.path for file in parse(b"\xef\xbb\xbf" + NAMES + HUNK, "p")] == ["x"]


def test_an_answer_may_quote_a_hunk_without_names() -> None:
    mail = b"From a Mon Sep 17 00:00:00 2001\nSubject: %s[PATCH] x\n\n%s\n"
    assert _read(mail % (b"", SOUND) + mail % (b"Re: ", HUNK)) == ["s"]
    with pytest.raises(CaplintError, match=TORN):
        _read(mail % (b"", SOUND) + mail % (b"", HUNK))
