"""Which file of which tree a URI means, and which buffers differ from the files."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from caplint.server.buffers import LONGEST_ADDRESS, Buffers, Roots
from caplint.server.messages import ServedTree
from caplint.server.plan import laid_over
from caplint.trees.detect import directory_tree
from caplint.trees.tree import LARGEST


@pytest.fixture
def roots(tmp_path: Path) -> Roots:
    for directory in ("k/virt", "k/inner/x", "other", "k/.git"):
        (tmp_path / directory).mkdir(parents=True)
    (tmp_path / "k/virt/a b#?.c").write_text("a\n")
    (tmp_path / "k/out").symlink_to(tmp_path / "other")
    trees = (
        ServedTree("kernel", "kernel", "k", str(tmp_path / "k")),
        ServedTree("inner", "vmm", "i", str(tmp_path / "k/inner")),
        ServedTree("old", "reference", "k@v6.1", None),
    )
    return Roots(trees)


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("k/virt/a b#?.c", ("kernel", "virt/a b#?.c")),
        ("k/new/file.c", ("kernel", "new/file.c")),
        ("k/inner/x/a.c", ("inner", "x/a.c")),
        ("k/virt/../virt/a.c", ("kernel", "virt/a.c")),
        ("k/virt/../../other/a.c", None),
        ("k/out/a.c", None),  # a link out of the tree
        ("other/a.c", None),
        ("k", None),
        ("k/.git/config", None),
        ("k/sub/.GIT/hooks/pre-commit", None),
    ],
)
def test_files_of_trees(roots: Roots, tmp_path: Path, path: str, expected: tuple[str, str] | None) -> None:
    uri = "file://" + "/".join(part.replace("#", "%23").replace("?", "%3F") for part in f"{tmp_path}/{path}".split("/"))
    assert roots.file_of(uri.replace(" ", "%20")) == expected


@pytest.mark.parametrize(
    "uri",
    [
        "",
        "untitled:Untitled-1",
        "http://example.org/k/virt/a.c",
        "file://elsewhere/k/virt/a.c",
        "file:relative.c",
        "file:///%00",
        "file://[",
        "file:///" + "a/" * LONGEST_ADDRESS,
        "\ud800",
        "file:///\ud800",
    ],
)
def test_what_is_no_file_of_a_tree(roots: Roots, uri: str) -> None:
    assert roots.file_of(uri) is None


def test_a_name_that_is_not_utf8(roots: Roots, tmp_path: Path) -> None:
    name = os.fsdecode(os.fsencode(tmp_path) + b"/k/virt/\xff.c")
    Path(name).write_text("x\n")
    uri = Path(name).as_uri()
    assert uri.endswith("/%FF.c")
    assert roots.file_of(uri) == ("kernel", "virt/\\xff.c")
    assert roots.uri_of("kernel", "virt/\\xff.c") == uri
    assert roots.on_disk("kernel", "virt/\\xff.c") == b"x\n"


def test_places_of_a_revision_have_no_address(roots: Roots) -> None:
    assert roots.uri_of("old", "virt/a.c") is None
    assert roots.on_disk("old", "virt/a.c") is None


def test_only_what_differs_is_laid_over(roots: Roots, tmp_path: Path) -> None:
    buffers = Buffers()
    buffers.roots = roots
    file = tmp_path / "k/virt/b.c"
    file.write_bytes(b"caf\xe9\n")  # an editor shows what it cannot decode in its own way
    buffers.put(file.as_uri(), "caf\ufffd\n", 1)
    assert buffers.overlays() == {}
    buffers.put(file.as_uri(), "caf\xe9 \ud800\n", 2)
    buffers.put((tmp_path / "other/c.c").as_uri(), "elsewhere\n", 1)
    assert buffers.overlays() == {"kernel": {"virt/b.c": "caf\xe9 ?\n".encode()}}
    os.mkfifo(tmp_path / "k/virt/fifo.c")
    buffers.put((tmp_path / "k/virt/fifo.c").as_uri(), "text\n", 1)
    assert buffers.overlays()["kernel"]["virt/fifo.c"] == b"text\n"
    for uri in (file.as_uri(), (tmp_path / "k/virt/fifo.c").as_uri(), "never opened"):
        buffers.remove(uri)
    assert buffers.overlays() == {}


def test_a_buffer_that_no_file_can_be_is_a_blind_spot(tmp_path: Path) -> None:
    for path in ("include/uapi/linux", "virt/kvm"):
        (tmp_path / path).mkdir(parents=True)
    (tmp_path / "include/uapi/linux/kvm.h").write_text("")
    (tmp_path / "virt/kvm/kvm_main.c").write_text("")
    tree = directory_tree(str(tmp_path))
    (laid,) = laid_over([tree], {tree.name: {"virt/kvm/kvm_main.c": b"x" * (LARGEST + 9)}})
    assert len(laid.read("virt/kvm/kvm_main.c")) == LARGEST + 1
    assert laid.base is None
    assert laid_over([tree], {"another": {"a.c": b""}}) == [tree]
