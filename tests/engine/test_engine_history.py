"""Findings after each patch of a series, and the patch that brings each for good."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest
from conftest import HEADER, UAPI, X86, bare_kernel, bare_qemu, kernel

from caplint.config.settings import Config
from caplint.engine.history import History, history, named
from caplint.findings.finding import Finding, Location
from caplint.rules.page import load
from caplint.trees.detect import directory_tree
from caplint.trees.overlay import OverlayTree
from caplint.trees.tree import PatchFile, SeriesStep, Tree
from caplint.util import shipped_files

CONFIG = Config(cache="none", jobs=1)


def _finding(code: str = "CAP999", path: str = X86, line: int = 1, fingerprint: str = "a") -> Finding:
    place = Location("kernel", path, line)
    return Finding(code, "made-up", "note", "KVM_CAP_A", None, None, "m", place, fingerprint=fingerprint)


def _steps(tree: Tree, *states: Mapping[str, bytes | None], series: str = "s", word: str = "patch") -> list[SeriesStep]:
    """The steps of a series that changes one tree, by the files that each changes."""
    steps, changes, rows = [], dict[str, bytes | None](), list[PatchFile]()
    for ordinal, files in enumerate(states, 1):
        changes |= files
        rows += [PatchFile(series, ordinal, f"patch {ordinal}", path, "modified") for path in files]
        after = OverlayTree(tree, changes, rows)
        steps.append(SeriesStep(series, ordinal, f"Do {ordinal}", {tree.name: after}, len(states), word))
    return steps


def _after(root: Path, *prints: str, word: str = "patch") -> tuple[History, Tree]:
    """A history whose findings after each step but the last have these fingerprints."""
    steps = _steps(bare_kernel(root, {}), *({} for _ in range(len(prints) + 1)), word=word)
    found = [[_finding(fingerprint=letter) for letter in letters] for letters in prints]
    return History(steps, found, frozenset({"CAP999"}), passing=False), steps[-1].trees["kernel"]


@pytest.mark.parametrize(
    ("prints", "ordinal"),
    [(("a", "a"), 1), (("", "a"), 2), (("", ""), 3), (("a", ""), 3), (("a", "", "a"), 3), (("ba", "ab", "b"), 4)],
)
def test_the_step_after_which_it_is_there_for_good(tmp_path: Path, prints: tuple[str, ...], ordinal: int) -> None:
    found, final = _after(tmp_path, *prints)
    (told,) = named([_finding()], [], [found], [final], set())
    assert told == replace(_finding(), message=f'm (patch {ordinal} of {len(prints) + 1}, "Do {ordinal}")')


def test_a_commit_is_called_one(tmp_path: Path) -> None:
    found, final = _after(tmp_path, "", word="commit")
    assert named([_finding()], [], [found], [final], set())[0].message == 'm (commit 2 of 2, "Do 2")'


def test_rules_that_name_it_themselves_are_left_alone(tmp_path: Path) -> None:
    found, final = _after(tmp_path, "")
    assert named([_finding()], [], [found], [final], {"CAP999"}) == [_finding()]
    assert named([], [], [found], [final], set()) == []


def test_a_rule_that_runs_only_at_the_end_is_told_by_the_only_change_of_the_file(tmp_path: Path) -> None:
    steps = _steps(bare_kernel(tmp_path, {}), {UAPI: b"/* x */\n"}, {X86: b"int x;\n"}, {UAPI: b"/* y */\n"})
    found, final = History(steps, [[], []], frozenset(), passing=False), steps[-1].trees["kernel"]
    assert named([_finding()], [], [found], [final], set())[0].message == 'm (patch 2 of 3, "Do 2")'


@pytest.mark.parametrize(
    ("line", "ordinal"),
    [(1, None), (2, 1), (3, 3), (4, None), (6, None), (99, None)],
    ids=["of the base", "of the first", "of the last", "twice", "twice", "behind the end"],
)
def test_else_by_the_line_that_is_new_and_stands_once(tmp_path: Path, line: int, ordinal: int | None) -> None:
    texts = [b"old\none\n", b"old\none\n//\n", b"old\none\nthree\n}\n//\n}\n"]
    steps = _steps(bare_kernel(tmp_path, {X86: "old\n"}), *({X86: text} for text in texts))
    found, final = History(steps, [[], []], frozenset(), passing=False), steps[-1].trees["kernel"]
    (told,) = named([_finding(line=line)], [], [found], [final], set())
    assert told.message == ("m" if ordinal is None else f'm (patch {ordinal} of 3, "Do {ordinal}")')


def test_of_two_series_the_one_that_has_it_later_brought_it(tmp_path: Path) -> None:
    first, final = _after(tmp_path, "a")
    other = _steps(final, {}, {}, series="t")
    second = History(other, [[]], frozenset({"CAP999"}), passing=False)
    (told,) = named([_finding()], [], [first, second], [other[-1].trees["kernel"]], set())
    assert told.message == 'm (patch 2 of 2, "Do 2")'


def test_of_two_series_that_have_it_from_the_beginning_none_is_blamed(tmp_path: Path) -> None:
    first, final = _after(tmp_path, "a")
    second = replace(first, steps=_steps(final, {}, {}, series="t"))
    assert named([_finding()], [], [first, second], [final], set()) == [_finding()]


def test_every_step_but_the_last_is_checked(tmp_path: Path) -> None:
    rules = [rule for rule in load([shipped_files.RULES]) if rule.code in {"CAP307", "CAP102"}]
    old = HEADER.encode()
    tree = directory_tree(str(kernel(tmp_path / "k")))
    steps = _steps(tree, {UAPI: old + b"#define KVM_CAP_A 1\n"}, {UAPI: old + b"#define KVM_CAP_A 2\n"}, {UAPI: old})
    final = steps[-1].trees["kernel"]
    found = history(steps, [final, bare_qemu(tmp_path / "q", {})], rules, CONFIG)
    assert [[each.code for each in after] for after in found.findings] == [["CAP102"], []]
    assert (found.rules, found.passing) == (frozenset({"CAP307", "CAP102"}), False)
    alone = history(steps, [final], rules, CONFIG)
    assert alone.rules == {"CAP102"}  # the other needs a VMM
