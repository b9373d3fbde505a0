"""Targets for patches: what they say, what becomes of the files, and which tree each file is for."""

from __future__ import annotations

from pathlib import Path

from choices import Choices
from diff_grammar import diff
from mail_grammar import series
from memory_tree import KERNEL, MemoryTree, both
from target import MADE, ROOT, Target, answered, seeds_of

from caplint.trees.excerpt import apply_excerpts
from caplint.trees.mail import mails
from caplint.trees.series import PatchedTrees, apply_series, read_series
from caplint.trees.tree import Tree

_PACKAGES = ("caplint.trees",)
Patched = list[dict[str, bytes | None]]


def _ignore(message: str) -> None:
    """Take a note that the user would see."""


def parsed(data: bytes) -> object:
    """Read a diff, a mail or a mbox: every path stays below the tree, every hunk has the lines that it says."""
    with answered() as said:
        found = read_series([("input.patch", data)], _ignore)
        paths = [
            path for each in found for patch in each.patches for file in patch.files for path in (file.old, file.new)
        ]
        for path in paths:
            assert path is None or not Path(path).is_absolute(), path
            assert path is None or not {"..", ".", "", ".git"} & {*path.split("/")}, path
        return found
    return said


def mailed(data: bytes) -> object:
    """Take patches out of mails: no text is longer than what it came in."""
    with answered() as said:
        found = mails(series(Choices(data[1:])) if data.startswith(MADE) else data, "input.mbox")
        assert all(mail.subject == " ".join(mail.subject.split()) for mail in found)
        return found
    return said


def applied(data: bytes) -> object:
    """Apply a diff to one tree. One that the grammar makes gives exactly the files that it was made from."""
    tree = MemoryTree("kernel", "linux", KERNEL)
    if data.startswith(MADE):
        made = diff(Choices(data[1:]), KERNEL)
        if not made.text:
            return None
        (laid,) = apply_series(read_series([("made.patch", made.text)], _ignore), [tree], None, _ignore)
        assert _changes(laid) == [made.after], made.text
        return made.text
    with answered() as said:
        return [
            _changes(laid)
            for laid in apply_series(read_series([("input.patch", data)], _ignore), [tree], None, _ignore)
        ]
    return said


def routed(data: bytes) -> object:
    """Lay one or two files with series over two trees, whole and as excerpts."""
    choices = Choices(data)
    preferred = choices.pick([None, "qemu", "kernel", "vmm", "nothing"])
    files = [(f"{number}.mbox", series(choices)) for number in range(choices.below(2) + 1)]
    with answered() as said:
        read = read_series(files, _ignore)
        trees: list[Tree] = both()
        laid = (
            apply_excerpts(read, trees, preferred, _ignore)
            if choices.seldom()
            else apply_series(read, trees, preferred, _ignore)
        )
        return [_changes(each) for each in laid]
    return said


def _changes(laid: PatchedTrees) -> Patched:
    return [dict(getattr(tree, "changes", {})) for tree in laid.trees]


TARGETS = {
    "diff": Target(parsed, _PACKAGES, places=(seeds_of("patch"), ROOT / "fixtures/patches")),
    "mail": Target(mailed, (*_PACKAGES, "email"), places=(seeds_of("patch"),), made=6),
    "apply": Target(applied, _PACKAGES, places=(seeds_of("apply"),), made=6),
    "routing": Target(routed, _PACKAGES, made=6),
}
