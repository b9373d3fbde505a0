"""A patch that the tree contains already is refused, however it might still be made to fit."""

from __future__ import annotations

import difflib
import random
from pathlib import Path

import pytest
from conftest import Caplint, Files, kernel, lay

from caplint.trees.apply import DoesNotApplyError, apply
from caplint.trees.detect import directory_tree
from caplint.trees.series import apply_series, read_series
from caplint.trees.unified import parse, reversed_diffs
from caplint.util.errors import CaplintError

PATH = "virt/kvm/new.c"
BLOCK = "{\n\tint a;\n\n\tlock();\n\twork();\n\tunlock();\n}\n"


def _unified(before: Files, after: Files, context: int) -> bytes:
    diffs = []
    for path in sorted({*before, *after}):
        old, new = (str(side.get(path, "")).splitlines(keepends=True) for side in (before, after))
        first, second = (f"a/{path}" if path in before else "/dev/null", f"b/{path}" if path in after else "/dev/null")
        diffs += [*difflib.unified_diff(old, new, first, second, n=context)]
    return "".join(
        line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n" for line in diffs
    ).encode()


CASES: dict[str, tuple[Files, Files]] = {
    "a line more": ({PATH: BLOCK}, {PATH: BLOCK.replace("\twork", "\tmore();\n\twork")}),
    "a line more at the end": ({PATH: BLOCK}, {PATH: f"{BLOCK}more\n"}),
    "a line more at the beginning": ({PATH: BLOCK}, {PATH: f"more\n{BLOCK}"}),
    "a line replaced": ({PATH: BLOCK}, {PATH: BLOCK.replace("work", "play")}),
    "a line less": ({PATH: BLOCK}, {PATH: BLOCK.replace("\twork();\n", "")}),
    "one of two equal blocks": ({PATH: BLOCK * 2}, {PATH: BLOCK + BLOCK.replace("work();", "work();\n\tmore();")}),
    "the first of equal blocks": ({PATH: BLOCK * 9}, {PATH: f"{BLOCK[:-2]}more\n{BLOCK[-2:]}{BLOCK * 8}"}),
    "a block more": ({PATH: BLOCK}, {PATH: BLOCK * 2}),
    "two places": ({PATH: BLOCK * 5}, {PATH: f"first\n{BLOCK * 5}last\n"}),
    "a new file": ({PATH: BLOCK}, {PATH: BLOCK, "virt/kvm/more.c": "int x;\n"}),
    "a file less": ({PATH: BLOCK, "virt/kvm/less.c": "int x;\n"}, {PATH: BLOCK}),
    "no newline": ({PATH: BLOCK[:-1]}, {PATH: f"{BLOCK}more"}),
}  # fmt: skip


@pytest.mark.parametrize("less_context", [False, True])
@pytest.mark.parametrize("context", [1, 3, 10])
@pytest.mark.parametrize("moved", ["", "above\n" * 7])
@pytest.mark.parametrize("name", CASES)
def test_it_is_refused(tmp_path: Path, name: str, moved: str, context: int, less_context: bool) -> None:
    if moved and name == "one of two equal blocks" and context < 10:
        pytest.skip("at its line it fits the other block")
    before, after = CASES[name]
    diff = _unified(before, after, context)
    for given, applied in ((before, False), (after, True)):
        above = "" if name in {"a new file", "a file less"} else moved
        files = {path: above + str(text) for path, text in given.items()}
        tree = directory_tree(str(kernel(tmp_path / str(applied), files)))
        if applied:
            # Git does not move a hunk with so little context either, away from the beginning of a file.
            less = "|hunk 1 of .* does not apply" if moved and context == 1 else ""
            with pytest.raises(
                CaplintError, match=f"p: is already applied: kernel has all of its changes; leave{less}"
            ):
                apply(tree, parse(diff, "p"), "p", print, less_context=less_context)
        else:
            try:
                changed = apply(tree, parse(diff, "p"), "p", print, less_context=less_context)
            except DoesNotApplyError:
                assert moved and context == 1  # noqa: PT018 - git does not move such a hunk either
            else:
                assert {path for path in {*before, *after} if before.get(path) != after.get(path)} == set(changed)


@pytest.mark.parametrize("text", ["rename", "rename and change"])
def test_renames(tmp_path: Path, text: str) -> None:
    changed = text != "rename"
    hunk = (
        f"--- a/{PATH}\n+++ b/virt/kvm/x.c\n@@ -5,3 +5,3 @@\n \twork();\n-\tunlock();\n+\tdone();\n }}\n"
        if changed
        else ""
    )
    diff = (
        f"diff --git a/{PATH} b/virt/kvm/x.c\nsimilarity index 90%\nrename from {PATH}\nrename to virt/kvm/x.c\n{hunk}"
    ).encode()
    content = BLOCK.replace("unlock", "done") if changed else BLOCK
    tree = directory_tree(str(kernel(tmp_path / "k", {"virt/kvm/x.c": content})))
    with pytest.raises(CaplintError, match="is already applied"):
        apply_series(read_series([("p", diff)], print), [tree], None, print)


def test_a_part_of_it(tmp_path: Path) -> None:
    last = "x\ny\nz\n"
    before, after = f"{BLOCK * 2}{last}", f"{BLOCK * 2}more\n{last}"
    diff = _unified({PATH: before, "virt/kvm/b.c": before}, {PATH: after, "virt/kvm/b.c": after}, 3)
    tree = directory_tree(str(kernel(tmp_path / "k", {PATH: before, "virt/kvm/b.c": after})))
    with pytest.raises(
        CaplintError, match=r"hunk 1 of virt/kvm/b\.c \(line 12\) is already in kernel, as a part of the"
    ):
        apply(tree, parse(diff, "p"), "p", print)


def test_code_that_occurs_twice_is_not_taken_for_the_patch(tmp_path: Path) -> None:
    """The patch does to one function what another one has long had."""
    more = BLOCK.replace("work();", "work();\n\tmore();")
    gap = "x\n" * 20
    before, after = f"{BLOCK}{gap}{more}", f"{more}{gap}{more}"
    tree = directory_tree(str(kernel(tmp_path / "k", {PATH: f"above\n{before}"})))
    diff = _unified({PATH: before}, {PATH: after}, 3)
    assert apply(tree, parse(diff, "p"), "p", print) == {PATH: f"above\n{after}".encode()}


def test_without_context(tmp_path: Path) -> None:
    before, after = {PATH: BLOCK}, {PATH: BLOCK.replace("\twork", "\tmore();\n\twork")}
    diff = _unified(before, after, 0)
    assert apply(directory_tree(str(kernel(tmp_path / "b", before))), parse(diff, "p"), "p", print)
    with pytest.raises(CaplintError, match="is already applied"):
        apply(directory_tree(str(kernel(tmp_path / "a", after))), parse(diff, "p"), "p", print)


def test_a_series_of_which_the_tree_has_the_first(caplint: Caplint, tmp_path: Path, apart: Path) -> None:
    assert apart.is_dir()
    states = [{PATH: "\n".join("abcdefghij"[: 4 + number]) + "\n"} for number in range(3)]
    lay(tmp_path, {f"{n}.patch": _unified(states[n], states[n + 1], 3) for n in range(2)})
    words: list[str | Path] = [
        tmp_path / "0.patch",
        tmp_path / "1.patch",
        "--in-order",
        "--kernel",
        kernel(tmp_path / "k", states[1]),
    ]
    run = caplint("patch", *words)
    assert (run.status, run.out) == (2, "")
    wanted = f"{tmp_path}/0.patch: is already applied: kernel has all of its changes; leave it out, or name a tree"
    assert run.err.startswith(f"caplint: {wanted}")
    assert caplint("patch", *words, "--less-context").err == run.err


def test_what_is_taken_back_is_what_was(tmp_path: Path) -> None:
    """Random edits: a diff and its reverse lead back, and the second application is never silent."""
    chance = random.Random(7)
    told: list[str] = []
    for number in range(150):
        before = "".join(f"{chance.choice('abcdefgh')}{at % 5}\n" for at in range(40))
        lines = before.splitlines(keepends=True)
        for _ in range(3):
            at = chance.randrange(len(lines))
            lines[at : at + chance.randrange(2)] = [f"new{chance.random()}\n"]
        diff = _unified({PATH: before}, {PATH: "".join(lines)}, 3)
        files = parse(diff, "p")
        old = directory_tree(str(kernel(tmp_path / f"{number}o", {PATH: before})))
        new = directory_tree(str(kernel(tmp_path / f"{number}n", {PATH: "".join(lines)})))
        assert apply(old, files, "p", told.append) == {PATH: "".join(lines).encode()}
        assert apply(new, reversed_diffs(files), "p", told.append) == {PATH: before.encode()}
        with pytest.raises(CaplintError, match="is already applied"):
            apply(new, files, "p", told.append, less_context=True)
    assert told == []
