"""caplint new: what it writes and prints, and that errors write nothing."""

from __future__ import annotations

import io
import os
import pty
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import UAPI, Caplint, commit, git, trusted

from caplint.util import shipped_files

X86 = "arch/x86/kvm/x86.c"
PPIN = ("KVM_CAP_X86_PPIN", "--arch", "x86", "--msr", "PPIN=0x4f:ro")


@pytest.fixture
def linux(apart: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the mini-kernel under git."""
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1700000000")
    monkeypatch.delenv("GIT_AUTHOR_NAME", raising=False)
    place = apart / "linux"
    shutil.copytree(shipped_files.FIXTURES / "linux", place)
    commit(place)
    return place


def _state(place: Path) -> list[tuple[str, bytes]]:
    return sorted((str(path), path.read_bytes()) for path in place.rglob("*") if path.is_file())


def test_mails_are_written_and_the_tree_is_not(caplint: Caplint, linux: Path, apart: Path) -> None:
    before = _state(linux)
    run = caplint("new", *PPIN, "--kernel", linux, "-o", "out", "--from", "A Person <a@example.org>")
    assert run.status == 0, run.err
    assert _state(linux) == before
    files = sorted((apart / "out/kernel").iterdir())
    assert run.out.splitlines() == [f"out/kernel/{file.name}" for file in files]
    git(linux, "am", "-q", *(str(file) for file in files if not file.name.startswith("0000")))
    assert git(linux, "log", "-1", "--format=%an") == "A Person"
    again = caplint("check", "--kernel", linux, "--base", "HEAD~3", "--fail-on", "warning")
    assert again.status == 0, again.out


def test_a_dry_run_prints_the_mails(caplint: Caplint, linux: Path, apart: Path) -> None:
    run = caplint("new", *PPIN, "--kernel", linux, "--dry-run", "-o", "out")
    assert run.status == 0
    assert run.out.count("\nSubject: [PATCH ") == 4
    assert not (apart / "out").exists()
    assert caplint("new", *PPIN, "--kernel", f"{linux}@HEAD", "--dry-run").out == run.out


def test_the_directory_has_the_name_of_the_capability(caplint: Caplint, linux: Path, apart: Path) -> None:
    assert caplint("new", *PPIN, "--kernel", linux).status == 0
    assert (apart / "KVM_CAP_X86_PPIN/kernel/0000-cover-letter.patch").is_file()


ERRORS = [
    (("KVM_CAP_HLT",), "KVM_CAP_HLT: exists already, at kernel:include/uapi/linux/kvm.h:"),
    (("KVM_CAP_ARM_SEA_TO_USER",), "is number 245 of Linux"),
    (("KVM_CAP_FOO", "--number", "223"), "--number 223: is taken by KVM_CAP_DIRTY_LOG_RING_ACQ_REL of kernel"),
    (("KVM_CAP_FOO", "--number", "vendor"), "no vendor-range"),
    (("KVM_CAP_FOO", "--number", "-1"), "--number -1: write next"),
    (("KVM_CAP_FOO", "--arch", "z80"), "--arch z80: unknown"),
    (("KVM_CAP_FOO", "--arch", "riscv"), "lacks the place for state: no header of riscv"),
    (("KVM_CAP_FOO", "--arch", "x86", "--scope", "vcpu"), "lacks the place to enable KVM_CAP_FOO"),
    (("KVM_CAP_X86_FOO", "--arch", "x86", "--msr", "PPIN=0x50"), "--msr MSR_PPIN: has 0x4f at"),
    (("KVM_CAP_X86_FOO", "--arch", "x86", "--msr", "FOO=0x4f"), "0x4f is MSR_PPIN at"),
    (("KVM_CAP_X86_FOO", "--arch", "x86", "--msr", "FOO"), "no header defines it"),
    (("KVM_CAP_X86_FOO", "--arch", "x86", "--msr", "PLATFORM_INFO"), "is handled already, at"),
    (("KVM_CAP_X86_FOO", "--arch", "x86", "--msr", "FOO=0x403"), "handled already, at"),
    (("KVM_CAP_FOO", "--args", "mask:KVM_X86_DISABLE_EXITS_HLT"), "_HLT: is defined already, at arch/x86/"),
    (("KVM_CAP_FOO", "--from", "me"), "--from me: is not understood"),
    (("KVM_CAP_FOO", "-o", "linux/out"), "lies in a tree"),
    (("KVM_CAP_FOO", "-o", "linux"), "holds files already"),
    (("KVM_CAP_FOO", "--arch", "x86", "--ioctl", "KVM_X"), "lacks the place for KVM_X: the code of x86 has no switch"),
    (("KVM_CAP_FOO", "--arch", "riscv", "--scope", "vcpu", "--ioctl", "KVM_X"), "lacks the place for state: no header"),
    (("KVM_CAP_FOO", "--ioctl", "KVM_RUN"), "--ioctl KVM_RUN: exists already, at kernel:include/uapi/linux/kvm.h:"),
    (
        ("KVM_CAP_FOO", "--args", "bool", "--ioctl", "KVM_MSRS"),
        "struct kvm_msrs exists already, at kernel:include/uapi",
    ),
    (("KVM_CAP_FOO", "--args", "mask:KVM_X", "--ioctl", "KVM_X"), "--ioctl KVM_X: is the name of a bit of --args, too"),
    (("KVM_CAP_FOO", "--ioctl", "KVM_GET_X"), "--ioctl KVM_GET_X: an ioctl that hands a value to KVM can be written"),
    (("KVM_CAP_FOO", "--ioctl", "x; rm -rf"), "--ioctl x; rm -rf: is not the name of an ioctl"),
    (("KVM_CAP_FOO", "--scope", "none", "--ioctl", "KVM_X"), "--ioctl: needs --scope vm or vcpu"),
    ((), "no name given"),
    (("--interactive",), "no terminal to ask on; give KVM_CAP_NAME, --scope, --answer, --args, --arch"),
]


@pytest.mark.parametrize(("words", "told"), ERRORS, ids=[f"{' '.join(words)}" for words, _ in ERRORS])
def test_an_error_is_one_line_and_nothing_is_written(
    caplint: Caplint, linux: Path, apart: Path, words: tuple[str, ...], told: str
) -> None:
    before = _state(apart)
    run = caplint("new", *words, "--kernel", linux)
    assert run.status == 2, run.out
    assert told in run.err
    assert run.err.count("\n") == 1
    assert not run.out
    assert _state(apart) == before


IOCTL = ("new", "KVM_CAP_FOO", "--args", "bool", "--ioctl", "SET_FOO", "--dry-run")


def _header(linux: Path, more: str) -> None:
    file = linux / UAPI
    file.write_text(file.read_text().replace("#define KVM_CAP_HLT 1\n", f"#define KVM_CAP_HLT 1\n{more}"))
    if more:
        commit(linux)


@pytest.mark.parametrize(
    ("more", "number"),
    [
        ("", 0xA4),
        ("#define KVM_CREATE_DEVICE _IOWR(KVMIO, 0xe0, struct kvm_msrs)\n", 0xA4),
        ("#define KVM_X _IO(KVMIO, 0xdf)\n#define KVM_HAS_DEVICE_ATTR _IO(KVMIO, 0xe0)\n", 0xE1),
        ("#define KVM_X _IO(KVMIO, 0xb0)\n#define KVM_Y _IOW(KVMIO, 0xb1, struct of_another_architecture)\n", 0xB2),
        ("#define KVM_X _IO(KVMIO, 200)\n#define KVM_Y _IO(0xAF, 0xfe)\n", 0xC9),
        ("#define KVM_BASE 0xc0\n#define KVM_X _IO(KVMIO, KVM_BASE + 2)\n", 0xC3),
    ],
)
def test_an_ioctl_gets_the_number_behind_the_others(caplint: Caplint, linux: Path, more: str, number: int) -> None:
    _header(linux, more)
    run = caplint(*IOCTL, "--kernel", linux)
    assert f"+#define KVM_SET_FOO _IOW(KVMIO, {number:#x}, struct kvm_set_foo)\n" in run.out, run.err


def test_a_number_of_another_kernel_in_view_is_not_taken(caplint: Caplint, linux: Path, apart: Path) -> None:
    other = apart / "other"
    shutil.copytree(linux, other)
    _header(other, "#define KVM_X _IO(KVMIO, 0xa4)\n")
    run = caplint(*IOCTL, "--kernel", linux, "--tree", f"next=reference:{other}")
    assert "+#define KVM_SET_FOO _IOW(KVMIO, 0xa5, struct kvm_set_foo)\n" in run.out, run.err


def test_all_numbers_of_ioctls_are_used(caplint: Caplint, linux: Path) -> None:
    _header(linux, "#define KVM_X _IO(KVMIO, 0xff)\n")
    run = caplint(*IOCTL, "--kernel", linux)
    assert (run.status, run.err) == (2, "caplint: --ioctl KVM_SET_FOO: no number of KVM's ioctls is free above 0xff\n")


def test_a_tree_without_a_chapter_of_ioctls(caplint: Caplint, linux: Path) -> None:
    file = linux / "Documentation/virt/kvm/api.rst"
    text = file.read_text()
    start, end = text.index("4. API description"), text.index("5. The kvm_run structure")
    file.write_text(text[:start] + text[end:])
    commit(linux)
    run = caplint(*IOCTL, "--kernel", linux)
    assert (run.status, run.err.count("\n")) == (2, 1)
    assert "lacks the place to document KVM_CAP_FOO: no chapter of api.rst is about ioctls" in run.err


def test_an_ioctl_of_a_dirty_tree_is_refused(caplint: Caplint, linux: Path, apart: Path) -> None:
    file = linux / UAPI
    file.write_text(file.read_text().replace("miniature", "small"))
    before = _state(apart)
    run = caplint("new", "KVM_CAP_FOO", "--ioctl", "KVM_FOO", "--kernel", linux)
    assert (run.status, "kvm.h has changes that are not committed" in run.err) == (2, True), run.err
    assert _state(apart) == before


def test_a_dirty_tree_is_refused_but_not_its_revision(caplint: Caplint, linux: Path, apart: Path) -> None:
    file = linux / X86
    file.write_text(file.read_text().replace("/* Macro lines", "/* Own macro lines"))
    run = caplint("new", "KVM_CAP_FOO", "--kernel", linux)
    assert (run.status, "x86.c has changes that are not committed; commit or stash" in run.err) == (2, True), run.err
    assert caplint("new", "KVM_CAP_FOO", "--kernel", f"{linux}@HEAD").status == 0


def test_a_tree_below_a_repository(caplint: Caplint, linux: Path, apart: Path) -> None:
    shutil.rmtree(linux / ".git")
    (apart / ".gitignore").write_text("linux\n")
    commit(apart)
    words = ("new", "KVM_CAP_FOO", "--kernel", linux, "--dry-run")
    assert caplint(*words).status == 0  # HEAD has nothing of it
    (apart / ".gitignore").write_text("")
    commit(apart)
    assert caplint(*words).status == 0
    (linux / X86).write_text((linux / X86).read_text() + "\n")
    assert "x86.c has changes" in caplint(*words).err
    (linux / UAPI).write_text((linux / UAPI).read_text() + "\n")
    assert "x86.c and 1 more have changes" in caplint(*words).err


def test_a_repository_without_a_commit(caplint: Caplint, linux: Path) -> None:
    shutil.rmtree(linux / ".git")
    git(linux, "init", "-q")
    assert caplint("new", "KVM_CAP_FOO", "--kernel", linux, "--dry-run").status == 0


def test_a_tree_without_git_is_taken(caplint: Caplint, linux: Path, apart: Path) -> None:
    shutil.rmtree(linux / ".git")
    assert caplint("new", "KVM_CAP_FOO", "--kernel", linux).status == 0


def test_a_number_of_the_vendor_range(caplint: Caplint, linux: Path, apart: Path) -> None:
    config = trusted(apart, 'vendor-range = "600-601, 0x1000-0x1fff"\n')
    words = ("--number", "vendor", "--kernel", linux, "--dry-run", "--config", config)
    assert "+#define KVM_CAP_FOO 600\n" in caplint("new", "KVM_CAP_FOO", *words).out
    text = (linux / UAPI).read_text()
    text = text.replace(
        "#define KVM_CAP_HLT 1\n", "#define KVM_CAP_HLT 1\n#define KVM_CAP_A 600\n#define KVM_CAP_B 601\n"
    )
    (linux / UAPI).write_text(text)
    commit(linux)
    assert "+#define KVM_CAP_FOO 4096\n" in caplint("new", "KVM_CAP_FOO", *words).out


def test_no_kernel_is_an_error(caplint: Caplint, apart: Path) -> None:
    shutil.copytree(shipped_files.FIXTURES / "qemu", apart / "qemu")
    run = caplint("new", "KVM_CAP_FOO", "--qemu", "qemu")
    assert (run.status, run.err) == (2, "caplint: no kernel given; name one with --kernel\n")


def test_two_kernels_are_an_error(caplint: Caplint, linux: Path) -> None:
    run = caplint("new", "KVM_CAP_FOO", "--kernel", linux, "--tree", f"other=kernel:{linux}@HEAD")
    assert (run.status, run.err) == (2, "caplint: kernel, other are kernels; name one with --kernel\n")


class _Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_answers_take_the_place_of_options(caplint: Caplint, linux: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    expected = caplint("new", "KVM_CAP_X86_FOO", "--arch", "x86", "--args", "mask:A", "--kernel", linux, "--dry-run")
    monkeypatch.setattr("sys.stdin", _Terminal("KVM_CAP_X86_FOO\n\n\nmask:A\nx86\n\nnone\n"))
    run = caplint("new", "--interactive", "--kernel", linux, "--dry-run")
    assert (run.status, run.out) == (0, expected.out)
    assert "Descriptor on which it is enabled (vm, vcpu, none) [vm]: " in run.err


def _on_a_terminal(answers: str, *words: object) -> tuple[int, str, str]:
    """Run caplint new with a pseudo-terminal as its input; return status, output and standard error."""
    ours, theirs = pty.openpty()
    try:
        os.write(ours, answers.encode())
        command = [sys.executable, "-m", "caplint", "new", "--interactive", *map(str, words)]
        run = subprocess.run(command, stdin=theirs, capture_output=True, text=True, timeout=300, check=False)
    finally:
        os.close(theirs)
        os.close(ours)
    return run.returncode, run.stdout, run.stderr


@pytest.mark.parametrize(
    ("answers", "questions", "options"),
    [
        (
            "KVM_CAP_X86_FOO\n\n\n\nx86\nPPIN=0x4f:ro\n",
            6,
            ("KVM_CAP_X86_FOO", "--arch", "x86", "--msr", "PPIN=0x4f:ro"),
        ),
        (
            "KVM_CAP_FOO\nvm\nyes\nbool\nall\nKVM_FOO\n",
            6,
            ("KVM_CAP_FOO", "--args", "bool", "--ioctl", "KVM_FOO"),
        ),
        ("KVM_CAP_FOO\nnone\n\n\n\n", 5, ("KVM_CAP_FOO", "--scope", "none")),
        ("KVM_CAP_FOO\n\x04\x04\x04\x04\x04\x04", 6, ("KVM_CAP_FOO",)),  # the end of the input takes the defaults
    ],
)
def test_questions_on_a_terminal(  # noqa: PLR0917 - three of them are of the case
    caplint: Caplint, linux: Path, apart: Path, answers: str, questions: int, options: tuple[str, ...]
) -> None:
    expected = caplint("new", *options, "--kernel", linux, "--dry-run").out
    assert expected
    status, out, err = _on_a_terminal(answers, "--kernel", linux, "--dry-run")
    assert (status, out) == (0, expected), err
    assert err.count("]: ") + err.count("Name of the capability: ") == questions
    assert sorted(path.name for path in apart.iterdir()) == ["linux"]


@pytest.mark.parametrize(
    ("answers", "told"),
    [
        ("\n\n\n\n\n\n", "no name given"),
        ("KVM_CAP_FOO\n\n\n\nz80\n\n", "--arch z80: unknown"),
        ("KVM_CAP_HLT\n\n\n\n\n\n", "KVM_CAP_HLT: exists already"),
        ("KVM_CAP_FOO\nvm\nyes\nnone\n\x1b[31m\n\n", "--arch \\x1b[31m: unknown"),
    ],
)
def test_wrong_answers_end_with_one_line(linux: Path, apart: Path, answers: str, told: str) -> None:
    before = _state(apart)
    status, out, err = _on_a_terminal(answers, "--kernel", linux)
    assert (status, out) == (2, ""), err
    assert told in err.rpartition(": caplint: ")[2]
    assert err.count("\n") == 1
    assert _state(apart) == before
