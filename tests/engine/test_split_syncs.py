"""A mail that updates copies of the kernel's headers together with code becomes two, or stays as it is."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from conftest import QEMU_UAPI, bare_qemu

from caplint.engine.split_syncs import split_syncs
from caplint.findings.finding import Finding, Location
from caplint.trees.patch_text import PatchText
from caplint.trees.series import PatchedTrees, apply_series, read_series
from caplint.trees.tree import Tree

CODE = "accel/kvm/kvm-all.c"
FILES = {QEMU_UAPI: "#define KVM_CAP_A 1\n", CODE: "int a;\n", "linux-headers/asm-x86/kvm.h": "int asm;\n"}
HEAD = "From: Me <me@example.org>\nDate: Mon, 1 Jan 2024 00:00:00 +0000\nMessage-ID: <1@example.org>\n"
FOUND = Finding("CAP601", "header-sync-mixed", "warning", QEMU_UAPI, None, None, "m", Location("qemu", QEMU_UAPI, 2))


def _diff(path: str, line: str) -> str:
    first = FILES[path].rstrip("\n")
    return (
        f"diff --git a/{path} b/{path}\nindex 1111111..2222222 100644\n--- a/{path}\n+++ b/{path}\n"
        f"@@ -1 +1,2 @@\n {first}\n+{line}\n"
    )


HEADER, SOURCE = _diff(QEMU_UAPI, "#define KVM_CAP_B 2"), _diff(CODE, "int b;")


def _mail(subject: str = "[PATCH] kvm: use B", *diffs: str, head: str = HEAD, more: str = "") -> str:
    return (
        f"From {'1' * 40} Mon Sep 17 00:00:00 2001\n{head}Subject: {subject}\n{more}\nUse it.\n\n"
        f"Signed-off-by: Me <me@example.org>\n---\n\n{''.join(diffs or (HEADER, SOURCE))}-- \n2.43.0\n\n"
    )


def _laid(tree: Tree, *mails: str) -> tuple[tuple[PatchText, ...], PatchedTrees]:
    texts = tuple(PatchText(f"{number}.patch", mail.encode()) for number, mail in enumerate(mails, 1))
    (laid,) = apply_series(read_series(texts, lambda _: None, in_order=True), [tree], None, lambda _: None)
    return texts, laid


def _split(root: Path, *mails: str, found: tuple[Finding, ...] = (FOUND,)) -> tuple[list[str], list[Finding]]:
    texts, laid = _laid(bare_qemu(root, FILES), *mails)
    made, done = split_syncs(texts, laid, found)
    assert [text.label for text in made] == [text.label for text in texts]
    return [text.content.decode() for text in made], done


def test_headers_come_first_and_code_second(tmp_path: Path) -> None:
    (text,), done = _split(tmp_path, _mail("[PATCH v2] kvm: use\n B"))
    assert done == [FOUND]
    tree = bare_qemu(tmp_path / "other", FILES)
    (series,) = read_series([PatchText("s", text.encode())], lambda _: None)
    assert [[file.path for file in patch.files] for patch in series.patches] == [[QEMU_UAPI], [CODE]]
    first, second = (patch.mail for patch in series.patches)
    assert first is not None
    assert second is not None
    assert (first.number, second.number) == ((1, 2), (2, 2))
    assert second.subject == "kvm: use B"
    assert "[PATCH v2 1/2]" in text
    assert "[PATCH v2 2/2]" in text
    assert text.count("Message-ID:") == 1
    assert text.count("Signed-off-by:") == 1
    assert text.index("Signed-off-by:") > text.index("2/2]")
    (laid,) = apply_series([series], [tree], None, lambda _: None)
    assert laid.trees[0].read(CODE) == b"int a;\nint b;\n"
    assert laid.trees[0].read(QEMU_UAPI) == b"#define KVM_CAP_A 1\n#define KVM_CAP_B 2\n"


def test_all_headers_are_in_the_first_wherever_they_stood(tmp_path: Path) -> None:
    other = _diff("linux-headers/asm-x86/kvm.h", "int more;")
    (text,), _ = _split(tmp_path, _mail("[PATCH] all", HEADER, SOURCE, other))
    (series,) = read_series([PatchText("s", text.encode())], lambda _: None)
    assert [[file.path for file in patch.files] for patch in series.patches] == [
        [QEMU_UAPI, "linux-headers/asm-x86/kvm.h"], [CODE],
    ]  # fmt: skip


def test_a_subject_without_a_tag_gets_one(tmp_path: Path) -> None:
    (text,), done = _split(tmp_path, _mail("kvm: use B"))
    assert done == [FOUND]
    assert "Subject: [PATCH 2/2] kvm: use B\n" in text


@pytest.mark.parametrize(
    "mail",
    [
        _mail("[PATCH 1/3] kvm: use B"),
        _mail("[PATCH] only code", SOURCE),
        _mail("[PATCH] only headers", HEADER),
        _mail(more="Content-Transfer-Encoding: quoted-printable\n").replace("=", "=3D"),
        HEADER + SOURCE,
        _mail("[PATCH] no git", HEADER.partition("index")[2].partition("\n")[2], SOURCE),
        _mail().replace("\n", "\r\n"),
    ],
    ids=["of a series", "code", "headers", "encoded", "a bare diff", "a diff that is not git's", "CR LF"],
)
def test_other_mails_are_left_alone(tmp_path: Path, mail: str) -> None:
    assert _split(tmp_path, mail) == ([mail], [])


@pytest.mark.parametrize(
    "found",
    [
        replace(FOUND, code="CAP602"),
        replace(FOUND, severity="note"),
        replace(FOUND, place=Location("qemu", "linux-headers/linux/vfio.h", 1)),
    ],
    ids=["another rule", "a note", "another file"],
)
def test_other_findings_split_nothing(tmp_path: Path, found: Finding) -> None:
    assert _split(tmp_path, _mail(), found=(found,)) == ([_mail()], [])


def test_only_the_mail_of_the_finding_is_split(tmp_path: Path) -> None:
    path = "linux-headers/asm-x86/kvm.h"
    other = _mail("[PATCH] other", _diff(path, "int more;"))
    texts, done = _split(tmp_path, other, _mail())
    assert texts[0] == other
    assert texts[1].count("Subject: ") == 2
    assert done == [FOUND]


def test_a_file_of_several_mails_is_left_alone(tmp_path: Path) -> None:
    mbox = _mail("[PATCH] other", _diff("linux-headers/asm-x86/kvm.h", "int more;")) + _mail()
    assert _split(tmp_path, mbox) == ([mbox], [])
