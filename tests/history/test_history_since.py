"""First releases with each capability, from the tags of a repository, beside caplint's own data."""

from __future__ import annotations

import os
import shutil
import time
from pathlib import Path

import pytest
from conftest import UAPI, Caplint, commit, git, lay
from histories import header

from caplint.history.needs import version
from caplint.history.since import first_releases
from caplint.knowledge.load import knowledge
from caplint.trees.repository import Repository

OLD = "include/linux/kvm.h"


def _repository(place: Path, *states: tuple[str, dict[str, str]]) -> Path:
    """A commit with a tag for each state."""
    root = lay(place, {"virt/kvm/kvm_main.c": ""})
    for number, (tag, files) in enumerate(states):
        commit(lay(root, {**files, "Makefile": f"# {number}\n"}), tag)
        git(root, "tag", tag)
    return root


def _first(root: Path) -> dict[str, str]:
    found = first_releases(Repository(root), "linux")
    return {f"{cap.removeprefix('KVM_CAP_')} {number}": release for (cap, number), release in found.items()}


def test_the_first_tag_with_a_capability_and_its_number(tmp_path: Path) -> None:
    states = [
        ("v2.6.39", {}),
        ("v3.0", {OLD: header(A=1)}),
        ("v3.1", {UAPI: header(A=1, B=2, C=3)}),
        ("v3.2-rc1", {UAPI: header(A=1, B=2, C=3, X=9)}),
        ("v3.2", {UAPI: header(A=1, B=4, D=5)}),
        ("v3.2.7", {UAPI: header(A=1, B=4, D=5, E=6)}),
        ("vendor-3.3", {UAPI: header(F=7)}),
        ("v3.3", {UAPI: header(A=1, B=4, C=3, D=5, E=6)}),
    ]
    assert _first(_repository(tmp_path / "k", *states)) == {
        "A 1": "v3.0", "B 2": "v3.1", "C 3": "v3.1", "B 4": "v3.2", "D 5": "v3.2", "E 6": "v3.3",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("before", "tag", "since"),
    [
        ("v5.9", "v5.10", "v5.10"),
        ("v5.8", "v5.10", "<= v5.10"),
        ("v4.20", "v5.0", "v5.0"),
        ("v4.19", "v5.0", "<= v5.0"),
        ("v5.19", "v6.0", "v6.0"),
        ("v2.6.39", "v3.0", "v3.0"),
        ("v9.4", "v10.0", "<= v10.0"),
        ("v10.0", "v9.9", "<= v9.9"),
        ("v5.09", "v5.10", "v5.10"),
        ("5.9", "v5.10", "<= v5.10"),
        ("v5.9-rc1", "v5.10", "<= v5.10"),
        ("v5.99999", "v5.10", "<= v5.10"),
    ],
)
def test_it_is_a_bound_where_the_release_before_has_no_tag(tmp_path: Path, before: str, tag: str, since: str) -> None:
    states = [(before, {UAPI: header(A=1)}), (tag, {UAPI: header(A=1, NEW=2)})]
    assert _first(_repository(tmp_path / "k", *states))["NEW 2"] == since


def test_the_inventory_takes_what_is_more_exact(caplint: Caplint, apart: Path) -> None:
    """What caplint knows exactly stays; a bound becomes a release, and a number of another release is no evidence."""
    names = {"IRQCHIP": 0, "SYS_ATTRIBUTES": 209, "NEWEST": 9000}
    root = _repository(apart / "k", ("v2.6.19", {}), ("v2.6.20", {UAPI: header(IRQCHIP=0)}))
    for tag, text in (("v6.11", header(**names)), ("v6.12", header(**{**names, "NEWEST": 9001}))):
        commit(lay(root, {UAPI: text}), tag)
        git(root, "tag", tag)
    lines = caplint("inventory", "--kernel", "k", "--output-format", "csv").out.splitlines()
    column = lines[0].split(",").index("since")
    since = {line.split(",")[1]: line.split(",")[column] for line in lines[1:]}
    assert since["KVM_CAP_IRQCHIP"] == "v2.6.20"
    assert since["KVM_CAP_SYS_ATTRIBUTES"] == knowledge().since("KVM_CAP_SYS_ATTRIBUTES", 209)
    assert since["KVM_CAP_NEWEST"] == "v6.12"
    assert caplint("inventory", "--kernel", "k@v6.11", "--output-format", "csv").out.count("<= v6.11") == 1


def test_the_shipped_releases_come_out_of_their_own_headers(tmp_path: Path) -> None:
    data = knowledge()._data["introduced"]
    last = {4: 20, 5: 19, 6: 20}
    releases = [(4, 20), *((major, minor) for major in (5, 6) for minor in range(last[major] + 1))]
    states = []
    for release in releases:
        known = {name: entry["number"] for name, entry in data.items() if version(entry["release"]) <= release}
        text = "".join(f"#define {name} {number}\n" for name, number in known.items())
        states.append((f"v{release[0]}.{release[1]}", {UAPI: text}))
    found = first_releases(Repository(_repository(tmp_path / "k", *states)), "linux")
    exact = {key: since for key, since in found.items() if not since.startswith("<=")}
    assert len(exact) > 75
    assert all(knowledge().since(*key) == since for key, since in exact.items())
    bounds = {since for since in found.values() if since.startswith("<=")}
    assert bounds <= {"<= v4.20"}


def _unreadable(apart: Path, root: Path, how: str) -> None:
    """Damage the repository that `root` names."""
    if how == "partial":
        git(root, "config", "uploadpack.allowFilter", "true")
        git(apart, "clone", "-q", "--filter=blob:none", f"file://{root}", "partial")
        root.rename(apart / "whole")
        (apart / "partial").rename(root)
        return
    if how == "a blob for a release":
        git(root, "update-ref", "refs/tags/v5.9", git(root, "rev-parse", f"v5.9:{UAPI}"))
        return
    name = {"damaged header": f"v5.9:{UAPI}", "damaged tree": "v5.9^{tree}", "damaged commit": "v5.9"}.get(how)
    oid = git(root, "rev-parse", name) if name else ""
    file = root / ".git/objects" / oid[:2] / oid[2:] if name else root / ".git/refs/tags/v5.9"
    file.chmod(0o644)
    file.write_bytes(b"damaged\n")


@pytest.mark.parametrize(
    "how",
    ["partial", "damaged header", "damaged tree", "damaged commit", "damaged reference", "a blob for a release"],
)
def test_a_repository_that_cannot_tell_is_a_remark(caplint: Caplint, apart: Path, how: str) -> None:
    root = _repository(apart / "k", ("v5.9", {UAPI: header(A=1)}), ("v5.10", {UAPI: header(A=1, NEW=2)}))
    before = caplint("inventory", "--kernel", "k", "--output-format", "csv")
    assert before.out.count("v5.10") == 1
    _unreadable(apart, root, how)
    run = caplint("inventory", "--kernel", "k", "--output-format", "csv")
    assert run.status == before.status
    assert "v5." not in run.out
    line = run.err.removeprefix(before.err)
    assert line.startswith("caplint: note: kernel: `since` is from caplint's own data; the tags cannot be read: ")
    assert line.count("\n") == 1
    if how == "partial":
        assert "get it with git -C " in line
        assert line.endswith("fetch --refetch --no-filter\n")


def test_more_tags_than_there_are_releases_cost_no_process_each(caplint: Caplint, apart: Path) -> None:
    root = _repository(apart / "k", ("v5.10", {UAPI: header(A=1)}))
    oid = git(root, "rev-parse", "HEAD")
    names = sorted(f"refs/tags/v{major}.{minor}" for major in range(10, 30) for minor in range(1000))
    (root / ".git/packed-refs").write_text("".join(f"{oid} {name}\n" for name in names))
    begun = time.process_time() + sum(os.times()[2:4])
    run = caplint("inventory", "--kernel", "k", "--output-format", "csv")
    assert time.process_time() + sum(os.times()[2:4]) - begun < 15
    assert run.err.count("20,001 tags name releases") == 1


def test_without_a_repository_or_tags_there_is_nothing_to_say(caplint: Caplint, apart: Path) -> None:
    root = _repository(apart / "k", ("v5.9", {UAPI: header(A=1)}))
    git(root, "update-ref", "-d", "refs/tags/v5.9")
    runs = [caplint("inventory", "--kernel", "k", "--output-format", "csv")]
    shutil.rmtree(root / ".git")
    runs.append(caplint("inventory", "--kernel", "k", "--output-format", "csv"))
    assert not any("since` is" in run.err for run in runs)


def test_names_of_tags_are_no_options(caplint: Caplint, apart: Path) -> None:
    root = _repository(apart / "k", ("v5.10", {UAPI: header(A=1, NEW=2)}))
    for name in ("--upload-pack=touch${IFS}x", "-v5.9", "v5.9;touch${IFS}x", "v5.9'", "v\u0665.9"):
        git(root, "update-ref", f"refs/tags/{name}", "HEAD")
    run = caplint("inventory", "--kernel", "k", "--output-format", "csv")
    assert run.out.count("<= v5.10") == run.out.count("v5.10") == 2
    assert not (apart / "x").exists()


def test_a_release_without_a_header_between_others_leaves_a_bound(tmp_path: Path) -> None:
    states = [("v5.8", {UAPI: header(A=1)}), ("v5.9", {UAPI: "damaged"}), ("v5.10", {UAPI: header(A=1, NEW=2)})]
    assert _first(_repository(tmp_path / "k", *states)) == {"A 1": "<= v5.8", "NEW 2": "<= v5.10"}
