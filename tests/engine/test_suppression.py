"""Suppression of findings: subjects and files by pattern, and comments in the code."""

from __future__ import annotations

from pathlib import Path

import pytest
from conftest import HEADER, UAPI, Caplint, commit, git, kernel, lay

from caplint.config.settings import Suppression
from caplint.engine.suppression import suppress, without_commented
from caplint.findings.finding import Finding, Location
from caplint.trees.detect import directory_tree
from caplint.trees.tree import Tree

PATH = "arch/x86/kvm/x86.c"


def finding(line: int = 2, code: str = "CAP205", path: str = PATH, subject: str = "KVM_CAP_X") -> Finding:
    place = Location("kernel", path, line, 1)
    return Finding(code, "flags-unchecked", "warning", subject, "x86", None, "is", place)


@pytest.mark.parametrize(
    ("entry", "hides"),
    [
        (Suppression("CAP205", "KVM_CAP_X", "why"), True),
        (Suppression("flags-unchecked", "KVM_CAP_*", "why"), True),
        (Suppression("CAP205", "*", "why"), True),
        (Suppression("CAP205", "*_X", "why"), True),
        (Suppression("CAP205", "KVM_CAP_", "why"), False),
        (Suppression("CAP205", "KVM.CAP_X", "why"), False),
        (Suppression("CAP205", "KVM_CAP_Y*", "why"), False),
        (Suppression("CAP206", "*", "why"), False),
        (Suppression("CAP205", "", "why", path="arch/x86/**"), True),
        (Suppression("CAP205", "", "why", path="arch/*/kvm/x86.c"), True),
        (Suppression("CAP205", "", "why", path="**/x86.c"), True),
        (Suppression("CAP205", "", "why", path="arch/*"), False),
        (Suppression("CAP205", "", "why", path="x86.c"), False),
        (Suppression("CAP205", "KVM_CAP_*", "why", path="arch/arm64/**"), False),
        (Suppression("CAP205", "*", "why", arch="x86"), True),
        (Suppression("CAP205", "*", "why", arch="arm64"), False),
    ],
)
def test_patterns(entry: Suppression, hides: bool) -> None:
    kept, unused = suppress([finding()], [entry])
    assert (kept == [], unused == []) == (hides, hides)


def test_a_literal_star_is_its_own_pattern() -> None:
    assert suppress([finding(subject="a*b**")], [Suppression("CAP205", "a*b**", "why")]) == ([], [])


def test_a_pattern_takes_no_long_time() -> None:
    entry = Suppression("CAP205", "*a" * 200 + "b", "why")
    assert suppress([finding(subject="a" * 300)], [entry])[1] == [entry]


def tree(root: Path, *lines: str, path: str = PATH) -> Tree:
    lay(root, {UAPI: HEADER, path: "".join(f"{line}\n" for line in lines)})
    return directory_tree(str(root), "kernel", "kernel")


@pytest.mark.parametrize(
    ("before", "line", "reason"),
    [
        ("", "case X: /* caplint: ignore CAP205 -- kept ABI */", "kept ABI"),
        ("", "case X: // caplint: ignore CAP205: kept ABI", "kept ABI"),
        ("/* caplint: ignore CAP205 -- kept ABI */", "case X:", "kept ABI"),
        ("\t// caplint: ignore cap205, CAP301 -- kept -- ABI", "case X:", "kept -- ABI"),
        (" * caplint: ignore flags-unchecked -- kept ABI", "case X:", "kept ABI"),
        (".. caplint: ignore CAP205 -- kept ABI", "8.1 KVM_CAP_X", "kept ABI"),
        ("# caplint: ignore CAP301,CAP205 -- kept ABI", "x", "kept ABI"),
        ("case W: /* caplint: ignore CAP205 -- kept ABI */", "case X:", None),
        ("", "case X: /* caplint: ignore CAP205 */", None),
        ("", "case X: /* caplint: ignore CAP205 -- */", None),
        ("", "case X: /* caplint: ignore CAP206 -- kept ABI */", None),
        ("", "case X: /* caplint: ignore CAP2 -- kept ABI */", None),
        ("", "case X: /* caplint: ignore -- kept ABI */", None),
        ("", 's = "caplint: ignore CAP205 -- kept ABI";', None),
        ("", "caplint: ignore CAP205 -- kept ABI", None),
        ("", "x /* caplint: ignore CAP205 -- kept ABI */" + " " * 2_000, None),
    ],
)
def test_comments(tmp_path: Path, before: str, line: str, reason: str | None) -> None:
    kept, hidden = without_commented([finding()], [tree(tmp_path, before, line)])
    assert (kept == []) == (reason is not None)
    assert hidden == ([f"CAP205 KVM_CAP_X (kernel:{PATH}:2): {reason}"] if reason else [])


def test_places_that_no_file_has(tmp_path: Path) -> None:
    findings = [finding(line=0), finding(line=99), finding(path="none.c")]
    kept, _ = without_commented(findings, [tree(tmp_path, "/* caplint: ignore CAP205 -- why */")])
    assert kept == findings


def test_a_comment_is_told_and_counts(caplint: Caplint, tmp_path: Path) -> None:
    new = "#define KVM_CAP_NEW 10"
    words = ("check", kernel(tmp_path / "k", {UAPI: f"{HEADER}{new} /* caplint: ignore CAP501 -- not yet */\n"}))
    run = caplint(*words, "--select", "CAP501")
    assert "0 errors, 0 warnings, 0 notes; 1 suppressed\n" in run.out
    assert f"suppressed by a comment: CAP501 KVM_CAP_NEW (kernel:{UAPI}:4): not yet\n" in run.out
    assert caplint(*words, "--select", "CAP501").out.partition(" in ")[0] == run.out.partition(" in ")[0]


def test_a_patch_resolves_nothing_that_a_comment_hides(caplint: Caplint, tmp_path: Path) -> None:
    root = kernel(tmp_path / "k", {UAPI: f"{HEADER}#define KVM_CAP_NEW 10 /* caplint: ignore CAP501 -- not yet */\n"})
    git(root, "init", "-q")
    commit(root, "first")
    lay(
        root,
        {UAPI: (root / UAPI).read_text("utf-8") + "#define KVM_CAP_OTHER 11 /* caplint: ignore CAP501 -- later */\n"},
    )
    run = caplint("check", "--base", "HEAD", root, "--select", "CAP501")
    assert "0 notes added; 0 errors, 0 warnings, 0 notes resolved" in run.out
    assert "KVM_CAP_OTHER (kernel:" in run.out
