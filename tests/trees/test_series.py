"""Series: which patches belong together, where their files go, and what lies over what."""

from __future__ import annotations

from pathlib import Path

import pytest
from conftest import HEADER, QEMU_UAPI, UAPI, X86, commit, kernel, lay, qemu

from caplint.trees import series as under_test
from caplint.trees.detect import directory_tree, tree_of
from caplint.trees.series import PatchedTrees, read_series
from caplint.trees.tree import Tree
from caplint.util.errors import CaplintError

NEW = "virt/kvm/new.c"


def _add(path: str, text: str = "new\n") -> bytes:
    lines = text.splitlines(keepends=True)
    return f"--- /dev/null\n+++ b/{path}\n@@ -0,0 +1,{len(lines)} @@\n{''.join('+' + line for line in lines)}".encode()


def _cap(name: str, number: int, path: str = UAPI) -> bytes:
    return (
        f"--- a/{path}\n+++ b/{path}\n@@ -1,3 +1,4 @@\n"
        + "".join(f" {line}\n" for line in HEADER.splitlines())
        + f"+#define {name} {number}\n"
    ).encode()


def _mail(subject: str, *diffs: bytes) -> bytes:
    return b"From 0 Mon Sep 17 00:00:00 2001\nFrom: a\nSubject: " + subject.encode() + b"\n\n" + b"".join(diffs) + b"\n"


@pytest.fixture
def trees(tmp_path: Path) -> list[Tree]:
    return [directory_tree(str(kernel(tmp_path / "k"))), directory_tree(str(qemu(tmp_path / "q")))]


def _lay(
    trees: list[Tree], *files: bytes, preferred: str | None = None, told: list[str] | None = None
) -> list[PatchedTrees]:
    notes: list[str] = [] if told is None else told
    read = read_series([(f"{number}.patch", content) for number, content in enumerate(files, 1)], notes.append)
    return under_test.apply_series(read, trees, preferred, notes.append)


def _changed(laid: PatchedTrees) -> dict[str, list[str]]:
    return {tree.name: [row.path for row in tree.patch_files] for tree in laid.trees if tree.patch_files}


def test_files_with_numbers_of_one_series_are_one_series() -> None:
    content = [_mail(f"[PATCH {n}/3] x", _add(f"virt/kvm/{n}.c")) for n in (1, 2, 3)]
    (one,) = read_series([(str(n), text) for n, text in enumerate(content)], print)
    assert (one.label, [patch.label for patch in one.patches]) == ("0", ["x", "x", "x"])
    other = _mail("[PATCH v2 2/3] x", _add("virt/kvm/2.c"))
    assert len(read_series([("a", content[0]), ("b", other)], print)) == 2
    assert len(read_series([("a", content[0]), ("b", content[0])], print)) == 2


def test_cover_letters_alone_are_no_series() -> None:
    letter = b"From: a <a@b>\nSubject: [PATCH 0/2] about\n\nTwo patches.\n"
    with pytest.raises(CaplintError, match="letter: contains no diff"):
        read_series([("letter", letter)], print)


def test_each_file_goes_to_the_tree_that_it_fits(trees: list[Tree]) -> None:
    (laid,) = _lay(trees, _cap("KVM_CAP_A", 10) + _cap("KVM_CAP_A", 10, QEMU_UAPI) + _add("accel/kvm/new.c"))
    assert _changed(laid) == {"kernel": [UAPI], "qemu": [QEMU_UAPI, "accel/kvm/new.c"]}


def test_a_file_that_fits_several(tmp_path: Path, trees: list[Tree]) -> None:
    for name in ("k", "q"):
        lay(tmp_path / name, {"MAINTAINERS": "a\n"})
    both = b"--- a/MAINTAINERS\n+++ b/MAINTAINERS\n@@ -1 +1 @@\n-a\n+b\n"
    with pytest.raises(CaplintError, match=r"1.patch: MAINTAINERS fits kernel and qemu; choose with --for NAME"):
        _lay(trees, both)
    assert _changed(_lay(trees, both, preferred="vmm")[0]) == {"qemu": ["MAINTAINERS"]}
    assert _changed(_lay(trees, both, preferred="kernel")[0]) == {"kernel": ["MAINTAINERS"]}
    # What the other files of the patch say counts before what is preferred.
    assert _changed(_lay(trees, both + _add(NEW), preferred="qemu")[0]) == {"kernel": ["MAINTAINERS", NEW]}
    with pytest.raises(CaplintError, match="--for libvirt: unknown tree; choose from kernel, qemu"):
        _lay(trees, both, preferred="libvirt")


def test_a_file_that_fits_none(trees: list[Tree]) -> None:
    gone = b"--- a/drivers/x.c\n+++ b/drivers/x.c\n@@ -1 +1 @@\n-a\n+b\n"
    with pytest.raises(CaplintError, match=r"1.patch: drivers/x.c fits none of the trees \(kernel, qemu\); add its"):
        _lay(trees, gone)


def test_a_series_builds_on_itself(trees: list[Tree]) -> None:
    edit = f"--- a/{NEW}\n+++ b/{NEW}\n@@ -1 +1,2 @@\n new\n+more\n".encode()
    (laid,) = _lay(trees, _mail("[PATCH 1/2] a", _add(NEW)) + _mail("[PATCH 2/2] b", edit))
    tree = laid.trees[0]
    assert tree.read(NEW) == b"new\nmore\n"
    assert [(row.ordinal, row.patch, row.kind) for row in tree.patch_files] == [(1, "a", "added"), (2, "b", "modified")]
    assert tree.base is trees[0]
    assert [step.trees["kernel"].read(NEW) for step in laid.steps[0]] == [b"new\n", b"new\nmore\n"]


def test_too_many_patches_are_checked_together(trees: list[Tree]) -> None:
    mbox = b"".join(_mail(f"[PATCH {n}/101] x", _add(f"virt/kvm/{n}.c")) for n in range(1, 102))
    told: list[str] = []
    (laid,) = _lay(trees, mbox, told=told)
    assert (laid.steps, laid.trees[0].read("virt/kvm/101.c")) == ([], b"new\n")
    assert told == ["1.patch: 101 patches; only their combined result is checked, not each patch"]


def test_the_first_file_stands_for_those_that_follow_it_in_order() -> None:
    files = [(f"{n}.patch", _add(f"virt/kvm/{n}.c")) for n in range(3)]
    (series,) = read_series(files, print, in_order=True)
    assert series.title == "0.patch and 2 more"
    assert [one.title for one in read_series(files, print)] == ["0.patch", "1.patch", "2.patch"]


def test_patches_of_a_large_file_are_checked_together(tmp_path: Path, trees: list[Tree]) -> None:
    lay(tmp_path / "k", {NEW: "0\n" + "/* long */\n" * 90_000})
    patches = [f"--- a/{NEW}\n+++ b/{NEW}\n@@ -1,2 +1,2 @@\n-{n - 1}\n+{n}\n /* long */\n" for n in range(1, 51)]
    mbox = b"".join(_mail(f"[PATCH {n}/50] x", patch.encode()) for n, patch in enumerate(patches, 1))
    told: list[str] = []
    (laid,) = _lay(trees, mbox, told=told)
    assert (laid.steps, laid.trees[0].read(NEW)[:3]) == ([], b"50\n")
    assert "change too large files" in laid.unstepped
    assert [line.split(";")[1] for line in told] == [" only the patches' combined result is checked, not each patch"]


def test_series_that_meet_are_laid_beside_each_other(trees: list[Tree]) -> None:
    found = _lay(trees, _cap("KVM_CAP_A", 10), _cap("KVM_CAP_B", 10), _cap("KVM_CAP_A", 10, QEMU_UAPI))
    assert [[series.label for series in laid.series] for laid in found] == [["1.patch", "3.patch"], ["2.patch"]]
    assert b"KVM_CAP_A" not in found[1].trees[0].read(UAPI)


def test_a_series_that_needs_an_earlier_one_is_laid_on_top(trees: list[Tree]) -> None:
    edit = f"--- a/{NEW}\n+++ b/{NEW}\n@@ -1 +1,2 @@\n new\n+more\n".encode()
    (laid,) = _lay(trees, _add(NEW), edit)
    assert laid.trees[0].read(NEW) == b"new\nmore\n"


def test_renames_copies_modes_and_removals(tmp_path: Path, trees: list[Tree]) -> None:
    lay(tmp_path / "k", {NEW: "a\nb\nc\nd\ne\n", "virt/kvm/gone.c": "x\n", "virt/kvm/run.c": "r\n"})
    text = (
        f"diff --git a/{NEW} b/virt/kvm/moved.c\nsimilarity index 80%\nrename from {NEW}\nrename to virt/kvm/moved.c\n"
        f"--- a/{NEW}\n+++ b/virt/kvm/moved.c\n@@ -2,3 +2,3 @@\n b\n-c\n+C\n d\n"
        f"diff --git a/{X86} b/virt/kvm/copy.c\nsimilarity index 100%\ncopy from {X86}\ncopy to virt/kvm/copy.c\n"
        "diff --git a/virt/kvm/gone.c b/virt/kvm/gone.c\ndeleted file mode 100644\n"
        "--- a/virt/kvm/gone.c\n+++ /dev/null\n@@ -1 +0,0 @@\n-x\n"
        "diff --git a/virt/kvm/run.c b/virt/kvm/run.c\nold mode 100644\nnew mode 100755\n"
    )
    tree = _lay(trees, text.encode())[0].trees[0]
    assert tree.read("virt/kvm/moved.c") == b"a\nb\nC\nd\ne\n"
    assert tree.read("virt/kvm/copy.c") == trees[0].read(X86)
    assert [tree.exists(path) for path in (NEW, "virt/kvm/gone.c", "virt/kvm/run.c", X86)] == [False, False, True, True]


def test_a_change_of_modes_alone(trees: list[Tree]) -> None:
    (laid,) = _lay(trees, f"diff --git a/{X86} b/{X86}\nold mode 100644\nnew mode 100755\n".encode())
    assert laid.trees[0].read(X86) == trees[0].read(X86)
    assert _changed(laid) == {"kernel": [X86]}


def test_a_copy_is_of_the_file_as_it_was(tmp_path: Path, trees: list[Tree]) -> None:
    lay(tmp_path / "k", {NEW: "a\nb\nc\n"})
    text = (
        f"diff --git a/{NEW} b/{NEW}\n--- a/{NEW}\n+++ b/{NEW}\n@@ -1,3 +1,3 @@\n a\n-b\n+B\n c\n"
        f"diff --git a/{NEW} b/virt/kvm/two.c\nsimilarity index 80%\ncopy from {NEW}\ncopy to virt/kvm/two.c\n"
        f"--- a/{NEW}\n+++ b/virt/kvm/two.c\n@@ -1,3 +1,3 @@\n a\n b\n-c\n+C\n"
    )
    tree = _lay(trees, text.encode())[0].trees[0]
    assert (tree.read(NEW), tree.read("virt/kvm/two.c")) == (b"a\nB\nc\n", b"a\nb\nC\n")


def test_the_users_configuration_changes_nothing(
    tmp_path: Path, trees: list[Tree], monkeypatch: pytest.MonkeyPatch
) -> None:
    """`git -c … commit` hands its configuration on to hooks."""
    lay(tmp_path, {"home/.gitconfig": "[core]\n\tautocrlf = true\n[apply]\n\twhitespace = error-all\n"})
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("GIT_CONFIG_PARAMETERS", "'core.autocrlf'='true'")
    monkeypatch.setenv("GIT_TRACE", "1")
    attributes = _add(".gitattributes", "*.c text eol=crlf\n")
    assert _lay(trees, attributes + _add(NEW, "new \n"))[0].trees[0].read(NEW) == b"new \n"


def test_less_context_is_said(tmp_path: Path, trees: list[Tree]) -> None:
    lay(tmp_path / "k", {NEW: "other\n1\n2\nold\n4\n5\nelse\n"})
    diff = f"--- a/{NEW}\n+++ b/{NEW}\n@@ -1,7 +1,7 @@\n 0\n 1\n 2\n-old\n+new\n 4\n 5\n 6\n".encode()
    told: list[str] = []
    with pytest.raises(
        CaplintError, match=r"does not apply; regenerate .*, or accept less context with --less-context"
    ):
        _lay(trees, diff)
    series = read_series([("1.patch", diff)], told.append)
    (laid,) = under_test.apply_series(series, trees, None, told.append, less_context=True)
    assert laid.trees[0].read(NEW) == b"other\n1\n2\nnew\n4\n5\nelse\n"
    assert told == [f"1.patch: {NEW} was applied with reduced context; check the result"]


def test_a_hunk_that_moved_applies(tmp_path: Path, trees: list[Tree]) -> None:
    lay(tmp_path / "k", {NEW: "0\n0\n1\n2\nold\n4\n"})
    diff = f"--- a/{NEW}\n+++ b/{NEW}\n@@ -1,4 +1,4 @@\n 1\n 2\n-old\n+new\n 4\n".encode()
    told: list[str] = []
    assert _lay(trees, diff, told=told)[0].trees[0].read(NEW) == b"0\n0\n1\n2\nnew\n4\n"
    assert told == []


def test_what_cannot_be_read_is_said(trees: list[Tree]) -> None:
    told: list[str] = []
    picture = b"diff --git a/logo.png b/logo.png\nindex 1..2 100644\nBinary files a/logo.png and b/logo.png differ\n"
    link = b"diff --git a/ln b/ln\nnew file mode 120000\n--- /dev/null\n+++ b/ln\n@@ -0,0 +1 @@\n+/etc\n"
    assert _changed(_lay(trees, picture + link + _add(NEW), told=told)[0]) == {"kernel": [NEW]}
    assert told == ["1.patch: logo.png is binary; left out", "1.patch: ln is a symbolic link or submodule; left out"]
    with pytest.raises(CaplintError, match=r"1.patch: x.c is binary in this diff; caplint cannot read it"):
        _lay(trees, picture.replace(b"logo.png", b"x.c"))


def test_over_a_revision(tmp_path: Path) -> None:
    root = kernel(tmp_path / "k", {"drivers/x.c": "a\n"})
    commit(root)
    lay(root, {UAPI: "gone\n"})
    tree = tree_of(f"{root}@HEAD")
    outside = b"--- a/drivers/x.c\n+++ b/drivers/x.c\n@@ -1 +1 @@\n-a\n+b\n"
    (laid,) = _lay([tree], _cap("KVM_CAP_A", 10) + outside)
    assert laid.trees[0].read(UAPI).endswith(b"#define KVM_CAP_A 10\n")
    assert laid.trees[0].read("drivers/x.c") == b"b\n"


def test_references_are_no_target(tmp_path: Path, trees: list[Tree]) -> None:
    reference = directory_tree(str(kernel(tmp_path / "r")), "reference", "next")
    assert _changed(_lay([reference, *trees], _cap("KVM_CAP_A", 10))[0]) == {"kernel": [UAPI]}


def test_a_link_out_of_the_tree_is_not_read(tmp_path: Path, trees: list[Tree]) -> None:
    (tmp_path / "secret").write_text("a\n")
    (tmp_path / "k" / NEW).symlink_to(tmp_path / "secret")
    diff = f"--- a/{NEW}\n+++ b/{NEW}\n@@ -1 +1 @@\n-a\n+b\n".encode()
    with pytest.raises(CaplintError, match="fits none of the trees"):
        _lay(trees, diff)


def test_nothing_is_written_through_a_link_of_the_patch(tmp_path: Path, trees: list[Tree]) -> None:
    out = tmp_path / "out"
    out.mkdir()
    diff = (
        f"diff --git a/virt/kvm/ln b/virt/kvm/ln\nnew file mode 120000\n--- /dev/null\n+++ b/virt/kvm/ln\n"
        f"@@ -0,0 +1 @@\n+{out}\n\\ No newline at end of file\n"
    ).encode()
    laid = _lay(trees, diff + _add("virt/kvm/ln/x.c"))[0]
    assert laid.trees[0].read("virt/kvm/ln/x.c") == b"new\n"
    assert list(out.iterdir()) == []


@pytest.mark.parametrize(
    ("diff", "message"),
    [
        (_add("virt/kvm"), "virt/kvm would be a file and a directory"),
        (_add(f"{UAPI}/x.h"), f"{UAPI} would be a file and a directory"),
        (_add("virt/kvm/a.c") + _add("virt/kvm/a.c/b.c"), "virt/kvm/a.c would be a file and a directory"),
        (
            f"diff --git a/{UAPI} b/{X86}\nsimilarity index 100%\nrename from {UAPI}\nrename to {X86}\n".encode(),
            f"already has {X86}, which the diff makes",
        ),
        (
            f"diff --git a/{UAPI} b/{X86}\nsimilarity index 100%\ncopy from {UAPI}\ncopy to {X86}\n".encode(),
            f"already has {X86}, which the diff makes",
        ),
    ],
)
def test_what_no_tree_can_hold(trees: list[Tree], diff: bytes, message: str) -> None:
    with pytest.raises(CaplintError) as error:
        _lay(trees, diff, preferred="kernel")
    assert message in str(error.value)


def test_files_may_change_places(tmp_path: Path, trees: list[Tree]) -> None:
    lay(tmp_path / "k", {"virt/kvm/one.c": "1\n", "virt/kvm/two.c": "2\n"})
    move = (
        "diff --git a/virt/kvm/{0}.c b/virt/kvm/{1}.c\nsimilarity index 100%\n"
        "rename from virt/kvm/{0}.c\nrename to virt/kvm/{1}.c\n"
    )
    (laid,) = _lay(trees, (move.format("one", "two") + move.format("two", "one")).encode())
    assert [laid.trees[0].read_or_none(f"virt/kvm/{name}.c") for name in ("one", "two")] == [b"2\n", b"1\n"]


@pytest.mark.parametrize(
    "path", ["tests/qtest/x.c", "docs/system/x.rst", "scripts/hook", "Documentation/x.rst", "po/de.po"]
)
def test_files_that_are_never_read_need_no_tree(trees: list[Tree], path: str) -> None:
    """A package's sources lack some directories, and a sparse checkout many."""
    told: list[str] = []
    change = f"--- a/{path}\n+++ b/{path}\n@@ -1 +1 @@\n-a\n+b\n".encode()
    (laid,) = _lay(trees, change + _add(NEW, "x\n") + change.replace(path.encode(), b"more.png"), told=told)
    assert laid.trees[0].read(NEW) == b"x\n"
    assert told == [f"1.patch: left out {path} and 1 more: in none of the trees, and not read by caplint"]


@pytest.mark.parametrize("path", ["virt/kvm/gone.c", "hw/gone.c", "src/qemu/qemu_driver.c", "other/x.c"])
def test_files_that_may_matter_need_a_tree(trees: list[Tree], path: str) -> None:
    with pytest.raises(CaplintError, match=f"{path} fits none of the trees"):
        _lay(trees, f"--- a/{path}\n+++ b/{path}\n@@ -1 +1 @@\n-a\n+b\n".encode())
