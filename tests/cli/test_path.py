"""Words of a question about call paths, and what of the answer they show; `tests/graph/` has the paths themselves."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from conftest import X86, Caplint, age, lay, qemu

from caplint.util import shipped_files

MAIN = "int main(void)\n{\n\treturn f(s) + g(s) + x(s);\n}\n"
USES = """\
int kvm_ioctl(KVMState *s, unsigned long type, void *arg)
{
	return ioctl(s->fd, type, arg);
}
int kvm_check_extension(KVMState *s, unsigned int extension)
{
	return kvm_ioctl(s, KVM_CHECK_EXTENSION, extension);
}
int f(KVMState *s)
{
	return kvm_check_extension(s, KVM_CAP_HLT);
}
int g(KVMState *s)
{
	return h(s);
}
int h(KVMState *s)
{
	return kvm_check_extension(s, KVM_CAP_HLT);
}
int x(KVMState *s)
{
	return h(s);
}
int lone(KVMState *s)
{
	return h(s);
}
"""
CODE = (shipped_files.FIXTURES / "linux" / X86).read_text()
FIRST, SECOND, *_ = CODE.split("\n")
PATCH = f"--- a/{X86}\n+++ b/{X86}\n@@ -1,2 +1,3 @@\n+/* tea */\n {FIRST}\n {SECOND}\n"
SCRIPT = "--- a/tools/tea.py\n+++ b/tools/tea.py\n@@ -1 +1 @@\n-a\n+b\n"
BINARY = "diff --git a/a.bin b/a.bin\nBinary files a/a.bin and b/a.bin differ\n"
CASE = CODE[: CODE.index("case KVM_CAP_HLT")].count("\n") + 1


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A kernel, a VMM whose program asks for a capability in two places, patches, and later a cache."""
    root = tmp_path_factory.mktemp("path")
    shutil.copytree(shipped_files.FIXTURES / "linux", root / "k")
    qemu(root / "q", {"system/main.c": MAIN, "accel/kvm/kvm-all.c": USES})
    lay(root, {"tea.patch": PATCH, "script.patch": SCRIPT, "binary.patch": BINARY})
    age(root)
    return root


@pytest.fixture(autouse=True)
def _here(made: Path, apart: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Stand beside the trees, with one cache for all tests."""
    assert apart.is_dir()
    monkeypatch.setenv("CAPLINT_CACHE", str(made / "cache"))
    monkeypatch.chdir(made)


def _paths(caplint: Caplint, *words: str) -> list[list[str]]:
    """Functions of each path."""
    run = caplint("path", "k", "q", *words, "--output-format", "json")
    assert (run.status, run.err) == (0, "")
    return [[step["function"] for step in path] for path in json.loads(run.out)["paths"]]


def test_from_the_programs_entry_to_the_label(caplint: Caplint) -> None:
    path, other = _paths(caplint, "KVM_CAP_HLT")
    assert path[:4] == ["main", "f", "kvm_check_extension", "kvm_ioctl"]
    assert other[:4] == ["main", "g", "h", "kvm_check_extension"]
    assert path[-1] == other[-1] == "kvm_vm_ioctl_check_extension"
    run = caplint("path", "KVM_CAP_HLT", "k", "q")
    assert f"kernel:{X86}:{CASE}" in run.out


def test_another_start_and_another_goal(caplint: Caplint) -> None:
    assert _paths(caplint, "KVM_CAP_HLT", "--from", "lone")[1][:2] == ["lone", "h"]
    assert _paths(caplint, "--to", "h") == [["main", "g", "h"]]
    assert _paths(caplint, "--to", "h", "--from", "lone") == [["lone", "h"]]


def test_all_paths_of_a_use_instead_of_the_best(caplint: Caplint) -> None:
    ways = [path[1:-6] for path in _paths(caplint, "KVM_CAP_HLT", "--all")]
    assert sorted(ways) == [["f"], ["g", "h"], ["x", "h"]]
    assert sorted(path[1:-6] for path in _paths(caplint, "KVM_CAP_HLT")) == [["f"], ["g", "h"]]


def test_a_name_may_stand_before_and_behind_the_trees(caplint: Caplint) -> None:
    assert caplint("path", "k", "KVM_CAP_HLT", "q").out == caplint("path", "KVM_CAP_HLT", "k", "q").out


@pytest.mark.parametrize("arch", ["x86", "i386"])
def test_an_architecture_by_each_of_its_names(caplint: Caplint, arch: str) -> None:
    run = caplint("path", "KVM_CAP_HLT", "k", "q", "--arch", arch, "--output-format", "json")
    assert json.loads(run.out)["arch"] == "x86"


def test_a_patch_is_laid_over_in_memory(caplint: Caplint, made: Path) -> None:
    run = caplint("path", "KVM_CAP_HLT", "k", "q", "--patch", "tea.patch")
    assert f"kernel:{X86}:{CASE + 1}" in run.out
    assert (made / "k" / X86).read_text() == CODE


@pytest.mark.parametrize("patch", ["script.patch", "binary.patch"])
def test_patches_that_touch_nothing_that_is_read_are_not_passed_over(caplint: Caplint, patch: str) -> None:
    run = caplint("path", "KVM_CAP_HLT", "k", "q", "--patch", patch)
    assert (run.status, run.out) == (2, "")
    assert run.err.splitlines()[-1] == "caplint: --patch: the patches touch no file that caplint reads"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((), "name one capability, ioctl or MSR, or a function with --to"),
        (("KVM_CAP_HLT", "KVM_CAP_IRQCHIP"), "name one capability, ioctl or MSR, or a function with --to"),
        (("KVM_CAP_HLT", "--to", "f"), "name one capability, ioctl or MSR, or a function with --to"),
        (("--to", "f()"), "--to 'f()' is not a function name; write an identifier of C"),
        (("KVM_CAP_HLT", "--from", "a b"), "--from 'a b' is not a function name; write an identifier of C"),
        (("KVM_CAP_HLT", "--from", ""), "--from '' is not a function name; write an identifier of C"),
        (("KVM_CAP_HLT", "--arch", "vax"), "--arch vax: unknown; known are "),
        (("KVM_CAP_HLT", "--patch", "gone.patch"), "gone.patch"),
        (("KVM_CAP_HLT", "--all-functions"), "--all-functions takes trees, --arch, and the formats text, json and dot"),
        (("--all-functions", "--to", "f"), "--all-functions takes trees, --arch, and the formats"),
        (("--all-functions", "--from", "f"), "--all-functions takes trees, --arch, and the formats"),
        (("--all-functions", "--expand"), "--all-functions takes trees, --arch, and the formats"),
        (("--all-functions", "--patch", "tea.patch"), "--all-functions takes trees, --arch, and the formats"),
        (("--all-functions", "--output-format", "svg"), "--all-functions takes trees, --arch, and the formats"),
        (("--all-functions", "--arch", "vax"), "--arch vax: unknown; known are "),
    ],
)
def test_words_that_are_no_question_are_one_line(caplint: Caplint, words: tuple[str, ...], said: str) -> None:
    run = caplint("path", "k", "q", *words)
    assert (run.status, run.out, run.err.count("\n")) == (2, "", 1)
    assert said in run.err


def test_the_whole_graph_of_every_tree(caplint: Caplint) -> None:
    run = caplint("path", "--all-functions", "k", "q", "--output-format", "json")
    assert (run.status, run.err) == (0, "")
    assert "kvm_vm_ioctl_check_extension" in run.out
    assert "lone" in run.out
    dot = caplint("path", "--all-functions", "q", "--arch", "x86", "--output-format", "dot").out
    assert dot.startswith("digraph ")
    assert "kvm_vm_ioctl_check_extension" not in dot
