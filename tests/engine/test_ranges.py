"""Ranges of commits: compared with where they have parted, checked commit by commit, and named by commit."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from conftest import CHECK, HEADER, QEMU_UAPI, UAPI, X86, Caplint, commit, git, kernel, lay, qemu

from caplint.trees import commit_range

JSON = ("--output-format", "json")
CONCISE = ("--output-format", "concise")
ENABLE = """
int kvm_vm_ioctl_enable_cap(struct kvm *kvm, struct kvm_enable_cap *cap)
{
	if (cap->flags)
		return -EINVAL;
	switch (cap->cap) {
	case KVM_CAP_HLT:
		kvm->arch.hlt = cap->args[0];
		return 0;
	default:
		return -EINVAL;
	}
}

int use(struct kvm *kvm)
{
	return kvm->arch.hlt;
}
"""
BROKEN = {X86: CHECK.replace("\tcase KVM_CAP_HLT:\n", "") + ENABLE}
MENDED = {X86: CHECK + ENABLE}


@pytest.fixture
def root(tmp_path: Path, apart: Path) -> Path:
    """A kernel of one commit, in a cache of its own."""
    assert apart.is_dir()
    commit(kernel(tmp_path / "k"), "first")
    return tmp_path / "k"


def _codes(out: str, key: str = "findings") -> dict[str, str]:
    return {f"{entry['code']} {entry['subject']}": entry["message"] for entry in json.loads(out)[key]}


def _branch(root: Path) -> None:
    """Master goes on and resolves a finding; a branch parts before that, and adds another one."""
    lay(root, {UAPI: f"{HEADER}#define KVM_CAP_OLD 1\n"})
    commit(root, "old")
    git(root, "branch", "topic")
    lay(root, {UAPI: HEADER})
    commit(root, "resolved upstream")
    git(root, "checkout", "-q", "topic")


def test_a_branch_that_is_behind_is_not_blamed(caplint: Caplint, root: Path) -> None:
    _branch(root)
    run = caplint("check", "--base", "master", root, "--select", "CAP102", *JSON)
    assert (run.status, _codes(run.out), _codes(run.out, "resolved")) == (0, {}, {})
    lay(root, {UAPI: f"{HEADER}#define KVM_CAP_OLD 1\n#define KVM_CAP_NEW 9\n"})
    for committed in (False, True):
        if committed:
            commit(root, "new")
        run = caplint("check", "--base", "master", root, "--select", "CAP102", *JSON)
        assert (run.status, list(_codes(run.out))) == (1, ["CAP102 KVM_CAP_NEW"])
    git(root, "branch", "-f", "ahead", "HEAD")
    git(root, "reset", "-q", "--soft", "HEAD~1")
    run = caplint("check", "--staged", "--base", "master", root, "--select", "CAP102", *JSON)
    assert list(_codes(run.out)) == ["CAP102 KVM_CAP_NEW"]


def test_three_dots(caplint: Caplint, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _branch(root)
    lay(root, {UAPI: f"{HEADER}#define KVM_CAP_OLD 1\n#define KVM_CAP_NEW 9\n"})
    commit(root, "new")
    words = ("--select", "CAP102", *JSON)
    found = _codes(caplint("diff", "master..topic", root, *words).out)
    assert sorted(found) == ["CAP102 KVM_CAP_NEW", "CAP102 KVM_CAP_OLD"]
    for revisions in ("master...topic", "master...", "HEAD...topic", "topic...topic"):
        run = caplint("diff", revisions, root, *words)
        wanted = [] if revisions.startswith(("HEAD", "topic")) else ["CAP102 KVM_CAP_NEW"]
        assert (list(_codes(run.out)), list(_codes(run.out, "resolved"))) == (wanted, [])
    run = caplint("diff", "topic...master", root, *words)
    assert (list(_codes(run.out)), list(_codes(run.out, "resolved"))) == ([], ["CAP102 KVM_CAP_OLD"])
    monkeypatch.chdir(root)
    assert list(_codes(caplint("diff", "master...", *words).out)) == ["CAP102 KVM_CAP_NEW"]


def test_histories_without_a_common_commit(caplint: Caplint, root: Path) -> None:
    git(root, "checkout", "-q", "--orphan", "other")
    commit(root, "other")
    for words in (("check", "--base", "master", root), ("diff", "master...other", root)):
        run = caplint(*words)
        assert (run.status, run.out, run.err.count("\n")) == (2, "", 1)
        assert "have no commit in common" in run.err
    assert caplint("diff", "master..other", root).status == 0


def _breaks(root: Path) -> tuple[str, str]:
    lay(root, BROKEN)
    first = commit(root, "Enable it")
    lay(root, {"Documentation/index.rst": "nothing\n"})
    commit(root, "between")
    lay(root, MENDED)
    return first, commit(root, "Advertise it")


@pytest.mark.parametrize("way", ["diff", "base"])
def test_a_commit_that_breaks_the_range(caplint: Caplint, root: Path, way: str) -> None:
    first, last = _breaks(root)
    words = ("diff", "HEAD~3..HEAD", root) if way == "diff" else ("check", "--base", "HEAD~3", root)
    run = caplint(*words, *CONCISE)
    assert f'CAP603 KVM_CAP_HLT: CAP201 after patch 1 ("{first[:12]} Enable it"): ' in run.out.replace(" on x86", "")
    assert f'; only patch 3 ("{last[:12]} Advertise it") resolves it' in run.out
    skipped = [line for line in run.err.splitlines() if line.startswith("skipped: ")]
    assert not any("CAP603" in line for line in skipped)
    assert any("CAP604 (needs another series" in line for line in skipped)
    assert caplint(*words, *CONCISE).out == run.out


def test_a_finding_names_its_commit(caplint: Caplint, root: Path) -> None:
    ids = []
    for number, name in ((9, "KVM_CAP_A"), (0, "KVM_CAP_B"), (1, "KVM_CAP_C")):
        lay(root, {UAPI: (root / UAPI).read_text() + f"#define {name} {number}\n"})
        ids.append(commit(root, f"Add {name}"))
    run = caplint("diff", "HEAD~3..", root, "--select", "CAP102", *JSON)
    messages = list(_codes(run.out).values())
    for number, name in enumerate("ABC", 1):
        ends = f' (commit {number} of 3, "{ids[number - 1][:12]} Add KVM_CAP_{name}")'
        assert sum(message.endswith(ends) for message in messages) == 1
    lay(root, {UAPI: (root / UAPI).read_text() + "#define KVM_CAP_D 1\n"})
    run = caplint("check", "--base", "HEAD~3", root, "--select", "CAP102", *JSON)
    assert sum(message.endswith(' (commit 4 of 4, "uncommitted changes")') for message in _codes(run.out).values()) == 1


def test_a_rule_that_needs_a_patch_names_it_too(caplint: Caplint, root: Path) -> None:
    for number, name in ((10, "KVM_CAP_A"), (11, "KVM_CAP_B")):
        header = (root / UAPI).read_text() + f"#define {name} {number}\n"
        code = (root / X86).read_text().replace("\tcase KVM_CAP_HLT:\n", f"\tcase KVM_CAP_HLT:\n\tcase {name}:\n")
        lay(root, {UAPI: header, X86: code, "tools/testing/selftests/kvm/x.c": "int x = KVM_CAP_HLT;\n"})
        commit(root, f"Add {name}")
    run = caplint("diff", "HEAD~2..", root, "--select", "CAP506", *JSON)
    messages = _codes(run.out)
    assert [messages[f"CAP506 KVM_CAP_{name}"].endswith(f' Add KVM_CAP_{name}")') for name in "AB"] == [True, True]


@pytest.mark.parametrize("later", [{"Documentation/index.rst": "x\n"}, {X86: f"{CHECK}int later;\n"}, {UAPI: "+"}])
def test_what_only_a_patch_brings_is_not_of_the_last_commit(
    caplint: Caplint, root: Path, later: dict[str, str]
) -> None:
    lay(root, {"README": "x\n"})
    commit(root, "Before")
    lay(root, {UAPI: f"{HEADER}#define KVM_CAP_A 30\n"})
    commit(root, "Add KVM_CAP_A")
    lay(
        root,
        {path: f"{HEADER}#define KVM_CAP_A 30\n/* later */\n" if text == "+" else text for path, text in later.items()},
    )
    commit(root, "After")
    run = caplint("diff", "HEAD~3..", root, "--select", "CAP105", *JSON)
    assert _codes(run.out)["CAP105 KVM_CAP_A"].endswith(' Add KVM_CAP_A")')


def test_a_number_that_a_later_commit_spoils_is_of_that_commit(caplint: Caplint, root: Path) -> None:
    for number, name in ((10, "Add KVM_CAP_A"), (30, "Renumber it")):
        lay(root, {UAPI: f"{HEADER}#define KVM_CAP_A {number}\n"})
        commit(root, name)
    lay(root, {"README": "x\n"})
    commit(root, "After")
    run = caplint("diff", "HEAD~3..", root, "--select", "CAP105", *JSON)
    assert _codes(run.out)["CAP105 KVM_CAP_A"].endswith(' Renumber it")')


PARTS = """
+++
code = "ZZZ901"
name = "parts"
severity = "note"
needs = ["kernel"]
since = "0.1.0"
+++
# Parts

```sql
SELECT tree, path, min(line) AS line, 1 AS column, 'S' AS subject, NULL AS arch, NULL AS function, NULL AS severity,
       group_concat(name, ', ') AS message, NULL AS related, json_group_array(name) AS parts
FROM cap WHERE header = 'uapi' AND name GLOB 'KVM_CAP_Z*' GROUP BY tree
```
"""


def test_a_further_part_is_of_the_commit_that_brings_it(caplint: Caplint, root: Path, tmp_path: Path) -> None:
    lay(tmp_path, {"r/a.md": PARTS.lstrip()})
    header = HEADER
    for number, name in ((10, "A"), (None, "nothing"), (11, "B"), (12, "C")):
        header += f"#define KVM_CAP_Z{name} {number}\n" if number else ""
        lay(root, {UAPI: header, "Documentation/index.rst": f"{name}\n"})
        commit(root, f"Add {name}")

    def ends(revisions: str) -> str:
        words = ("--rules", tmp_path / "r", "--select", "ZZZ901", *JSON)
        (message,) = _codes(caplint("diff", revisions, root, *words).out).values()
        return message.partition(" (")[2]

    assert ends("HEAD~1..") == ""
    assert ends("HEAD~3..HEAD~1").endswith(' Add B")')
    assert ends("HEAD~4..HEAD~2").endswith(' Add A")')
    assert ends("HEAD~3..") == "commits 2, 3 of 3)"
    assert ends("HEAD~4..") == "commits 1, 3, 4 of 4)"


def test_commits_are_patches_for_the_rules_of_patches(caplint: Caplint, tmp_path: Path, apart: Path) -> None:
    assert apart.is_dir()
    root = qemu(tmp_path / "q")
    commit(root)
    lay(root, {QEMU_UAPI: f"{HEADER}#define KVM_CAP_A 10\n", "accel/kvm/kvm-all.c": "int x;\n"})
    name = commit(root, "Both")
    run = caplint("diff", "HEAD~1..", root, "--select", "CAP601", *CONCISE)
    assert f'"{name[:12]} Both" changes it together with code' in run.out
    # A merge is no patch: what it brings was, each of its own.
    git(root, "checkout", "-q", "-b", "side", "HEAD~1")
    lay(root, {"README": "x"})
    commit(root, "other")
    git(root, "merge", "-q", "--no-ff", "-m", "merge", "master")
    assert caplint("diff", "HEAD~1..", root, "--select", "CAP601", *CONCISE).out == ""


def test_a_series_of_patches_names_its_patches_too(caplint: Caplint, root: Path, apart: Path) -> None:
    for number, name in ((9, "KVM_CAP_A"), (0, "KVM_CAP_B")):
        lay(root, {UAPI: (root / UAPI).read_text() + f"#define {name} {number}\n"})
        commit(root, f"Add {name}")
    git(root, "format-patch", "-q", "-o", str(apart / "p"), "HEAD~2")
    git(root, "reset", "-q", "--hard", "HEAD~2")
    run = caplint("patch", *sorted((apart / "p").iterdir()), "--kernel", root, "--select", "CAP102", *CONCISE)
    assert 'KVM_CAP_IRQCHIP, 0 (patch 2 of 2, "Add KVM_CAP_B")' in run.out
    assert '(patch 1 of 2, "Add KVM_CAP_A")' in run.out


def _reason(err: str) -> str:
    return next(line for line in err.splitlines() if line.startswith("skipped: CAP603")).partition(" (")[2]


def test_ranges_that_are_not_checked_commit_by_commit(
    caplint: Caplint, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _breaks(root)
    git(root, "branch", "topic")
    run = caplint("diff", "HEAD..HEAD~3", root, *CONCISE)
    assert _reason(run.err).startswith("HEAD..HEAD~3: the commits do not lead from one end to the other")
    monkeypatch.setattr(commit_range, "MOST_COMMITS", 2)
    run = caplint("diff", "HEAD~3..HEAD", root, *CONCISE)
    assert _reason(run.err) == "HEAD~3..HEAD has more than 2 commits, and only so many are checked one by one)"
    assert "CAP603" not in run.out
    run = caplint("diff", "HEAD~2..HEAD", root, *CONCISE)
    assert "skipped: CAP603" not in run.err
    lay(root, {UAPI: f"{HEADER}#define KVM_CAP_NEW 9\n"})
    git(root, "add", "-A")
    run = caplint("check", "--staged", root, *CONCISE)
    assert "CAP603 (needs a series of patches or commits)" in run.err
    assert "CAP604 (needs another series that is checked with it (caplint patch ONE OTHER))" in run.err
    assert caplint("check", root, *CONCISE).err.count("CAP603, CAP604, CAP605 (needs a patch)") == 1


@pytest.mark.parametrize(
    ("bound", "message"), [("_LARGEST", "change files of more than 9"), ("_MOST_CHANGES", "more than 9 files")]
)
def test_ranges_that_are_too_large(
    caplint: Caplint, root: Path, monkeypatch: pytest.MonkeyPatch, bound: str, message: str
) -> None:
    _breaks(root)
    lay(root, {f"virt/kvm/{number}.c": "int x;\n" for number in range(9)})
    commit(root, "many")
    monkeypatch.setattr(commit_range, bound, 9)
    run = caplint("diff", "HEAD~4..", root, *CONCISE)
    assert message in _reason(run.err)
    assert run.status in {0, 1}


def test_a_branch_into_which_master_was_merged(caplint: Caplint, root: Path) -> None:
    git(root, "branch", "topic")
    lay(root, {"virt/kvm/x.c": "int x;\n"})
    commit(root, "upstream")
    git(root, "checkout", "-q", "topic")
    lay(root, {UAPI: f"{HEADER}#define KVM_CAP_NEW 9\n"})
    commit(root, "new")
    git(root, "merge", "-q", "--no-ff", "-m", "merge", "master")
    run = caplint("check", "--base", "master", root, *JSON)
    assert "CAP102 KVM_CAP_NEW" in _codes(run.out)
    assert _reason(run.err).startswith("master...: the commits do not lead from one end to the other")


def test_files_that_come_and_go(caplint: Caplint, root: Path) -> None:
    """Renames, links and files below a directory: each step has the files of its commit."""
    lay(root, {UAPI: f"{HEADER}#define KVM_CAP_NEW 9\n"})
    commit(root, "new")
    (root / X86).rename(root / "arch/x86/kvm/moved.c")
    commit(root, "move")
    (root / UAPI).unlink()
    (root / UAPI).symlink_to("nowhere")
    lay(root, {"virt/kvm/x.c": "int x;\n"})
    commit(root, "link")
    (root / UAPI).unlink()
    lay(root, {UAPI: HEADER})
    commit(root, "back")
    run = caplint("diff", "HEAD~4..", root, *JSON)
    assert run.status in {0, 1}, run.err
    assert "CAP102 KVM_CAP_NEW" not in _codes(run.out)
    assert 'CAP102 after patch 1 ("' in " ".join(_codes(run.out).values())


def test_names_that_mean_harm(caplint: Caplint, root: Path) -> None:
    lay(root, {UAPI: f"{HEADER}#define KVM_CAP_NEW 9\n", "a\nb:c": "x", ":100644": "x"})
    commit(root, ":100644 000000 0 0 D\x1b[31m\n\nbody")
    lay(root, {"c": "x"})
    commit(root, "next")
    run = caplint("diff", "HEAD~2..", root, "--select", "CAP102", *CONCISE)
    assert ":100644 000000 0 0 D\\x1b[31m" in run.out
    assert "\x1b" not in run.out
