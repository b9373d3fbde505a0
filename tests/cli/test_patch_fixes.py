"""patch --fix writes corrected mails: each fix in the patch that brought what it repairs."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest
from conftest import UAPI, Caplint, commit, git

from caplint.engine.series_fixes import refuse_equal_names
from caplint.trees.patch_text import PatchText
from caplint.util import shipped_files
from caplint.util.errors import CaplintError

LAST = "#define KVM_CAP_DIRTY_LOG_RING_ACQ_REL 223\n"
API = "Documentation/virt/kvm/api.rst"
SELECT = ("--select", "CAP102,CAP105,CAP502,CAP503")
AFTER = "8. Other capabilities\n"


@pytest.fixture
def linux(apart: Path) -> Path:
    """A copy of the mini-kernel under git."""
    place = apart / "linux"
    shutil.copytree(shipped_files.FIXTURES / "linux", place)
    commit(place)
    return place


def _change(place: Path, path: str, old: str, new: str) -> None:
    text = (place / path).read_text()
    assert text.count(old) == 1
    (place / path).write_text(text.replace(old, new))


def _series(linux: Path) -> list[Path]:
    """Three patches: a taken number, a section with a taken number, and a line beside the first one."""
    _change(linux, UAPI, LAST, f"{LAST}#define KVM_CAP_PPIN 223\n")
    commit(linux, "one")
    title = "7.14 Something else"
    _change(linux, API, AFTER, f"{title}\n{'-' * len(title)}\n\nSee KVM_CAP_IRQCHIP_SPLIT.\n\n{AFTER}")
    commit(linux, "two")
    _change(linux, UAPI, "#define KVM_CAP_PPIN 223\n", "#define KVM_CAP_PPIN 223\n\n/* No more. */\n")
    commit(linux, "three")
    git(linux, "format-patch", "-q", "-3", "-o", "../mails")
    git(linux, "reset", "-q", "--hard", "HEAD~3")
    return sorted((linux.parent / "mails").iterdir())


def test_each_fix_is_in_the_patch_that_brought_the_fault(caplint: Caplint, linux: Path) -> None:
    mails = _series(linux)
    out = linux.parent / "out"
    run = caplint("patch", *mails, "--kernel", linux, *SELECT, "--fix", "-o", out)
    assert run.status == 0, run.err
    assert "fixed 4 findings" in run.err
    assert [file.name for file in sorted(out.iterdir())] == [mail.name for mail in mails]
    assert git(linux, "status", "--porcelain") == ""
    first, second, third = (file.read_text() for file in sorted(out.iterdir()))
    assert "+#define KVM_CAP_PPIN 224\n" in first
    assert " #define KVM_CAP_PPIN 224\n" in third
    assert "+7.15 Something else\n" in second
    assert "+See KVM_CAP_SPLIT_IRQCHIP.\n" in second
    git(linux, "am", "-q", *map(str, sorted(out.iterdir())))
    assert f"{LAST}#define KVM_CAP_PPIN 224\n\n/* No more. */\n" in (linux / UAPI).read_text()
    assert git(linux, "log", "--format=%s", "-3").split() == ["three", "two", "one"]


def test_an_mbox(caplint: Caplint, linux: Path) -> None:
    mbox = linux.parent / "all.mbox"
    mbox.write_bytes(b"".join(mail.read_bytes() for mail in _series(linux)))
    out = linux.parent / "out"
    assert caplint("patch", mbox, "--kernel", linux, *SELECT, "--fix", "-o", out).status == 0
    git(linux, "am", "-q", str(out / "all.mbox"))
    assert git(linux, "log", "--format=%s", "-3").split() == ["three", "two", "one"]
    assert caplint("patch", out / "all.mbox", "--kernel", linux, *SELECT).status == 2  # it is applied already


def test_a_plain_diff(caplint: Caplint, linux: Path) -> None:
    _change(linux, UAPI, LAST, f"{LAST}#define KVM_CAP_PPIN 223\n")
    (linux.parent / "one.diff").write_text(git(linux, "diff") + "\n")
    git(linux, "checkout", "-q", ".")
    assert caplint("patch", linux.parent / "one.diff", "--kernel", linux, *SELECT, "--fix", "-o", "out").status == 0
    subprocess.run(["git", "apply", "../out/one.diff"], cwd=linux, check=True)
    assert "#define KVM_CAP_PPIN 224\n" in (linux / UAPI).read_text()


def test_an_encoded_mail_is_not_written_anew(caplint: Caplint, linux: Path) -> None:
    mail = _series(linux)[0]
    text = mail.read_text()
    head, _, body = text.partition("\n\n")
    mail.write_text(f"{head}\nContent-Transfer-Encoding: quoted-printable\n\n{body.replace('=', '=3D')}")
    run = caplint("patch", mail, "--kernel", linux, *SELECT, "--fix", "-o", "out")
    assert run.status == 1
    assert "not fixed: CAP102 KVM_CAP_PPIN" in run.err
    assert "the mail is encoded or in several parts; use --diff" in run.err
    assert (linux.parent / "out" / mail.name).read_bytes() == mail.read_bytes()


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (("--fix",), "use both, --fix -o DIR"),
        (("-o", "out"), "use both, --fix -o DIR"),
        (("--fix", "-o", "out", "--diff-only"), "--diff-only reads none"),
        (("--fix", "-o", "mails"), "exists already; name an empty directory with -o"),
    ],
)
def test_what_does_not_fit_is_refused(caplint: Caplint, linux: Path, words: tuple[str, ...], reason: str) -> None:
    mails = _series(linux)
    before = [mail.read_bytes() for mail in mails]
    run = caplint("patch", *mails, "--kernel", linux, *words)
    assert (run.status, run.out) == (2, "")
    assert reason in run.err
    assert [mail.read_bytes() for mail in mails] == before
    assert not (linux.parent / "out").exists()


def test_what_cannot_be_told_apart_is_refused(caplint: Caplint, linux: Path) -> None:
    mail = _series(linux)[0]
    with pytest.raises(CaplintError, match=r"a\.patch: is given twice; --fix needs each file once"):
        refuse_equal_names((PatchText("a.patch", b"1"), PatchText("b.patch", b""), PatchText("a.patch", b"2")))
    (linux.parent / "other.patch").write_bytes(mail.read_bytes().replace(b"PPIN 223", b"PPIN 222"))
    run = caplint("patch", mail, linux.parent / "other.patch", "--kernel", linux, *SELECT, "--fix", "-o", "out")
    assert run.status == 2
    assert "--fix takes series that can be applied together; run it for each of these" in run.err
    assert not (linux.parent / "out").exists()


def test_the_hunk_of_a_copy_is_dropped(caplint: Caplint, linux: Path) -> None:
    copy = f"tools/{UAPI}"
    for path in (UAPI, copy):
        _change(linux, path, LAST, f"{LAST}#define KVM_CAP_PPIN 224\n")
    commit(linux, "one")
    git(linux, "format-patch", "-q", "-1", "-o", "../mails")
    git(linux, "reset", "-q", "--hard", "HEAD~1")
    out = linux.parent / "out"
    mails = list((linux.parent / "mails").iterdir())
    run = caplint("patch", *mails, "--kernel", linux, "--select", "CAP605", "--fix", "-o", out)
    assert (run.status, "fixed 1 finding" in run.err) == (0, True), run.err
    git(linux, "am", "-q", *map(str, out.iterdir()))
    assert git(linux, "diff", "--name-only", "HEAD~1").split() == [UAPI]


def test_a_patch_of_the_copy_alone_stays(caplint: Caplint, linux: Path) -> None:
    _change(linux, f"tools/{UAPI}", LAST, f"{LAST}#define KVM_CAP_PPIN 224\n")
    (linux.parent / "one.diff").write_text(git(linux, "diff") + "\n")
    git(linux, "checkout", "-q", ".")
    out = linux.parent / "out"
    run = caplint("patch", linux.parent / "one.diff", "--kernel", linux, "--select", "CAP605", "--fix", "-o", out)
    assert "fixed 0 findings" in run.err


@pytest.fixture
def qemu(apart: Path) -> Path:
    """A copy of the mini-VMM under git."""
    place = apart / "qemu"
    shutil.copytree(shipped_files.FIXTURES / "qemu", place)
    commit(place)
    return place


def test_a_header_sync_becomes_a_patch_of_its_own(caplint: Caplint, qemu: Path) -> None:
    mail = shipped_files.FIXTURES / "patches" / "qemu-ppin.patch"
    out = qemu.parent / "out"
    run = caplint("patch", mail, "--qemu", qemu, "--select", "CAP601", "--fix", "-o", out)
    assert (run.status, "fixed 1 finding" in run.err) == (0, True), run.err
    git(qemu, "am", "-q", str(out / mail.name))
    assert git(qemu, "log", "--format=%s", "-2").splitlines() == [
        "kvm: let a guest read the number of its processor",
        "linux-headers: update (placeholder)",
    ]
    assert git(qemu, "diff", "--name-only", "HEAD~1").split() == ["accel/kvm/kvm-all.c"]
    assert git(qemu, "diff", "--name-only", "HEAD~2", "HEAD~1").split() == ["linux-headers/linux/kvm.h"]
    (qemu.parent / "one.patch").write_bytes(mail.read_bytes())
    git(qemu, "reset", "-q", "--hard", "HEAD~2")
    git(qemu, "am", "-q", str(qemu.parent / "one.patch"))
    assert (qemu / "accel/kvm/kvm-all.c").read_text().count("KVM_CAP_PPIN") == 2


@pytest.mark.parametrize(
    ("old", "new"),
    [("[PATCH]", "[PATCH 2/3]"), ("From: A Cont", "MIME-Version: 1.0\nContent-Transfer-Encoding: 7bit\nFrom: A Cont")],
)
def test_mails_that_are_split_and_not(caplint: Caplint, qemu: Path, old: str, new: str) -> None:
    mail = qemu.parent / "one.patch"
    mail.write_text((shipped_files.FIXTURES / "patches" / "qemu-ppin.patch").read_text().replace(old, new))
    run = caplint("patch", mail, "--qemu", qemu, "--select", "CAP601", "--fix", "-o", qemu.parent / "out")
    fixed = (qemu.parent / "out" / "one.patch").read_text().count("\nSubject: ")
    assert fixed == (1 if "/3" in new else 2), run.err
