"""Files, directories, maildirs, quilt series and compressed files: which patches they are, and in which order."""

from __future__ import annotations

import gzip
import io
import lzma
import os
import subprocess
from pathlib import Path

import pytest
from conftest import HEADER, UAPI, Caplint, Files, commit, git, kernel, lay

from caplint.trees import patch_files
from caplint.trees.patch_files import patch_texts
from caplint.trees.series import Series, read_series
from caplint.util.errors import CaplintError


def _diff(lines: int) -> str:
    before = [*HEADER.splitlines(), *(f"#define KVM_CAP_{number} {number + 10}" for number in range(lines - 3))]
    context = "".join(f" {line}\n" for line in before[-3:])
    return (
        f"--- a/{UAPI}\n+++ b/{UAPI}\n@@ -{lines - 2},3 +{lines - 2},4 @@\n{context}"
        f"+#define KVM_CAP_{lines - 3} {lines + 7}\n"
    )


ONE, TWO, THREE = (_diff(lines) for lines in (3, 4, 5))


def _mail(number: int, body: str, subject: str = "a patch", total: int = 2, version: str = "") -> str:
    tag = f"[PATCH{version} {number}/{total}] " if total else ""
    return f"From: A <a@example.org>\nSubject: {tag}{subject} {number}\nDate: now\n\ntext\n---\n{body}-- \n2.39\n\n"


COVER = _mail(0, "", "the series")


def _read(*names: str | Path, in_order: bool = False) -> list[Series]:
    return read_series(patch_texts(map(str, names)), print, in_order=in_order)


def _labels(series: list[Series]) -> list[list[str]]:
    return [[patch.label for patch in each.patches] for each in series]


@pytest.fixture
def mails(tmp_path: Path) -> Path:
    files: Files = {"0000-cover-letter.patch": COVER, "0001-a.patch": _mail(1, ONE), "0002-b.patch": _mail(2, TWO)}
    return lay(tmp_path / "v1", files)


def test_a_cover_letter_among_files(mails: Path) -> None:
    files = sorted(mails.iterdir())
    assert _labels(_read(*files)) == [["a patch 1", "a patch 2"]]
    assert _read(*files)[0].label == str(mails / "0001-a.patch")
    assert _labels(_read(*files, *files)) == [["a patch 1", "a patch 2"]] * 2
    with pytest.raises(CaplintError, match=r"0000-cover-letter\.patch: contains no diff"):
        _read(files[0])


def test_a_file_that_is_no_cover_letter_must_have_a_diff(mails: Path) -> None:
    for content in ("text\n", _mail(1, ""), "From: a\nSubject: fyi\n\ntext\n"):
        lay(mails, {"0003-c.patch": content})
        with pytest.raises(CaplintError, match=r"0003-c\.patch: contains no diff"):
            _read(mails)


def test_a_directory(mails: Path) -> None:
    lay(mails, {"notes.txt": "no patch", ".hidden.patch": "no patch", "below/x.patch": ONE})
    assert _labels(_read(mails)) == [["a patch 1", "a patch 2"]]
    lay(mails, {"v2-0001-a.patch": _mail(1, ONE, version=" v2")})
    assert _labels(_read(mails)) == [["a patch 1", "a patch 2"], ["a patch 1"]]


def test_a_directory_without_patches(tmp_path: Path) -> None:
    with pytest.raises(CaplintError, match=r"a directory without patches \(\*\.patch, "):
        _read(lay(tmp_path, {"x.c": ""}))


@pytest.mark.parametrize(("pack", "end"), [(gzip.compress, "gz"), (lzma.compress, "xz")])
def test_compressed(tmp_path: Path, pack: object, end: str) -> None:
    assert callable(pack)
    files = {f"{number}.patch.{end}": pack(text.encode()) for number, text in enumerate((ONE, TWO))}
    lay(tmp_path, files)
    assert len(_read(tmp_path)) == 2
    assert _labels(_read(tmp_path, in_order=True)) == [[str(tmp_path / name) for name in files]]
    mbox = "".join(f"From 0 Mon Sep 17 00:00:00 2001\n{text}" for text in (COVER, _mail(2, TWO), _mail(1, ONE)))
    lay(tmp_path, {"t.mbox": pack(mbox.encode())})
    assert _labels(_read(tmp_path / "t.mbox")) == [["a patch 1", "a patch 2"]]


def test_a_compressed_file_that_is_too_large(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patch_files, "LARGEST", 1_000)
    lay(tmp_path, {"a.patch.gz": gzip.compress(bytes(2_000))})
    with pytest.raises(CaplintError, match=r"a\.patch\.gz: more than 1,000 bytes once it is decompressed"):
        _read(tmp_path / "a.patch.gz")


def test_all_files_together_are_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patch_files, "_LARGEST_TOTAL", 2 * len(ONE))
    lay(tmp_path, {f"{number}.patch": ONE for number in range(3)})
    with pytest.raises(CaplintError, match=r"2\.patch: with it, the patches have more than"):
        _read(tmp_path)
    monkeypatch.setattr(patch_files, "_MOST_FILES", 2)
    with pytest.raises(CaplintError, match="more than 2 files"):
        _read(tmp_path)


def test_a_maildir(tmp_path: Path) -> None:
    answer = "From: B\nSubject: Re: [PATCH 1/2] a patch 1\n\n> +#define\nno\n"
    talk = "From: C\nSubject: something else\n\nHello.\n"
    files = {"cur/10.a:2,S": _mail(2, TWO), "cur/12.b:2,": answer, "new/13.c": _mail(1, ONE), "new/11.d": COVER}
    lay(tmp_path / "box", {**files, "cur/14.e": talk, "tmp/1.x": "half", "cur/.keep": ""})
    (series,) = _read(tmp_path / "box")
    assert _labels([series]) == [["a patch 1", "a patch 2"]]
    assert [patch.source for patch in series.patches] == [str(tmp_path / "box" / name) for name in list(files)[2::-2]]
    lay(tmp_path / "talk", {"cur/1": talk, "new/2": answer})
    with pytest.raises(CaplintError, match="contains no diff"):
        _read(tmp_path / "talk")


@pytest.mark.parametrize("place", ["", "patches", "debian/patches"])
def test_a_quilt_series(tmp_path: Path, place: str) -> None:
    listed = "# first\nz.patch\n\nsub/b.patch -p1 # why\n c.diff.gz -p0\n"
    plain = THREE.replace("a/include", "include").replace("b/include", "include")
    packed = gzip.compress(plain.encode())
    files: Files = {"series": listed, "z.patch": ONE, "sub/b.patch": f"Description: x\n\n{TWO}", "c.diff.gz": packed}
    lay(tmp_path / place, {**files, "unused.patch": "no diff"})
    (series,) = _read(tmp_path)
    assert _labels([series]) == [["z.patch", "sub/b.patch", "c.diff.gz"]]
    assert [file.path for patch in series.patches for file in patch.files] == [UAPI] * 3
    assert _read(tmp_path / place / "series") == [series]


@pytest.mark.parametrize(
    ("listed", "message"),
    [
        ("../secret.patch\n", "series:1: '../secret.patch' lies outside of the directory of the series; refused"),
        ("a.patch\n/etc/passwd\n", "series:2: '/etc/passwd' lies outside"),
        ("sub/../../secret.patch\n", "series:1: 'sub/../../secret.patch' lies outside"),
        ("link.patch\n", "link.patch: is a link out of"),
        ("below/secret.patch\n", "below/secret.patch: is a link out of"),
        ("a.patch -R\n", "series:1: applies a patch in reverse (-R)"),
        ("a.patch -x\n", "series:1: unknown option '-x'"),
        ("gone.patch\n", "gone.patch: cannot be read"),
        ("# nothing\n", "series: lists no patch"),
    ],
)
def test_a_series_that_leads_elsewhere(tmp_path: Path, listed: str, message: str) -> None:
    root = lay(tmp_path / "q", {"series": listed, "a.patch": ONE})
    lay(tmp_path, {"secret.patch": ONE})
    (root / "link.patch").symlink_to(tmp_path / "secret.patch")
    (root / "below").symlink_to(tmp_path)
    with pytest.raises(CaplintError) as error:
        _read(root)
    assert message in str(error.value)
    assert "\n" not in str(error.value)


def test_the_list_of_a_series_is_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = lay(tmp_path, {"series": "a.patch\nb.patch\n", "a.patch": ONE, "b.patch": TWO})
    with monkeypatch.context() as fewer:
        fewer.setattr(patch_files, "_MOST_FILES", 1)
        with pytest.raises(CaplintError, match="series: lists more than 1 patches"):
            _read(root)
    assert len(_read(root / "series")) == 1
    monkeypatch.setattr(patch_files, "_LARGEST_LIST", 10)
    with pytest.raises(CaplintError, match="series: 16 bytes; more than 10 are not read"):
        _read(root)
    with pytest.raises(CaplintError, match="series: contains no diff"):
        _read(root / "series")


def test_a_list_of_patches_that_is_a_link_out_of_its_directory(tmp_path: Path) -> None:
    root = lay(tmp_path / "q", {"a.patch": ONE})
    lay(tmp_path, {"secret": "a.patch\n"})
    (root / "series").symlink_to(tmp_path / "secret")
    with pytest.raises(CaplintError, match="series: is a link out of"):
        _read(root)


def test_links_out_of_a_directory(tmp_path: Path) -> None:
    root = lay(tmp_path / "d", {"a.patch": ONE, "cur/1": _mail(1, ONE), "new/x": ""})
    secret = lay(tmp_path, {"secret": ONE}) / "secret"
    (root / "new/x").unlink()
    (root / "new/x").symlink_to(secret)
    with pytest.raises(CaplintError, match="new/x: is a link out of"):
        _read(root)
    (root / "new").rename(root / "old")
    (root / "b.patch").symlink_to("a.patch")
    assert len(_read(root)) == 2
    (root / "c.patch").symlink_to(secret)
    with pytest.raises(CaplintError, match=r"c\.patch: is a link out of .*; refused\. Name the file"):
        _read(root)
    (root / "c.patch").unlink()
    os.mkfifo(root / "c.patch")
    with pytest.raises(CaplintError, match="it is a FIFO, not a regular file"):
        _read(root)


def test_in_order(caplint: Caplint, tmp_path: Path, apart: Path) -> None:
    assert apart.is_dir()
    lay(tmp_path / "SOURCES", {"0001-x.patch": ONE, "0002-y.patch": TWO, "0003-z.patch": THREE, "kvm.spec": "Name: x"})
    words = ("--kernel", kernel(tmp_path / "k"), "--output-format", "concise")
    for given in ([tmp_path / "SOURCES"], sorted((tmp_path / "SOURCES").glob("*.patch"))):
        run = caplint("patch", *given, "--in-order", *words)
        assert run.status in {0, 1}, run.err
        assert "KVM_CAP_2: " in run.out
    run = caplint("patch", tmp_path / "SOURCES/0002-y.patch", tmp_path / "SOURCES/0001-x.patch", "--in-order", *words)
    assert f"caplint: {tmp_path}/SOURCES/0002-y.patch: hunk 1 of {UAPI} (line 2) does not apply" in run.err


def test_what_git_writes(caplint: Caplint, tmp_path: Path, apart: Path) -> None:
    """The files of git format-patch, with its cover letter, as a shell hands them over."""
    root = kernel(tmp_path / "k")
    commit(root)
    for number in (1, 2):
        added = "".join(f"#define KVM_CAP_{each} {each + 9}\n" for each in range(1, number + 1))
        lay(root, {UAPI: HEADER + added})
        commit(root)
    git(root, "format-patch", "-q", "--cover-letter", "-o", str(apart / "v1"), "HEAD~2")
    git(root, "reset", "-q", "--hard", "HEAD~2")
    run = caplint("patch", *sorted((apart / "v1").iterdir()), "--kernel", root, "--output-format", "concise")
    assert "KVM_CAP_2: " in run.out, run.err
    assert subprocess.run(["git", "-C", root, "status", "--porcelain"], capture_output=True, check=True).stdout == b""


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("../" + "x" * 5_000, "lies outside of the directory of the series"),
        ("a.patch -" + "x" * 5_000, "unknown option"),
        ("a\0b.patch", "lies outside of the directory of the series"),
    ],
)
def test_an_odd_line_of_a_list_is_one_short_line(tmp_path: Path, line: str, message: str) -> None:
    root = lay(tmp_path, {"series": f"{line}\n", "a.patch": ONE})
    with pytest.raises(CaplintError, match=message) as error:
        _read(root)
    assert len(str(error.value)) < 500 + len(str(root))


def test_a_maildir_without_mails(tmp_path: Path) -> None:
    for part in ("cur", "new", "tmp"):
        (tmp_path / part).mkdir()
    (tmp_path / "cur/.hidden").write_text(_mail(1, ONE))
    with pytest.raises(CaplintError, match="the maildir has no mail"):
        _read(tmp_path)


def test_a_directory_that_cannot_be_listed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(_: object) -> list[str]:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(os, "listdir", refused)
    with pytest.raises(CaplintError, match="cannot be read: Permission denied"):
        _read(tmp_path)


def test_one_file_is_bounded_and_so_is_standard_input(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patch_files, "LARGEST", 10)
    lay(tmp_path, {"a.patch": ONE})
    with pytest.raises(CaplintError, match="more than 10 are not read"):
        _read(tmp_path / "a.patch")
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(ONE.encode())))
    (text,) = patch_texts(["-"])
    assert len(text.content) == 11  # one more, for which the mail reader refuses it
