"""Revisions, index and objects of a repository in all its shapes: worktrees, bare, shallow and partial clones."""

from __future__ import annotations

from pathlib import Path

import pytest
from conftest import X86, commit, git, kernel, lay

from caplint.trees.detect import directory_tree, staged_tree
from caplint.trees.repository import Repository
from caplint.util.errors import CaplintError


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A kernel of two commits."""
    commit(kernel(tmp_path / "k"))
    lay(tmp_path / "k", {"virt/kvm/new.c": ""})
    commit(tmp_path / "k")
    return tmp_path / "k"


def _names(root: Path, revision: str) -> str:
    return Repository(root).tree(revision)[0]


def test_every_way_to_name_a_revision_names_what_git_says(root: Path) -> None:
    git(root, "tag", "v1", "HEAD~1")
    git(root, "tag", "-a", "-m", "x", "v2")
    git(root, "branch", "side/deep", "HEAD~1")
    git(root, "update-ref", "refs/remotes/origin/master", "HEAD")
    git(root, "symbolic-ref", "refs/remotes/origin/HEAD", "refs/remotes/origin/master")
    git(root, "update-ref", "ORIG_HEAD", "HEAD~1")
    head = git(root, "rev-parse", "HEAD")
    for packed in (False, True):
        if packed:
            git(root, "pack-refs", "--all")
            git(root, "gc", "-q")
        for name in (
            "HEAD", "@", "@~1", "HEAD~1", "HEAD^", "HEAD^0", "HEAD^{/change}", "v1", "v2", "v2^{}", "v2~1",
            "tags/v1", "refs/tags/v2", "side/deep", "heads/master", "origin", "origin/master", "remotes/origin/HEAD",
            "ORIG_HEAD", head, head[:7], f"v1-1-g{head[:9]}", f"{head}~1", "master", "HEAD^{tree}",
        ):  # fmt: skip
            wanted = git(root, "rev-parse", name if name == "HEAD^{tree}" else f"{name}^{{commit}}")
            assert _names(root, name) == wanted, name
    assert Repository(root).matching("v*") == ["v1", "v2"]
    assert Repository(root).matching("*") == ["master", "v1", "v2"]


def test_a_later_reference_counts_before_a_packed_one(root: Path) -> None:
    git(root, "tag", "t", "HEAD~1")
    git(root, "pack-refs", "--all")
    git(root, "tag", "-f", "t", "HEAD")
    assert _names(root, "t") == git(root, "rev-parse", "HEAD")
    assert Repository(root).matching("t") == ["t"]


def test_a_name_that_is_the_end_of_another(root: Path) -> None:
    git(root, "tag", "x/t", "HEAD~1")
    git(root, "pack-refs", "--all")
    with pytest.raises(CaplintError, match="no revision 't' in this repository"):
        _names(root, "t")


def test_a_worktree_has_a_head_and_an_index_of_its_own(root: Path) -> None:
    other = root.with_name("w")
    git(root, "worktree", "add", "-q", "--detach", str(other), "HEAD~1")
    lay(other, {X86: "staged\n"})
    git(other, "add", X86)
    assert _names(other, "HEAD") == git(root, "rev-parse", "HEAD~1")
    assert _names(other, "master") == git(root, "rev-parse", "HEAD")
    staged = staged_tree(directory_tree(str(other)))
    assert staged.read(X86) == b"staged\n"
    assert staged_tree(directory_tree(str(root))).read(X86) != b"staged\n"


def test_a_submodule(root: Path) -> None:
    above = lay(root.with_name("above"), {"a": ""})
    commit(above)
    git(above, "-c", "protocol.file.allow=always", "submodule", "--quiet", "add", str(root), "k")
    assert _names(above / "k", "HEAD") == git(root, "rev-parse", "HEAD")
    assert Repository(above / "k/virt").tree("HEAD")[1] == git(root, "rev-parse", "HEAD:virt")
    assert len(staged_tree(directory_tree(str(above / "k"))).candidates()) == 5


def test_a_bare_repository(root: Path) -> None:
    git(root, "clone", "-q", "--bare", str(root), str(root.with_name("b.git")))
    assert Repository(root.with_name("b.git")).tree("HEAD") == Repository(root).tree("HEAD")
    assert Repository(root / ".git").tree("HEAD") == Repository(root).tree("HEAD")


def test_a_shallow_clone(root: Path) -> None:
    git(root, "clone", "-q", "--depth=1", f"file://{root}", str(root.with_name("s")))
    assert Repository(root.with_name("s")).tree("HEAD") == Repository(root).tree("HEAD")
    with pytest.raises(CaplintError, match="no revision 'HEAD~1'"):
        Repository(root.with_name("s")).tree("HEAD~1")


@pytest.mark.parametrize("how", ["split", "sparse", "untracked", "version 4", "not there"])
def test_every_form_of_the_index(root: Path, how: str) -> None:
    wanted = Repository(root).staged()
    match how:
        case "split":
            git(root, "update-index", "--split-index")
            lay(root, {X86: "staged\n"})
            git(root, "add", X86)
            wanted |= {X86: git(root, "rev-parse", f":{X86}")}
            assert list((root / ".git").glob("sharedindex.*"))
        case "sparse":
            git(root, "sparse-checkout", "set", "--cone", "--sparse-index", "virt", "include")
            assert (root / ".git/index").read_bytes().find(b"sdir") > 0
        case "untracked":
            git(root, "update-index", "--force-untracked-cache")
            git(root, "status")
        case "version 4":
            git(root, "update-index", "--index-version", "4")
        case _:
            (root / ".git/index").unlink()
            wanted = {}
    assert Repository(root).staged() == wanted


def test_an_index_of_a_directory_below(root: Path) -> None:
    assert sorted(Repository(root / "virt").staged()) == ["kvm/kvm_main.c", "kvm/new.c"]
    lay(root, {"virt*/a.c": "", "virtual/b.c": ""})
    git(root, "add", "-A")
    assert sorted(Repository(root / "virt").staged()) == ["kvm/kvm_main.c", "kvm/new.c"]
    assert sorted(Repository(root / "virt*").staged()) == ["a.c"]


def test_objects_that_are_not_what_their_names_say(root: Path) -> None:
    """What was found in an object is remembered by its name, for every repository."""
    from caplint.facts.store.store import FactStore  # noqa: PLC0415
    from caplint.trees.detect import tree_of  # noqa: PLC0415

    oid = git(root, "rev-parse", f"HEAD:{X86}")
    lay(root, {"other": "int other;\n"})
    forged = git(root, "hash-object", "-w", "other")
    place = root / ".git/objects"
    (place / oid[:2] / oid[2:]).unlink()
    (place / forged[:2] / forged[2:]).rename(place / oid[:2] / oid[2:])
    store = FactStore(None)
    with pytest.raises(CaplintError, match=f"{oid}"):
        tree_of(f"{root}@HEAD").files(store)
    assert oid not in store.objects([oid])
    store.close()


def test_a_repository_is_found_where_git_finds_it(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (root / "virt/.git").mkdir()  # none
    assert Repository(root / "virt/kvm").tree("HEAD")[1] == git(root, "rev-parse", "HEAD:virt/kvm")
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(root))
    assert Repository(root).tree("HEAD")
    with pytest.raises(CaplintError, match="not in a git repository"):
        Repository(root / "virt/kvm")


def test_logs_of_a_directory_below_name_its_own_files(root: Path) -> None:
    lay(root, {"virt/kvm/new.c": "int x;\n", "virt/kvm/kvm_main.c": "int y;\n", "kvm/new.c": ""})
    last = commit(root)
    below = Repository(root / "virt/kvm")
    assert below.prefix == "virt/kvm/"
    for found in (below.along_first_parents(last, ["new.c"]), below.origins(last, None, ["new.c"])):
        assert [[change.path for change in entry.changes] for entry in found] == [["new.c"], ["new.c"]]
        assert found[-1].oid == last
    assert [change.path for change in below.first_parents(git(root, "rev-parse", "HEAD~1"), last, 5)[0].changes] == [
        "kvm_main.c", "new.c",
    ]  # fmt: skip
    assert below.whole_line(last) == git(root, "rev-list", "--first-parent", "--reverse", "HEAD").splitlines()


def test_of_tags_and_branches_that_match_a_pattern_lower_versions_come_first(root: Path) -> None:
    for tag in ("v6.10", "v6.9", "v6.10-rc1", "v6.10.1", "deep/v6.1"):
        git(root, "tag", tag)
    git(root, "tag", "-a", "-m", "x", "v6.8")
    git(root, "branch", "v6.x")
    git(root, "update-ref", "refs/remotes/origin/v6.0", "HEAD")
    repository = Repository(root)
    assert [name for name in repository.matching("v6*") if name != "v6.x"] == [
        "v6.8", "v6.9", "v6.10-rc1", "v6.10", "v6.10.1",
    ]  # fmt: skip
    assert repository.matching("v6.[x]") == ["v6.x"]
    assert repository.matching("deep/*") == ["deep/v6.1"]
    assert repository.matching("origin/v*") == ["origin/v6.0"]
    assert repository.matching("gone*") == []
    assert sorted(repository.tag_names()) == ["deep/v6.1", "v6.10", "v6.10-rc1", "v6.10.1", "v6.8", "v6.9"]


def test_paths_and_files_of_a_tree_object(root: Path) -> None:
    (root / "virt/kvm/link.c").symlink_to("new.c")
    commit(root)
    repository = Repository(root)
    tree = repository.tree("HEAD")[1]
    assert repository.holds(tree, ["virt/kvm", X86, "gone.c"]) == {"virt/kvm", X86}
    below = repository.entries(tree, ["virt", "arch/x86"])
    assert sorted(below) == [X86, "virt/kvm/kvm_main.c", "virt/kvm/new.c"]
    assert repository.entries(tree, ["virt", ""]).keys() > below.keys()
    assert repository.read(below[X86]) == (root / X86).read_bytes()


def test_head_is_the_tree_of_the_directory_if_it_has_one(root: Path, tmp_path: Path) -> None:
    assert Repository(root).head() == git(root, "rev-parse", "HEAD^{tree}")
    assert Repository(root / "virt").head() == git(root, "rev-parse", "HEAD:virt")
    (root / "young").mkdir()
    assert Repository(root / "young").head() is None
    (tmp_path / "new").mkdir()
    git(tmp_path / "new", "init", "-q")
    unborn = Repository(tmp_path / "new")
    assert (unborn.has_head(), unborn.head(), unborn.commit("HEAD")) == (False, None, None)


def test_what_a_partial_clone_has_left_is_known_to_be_missing(root: Path, tmp_path: Path) -> None:
    git(root, "config", "uploadpack.allowFilter", "true")
    part = tmp_path / "part"
    git(root, "clone", "-q", "--bare", "--filter=blob:none", f"file://{root}", str(part))
    oid = git(root, "rev-parse", f"HEAD:{X86}")
    repository = Repository(part)
    assert list(repository.read_present([oid])) == [None]
    with pytest.raises(CaplintError, match=f"cannot read object {oid} .*; get it with git -C {part} fetch --refetch"):
        repository.read(oid)
    with pytest.raises(CaplintError, match=f"cannot read object {'1' * 40} from the repository; run `git fsck`"):
        list(Repository(root).read_present(["1" * 40]))


def test_a_shallow_clone_has_no_whole_line(root: Path, tmp_path: Path) -> None:
    git(root, "clone", "-q", "--depth", "1", f"file://{root}", str(tmp_path / "shallow"))
    with pytest.raises(CaplintError, match="its history is incomplete; the clone is shallow: get its history with git"):
        Repository(tmp_path / "shallow").whole_line(git(root, "rev-parse", "HEAD"))


def test_what_is_no_directory(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for name, reason in (("file", "not a directory"), ("gone", "no such directory")):
        with pytest.raises(CaplintError, match=f"^{tmp_path}/{name}: {reason}$"):
            Repository(tmp_path / name)
