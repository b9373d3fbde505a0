"""Search of a tree's text for names, and what is remembered of it."""

from __future__ import annotations

import os
import time
from pathlib import Path

from conftest import bare_qemu

from caplint.trees.detect import directory_tree
from caplint.trees.overlay import OverlayTree
from caplint.trees.text_search import mentioning


class _Memory(dict[str, str]):
    def recall(self, name: str) -> str | None:
        return self.get(name)

    def retain(self, name: str, value: str) -> None:
        self[name] = value


def _tree(place: Path) -> Path:
    bare_qemu(
        place,
        {
            "accel/kvm/kvm-all.c": "int ask(void);\nint other(void) { return ask(); }\n",
            "hw/ppc/spapr.c": "int board(void) { return ask(); }\n",
            "hw/arm/virt.c": "int tasks(void) { return asked(); }\n",
            "docs/about.rst": "ask\n",
        },
    )
    old = time.time() - 3600
    for file in place.rglob("*"):
        os.utime(file, (old, old))
    return place


def test_c_files_with_the_whole_word_are_found(tmp_path: Path) -> None:
    tree = directory_tree(str(_tree(tmp_path)))
    assert mentioning(tree, ["ask"], _Memory()) == ["accel/kvm/kvm-all.c", "hw/ppc/spapr.c"]
    assert mentioning(tree, ["asked", "absent"], _Memory()) == ["hw/arm/virt.c"]
    assert mentioning(tree, [], _Memory()) == []


def test_a_known_state_is_not_searched_again(tmp_path: Path) -> None:
    memory, place = _Memory(), str(_tree(tmp_path))
    for _ in range(2):
        tree = directory_tree(place)
        assert tree.state_id({}) is not None
        assert mentioning(tree, ["ask"], memory) == ["accel/kvm/kvm-all.c", "hw/ppc/spapr.c"]
        assert len(memory) == 1
    (name,) = memory
    memory[name] = '["hw/arm/virt.c"]'
    assert mentioning(tree, ["ask"], memory) == ["hw/arm/virt.c"]
    (tmp_path / "hw/ppc/spapr.c").write_text("int board(void);\n")
    tree = directory_tree(str(tmp_path))
    tree.state_id({})
    assert mentioning(tree, ["ask"], memory) == ["accel/kvm/kvm-all.c"]


def test_a_patch_adds_and_takes_files(tmp_path: Path) -> None:
    memory = _Memory()
    tree = directory_tree(str(_tree(tmp_path)))
    tree.state_id({})
    changes = {
        "accel/kvm/kvm-all.c": b"int other(void);\n",
        "hw/ppc/spapr.c": None,
        "hw/s390x/s390.c": b"int f = ask;\n",
    }
    patched = OverlayTree(tree, changes)
    assert mentioning(patched, ["ask"], memory) == ["hw/s390x/s390.c"]
    assert mentioning(tree, ["ask"], memory) == ["accel/kvm/kvm-all.c", "hw/ppc/spapr.c"]
