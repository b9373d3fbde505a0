"""caplint init"""

from __future__ import annotations

from pathlib import Path

from conftest import Caplint, kernel, qemu


def test_the_trees_beside_each_other(caplint: Caplint, apart: Path) -> None:
    kernel(apart / "linux")
    kernel(apart / "linux-old")
    qemu(apart / "qemu")
    (apart / ".hidden").mkdir()
    run = caplint("init")
    found = f"kernel ({apart}/linux), qemu ({apart}/qemu)"
    assert (run.status, run.out, run.err) == (0, f"{apart}/caplint.toml: written, with {found}\n", "")
    assert caplint("check").status == 0
    assert "qemu (" in caplint("check").out


def test_the_tree_here_comes_first(caplint: Caplint, apart: Path) -> None:
    kernel(apart)
    kernel(apart / "below")
    assert caplint("init", "--dry-run").out.count('[trees.kernel]\npath = "."\n') == 1
    assert not (apart / "caplint.toml").exists()


def test_named_trees(caplint: Caplint, apart: Path) -> None:
    kernel(apart / "a")
    kernel(apart / "b")
    assert 'path = "b"' in caplint("init", "b", "--dry-run").out
    run = caplint("init", "none")
    assert (run.status, run.err) == (2, "caplint: none: no such directory\n")


def test_a_file_that_exists_stays(caplint: Caplint, apart: Path) -> None:
    (apart / "caplint.toml").symlink_to("nowhere")
    run = caplint("init")
    said = f"caplint: {apart}/caplint.toml: exists already; change it by hand, or remove it first\n"
    assert (run.status, run.err) == (2, said)


def test_without_a_tree(caplint: Caplint, apart: Path) -> None:
    (apart / "apart").mkdir()
    assert "with no tree, because none was found" in caplint("init").out
    assert caplint("config").out.startswith(f"# from {apart}/caplint.toml\n")
