"""Answers to questions about paths: kept while the sources are the same, and found again when they are not."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from conftest import bare_qemu, kernel, lay, qemu
from programs import CONFIG

from caplint.config.settings import Config
from caplint.facts.store.store import FactStore
from caplint.graph.path_cache import Question
from caplint.graph.path_lookup import find_paths, macro_lines, whole_graphs
from caplint.graph.path_model import Path as CallPath
from caplint.graph.path_model import Step
from caplint.session import Progress, no_progress
from caplint.trees.detect import directory_tree
from caplint.trees.tree import Tree
from caplint.util.errors import CaplintError

ASK = "int ask(KVMState *s)\n{\n    return kvm_check_extension(s, KVM_CAP_HLT);\n}\n"
FILES = {"accel/kvm/kvm-all.c": ASK, "system/main.c": "int main(void)\n{\n    return ask(0);\n}\n"}
HLT = Question("KVM_CAP_HLT", None, None, 1)
VCPUS = Question("KVM_CAP_NR_VCPUS", None, None, 1)


class _Asked:
    """Questions about two trees, and how often something was linked for them."""

    def __init__(self, root: Path, *, cached: bool = True) -> None:
        self.roots = (kernel(root / "k"), qemu(root / "q", FILES))
        self.config = replace(CONFIG, cache=str(root / "cache")) if cached else CONFIG
        self.linked = 0

    @contextmanager
    def _progress(self) -> Iterator[Progress]:
        self.linked += 1
        yield no_progress

    def __call__(self, question: Question = HLT, **more: object) -> list[CallPath]:
        trees: list[Tree] = [directory_tree(str(root)) for root in self.roots]
        return find_paths(question, trees, Config(**{**vars(self.config), **more}), self._progress)


def _names(paths: list[CallPath]) -> list[list[str]]:
    return [[step.function for step in path.steps if step.tree == "qemu"] for path in paths]


def test_the_same_question_is_answered_from_the_cache(tmp_path: Path) -> None:
    ask = _Asked(tmp_path)
    first = ask()
    assert _names(first)[0][:2] == ["main", "ask"]
    assert ask() == first
    assert ask.linked == 1


def test_another_question_links_nothing_again(tmp_path: Path) -> None:
    ask = _Asked(tmp_path)
    ask()
    other = ask(VCPUS)
    assert other != ask()
    assert ask.linked == 1
    assert other == _Asked(tmp_path, cached=False)(VCPUS)


def test_changed_sources_are_read_anew(tmp_path: Path) -> None:
    ask = _Asked(tmp_path)
    ask()
    lay(tmp_path / "q", {"accel/kvm/kvm-all.c": f"{ASK}int also(KVMState *s)\n{{\n    return ask(s);\n}}\n",
                         "system/main.c": "int main(void)\n{\n    return also(0);\n}\n"})  # fmt: skip
    assert _names(ask())[0][:3] == ["main", "also", "ask"]
    assert ask.linked == 2


def test_settings_that_links_depend_on_link_anew(tmp_path: Path) -> None:
    ask = _Asked(tmp_path)
    ask()
    ask(VCPUS, oldest_kernel="5.10")
    assert ask.linked == 2


@pytest.mark.parametrize("damage", ["", "{", "[[1]]", '[["check"]]', "null"])
def test_a_damaged_answer_is_none(tmp_path: Path, damage: str) -> None:
    ask = _Asked(tmp_path)
    first = ask()
    store = FactStore(ask.config.store_path)
    ((name,),) = store.connection.execute("SELECT name FROM memo WHERE name LIKE 'path %'").fetchall()
    store.retain(name, damage)
    store.close()
    assert ask() == first
    assert ask.linked == 1


def test_a_question_without_an_answer_is_an_error_each_time(tmp_path: Path) -> None:
    ask = _Asked(tmp_path)
    for _ in range(2):
        with pytest.raises(CaplintError, match="no tree defines KVM_CAP_HTL"):
            ask(replace(HLT, name="KVM_CAP_HTL"))


def test_whole_graphs_are_those_of_each_tree(tmp_path: Path) -> None:
    trees: list[Tree] = [directory_tree(str(kernel(tmp_path / "k"))), directory_tree(str(qemu(tmp_path / "q", FILES)))]
    (_, linux), (name, graph) = whole_graphs(trees, CONFIG, None)
    assert name == "qemu"
    assert {(one.name, other.name) for one, other in graph.edges()} == {("main", "ask")}
    assert {node.name for node in linux.nodes()} == {"kvm_vm_ioctl_check_extension"}


MACROS = (
    "int x;\n#define ONE(a) f(a)\nint y;\n#define TWO(a) \\\n    f(a); \\\r\n    g(a)\nint z;\n"
    "#define END(a) \\\n    f(a) \\"
)


def _lines(root: Path, *steps: Step) -> dict[tuple[str, str], list[str]]:
    return macro_lines([CallPath("check", None, steps)], [bare_qemu(root, {"m.h": MACROS})])


def _macro(line: int, edge: str = "macro") -> Step:
    return Step("qemu", "M", "a.c", 9, edge, defined=f"m.h:{line}" if line else "")


def test_the_lines_of_macros_on_a_path(tmp_path: Path) -> None:
    assert _lines(tmp_path, _macro(2), _macro(4), _macro(8), _macro(1, "direct"), _macro(0)) == {
        ("qemu", "m.h:2"): ["#define ONE(a) f(a)"],
        ("qemu", "m.h:4"): ["#define TWO(a) \\", "    f(a); \\\r", "    g(a)"],
        ("qemu", "m.h:8"): ["#define END(a) \\", "    f(a) \\"],
    }


def test_a_macro_without_end_is_cut(tmp_path: Path) -> None:
    tree = bare_qemu(tmp_path, {"m.h": "#define LONG \\\n" + "    f(); \\\n" * 5_000})
    (lines,) = macro_lines([CallPath("check", None, (_macro(1),))], [tree]).values()
    assert len(lines) == 200
