"""Diffs apply exactly or not at all."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from conftest import X86, bare_kernel

from caplint.trees import apply as under_test
from caplint.trees.apply import apply, changes
from caplint.trees.tree import Tree
from caplint.trees.unified import parse
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
            f"p: hunk 1 of {X86} (line 2) does not apply; regenerate the patch against this tree",
        ),
        (
            _diff("@@ -1,1 +1,1 @@", "-a", "+A", "@@ -4,1 +4,1 @@", "-e", "+E"),
            f"p: hunk 2 of {X86} (line 4) applies only at line 5; regenerate the patch against this tree",
        ),
        (
            _diff("@@ -9,1 +9,1 @@", "-a", "+A"),
            f"p: hunk 1 of {X86} (line 9) applies only at line 1; regenerate the patch against this tree",
        ),
        (
            _diff("@@ -1,1 +1,1 @@", "-a", "+A", path="virt/kvm/gone.c"),
            "p: kernel has no virt/kvm/gone.c, which the diff changes; regenerate the patch against this tree",
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
        (b"", "p: contains no diff; name the file of a patch, or the whole mail"),
        (b"just text\n", "p: contains no diff; name the file of a patch, or the whole mail"),
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
        (b"other\n", f"p: hunk 1 of {X86} (line 1) does not apply; regenerate the patch against this tree"),
        (b"a\nb\nc\nd\ne\nf\n", f"p: hunk 1 of {X86} (line 1) does not apply; regenerate the patch against this tree"),
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
    assert (
        str(error.value) == f"p: kernel already has {X86}, which the diff adds; regenerate the patch against this tree"
    )


def test_a_later_part_sees_what_an_earlier_one_did(tmp_path: Path) -> None:
    remove, add = "\n".join(REMOVE), f"--- /dev/null\n+++ b/{X86}\n@@ -0,0 +1,1 @@\n+one\n"
    assert changes(_tree(tmp_path), (remove + add).encode(), "p") == {X86: b"one\n"}
    with pytest.raises(CaplintError, match="has no"):
        changes(_tree(tmp_path), remove.encode() + _diff("@@ -1,1 +1,1 @@", "-a", "+A"), "p")


def _moved(tree: Tree, diff: bytes) -> bytes | None:
    """What becomes of the file where hunks may have moved."""
    return apply(tree, parse(diff, "p"), "p", print, less_context=True)[X86]


def test_hunks_keep_their_order(tmp_path: Path) -> None:
    """git would put the second one before the first."""
    diff = _diff("@@ -4,2 +4,2 @@", " d", "-e", "+E", "@@ -1,2 +1,2 @@", " a", "-b", "+B")
    with pytest.raises(CaplintError, match=r"hunk 2 of .* \(line 1\) does not apply"):
        _moved(_tree(tmp_path), diff)


def test_a_line_without_an_end_is_the_last_one(tmp_path: Path) -> None:
    """git would join the next line to it."""
    diff = _diff("@@ -2 +2 @@", "-b", "+B", r"\ No newline at end of file")
    with pytest.raises(CaplintError, match="does not apply"):
        _moved(_tree(tmp_path), diff)
    with pytest.raises(CaplintError, match="does not apply"):
        _moved(_tree(tmp_path, b"a\nb"), _diff("@@ -2,0 +3 @@", "+c"))


def test_a_removed_line_of_several_that_are_the_same(tmp_path: Path) -> None:
    assert changes(_tree(tmp_path, b"a\na\n"), _diff("@@ -2 +1,0 @@", "-a"), "p") == {X86: b"a\n"}


@pytest.mark.parametrize(
    ("diff", "message"),
    [
        (_diff("@@ -1,2 +1,2 @@", " a", " b"), "has no changed line; remove the hunk"),
        (_diff("@@ -1,1 +1,1", "-a", "+A"), "hunk 1 of b/arch/x86/kvm/x86.c has a malformed @@ header"),
        (
            _diff("@@ -1 +1 @@", "-a", "+A", "@@ -x +3 @@", "-c", "+C"),
            "hunk 2 of b/arch/x86/kvm/x86.c has a malformed @@ header",
        ),
        (
            _diff(f"@@ -{'9' * 5000} +1 @@", "-a", "+A"),
            "has a line number or count above 10,000,000 (line 3); no readable file",
        ),
        (
            _diff(f"@@ -1 +1,{'9' * 30} @@", "-a", "+A"),
            "has a line number or count above 10,000,000 (line 3); no readable file",
        ),
        (
            _diff("@@ -10000001 +1 @@", "-a", "+A"),
            "has a line number or count above 10,000,000 (line 3); no readable file",
        ),
        (
            _diff("@@ -1 +2000000000 @@", "-a", "+A"),
            "has a line number or count above 10,000,000 (line 3); no readable file",
        ),
        (
            _diff("@@ -1,9 +1,9 @@", "-a", "+A", " b", " c"),
            f"hunk 1 of {X86} (line 1) has line counts that do not match its @@ header; correct the header",
        ),
        (
            f"diff --git a/{X86} b/{X86}\ndeleted file mode 100644\n".encode(),
            f"{X86} would not be empty after its removal; regenerate the patch against this tree",
        ),
        (
            f"diff --git a/{X86} b/{X86}\nindex 1..2 100644\nGIT binary patch\nliteral 0\n".encode(),
            f"{X86} is binary in this diff; caplint cannot read it",
        ),
    ],
)
def test_other_diffs_that_are_refused(tmp_path: Path, diff: bytes, message: str) -> None:
    with pytest.raises(CaplintError) as error:
        changes(_tree(tmp_path), diff, "p")
    assert message in str(error.value)


def test_leading_zeros_are_no_large_number(tmp_path: Path) -> None:
    diff = _diff(f"@@ -{'0' * 5000}1 +1 @@", "-a", "+A")
    assert changes(_tree(tmp_path), diff, "p")[X86] == b"A\nb\nc\nd\ne\n"


def test_too_many_comparisons_are_an_error_that_names_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("caplint.trees.hunks._SMALL", -10_000)
    with pytest.raises(CaplintError, match=f"p: {X86}: its hunks match too many positions"):
        changes(_tree(tmp_path), _diff("@@ -1 +1 @@", "-a", "+A"), "p")


def test_copies_make_no_more_than_they_may(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each is a line of the diff and a file of any size."""
    monkeypatch.setattr(under_test, "_MOST_COPIED", 25)
    text = "".join(f"diff --git a/{X86} b/{n}.c\ncopy from {X86}\ncopy to {n}.c\n" for n in range(3))
    with pytest.raises(CaplintError, match="its copied files exceed 25 bytes; split the patch"):
        changes(_tree(tmp_path), text.encode(), "p")


def _hunks(count: int, shift: int, lines: list[str]) -> bytes:
    """As many hunks of seven lines, each one in eight of the file."""
    parts = []
    for at in range(0, 8 * count, 8):
        old = lines[at : at + 7]
        head = f"@@ -{at + 1 + shift},7 +{at + 1 + shift},7 @@"
        parts += [
            head,
            *(f" {line}" for line in old[:3]),
            f"-{old[3]}",
            f"+{old[3]};",
            *(f" {line}" for line in old[4:]),
        ]
    return _diff(*parts)


@pytest.mark.parametrize("shift", [0, 3])
@pytest.mark.parametrize("kinds", [1, 160_000])
def test_time_for_20000_hunks(tmp_path: Path, shift: int, kinds: int) -> None:
    """Whether they stand where they say or not, and among lines that are all the same."""
    lines = [f"line {number % kinds}" for number in range(160_000)]
    tree, diff = _tree(tmp_path, "".join(f"{line}\n" for line in lines).encode()), _hunks(20_000, shift, lines)
    begun = time.process_time()
    try:
        found = _moved(tree, diff)
    except CaplintError as error:
        found = None
        assert kinds == 1 and shift, str(error)  # noqa: PT017, PT018 - order leaves no place for the last one
    assert time.process_time() - begun < 10
    assert found is None or found.count(b";\n") == 20_000


@pytest.mark.parametrize("size", [100, 30_000])
def test_time_for_places_without_end(tmp_path: Path, size: int) -> None:
    """Every place is the same up to its last lines, and each reduction of the context begins anew."""
    tree = _tree(tmp_path, b"a\n" * 200_000 + b"b\n")
    body = [*[" a"] * size, "-b", "-b", *[" a"] * size]
    begun = time.process_time()
    with pytest.raises(CaplintError, match=r"does not apply|match too many positions|already applied"):
        _moved(tree, _diff(*[f"@@ -9,{2 * size + 2} +9,{2 * size} @@", *body] * max(1, 20_000 // size)))
    assert time.process_time() - begun < 10


def test_time_for_many_diffs_of_one_file(tmp_path: Path) -> None:
    tree = _tree(tmp_path, b"".join(b"line %d\n" % number for number in range(10_000)))
    diff = b"".join(_diff(f"@@ -{n} +{n} @@", f"-line {n - 1}", f"+line {n - 1};") for n in range(1, 5001))
    begun = time.process_time()
    found = _moved(tree, diff)
    assert found is not None
    assert found.count(b";") == 5000
    assert time.process_time() - begun < 10
