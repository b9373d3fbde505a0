"""Random diffs, damaged at random, are applied as `git apply` applies them, or refused as it refuses them."""

from __future__ import annotations

import difflib
import os
import re
import subprocess
from pathlib import Path

import pytest
from conftest import bare_kernel
from hypothesis import HealthCheck, Phase, event, given, settings
from hypothesis import strategies as st

from caplint.trees.apply import apply
from caplint.trees.tree import Tree
from caplint.trees.unified import FileDiff, Hunk, parse
from caplint.util.errors import CaplintError

PATH = "virt/kvm/x.c"
PLACED = re.compile(r"^Hunk #(\d+) succeeded at (\d+)", re.MULTILINE)
# Few different lines, so that hunks fit in several places; some are not UTF-8 or end in odd ways.
FEW = st.sampled_from([b"a\n", b"b\n", b"c\n", b"\n", b"}\n", b"x\r\n", b"\xff\n", b"-- \n", b"+\n"])
MANY = st.integers(0, 10**6).map(lambda number: b"line %d\n" % number)
SETTINGS = settings(
    max_examples=100,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
    phases=[Phase.generate],
)


@st.composite
def _edited(draw: st.DrawFn, line: st.SearchStrategy[bytes]) -> tuple[list[bytes], list[bytes], list[bytes]]:
    """A file, what an edit makes of it, and what it is by the time the edit's diff is applied."""
    old = draw(st.lists(line, min_size=1, max_size=40))
    texts = []
    for edits in (draw(st.integers(1, 4)), draw(st.integers(0, 3))):
        new = list(old)
        for _ in range(edits):
            place = draw(st.integers(0, len(new)))
            new[place : place + draw(st.integers(0, 3))] = draw(st.lists(line, max_size=4))
        if new and draw(st.integers(0, 5)) == 0:
            new[-1] = new[-1].rstrip(b"\r\n") or b"end"
        texts.append(new)
    if draw(st.integers(0, 5)) == 0:
        old[-1] = old[-1].rstrip(b"\r\n") or b"end"
    return old, texts[0], texts[1]


def _diff(old: list[bytes], new: list[bytes], context: int, shift: int = 0) -> bytes:
    def text(lines: list[bytes]) -> list[str]:
        return [line.decode("latin-1") for line in lines]

    hunks = [*difflib.unified_diff(text(old), text(new), "a/" + PATH, "b/" + PATH, n=context)]
    whole = "".join(line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n" for line in hunks)

    def moved(head: re.Match[str]) -> str:
        first, second = (max(int(number) + shift, 1) if int(number) else 0 for number in head.group(1, 3))
        return f"@@ -{first}{head.group(2)} +{second}{head.group(4)} @@"

    return re.sub(r"^@@ -(\d+)(\S*) \+(\d+)(\S*) @@$", moved, whole, flags=re.MULTILINE).encode("latin-1")


def _git(root: Path, content: bytes, diff: bytes, *options: str) -> tuple[bytes | None, dict[int, int]]:
    """What git apply makes of a file, None where it refuses, and hunks that moved with the lines that they moved to."""
    place = root / PATH
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_bytes(content)
    environment = {
        "PATH": os.environ["PATH"], "GIT_CEILING_DIRECTORIES": str(root.parent), "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_CONFIG_NOSYSTEM": "1", "GIT_ATTR_NOSYSTEM": "1", "HOME": str(root), "LC_ALL": "C",
    }  # fmt: skip
    done = subprocess.run(
        ["git", "apply", "--verbose", "--whitespace=nowarn", *options, "-"],
        cwd=root, input=diff, env=environment, capture_output=True, check=False,
    )  # fmt: skip
    told = done.stderr.decode("utf-8", "replace")
    return (None if done.returncode else place.read_bytes()), {
        int(hunk): int(line) for hunk, line in PLACED.findall(told)
    }


ALREADY = b"already applied"


def _ours(tree: Tree, files: list[FileDiff], exact: bool) -> bytes | None:
    def ignore(_: str) -> None:
        """No note is asked for."""

    try:
        return apply(tree, files, "p", None if exact else ignore, less_context=True)[PATH]
    except CaplintError as error:
        return ALREADY if "is already applied" in str(error) else None


def _is_garbled(result: bytes, content: bytes, hunks: tuple[Hunk, ...], placed: dict[int, int]) -> bool:
    """Whether git, but not caplint, joined a line to one without a newline, or put a hunk before or into another."""
    lines = content.count(b"\n") + (not content.endswith(b"\n") and content != b"")
    lines += sum(len(hunk.text(b"+")) - len(hunk.text(b"-")) for hunk in hunks)
    places = [placed.get(number, hunk.new) for number, hunk in enumerate(hunks, 1)]
    glued = result.count(b"\n") + (not result.endswith(b"\n") and result != b"") < lines
    ends = [place + len(hunk.text(b"+")) for place, hunk in zip(places, hunks, strict=True)]
    return glued or any(place < end for place, end in zip(places[1:], ends, strict=False))


def _wants_an_end(hunks: tuple[Hunk, ...]) -> bool:
    """Whether a hunk has a line without a newline; git finds it in any line that begins so, caplint in the last one."""
    return any(not line.endswith(b"\n") for hunk in hunks for line in hunk.text(b"-"))


@pytest.fixture
def place(tmp_path: Path) -> tuple[Path, Path]:
    """An empty directory for git, and one for a tree."""
    root = tmp_path / "git"
    root.mkdir()
    return root, tmp_path / "tree"


def _compare(place: tuple[Path, Path], content: bytes, diff: bytes, reduce: bool) -> None:
    """Compare both; with `reduce` also where context is ignored, for which git and caplint differ in the order."""
    (file,) = parse(diff, "p")
    options = ["--unidiff-zero"] if any(hunk.bare for hunk in file.hunks) else []
    expected, placed = _git(place[0], content, diff, *options)
    if expected is None and not reduce:
        return
    if expected is None:
        expected, placed = _git(place[0], content, diff, "-C1", *options)
    found = _ours(bare_kernel(place[1], {PATH: content}), [file], exact=False)
    if found == ALREADY:
        assert _git(place[0], content, diff, "--reverse", *options)[0] is not None
        return
    garbled = expected is not None and _is_garbled(expected, content, file.hunks, placed)
    event(f"git {'refuses' if expected is None else 'garbles' if garbled else 'applies'}; same: {expected == found}")
    assert found == expected or garbled or _wants_an_end(file.hunks)


@SETTINGS
@given(_edited(FEW), st.integers(1, 3), st.integers(-4, 4))
def test_hunks_that_fit_in_several_places(
    place: tuple[Path, Path], texts: tuple[list[bytes], list[bytes], list[bytes]], context: int, shift: int
) -> None:
    old, new, other = texts
    if diff := _diff(old, new, context, shift):
        _compare(place, b"".join(other), diff, reduce=False)


@SETTINGS
@given(_edited(FEW), st.integers(-4, 4))
def test_hunks_without_context(
    place: tuple[Path, Path], texts: tuple[list[bytes], list[bytes], list[bytes]], shift: int
) -> None:
    old, new, other = texts
    if diff := _diff(old, new, 0, shift):
        _compare(place, b"".join(other), diff, reduce=False)


@SETTINGS
@given(_edited(MANY), st.integers(0, 4), st.integers(-3, 3))
def test_hunks_with_damaged_context(
    place: tuple[Path, Path], texts: tuple[list[bytes], list[bytes], list[bytes]], context: int, shift: int
) -> None:
    old, new, other = texts
    if diff := _diff(old, new, context, shift):
        _compare(place, b"".join(other), diff, reduce=True)


@SETTINGS
@given(_edited(FEW), st.integers(0, 3))
def test_diffs_of_the_file_itself(
    place: tuple[Path, Path], texts: tuple[list[bytes], list[bytes], list[bytes]], context: int
) -> None:
    """They apply exactly, and a further line at the beginning makes them move."""
    old, new, _ = texts
    if diff := _diff(old, new, context):
        content, files = b"".join(old), parse(diff, "p")
        assert _ours(bare_kernel(place[1], {PATH: content}), files, exact=True) == b"".join(new)
        assert _git(place[0], content, diff, "--unidiff-zero")[0] == b"".join(new)
