"""caplint check --staged and --base: what a change adds and resolves, and nothing else."""

from __future__ import annotations

import json
from importlib import resources
from pathlib import Path

import jsonschema
import pytest
from conftest import HEADER, KERNEL_FILES, QEMU_UAPI, UAPI, Caplint, commit, git, kernel, lay, qemu, trusted

# A finding that was there before is neither added nor resolved.
OLD = HEADER.replace("HLT 1", "HLT 2")
WORSE = f"{OLD}#define KVM_CAP_WRONG 9\n"
CONCISE = ("--output-format", "concise")


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, apart: Path) -> Path:
    """A QEMU repository, which is the working directory, with one old finding; the kernel is beside it."""
    kernel(tmp_path / "k")
    root = qemu(tmp_path / "q", {QEMU_UAPI: OLD})
    commit(root)
    monkeypatch.chdir(root)
    return root


def test_what_is_staged(caplint: Caplint, checkout: Path) -> None:
    words = ("check", "--staged", "--kernel", "../k", *CONCISE)
    run = caplint(*words)
    assert (run.status, run.out) == (0, "")
    lay(checkout, {QEMU_UAPI: WORSE})
    assert caplint(*words).status == 0
    git(checkout, "add", "-A")
    run = caplint(*words)
    assert run.status == 1
    assert [line.split(": ")[1] for line in run.out.splitlines()] == ["error CAP102 KVM_CAP_WRONG"]
    assert run.out.startswith(f"{checkout}/{QEMU_UAPI}:4:9: ")


def test_added_and_resolved_since_a_revision(caplint: Caplint, checkout: Path) -> None:
    lay(checkout, {QEMU_UAPI: HEADER.replace("NR_VCPUS 9", "NR_VCPUS 8")})
    run = caplint("check", "--base", "HEAD", "--kernel", "../k", "--select", "CAP101", "--output-format", "json")
    found = json.loads(run.out)
    schema = json.loads(resources.files("caplint").joinpath("schemas/check.json").read_text("utf-8"))
    jsonschema.validate(found, schema)
    assert [entry["subject"] for entry in found["findings"]] == ["KVM_CAP_NR_VCPUS"]
    assert [entry["subject"] for entry in found["resolved"]] == ["KVM_CAP_HLT"]
    assert run.status == 1


RAISED = """+++
code = "ZZZ901"
name = "tea"
severity = "note"
in-patch = "warning"
needs = ["kernel"]
since = "0.1.0"
+++
# T

```sql
SELECT tree, path, max(line) AS line, 1 AS column, 'S' AS subject, NULL AS arch, NULL AS function,
       {severity} AS severity,
       'm' AS message, NULL AS related{parts}
FROM cap WHERE header = 'vmm' AND name GLOB 'KVM_CAP_Z*' GROUP BY tree
```
"""


@pytest.mark.parametrize(
    ("severity", "whole", "added"),
    [("NULL", "note", "warning"), ("'note'", "note", "warning"), ("'note/note'", "note", "note"),
     ("'note/error'", "note", "error"), ("'error'", "error", "error")],
)  # fmt: skip
def test_a_severity_for_what_a_patch_brings(
    caplint: Caplint, checkout: Path, severity: str, whole: str, added: str
) -> None:
    lay(checkout, {"../r/a.md": RAISED.format(severity=severity, parts="")})
    lay(checkout, {QEMU_UAPI: f"{OLD}#define KVM_CAP_ZA 9\n"})
    words = ("check", "--kernel", "../k", "--rules", "../r", "--select", "ZZZ901", "--output-format", "json")
    shown = json.loads(caplint(*words, "--base", "HEAD").out)["findings"]
    assert [entry["severity"] for entry in shown] == [added]
    shown = json.loads(caplint(*words, ".").out)["findings"]
    assert [entry["severity"] for entry in shown] == [whole]


def test_a_finding_with_a_further_part_is_added(caplint: Caplint, checkout: Path) -> None:
    page = RAISED.format(severity="NULL", parts=", json_group_array(name) AS parts")
    lay(checkout, {"../r/a.md": page, QEMU_UAPI: f"{OLD}#define KVM_CAP_ZA 9\n#define KVM_CAP_ZB 10\n"})
    commit(checkout)
    words = ("check", "--kernel", "../k", "--rules", "../r", "--select", "ZZZ901", "--base", "HEAD", *CONCISE)
    for names, count in (("BA", 0), ("B", 0), ("BAC", 1), ("AC", 1), ("", 0)):
        lines = "".join(f"#define KVM_CAP_Z{name} 1{number}\n" for number, name in enumerate(names))
        lay(checkout, {QEMU_UAPI: OLD + lines})
        assert len(caplint(*words).out.splitlines()) == count


def test_what_is_only_resolved_is_no_failure(caplint: Caplint, checkout: Path) -> None:
    lay(checkout, {QEMU_UAPI: HEADER})
    run = caplint("check", "--base", "HEAD", "--kernel", "../k", "--select", "CAP101")
    assert run.status == 0
    assert "resolved: error CAP101 KVM_CAP_HLT" in run.out
    assert "0 errors, 0 warnings, 0 notes added; 1 error, 0 warnings, 0 notes resolved" in run.out


def test_what_is_staged_is_one_patch(caplint: Caplint, checkout: Path) -> None:
    """A header sync is a commit of its own, and what is staged becomes one commit."""
    words = ("check", "--staged", "--kernel", "../k", "--select", "CAP601", *CONCISE)
    lay(checkout, {QEMU_UAPI: f"{OLD}\n", "accel/kvm/kvm-all.c": "int x;\n"})
    git(checkout, "add", QEMU_UAPI)
    assert caplint(*words).out == ""
    git(checkout, "add", "-A")
    assert (
        f"CAP601 {QEMU_UAPI}: what is staged changes it together with code (accel/kvm/kvm-all.c)" in caplint(*words).out
    )


def test_facts_of_both_sides(caplint: Caplint, checkout: Path) -> None:
    lay(checkout, {QEMU_UAPI: HEADER})
    query = "SELECT c.number, b.number FROM cap c JOIN base_cap b USING (name) WHERE c.number <> b.number"
    run = caplint("facts", query, "--base", "HEAD", "--output-format", "csv")
    assert run.out.splitlines()[1:] == ["1,2"]


def test_a_base_that_is_not_head(caplint: Caplint, checkout: Path) -> None:
    lay(checkout, {QEMU_UAPI: WORSE})
    commit(checkout)
    words = ("check", "--staged", "--kernel", "../k", *CONCISE)
    assert caplint(*words).out == ""
    assert len(caplint(*words, "--base", "HEAD~1").out.splitlines()) == 1


def test_which_tree_is_meant(caplint: Caplint, checkout: Path, apart: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lay(checkout, {QEMU_UAPI: WORSE})
    git(checkout, "add", "-A")
    monkeypatch.chdir(checkout / "accel")
    assert caplint("check", "--staged", "--kernel", "../../k", *CONCISE).status == 1
    monkeypatch.chdir(apart)
    assert caplint("check", "--staged", "../q", "--kernel", "../k", *CONCISE).status == 1
    assert "needs a kernel tree" in caplint("check", "--staged", "--qemu", "../q").out
    trusted(apart, '[trees.qemu]\npath = "../q"')
    assert "needs a kernel tree" in caplint("check", "--staged").out
    run = caplint("check", "--staged", "--kernel", "../k", *CONCISE)
    message = "caplint: no tree to compare with a revision; run inside the tree, or give its directory as PATH\n"
    assert (run.status, run.err) == (2, message)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--base", "nope"), "no revision 'nope' in this repository"),
        (("--base", "-x"), "'-x' is not a revision"),
        (("--base="), "'' is not a revision"),
    ],
)
def test_one_clear_line(caplint: Caplint, checkout: Path, words: tuple[str, ...], message: str) -> None:
    run = caplint("check", *([words] if isinstance(words, str) else [f"{words[0]}={words[1]}"]))
    assert (run.status, run.out) == (2, "")
    assert message in run.err
    assert run.err.count("\n") == 1


def test_a_revision_for_a_tree(caplint: Caplint, tmp_path: Path) -> None:
    root = kernel(tmp_path / "k")
    commit(root)
    lay(root, {UAPI: HEADER.replace("HLT 1", "HLT 3")})
    commit(root)
    vmm = qemu(tmp_path / "q")
    words = ("--qemu", vmm, "--select", "CAP101", *CONCISE)
    assert caplint("check", "--kernel", f"{root}@HEAD~1", *words).out == ""
    assert "KVM_CAP_HLT" in caplint("check", "--kernel", root, *words).out
    assert len(KERNEL_FILES) == 4
