"""What is read out of a diff, whoever made it and whatever stands around it."""

from __future__ import annotations

import time
from contextlib import suppress

import pytest
from conftest import X86

from caplint.trees.diff_names import both_names
from caplint.trees.unified import FileDiff, parse
from caplint.util.errors import CaplintError


def _one(text: bytes) -> FileDiff:
    (found,) = parse(text, "p")
    return found


GIT = b"diff --git a/x.c b/x.c\nindex 1..2 100644\n--- a/x.c\n+++ b/x.c\n@@ -1 +1 @@\n-a\n+b\n"


@pytest.mark.parametrize(
    ("text", "old", "new", "kind"),
    [
        (GIT, "x.c", "x.c", "modified"),
        (b"--- a/x.c\t2020-01-01 10:00\n+++ b/x.c\t2021\n@@ -1 +1 @@\n-a\n+b\n", "x.c", "x.c", "modified"),
        (b"--- a/x.c\t1970-01-01 00:00:00.0 +0000\n+++ b/x.c\t2021\n@@ -0,0 +1 @@\n+b\n", None, "x.c", "added"),
        (b"--- a/x.c\t2021\n+++ b/x.c\t1969-12-31 19:00:00.0 -0500\n@@ -1 +0,0 @@\n-b\n", "x.c", None, "removed"),
        (b"--- x.c\n+++ x.c\n@@ -1 +1 @@\n-a\n+b\n", "x.c", "x.c", "modified"),
        (b"--- linux.orig/d/x.c\n+++ linux/d/x.c\n@@ -1 +1 @@\n-a\n+b\n", "d/x.c", "d/x.c", "modified"),
        (b"diff --git a/x.c b/x.c\nnew file mode 100644\nindex 0..1\n", None, "x.c", "added"),
        (b"diff --git a/x.c b/x.c\ndeleted file mode 100644\nindex 1..0\n", "x.c", None, "removed"),
        (b"diff --git a/x.c b/x.c\nold mode 100644\nnew mode 100755\n", "x.c", "x.c", "modified"),
        (b"diff --git a/x.c b/y.c\nsimilarity index 100%\nrename from x.c\nrename to y.c\n", "x.c", "y.c", "renamed"),
        (b"diff --git a/x.c b/y.c\nsimilarity index 90%\ncopy from x.c\ncopy to y.c\n", "x.c", "y.c", "copied"),
        (b'diff --git "a/\\303\\244 b.c" "b/\\303\\244 b.c"\nold mode 1\nnew mode 2\n', "ä b.c", "ä b.c", "modified"),
        (b"diff --git a/with b/x.c b/with b/x.c\nold mode 1\nnew mode 2\n", "with b/x.c", "with b/x.c", "modified"),
        (b"diff --git i/x.c w/x.c\n--- i/x.c\n+++ w/x.c\n@@ -1 +1 @@\n-a\n+b\n", "x.c", "x.c", "modified"),
    ],
)
def test_what_is_done_to_which_file(text: bytes, old: str | None, new: str | None, kind: str) -> None:
    found = _one(text)
    assert (found.old, found.new, found.kind) == (old, new, kind)


def test_lines_of_a_file_are_no_heads() -> None:
    """A removed line that begins with two dashes looks like the head of a file."""
    body = b"@@ -1,3 +1,3 @@\n--- a/y.c\n+++ b/y.c\n keep\n-diff\n+@@ -1 +1 @@\n"
    found = _one(b"--- a/x.c\n+++ b/x.c\n" + body)
    assert [len(hunk.lines) for hunk in found.hunks] == [5]
    assert [text for _, text in found.hunks[0].side(b"-")] == [b"-- a/y.c", b"keep", b"diff"]


def test_text_around_is_passed_over() -> None:
    mail = b"Hello,\n\n---\n x.c | 2 +-\n\n" + GIT + b"-- \n2.39.5\n\n_______\nlist footer\n"
    assert _one(mail) == _one(GIT)


def test_a_diff_that_was_made_crlf() -> None:
    assert _one(GIT.replace(b"\n", b"\r\n")) == _one(GIT)


def test_crlf_of_the_file_is_kept() -> None:
    assert _one(GIT.replace(b"-a\n+b\n", b"-a\r\n+b\r\n")).hunks[0].lines == (b"-a\r\n", b"+b\r\n")


def test_a_hunk_with_stripped_context() -> None:
    """Some mailers drop the blank at the end of an empty context line."""
    found = _one(b"--- a/x.c\n+++ b/x.c\n@@ -1,3 +1,3 @@\n a\n\n-b\n+c\n")
    assert [number for number, _ in found.hunks[0].side(b"+")] == [1, 2, 3]


@pytest.mark.parametrize("kind", ["GIT binary patch\nliteral 3\nKcmZ\n", "Binary files a/x.c and b/x.c differ\n"])
def test_binary(kind: str) -> None:
    assert _one(f"diff --git a/x.c b/x.c\nindex 1..2 100644\n{kind}\n".encode()).binary


@pytest.mark.parametrize("mode", [b"120000", b"160000"])
def test_links_and_submodules(mode: bytes) -> None:
    assert _one(b"diff --git a/x b/x\nnew file mode " + mode + b"\n--- /dev/null\n+++ b/x\n@@ -0,0 +1 @@\n+/etc\n").link


@pytest.mark.parametrize(
    "head",
    [
        b"old mode 120000\nnew mode 100644\n",
        b"old mode 100644\nnew mode 120000\n",
        b"deleted file mode 120000\n--- a/x\n+++ /dev/null\n@@ -1 +0,0 @@\n-/etc\n",
        b"index 1111111..2222222 120000\n--- a/x\n+++ b/x\n@@ -1 +1 @@\n-/etc\n+/usr\n",
    ],
    ids=["was", "will be", "goes", "stays"],
)
def test_what_is_a_link_on_either_side(head: bytes) -> None:
    assert _one(b"diff --git a/x b/x\n" + head).link


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            b"--- a/x.c\n+++ b/x.c\n@@ -1,2 +1,2 @@\n a\n",
            "p: not a unified diff: hunk 1 of b/x.c does not match its @@",
        ),
        (
            b"--- a/x.c\n+++ b/x.c\n@@ -1 +1 @@\n a\n?\n@@ -5,1 +5,1 @@\n+a\n+b\n",
            "hunk 2 of b/x.c does not match its @@ header",
        ),
        (b"--- /dev/null\n+++ /dev/null\n@@ -0,0 +0,0 @@\n", "a diff between /dev/null and /dev/null has no effect"),
        (
            b"diff --git a/x b/.git/hooks/pre-commit\nrename from x\nrename to .git/hooks/pre-commit\n",
            "p: '.git/hooks/pre-commit' lies inside a git repository; refused",
        ),
        (b"diff --git a/x b/x\nrename from ../x\nrename to y\n", "'../x' lies outside the tree; refused"),
        (b'--- "a/..\\057y"\n+++ b/x\n@@ -1 +1 @@\n-a\n+b\n', "lies outside the tree"),
        (b"diff --git /etc/passwd /etc/passwd\nold mode 1\nnew mode 2\n", "lies outside the tree; refused"),
        (b'--- "a/x\\000y"\n+++ b/x\n@@ -1 +1 @@\n-a\n+b\n', r"p: 'x\x00y' contains control characters; refused"),
        (f"--- a//{X86}\n+++ b//{X86}\n@@ -1 +1 @@\n-a\n+b\n".encode(), "lies outside the tree"),
    ],
)
def test_what_is_refused(text: bytes, message: str) -> None:
    with pytest.raises(CaplintError) as error:
        parse(text, "p")
    assert message in str(error.value)


@pytest.mark.parametrize("text", [b"", b"no diff\n", b"---\n", b"> --- a/x\n> +++ b/x\n> @@ -1 +1 @@\n"])
def test_what_is_no_diff(text: bytes) -> None:
    assert parse(text, "p") == []


@pytest.mark.parametrize(
    "line", [b"diff --git " + b" " * 1_000_000, b"diff --git a/" + b" x" * 500_000, b"diff --git " + b"/ " * 500_000,
             b'diff --git "' + b"\\" * 1_000_000, b"--- a\t" + b"1" * 1_000_000, b"index " + b"1" * 1_000_000]
)  # fmt: skip
def test_time_for_long_lines(line: bytes) -> None:
    begun = time.process_time()
    with suppress(CaplintError):
        parse(line + b"\n" + GIT, "p")
    assert time.process_time() - begun < 3


@pytest.mark.parametrize(
    ("text", "names"),
    [
        (b"a/x b/x", (b"a/x", b"b/x")), (b"a/x b/x b/x b/x", (b"a/x b/x", b"b/x b/x")), (b"x.c x.c", (b"x.c", b"x.c")),
        (b"a/x y b/x y", (b"a/x y", b"b/x y")), (b"a/ b/ b/ b/", (b"a/ b/", b"b/ b/")), (b"a/x b/y", (b"a/x", b"b/y")),
        (b"old/d/x new/d/x", (b"old/d/x", b"new/d/x")), (b"x", (b"x", b"")), (b"a/x  b/x ", (b"a/x ", b"b/x ")),
    ],
)  # fmt: skip
def test_both_names(text: bytes, names: tuple[bytes, bytes]) -> None:
    assert both_names(text) == names


LONG = b"a" * 100_000


@pytest.mark.parametrize(
    "text",
    [
        b"--- a/%s\n+++ b/%s\n@@ -1,9 +1 @@\n-a\n" % (LONG, LONG),
        b"diff --git a/%s b/%s\n--- a/%s\n+++ b/%s\n@@ -1 +1 @@\n-a\n+b\n" % (LONG, LONG, LONG[1:], LONG[1:]),
        b"diff --git a/%s b/%s\nindex 1111111..2222222\n" % (LONG, LONG),
    ],
    ids=["a hunk", "other names", "no hunks"],
)
def test_an_error_shows_the_beginning_of_a_name(text: bytes) -> None:
    with pytest.raises(CaplintError, match="not a unified diff") as error:
        parse(text, "p")
    assert len(str(error.value)) < 600


def test_a_name_without_end_is_cut_where_it_is_shown() -> None:
    with pytest.raises(CaplintError) as error:
        parse(b"--- a/x\n+++ b/" + b"../" * 100_000 + b"x\n@@ -1 +1 @@\n-a\n+b\n", "p")
    assert len(str(error.value)) < 400
