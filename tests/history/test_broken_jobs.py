"""`caplint history` in several processes and on a cluster, over repositories that lack something."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from conftest import CHECK, HEADER, KERNEL_FILES, UAPI, X86, Caplint, git
from histories import Made

COUNT = 5


@pytest.fixture
def made(apart: Path) -> Made:
    """A kernel with a release for each of some contents of one file, which no other release has."""
    made = Made(apart / "k")
    made.files("first", {path: str(text) for path, text in KERNEL_FILES.items()})
    for number in range(COUNT):
        made.files(f"step {number}", {X86: f"{CHECK}/* {number} */\n"})
        made.tag(f"v1.{number}")
    return made


def _broken(made: Made, how: str) -> str:
    """The directory of a repository that lacks something, as the name says."""
    git(made.root, "config", "uploadpack.allowFilter", "true")
    source = f"file://{made.root}"
    if how == "shallow":
        git(made.root, "clone", "-q", "--depth", "1", source, "../shallow")
    elif how in {"blob:none", "tree:0"}:
        git(made.root, "clone", "-q", "--bare", f"--filter={how}", source, f"../{how}")
    else:
        oid = git(made.root, "rev-parse", how)
        file = made.root / f".git/objects/{oid[:2]}/{oid[2:]}"
        file.chmod(0o644)
        file.write_bytes(b"damaged")
        return str(made.root)
    return str(made.root.parent / how)


LACKING = {
    "shallow": "fetch --unshallow",
    "blob:none": "fetch --refetch --no-filter",
    "tree:0": "fetch --refetch --no-filter",
    f"v1.2:{X86}": "run `git fsck`",
    f"v1.2:{UAPI}": "run `git fsck`",
    "v1.2^{tree}": "",
    "v1.2": "",
}


@pytest.mark.parametrize("how", LACKING)
def test_one_line_with_several_processes(caplint: Caplint, made: Made, how: str) -> None:
    where = _broken(made, how)
    packs = sorted(Path(where).rglob("*.pack"))
    for _ in range(2):  # the second run has the cache of the first
        run = caplint("history", "--kernel", where, "--jobs", "2")
        assert (run.status, run.out, run.err.count("\n")) == (2, "", 1)
        assert LACKING[how] in run.err
    assert sorted(Path(where).rglob("*.pack")) == packs


@contextmanager
def _cluster() -> Iterator[str]:
    distributed = pytest.importorskip("distributed")
    with distributed.LocalCluster(
        n_workers=1, threads_per_worker=1, processes=True, dashboard_address="127.0.0.1:0", host="127.0.0.1"
    ) as started:
        yield str(started.scheduler_address)


def test_one_line_with_a_cluster(caplint: Caplint, made: Made) -> None:
    packs = sorted(made.root.parent.rglob("*.pack"))
    damaged = _broken(made, f"v1.2:{X86}")
    with _cluster() as address:
        run = caplint("history", "--kernel", damaged, "--scheduler", address)
        assert (run.status, run.out, run.err.count("\n")) == (2, "", 1)
        assert "run `git fsck`" in run.err
        # What can be read is read there all the same.
        whole = caplint("history", "HLT", "--kernel", f"{made.root}@v1.1", "--scheduler", address)
        assert (whole.status, whole.err) == (0, "")
    assert sorted(made.root.parent.rglob("*.pack")) == packs


def test_bare_without_tags_and_with_odd_ones(caplint: Caplint, made: Made) -> None:
    for name in ("-x", "--jobs=9", "$(touch${IFS}trapped)", "v1.0-rc1", "v1-x86"):
        git(made.root, "update-ref", f"refs/tags/{name}", "HEAD~2")
    git(made.root, "clone", "-q", "--bare", ".", "../bare")
    words = ("history", "HLT", "--tags", "*", "--jobs", "2")
    whole, bare = (caplint(*words, "--kernel", name) for name in ("k", "bare"))
    assert whole.status == bare.status == 0
    assert bare.out == whole.out.replace("kernel (k)", "kernel (bare)")
    assert not list(made.root.parent.rglob("trapped"))
    for tag in git(made.root, "tag").split():
        git(made.root, "update-ref", "-d", f"refs/tags/{tag}")
    run = caplint("history", "HLT", "--kernel", "k", "--jobs", "2")
    assert run.out.splitlines()[-1] == "note: no tag names a release: events have commits alone"


def test_a_change_of_one_side_alone_in_unrelated_histories(caplint: Caplint, made: Made) -> None:
    git(made.root, "checkout", "-q", "--orphan", "other")
    git(made.root, "rm", "-rfq", ".")
    made.files("another project", {"README": "", UAPI: HEADER})
    made.tag("v9.0")
    git(made.root, "checkout", "-q", "master")
    git(made.root, "merge", "-q", "--allow-unrelated-histories", "-s", "ours", "-m", "join", "other")
    made.files("last", {X86: CHECK})
    made.tag("v1.9")
    run = caplint("history", "HLT", "--kernel", "k", "--jobs", "2")
    assert run.status == 0
    assert "note: 1 tags are not on the line of first parents, and are left out (v9.0)" in run.out
