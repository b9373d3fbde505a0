"""caplint patch: the shipped pairs, what is compared with what, and patches that mean no good."""

from __future__ import annotations

import difflib
import io
import json
import os
import resource
import signal
import socket
import tempfile
from importlib import resources
from pathlib import Path

import jsonschema
import pytest
from conftest import HEADER, QEMU_UAPI, UAPI, Caplint, commit, kernel, lay, qemu

from caplint.rules.page import load
from caplint.util import shipped_files

PATCHES = shipped_files.FIXTURES / "patches"
MINI = (
    "--kernel",
    shipped_files.FIXTURES / "linux",
    "--qemu",
    shipped_files.FIXTURES / "qemu",
    "--libvirt",
    shipped_files.FIXTURES / "libvirt",
)
ALONE = "--summary goes to standard output alone, and needs whole files; leave the other option out"
JSON = ("--output-format", "json")
CONCISE = ("--output-format", "concise")


def _cap(name: str, number: int, path: str = UAPI) -> str:
    context = "".join(f" {line}\n" for line in HEADER.splitlines())
    return f"--- a/{path}\n+++ b/{path}\n@@ -1,3 +1,4 @@\n{context}+#define {name} {number}\n"


def _findings(out: str, key: str = "findings") -> set[tuple[str, str, str]]:
    return {(entry["severity"], entry["code"], entry["subject"]) for entry in json.loads(out)[key]}


@pytest.fixture
def pair(tmp_path: Path) -> tuple[str | Path, ...]:
    return "--kernel", kernel(tmp_path / "k"), "--qemu", qemu(tmp_path / "q")


def test_the_faulty_pair(caplint: Caplint) -> None:
    run = caplint("patch", PATCHES / "kernel-ppin.patch", PATCHES / "qemu-ppin.patch", *MINI, *JSON)
    assert run.status == 1
    jsonschema.validate(
        json.loads(run.out), json.loads(resources.files("caplint").joinpath("schemas/check.json").read_text("utf-8"))
    )
    shipped = {rule.code for rule in load([shipped_files.RULES])}
    assert _findings(run.out) == {
        *({("warning", "CAP401", "KVM_CAP_PPIN")} if "CAP401" in shipped else ()),
        *(("warning", code, "KVM_CAP_PPIN") for code in ("CAP105", "CAP203", "CAP204", "CAP501")),
        *(("warning", code, "MSR_PPIN") for code in ("CAP302", "CAP303", "CAP304", "CAP305")),
        ("warning", "CAP601", QEMU_UAPI),
        ("note", "CAP506", "KVM_CAP_PPIN"),
        ("note", "CAP106", "tools/include/uapi/linux/kvm.h"),
    }
    assert _findings(run.out, "resolved") == set()


def test_the_corrected_pair(caplint: Caplint) -> None:
    run = caplint("patch", PATCHES / "kernel-ppin-v2.mbox", PATCHES / "qemu-ppin-v2.mbox", *MINI, *JSON)
    assert run.status == 0
    # The kernel's own copy in tools/ is never a patch's to renew, so that it lags is the one thing to note.
    assert _findings(run.out) == {("note", "CAP106", "tools/include/uapi/linux/kvm.h")}
    assert _findings(run.out, "resolved") == set()
    assert [line.partition(" (")[0] for line in run.err.splitlines() if not line.startswith("coverage:")] == [
        "skipped: CAP214",
    ], "nothing else is said"


def test_the_order_of_files_says_nothing(caplint: Caplint) -> None:
    runs = [
        caplint("patch", *(PATCHES / f"{name}-ppin.patch" for name in names), *MINI, *JSON).out
        for names in (("kernel", "qemu"), ("qemu", "kernel"))
    ]
    assert runs[0] == runs[1]


def test_a_patch_is_not_laid_into_the_tree(caplint: Caplint, pair: tuple[str | Path, ...], tmp_path: Path) -> None:
    before = {path: path.read_bytes() for path in tmp_path.rglob("*.h")}
    (tmp_path / "p").write_text(_cap("KVM_CAP_NEW", 10))
    assert caplint("patch", tmp_path / "p", *pair).status == 1
    assert {path: path.read_bytes() for path in tmp_path.rglob("*.h")} == before


def test_standard_input(
    caplint: Caplint, pair: tuple[str | Path, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(_cap("KVM_CAP_NEW", 12).encode())))
    run = caplint("patch", "-", *pair, *CONCISE)
    assert "CAP105 KVM_CAP_NEW: takes 12; the next free number is 10" in run.out
    assert caplint("patch", "-", "-", *pair).err == "caplint: -: standard input can be read only once; give - once\n"


def test_a_bare_diff_may_be_several_commits(caplint: Caplint, pair: tuple[str | Path, ...], tmp_path: Path) -> None:
    code = "--- /dev/null\n+++ b/accel/kvm/new.c\n@@ -0,0 +1 @@\n+int x;\n"
    (tmp_path / "p").write_text(_cap("KVM_CAP_A", 10, QEMU_UAPI) + code)
    words = ("patch", tmp_path / "p", *pair, "--select", "CAP601", *JSON)
    assert _findings(caplint(*words).out) == {("note", "CAP601", QEMU_UAPI)}
    (tmp_path / "p").write_text("From: a\nSubject: b\n\n" + _cap("KVM_CAP_A", 10, QEMU_UAPI) + code)
    assert _findings(caplint(*words).out) == {("warning", "CAP601", QEMU_UAPI)}


def test_what_is_resolved_is_said(caplint: Caplint, tmp_path: Path) -> None:
    wrong = HEADER.replace("HLT 1", "HLT 2")
    trees = ("--kernel", kernel(tmp_path / "k"), "--qemu", qemu(tmp_path / "q", {QEMU_UAPI: wrong}))
    (tmp_path / "p").write_text(
        f"--- a/{QEMU_UAPI}\n+++ b/{QEMU_UAPI}\n@@ -1,3 +1,3 @@\n #define KVM_CAP_IRQCHIP 0\n"
        "-#define KVM_CAP_HLT 2\n+#define KVM_CAP_HLT 1\n #define KVM_CAP_NR_VCPUS 9\n"
    )
    run = caplint("patch", tmp_path / "p", *trees)
    assert run.status == 0
    assert "resolved: error CAP101 KVM_CAP_HLT: is 2 here" in run.out
    assert "0 errors, 0 warnings, 0 notes added; 1 error, 0 warnings, 0 notes resolved" in run.out
    assert _findings(caplint("patch", tmp_path / "p", *trees, *JSON).out, "resolved") == {
        ("error", "CAP101", "KVM_CAP_HLT")
    }


def test_two_series_that_take_one_number(caplint: Caplint, pair: tuple[str | Path, ...], tmp_path: Path) -> None:
    lay(tmp_path, {"a.mbox": _cap("KVM_CAP_A", 10), "b.mbox": _cap("KVM_CAP_B", 10)})
    run = caplint("patch", tmp_path / "a.mbox", tmp_path / "b.mbox", *pair, "--select", "CAP102")
    assert run.status == 1
    assert f"With {tmp_path}/a.mbox:" in run.out
    for one, other, name in (("A", "B", "b.mbox"), ("B", "A", "a.mbox")):
        expected = f"error CAP102 KVM_CAP_{one}: takes 10, which {tmp_path}/{name} gives to KVM_CAP_{other}"
        assert expected in run.out
    together = caplint("patch", tmp_path / "a.mbox", tmp_path / "b.mbox", *pair, "--select", "CAP102", *JSON)
    assert len(json.loads(together.out)["findings"]) == 2


def test_a_series_and_a_reference(caplint: Caplint, tmp_path: Path) -> None:
    reference = kernel(tmp_path / "next", {UAPI: f"{HEADER}#define KVM_CAP_THEIRS 10\n"})
    (tmp_path / "p").write_text(_cap("KVM_CAP_OURS", 10))
    words = ("patch", tmp_path / "p", "--kernel", kernel(tmp_path / "k"), "--select", "CAP102", *CONCISE)
    assert caplint(*words).out == ""
    assert "KVM_CAP_OURS: has the number of KVM_CAP_THEIRS" in caplint(*words, "--tree", f"n=reference:{reference}").out


def test_the_tree_here(caplint: Caplint, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "p").write_text(_cap("KVM_CAP_NEW", 12))
    monkeypatch.chdir(kernel(tmp_path / "k"))
    assert "CAP105" in caplint("patch", "../p", *CONCISE).out


def test_the_diff_alone(caplint: Caplint, pair: tuple[str | Path, ...], tmp_path: Path) -> None:
    (tmp_path / "p").write_text(_cap("KVM_CAP_NEW", 9).replace("NR_VCPUS 9", "OTHER 9"))
    run = caplint("patch", tmp_path / "p", *pair)
    assert (run.status, run.out) == (2, "")
    message = f"hunk 1 of {UAPI} (line 1) does not apply; regenerate the patch against this tree"
    assert run.err == f"caplint: {tmp_path}/p: {message}\n"
    run = caplint("patch", tmp_path / "p", *pair, "--diff-only")
    assert "error CAP102 KVM_CAP_NEW: has the number of KVM_CAP_OTHER, 9 (seen in the diff alone)" in run.out
    assert run.out.endswith("Only the diff hunks were analysed, not the rest of the patched trees.\n")
    assert f"{UAPI}:4" in run.out
    without_trees = caplint("patch", tmp_path / "p", "--diff-only", *CONCISE)
    assert "CAP102 KVM_CAP_NEW" in without_trees.out


def test_the_diff_alone_says_nothing_of_numbers_that_it_does_not_show(caplint: Caplint, tmp_path: Path) -> None:
    path = "Documentation/virt/kvm/api.rst"
    text = "7. Of VMs\n=========\n\n7.1 KVM_CAP_A\n-------------\n\nText.\n"
    more = "\n7.9 KVM_CAP_B\n-------------\n\nText.\n"
    diff = difflib.unified_diff(text.splitlines(True), (text + more).splitlines(True), f"a/{path}", f"b/{path}", n=1)
    (tmp_path / "p").write_text("".join(diff))
    words = ("patch", tmp_path / "p", "--kernel", kernel(tmp_path / "k", {path: text}), "--select", "CAP503", *CONCISE)
    run = caplint(*words)
    assert '7.9: "KVM_CAP_B" leaves out 7.2 to 7.8' in run.out, run.err
    assert "CAP503 7" not in caplint(*words, "--diff-only").out


def test_two_revisions(caplint: Caplint, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = kernel(tmp_path / "k")
    commit(root)
    lay(root, {UAPI: f"{HEADER}#define KVM_CAP_NEW 9\n"})
    commit(root)
    words = ("--select", "CAP102", *JSON)
    run = caplint("diff", "HEAD~1..HEAD", root, *words)
    assert (run.status, _findings(run.out)) == (1, {("error", "CAP102", "KVM_CAP_NEW")})
    monkeypatch.chdir(root)
    run = caplint("diff", "HEAD..HEAD~1", *words)
    assert (run.status, _findings(run.out, "resolved")) == (0, {("error", "CAP102", "KVM_CAP_NEW")})
    assert caplint("diff", "HEAD~1..", *words).status == 1
    for wrong in ("HEAD", "..", "...", "HEAD....HEAD"):
        assert caplint("diff", wrong).err == f"caplint: {wrong}: write REV..REV, such as v6.11..v6.12\n"


GONE = "--- a/drivers/x.c\n+++ b/drivers/x.c\n@@ -1 +1 @@\n-a\n+b\n"
HOSTILE: dict[str, tuple[bytes, str]] = {
    "up": (GONE.replace("drivers", "../..").encode(), "'../../x.c' lies outside the tree; refused"),
    "absolute": (b"--- /etc/passwd\n+++ /etc/passwd\n@@ -1 +1 @@\n-a\n+b\n", "'/etc/passwd' lies outside the tree"),
    "nothing": (
        b"--- /dev/null\n+++ /dev/null\n@@ -0,0 +0,0 @@\n",
        "a diff between /dev/null and /dev/null has no effect",
    ),
    "empty": (b"", "contains no diff"),
    "noise": (bytes(range(256)) * 100, "contains no diff"),
    "UTF-16": (GONE.encode("utf-16"), "is UTF-16; "),
    "escapes": (GONE.replace("drivers", "\x1b[31mx").encode(), "\\x1b[31mx/x.c' contains control characters; refused"),
    "quoted escapes": (
        b'--- "a/\\033]0;x\\007"\n+++ "b/\\033]0;x\\007"\n@@ -1 +1 @@\n-a\n+b\n',
        "\\x1b]0;x\\x07' contains control characters; refused",
    ),
    "bytes": (GONE.replace("drivers", "d").encode().replace(b"d/", b"\xff/"), "\\xff/x.c fits none of the trees"),
    "cut": (GONE.encode()[:-4], "not a unified diff: hunk 1 of b/drivers/x.c does not match its @@ header"),
    "huge numbers": (
        f"--- a/{UAPI}\n+++ b/{UAPI}\n@@ -{'9' * 30},1 +{'9' * 30},1 @@\n-a\n+b\n".encode(),
        f"{UAPI}",
    ),
    "a long name": (GONE.replace("drivers", "d" * 5000).encode(), "is longer than a path can be; refused"),
    "a deep name": (GONE.replace("drivers", "d/" * 2000 + "d").encode(), "fits none of the trees"),
    "parts": (
        b"Subject: x\nContent-Type: multipart/mixed; boundary=x\n\n" + b"--x\nContent-Type: text/plain\n\na\n" * 10_000,
        "a mail has more than 200 parts",
    ),
}


@pytest.fixture
def private(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Directories that a run makes for itself are made, and must be gone again, where the test looks."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))


@pytest.mark.usefixtures("private")
@pytest.mark.parametrize(("content", "message"), HOSTILE.values(), ids=list(HOSTILE))
def test_a_hostile_patch(
    caplint: Caplint, pair: tuple[str | Path, ...], tmp_path: Path, content: bytes, message: str
) -> None:
    (tmp_path / "p").write_bytes(content)
    before = sorted(tmp_path.rglob("*"))
    run = caplint("patch", tmp_path / "p", *pair)
    assert (run.status, run.out) == (2, "")
    assert message in run.err
    assert run.err.count("\n") == 1
    assert "\x1b" not in run.err
    assert sorted(path for path in tmp_path.rglob("*") if "cache" not in path.parts) == [
        path for path in before if "cache" not in path.parts
    ]


def test_a_patch_of_200_megabytes(caplint: Caplint, pair: tuple[str | Path, ...], tmp_path: Path) -> None:
    with (tmp_path / "p").open("wb") as file:
        file.truncate(200_000_000)
    run = caplint("patch", tmp_path / "p", *pair)
    assert (run.status, run.err.count("\n")) == (2, 1)
    assert "more than 64,000,000 are not read" in run.err


@pytest.mark.parametrize(("name", "message"), [("gone", "cannot be read: "), (".", "a directory without patches (")])
def test_a_patch_that_cannot_be_read(
    caplint: Caplint, pair: tuple[str | Path, ...], apart: Path, name: str, message: str
) -> None:
    assert apart.is_dir()
    run = caplint("patch", name, *pair)
    assert (run.status, run.err.count("\n")) == (2, 1)
    assert run.err.startswith(f"caplint: {name}: {message}")


@pytest.mark.parametrize("kind", ["FIFO", "device", "socket"])
def test_a_patch_that_is_no_regular_file(
    caplint: Caplint, pair: tuple[str | Path, ...], apart: Path, kind: str
) -> None:
    name = "/dev/zero" if kind == "device" else "x"
    if kind == "FIFO":
        os.mkfifo(apart / name)
    elif kind == "socket":
        with socket.socket(socket.AF_UNIX) as made:
            made.bind(name)
    signal.alarm(20)  # opening it would wait for ever
    run = caplint("patch", name, *pair)
    signal.alarm(0)
    assert (run.status, run.out) == (2, "")
    assert run.err == f"caplint: {name}: cannot be read: it is a {kind}, not a regular file\n"


def test_standard_input_that_is_closed(
    caplint: Caplint, pair: tuple[str | Path, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", None)
    run = caplint("patch", "-", *pair)
    assert (run.status, run.out) == (2, "")
    assert run.err == "caplint: -: standard input is closed; pipe the input into it, or name a file\n"


def test_a_name_that_is_not_utf_8(caplint: Caplint, pair: tuple[str | Path, ...], tmp_path: Path) -> None:
    name = tmp_path / os.fsdecode(b"p\xff\xc3")
    name.write_text(_cap("KVM_CAP_NEW", 12))
    for form in ("text", "json", "jsonl", "sarif", "concise"):
        run = caplint("patch", name, *pair, "--output-format", form)
        assert (run.status, "CAP105" in run.out) == (1, True), run.err
    name.write_text(_cap("KVM_CAP_NEW", 12) + "@@ -9")
    assert "p\\xff\\xc3: not a unified diff" in caplint("patch", name, *pair).err


@pytest.mark.parametrize("line", ["9000000", "2000000000", "1" + "0" * 18, "1" + "0" * 30, "9" * 5000], ids=len)
@pytest.mark.parametrize("more", [(), ("--diff-only",)])
def test_lines_that_no_file_has(
    caplint: Caplint, pair: tuple[str | Path, ...], tmp_path: Path, line: str, more: tuple[str, ...]
) -> None:
    (tmp_path / "p").write_text(f"--- a/{UAPI}\n+++ b/{UAPI}\n@@ -{line} +{line} @@\n-a\n+b KVM_CAP_HLT\n")
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    run = caplint("patch", tmp_path / "p", *pair, *more)
    assert (run.status, run.out, run.err.count("\n")) == (2, "", 1)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 200_000


def test_a_summary_is_mail_text_or_a_check_of_b4(
    caplint: Caplint, tmp_path: Path, pair: tuple[str | Path, ...]
) -> None:
    (tmp_path / "a.patch").write_text(_cap("KVM_CAP_NEW", 10))
    run = caplint("patch", tmp_path / "a.patch", *pair, "--summary", "--fail-on", "never")
    assert (run.status, run.err) == (0, "")
    text = run.out.splitlines()
    assert text[:2] == ["KVM_CAP_NEW (10), new", "  touches  number"]
    assert len(text) <= 10
    assert max(map(len, text)) <= 72
    (check,) = json.loads(caplint("patch", tmp_path / "a.patch", *pair, "--summary", "--output-format", "b4").out)
    assert check["details"].startswith(run.out)


@pytest.mark.parametrize(
    ("words", "error"),
    [
        (("--output-format", "sarif"), "--summary is shown as text or b4, not as sarif"),
        (
            ("--statistics",),
            ALONE,
        ),
        (
            ("--diff-only",),
            ALONE,
        ),
    ],
)
def test_a_summary_stands_alone(
    caplint: Caplint, tmp_path: Path, pair: tuple[str | Path, ...], words: tuple[str, ...], error: str
) -> None:
    (tmp_path / "a.patch").write_text(_cap("KVM_CAP_NEW", 10))
    run = caplint("patch", tmp_path / "a.patch", *pair, "--summary", *words)
    assert (run.status, run.out, run.err) == (2, "", f"caplint: {error}\n")
