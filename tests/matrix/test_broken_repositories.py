"""`caplint matrix --tags` and `--reference` on repositories that lack something, and on names that are traps."""

from __future__ import annotations

from pathlib import Path

import pytest
from conftest import HEADER, UAPI, Caplint, Run, commit, git, kernel, lay, qemu

VMM = ("--qemu", "q@v8.0")


@pytest.fixture
def repository(apart: Path) -> Path:
    """A kernel of two releases, and a VMM of one, in repositories."""
    root = kernel(apart / "k")
    commit(root, "first")
    git(root, "tag", "v1.0")
    commit(lay(root, {UAPI: HEADER + "#define KVM_CAP_FROB 20\n"}), "second")
    git(root, "tag", "v1.1")
    commit(qemu(apart / "q"), "first")
    git(apart / "q", "tag", "v8.0")
    git(root, "config", "uploadpack.allowFilter", "true")
    return root


def _reasons(run: Run) -> list[str]:
    return [line for line in run.out.splitlines() if line.startswith("not checked: ")]


def _damage(root: Path, what: str) -> None:
    oid = git(root, "rev-parse", what)
    file = root / f".git/objects/{oid[:2]}/{oid[2:]}"
    file.chmod(0o644)
    file.write_bytes(b"damaged")


def test_a_bare_repository_is_like_any(caplint: Caplint, repository: Path) -> None:
    git(repository, "clone", "-q", "--bare", ".", "../bare")
    whole, bare = (caplint("matrix", "--tags", "v1.*", "--kernel", name, *VMM) for name in ("k", "bare"))
    assert bare.out.splitlines()[-1] == whole.out.splitlines()[-1] == "2 of 2 pairs agree (--fail-on warning)"
    run = caplint("matrix", "--kernel", "k@v1.0", *VMM, "--reference", "bare")
    assert (run.status, run.out, run.err.count("\n")) == (2, "", 1)
    assert "a bare repository; name a revision of it" in run.err
    assert caplint("matrix", "--kernel", "k@v1.0", *VMM, "--reference", "bare@v1.1").status == 0


def test_a_shallow_clone_has_the_tags_that_it_has(caplint: Caplint, repository: Path) -> None:
    git(repository, "clone", "-q", "--depth", "1", f"file://{repository}", "../shallow")
    run = caplint("matrix", "--tags", "v*", "--kernel", "shallow", *VMM, "--reference", "shallow")
    assert run.out.splitlines()[-1] == "1 of 1 pair agree (--fail-on warning)"
    run = caplint("matrix", "--tags", "v1.0", "--kernel", "shallow", *VMM)
    assert (run.status, run.out) == (2, "")
    assert "no tag matches v1.0" in run.err


@pytest.mark.parametrize("what", ["blob:none", "tree:0"])
def test_what_a_partial_clone_lacks_never_agrees_and_is_not_fetched(
    caplint: Caplint, repository: Path, what: str
) -> None:
    git(repository, "clone", "-q", "--bare", f"--filter={what}", f"file://{repository}", "../partial")
    before = sorted(Path("partial/objects/pack").iterdir())
    for _ in range(2):
        run = caplint("matrix", "--tags", "v*", "--kernel", "partial", *VMM)
        assert run.status == 2
        assert run.out.splitlines()[-1] == "0 of 2 pairs agree (--fail-on warning); 2 not checked"
        assert all("fetch --refetch --no-filter" in reason for reason in _reasons(run))
        assert _reasons(run)
    run = caplint("matrix", "--kernel", "k@v1.0", *VMM, "--reference", "partial@v1.0")
    assert run.status == 2
    assert "fetch --refetch --no-filter" in run.out + run.err
    assert sorted(Path("partial/objects/pack").iterdir()) == before


@pytest.mark.parametrize("what", ["v1.0", "v1.0^{tree}", f"v1.0:{UAPI}"])
def test_a_damaged_release_is_an_error_of_its_cells_alone(caplint: Caplint, repository: Path, what: str) -> None:
    _damage(repository, what)
    run = caplint("matrix", "--tags", "v*", "--kernel", "k", *VMM)
    assert run.status == 2
    assert run.out.splitlines()[-1] == "1 of 2 pairs agree (--fail-on warning); 1 not checked"
    (reason,) = _reasons(run)
    assert reason.endswith("(k@v1.0)")
    run = caplint("matrix", "--kernel", "k@v1.1", *VMM, "--reference", "k@v1.0")
    assert run.status == 2
    assert len(_reasons(run)) + run.err.count("\n") == 1


def test_tags_that_look_like_options_and_commands(caplint: Caplint, repository: Path) -> None:
    names = ("-x", "--upload-pack=touch_trapped", "$(touch trapped)", "v1@2", ";touch trapped", "v-é")
    for name in names:
        git(repository, "update-ref", f"refs/tags/{name.replace(' ', '${IFS}')}", "HEAD")
    run = caplint("matrix", "--tags", "*", "--kernel", "k", *VMM)
    assert {reason.split("'")[1] for reason in _reasons(run)} == {"-x", "--upload-pack=touch_trapped"}
    assert run.out.splitlines()[-1] == "6 of 8 pairs agree (--fail-on warning); 2 not checked"
    for name in ("-x", "--upload-pack=x"):
        run = caplint("matrix", "--kernel", "k@v1.0", *VMM, "--reference", f"k@{name}")
        assert (run.status, run.out, run.err.count("\n")) == (2, "", 1)
        assert "is not a revision" in run.err
    assert not list(repository.parent.rglob("trapped"))


def test_no_tags_and_tags_of_other_things(caplint: Caplint, repository: Path) -> None:
    for tag in ("v1.0", "v1.1"):
        git(repository, "tag", "-d", tag)
    run = caplint("matrix", "--tags", "v*", "--kernel", "k", *VMM)
    assert (run.status, run.out, run.err) == (2, "", "caplint: k: no tag matches v*; `git tag` shows them\n")
    git(repository, "tag", "v-tree", "HEAD^{tree}")
    git(repository, "tag", "v-blob", f"HEAD:{UAPI}")
    run = caplint("matrix", "--tags", "v*", "--kernel", "k", *VMM)
    assert run.status == 2
    assert run.out.splitlines()[-1] == "1 of 2 pairs agree (--fail-on warning); 1 not checked"
    assert "no revision 'v-blob'" in _reasons(run)[0]


def test_unrelated_histories_are_releases_of_their_own(caplint: Caplint, repository: Path) -> None:
    git(repository, "checkout", "-q", "--orphan", "other")
    git(repository, "rm", "-rfq", ".")
    commit(lay(repository, {"README": "another project"}), "unrelated")
    git(repository, "tag", "v0.5")
    run = caplint("matrix", "--tags", "v*", "--kernel", "k", *VMM, "--reference", "k@v1.0")
    assert run.out.splitlines()[-1].startswith("2 of 3 pairs agree (--fail-on warning); 1 not checked")
    (reason,) = _reasons(run)
    assert "unknown project" in reason
    assert reason.endswith("(k@v0.5)")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("k@v*", "names 2 trees; give one Linux tree"),
        ("", "names no trees; give one Linux tree"),
        ("gone", "no such directory"),
        ("q", "is QEMU (vmm), but reference is asked for"),
        ("k@gone", "no revision 'gone'"),
        ("k@HEAD@{1}", "reflogs and upstreams are not read"),
    ],
)
def test_a_reference_is_one_kernel(caplint: Caplint, repository: Path, text: str, message: str) -> None:
    run = caplint("matrix", "--kernel", f"{repository}@v1.0", *VMM, "--reference", text)
    assert (run.status, run.out, run.err.count("\n")) == (2, "", 1)
    assert message in run.err
