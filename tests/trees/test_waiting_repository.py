"""What stands under the name of a repository's file and is none ends a run with one line, and soon."""

from __future__ import annotations

import os
import re
import time
from pathlib import Path

import pytest
from conftest import X86, Caplint, commit, git, kernel, lay
from hostile_repositories import KINDS, git_that

from caplint.trees import git_objects, git_process, git_references
from caplint.trees.detect import directory_tree, staged_tree
from caplint.trees.git_place import locate
from caplint.trees.repository import Repository
from caplint.trees.tree import object_id
from caplint.util.errors import CaplintError

REVISION, STAGED = ("check", "{}@HEAD"), ("check", "--staged", "{}")
# Where it stands, in a repository whose objects are packed or not, and which look comes by it.
PLACES = [
    ("HEAD", REVISION), ("packed-refs", REVISION), ("refs/heads/master", REVISION), ("config", REVISION),
    ("commondir", REVISION), ("shallow", REVISION), ("index", STAGED), ("objects/info/alternates", REVISION),
    ("objects/pack/pack-1.pack", REVISION), ("objects/pack/pack-1.idx", REVISION), ("LOOSE", REVISION),
    ("objects/pack/multi-pack-index", REVISION), ("objects/info/commit-graph", REVISION),
    ("objects/info/packs", REVISION), ("PACK", REVISION), ("IDX", REVISION), ("objects", REVISION),
]  # fmt: skip


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A kernel of two commits."""
    commit(kernel(tmp_path / "k"))
    lay(tmp_path / "k", {"virt/kvm/new.c": ""})
    commit(tmp_path / "k")
    return tmp_path / "k"


def _place(root: Path, name: str) -> Path:
    if name == "LOOSE":
        oid = git(root, "rev-parse", f"HEAD:{X86}")
        return root / ".git/objects" / oid[:2] / oid[2:]
    if name in {"PACK", "IDX"}:
        git(root, "repack", "-adq")
        return next((root / ".git/objects/pack").glob(f"*.{name.lower()}"))
    if name == "packed-refs":
        git(root, "pack-refs", "--all")
    return root / ".git" / name


def _one_line_soon(caplint: Caplint, root: Path, words: tuple[str, ...]) -> int:
    start = time.monotonic()
    run = caplint(*(word.format(root) for word in words))
    assert time.monotonic() - start < 10
    assert run.status in {0, 2}
    assert run.status == 0 or (run.err.count("\n"), run.err.startswith("caplint: ")) == (1, True), run.err
    assert "internal" not in run.err
    return run.status


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("name", "words"), PLACES, ids=[name for name, _ in PLACES])
def test_nothing_waits(caplint: Caplint, root: Path, name: str, words: tuple[str, ...], kind: str) -> None:
    place = _place(root, name)
    if place.exists():
        place.rename(root / "aside")
    KINDS[kind](place)
    status = _one_line_soon(caplint, root, words)
    needless = ("objects/info/", "objects/pack/", "shallow")
    assert status == 2 or (name.startswith(needless) and kind == "directory")


@pytest.mark.parametrize("kind", KINDS)
def test_a_git_file_that_is_none(caplint: Caplint, tmp_path: Path, kind: str) -> None:
    KINDS[kind](kernel(tmp_path / "k") / ".git")
    for words in (REVISION, STAGED):
        assert _one_line_soon(caplint, tmp_path / "k", words) == 2


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("HEAD", b"", "HEAD: damaged reference: neither an object id nor `ref: NAME`"),
        ("HEAD", b"ref: ../../secret\n", "no revision 'HEAD' in this repository"),
        ("HEAD", b"ref: HEAD\n", "the reference HEAD has too many symbolic steps"),
        ("HEAD", b"\xff" * 100_000, "HEAD: damaged reference"),
        ("refs/heads/master", b"0" * 40, "no revision 'HEAD'"),
        ("refs/heads/master", b"root:x:0:0\n", "refs/heads/master: damaged reference"),
        ("shallow", b"no id\n", "shallow: damaged: a line is not an object id"),
        ("objects/info/alternates", b"/x\n" * 2000, "alternates: names more than 1000 directories of objects"),
        ("commondir", b"", "commondir: must contain exactly one path"),
        ("commondir", b"../../..\n", "is not a repository: it has no directory of objects"),
        ("commondir", b"a\0b\n", "commondir: must contain exactly one path"),
        ("config", b"[extensions]\nobjectFormat = sha256\n", "uses SHA256 object ids, which caplint does not"),
        ("config", b"[ Extensions ] tea = \"x\"\n", "has the extension tea = x, which caplint does not read"),
        ("reftable/tables.list", b"", "stores its references as reftable, which caplint does not read"),
        ("index", b"no index", "index: is not a git index; it is damaged"),
        ("index", b"DIRC\0\0\0\2\xff\xff\xff\xff" + b"\0" * 64, "git ls-files: "),
        ("index", b"DIRC", "git ls-files: "),
    ],
)  # fmt: skip
def test_damage_is_one_line(caplint: Caplint, root: Path, name: str, content: bytes, message: str) -> None:
    if name.startswith("reftable"):
        (root / ".git/refs/heads/master").unlink()
    lay(root / ".git", {name: content})
    words = STAGED if name == "index" else REVISION
    run = caplint(*(word.format(root) for word in words))
    assert (run.status, run.err.count("\n")) == (2, 1)
    assert message in run.err


@pytest.mark.parametrize("text", ["gitdir: /dev\n", "gitdir: nowhere\n", "x", "", "gitdir: \0", "gitdir: .git\n"])
def test_a_git_file_that_names_no_repository(caplint: Caplint, tmp_path: Path, text: str) -> None:
    root = lay(kernel(tmp_path / "k"), {".git": text})
    assert _one_line_soon(caplint, root, REVISION) == 2
    if text == "gitdir: nowhere\n":
        assert caplint("check", f"{root}@HEAD").err.endswith(f"names {root}/nowhere, which is not a directory\n")


def test_git_that_does_not_answer_is_not_waited_for(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lay(tmp_path / "bin", {"git": "#!/bin/sh\nexec sleep 100\n"})
    (tmp_path / "bin/git").chmod(0o755)
    monkeypatch.setattr(git_process, "SILENCE", 0.2)
    repository = Repository(root)
    with monkeypatch.context() as patched:
        patched.setenv("PATH", f"{tmp_path}/bin:{os.environ['PATH']}")
        silent = Repository(root)
    oid = object_id((root / X86).read_bytes())
    assert repository.read(oid) == (root / X86).read_bytes()
    start = time.monotonic()
    with pytest.raises(CaplintError, match=f"git cat-file of object {oid} takes longer than 0.2 s; run `git fsck`$"):
        silent.read(oid)
    with pytest.raises(CaplintError, match=r"git ls-tree: takes longer than 0\.2 s; run `git fsck`$"):
        silent.entries(oid, [""])
    assert time.monotonic() - start < 5


@pytest.mark.parametrize(
    ("name", "most"), [("commondir", 8_192), ("config", 4_000_000), ("objects/info/alternates", 1_000_000)]
)
def test_files_of_some_size_alone_are_read(caplint: Caplint, root: Path, name: str, most: int) -> None:
    lay(root / ".git", {name: "\n" * (most + 1)})
    run = caplint("check", f"{root}@HEAD")
    assert (run.status, run.err.count("\n")) == (2, 1)
    assert run.err.endswith(f"{name}: {most + 1:,} bytes; more than {most:,} are not read\n")


def test_a_reference_without_end_is_not_read_whole(caplint: Caplint, root: Path) -> None:
    with (root / ".git/HEAD").open("wb") as file:
        file.truncate(1 << 40)
    run = caplint("check", f"{root}@HEAD")
    assert (run.status, run.err.count("\n")) == (2, 1)
    assert "HEAD: damaged reference: neither an object id nor `ref: NAME`" in run.err


def test_references_are_bounded(root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lay(tmp_path / "outside", {"secret": f"{git(root, 'rev-parse', 'HEAD')}\n"})
    (root / ".git/refs/heads/link").symlink_to(tmp_path / "outside")
    assert b"secret" not in git_references.References(locate(root)).packed_form()
    monkeypatch.setattr(git_references, "_MOST", 1)
    with pytest.raises(CaplintError, match="has more than 1 references; prune them"):
        Repository(root).matching("*")


def test_git_that_writes_without_end_is_ended(root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    git_that(tmp_path, monkeypatch, "exec yes")
    monkeypatch.setattr(git_process, "_LARGEST_OUTPUT", 1_000_000)
    with pytest.raises(CaplintError, match=r"git ls-files: writes more than 1,000,000 bytes"):
        Repository(root).staged()


def test_a_tree_that_holds_itself_many_times_over(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ten levels of ten entries each are some hundred bytes of objects, and ten thousand million files."""
    below = f"100644 blob {git(root, 'hash-object', '-w', X86)}\ta.c\n"
    for _ in range(10):
        (root / "list").write_text(below)
        tree = git(root, "-c", "alias.x=!git mktree < list", "x")
        below = "".join(f"040000 tree {tree}\t{name}\n" for name in "abcdefghij")
    monkeypatch.setattr(git_process, "_LARGEST_OUTPUT", 10_000_000)
    oid = git(root, "commit-tree", "-m", "x", tree)
    with pytest.raises(CaplintError, match="git ls-tree: writes more than"):
        Repository(root).entries(Repository(root).tree(oid)[1], [""])


@pytest.mark.parametrize(
    "lines", ["{here}\n", "../../.git/objects\n", "../../../b/.git/objects\n", "# x\n\n/nowhere\n", "a\0b\n"]
)
def test_borrowed_objects_that_lead_round(caplint: Caplint, root: Path, lines: str) -> None:
    commit(kernel(root.with_name("b")))
    lay(root, {".git/objects/info/alternates": lines.format(here=root / ".git/objects")})
    lay(root.with_name("b"), {".git/objects/info/alternates": f"{root}/.git/objects\n"})
    assert _one_line_soon(caplint, root, REVISION) == 0


def _lends(places: list[Path]) -> None:
    """Make directories of objects, each of which borrows from the next."""
    for place, lender in zip(places, [*places[1:], None], strict=True):
        lay(place, {"pack/x": "", "info/alternates": f"{lender}\n" if lender else ""})


@pytest.mark.parametrize(("levels", "refused"), [(7, False), (8, True)])
def test_objects_that_are_borrowed_over_many_levels(tmp_path: Path, levels: int, *, refused: bool) -> None:
    """Git follows a few levels and leaves out the rest."""
    places = [tmp_path / str(number) for number in range(levels)]
    _lends(places)
    if not refused:
        git_objects.check_objects(places[0], loose=False)
        return
    with pytest.raises(CaplintError, match=r"/0: too many levels of borrowed objects \(info/alternates\)$"):
        git_objects.check_objects(places[0], loose=False)


def test_objects_that_take_long_to_list(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _lends([tmp_path / "objects"])
    monkeypatch.setattr(git_objects, "_PATIENCE", -1.0)
    with pytest.raises(CaplintError, match=r"/objects: listing takes longer than -1 s; run `git gc`$"):
        git_objects.check_objects(tmp_path / "objects", loose=False)


@pytest.mark.parametrize("relative", [False, True])
def test_objects_that_are_borrowed_are_read(caplint: Caplint, root: Path, *, relative: bool) -> None:
    """As `git clone --reference` has them."""
    borrower = root.with_name("b")
    git(root, "clone", "-q", "--shared", str(root), str(borrower))
    if relative:
        (borrower / ".git/objects/info/alternates").write_text("../../../k/.git/objects\n")
    assert caplint("check", f"{borrower}@HEAD").status == 0
    os.mkfifo(root / ".git/objects/pack/x.pack")
    run = caplint("check", f"{borrower}@HEAD")
    assert (run.status, run.err.count("\n")) == (2, 1)
    assert re.search(r"k/\.git/objects/pack/x\.pack: neither a file nor a directory", run.err)


def test_a_repository_under_a_young_fifo_is_no_fifo(root: Path) -> None:
    """Whatever is below the working tree is no file of git's."""
    os.mkfifo(root / "virt/kvm/pipe.c")
    assert "virt/kvm/pipe.c" not in staged_tree(directory_tree(str(root))).candidates()
