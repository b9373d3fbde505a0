"""What references name, read from files that the test writes."""

from __future__ import annotations

from pathlib import Path

import pytest
from conftest import Files, lay

from caplint.trees.git_place import GitPlace
from caplint.trees.git_references import References, shallow_form
from caplint.util.errors import CaplintError

A, B, C = "a" * 40, "b" * 40, "c" * 40
PACKED = f"# pack-refs with: peeled fully-peeled sorted\n{A} refs/heads/main\n{B} refs/tags/v1\n^{C}\n"


def _references(root: Path, files: Files) -> References:
    lay(root / "git", {"HEAD": "ref: refs/heads/main\n", **files})
    (root / "git" / "objects").mkdir(exist_ok=True)
    return References(GitPlace(root, root / "git", root / "git", ""))


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("HEAD", A), ("main", A), ("heads/main", A), ("refs/heads/main", A), ("v1", B), ("tags/v1", B),
        ("origin/next", C), ("origin", C), ("remotes/origin/next", C), ("MERGE_HEAD", B), ("both", B),
        ("nothing", None), ("", None), ("../HEAD", None), ("heads", None), ("main.lock", None), ("a b", None),
        ("refs/heads/main\n", None), ("head", None), (A, None), ("x" * 5000, None), ("v1^{}", None), (C, None),
    ],
)  # fmt: skip
def test_names(tmp_path: Path, name: str, expected: str | None) -> None:
    files = {
        "packed-refs": PACKED, "refs/remotes/origin/next": C + "\n", "MERGE_HEAD": B + "\t\tbranch x\n",
        "refs/remotes/origin/HEAD": "ref: refs/remotes/origin/next\n", "refs/heads/both": A, "refs/tags/both": B,
        "head": C,
    }  # fmt: skip
    assert _references(tmp_path, files).find(name) == expected


def test_a_loose_reference_counts_more_than_a_packed_one(tmp_path: Path) -> None:
    references = _references(tmp_path, {"packed-refs": PACKED, "refs/heads/main": B + "\n"})
    assert references.find("main") == B
    assert references.packed_form() == f"{B} refs/heads/main\n{B} refs/tags/v1\n".encode()


def test_a_packed_line_counts_only_as_a_whole(tmp_path: Path) -> None:
    packed = f"{'g' * 40} refs/heads/one\nx{A} refs/heads/one\n{B} refs/heads/one two\n{C} refs/heads/one"
    assert _references(tmp_path, {"packed-refs": packed}).find("one") == C


def test_symbolic_references(tmp_path: Path) -> None:
    chain = {f"refs/heads/s{number}": f"ref: refs/heads/s{number + 1}\n" for number in range(9)}
    references = _references(tmp_path, {**chain, "refs/heads/s9": A, "refs/heads/out": "ref: ../../secret\n"})
    assert references.find("s5") == A
    assert references.find("out") is None
    with pytest.raises(CaplintError, match="the reference refs/heads/s0 has too many symbolic steps"):
        references.find("s0")


@pytest.mark.parametrize("content", ["", "\n", "g" * 40, A[:39], "ref refs/heads/main", "\0" * 50])
def test_a_damaged_reference(tmp_path: Path, content: str) -> None:
    references = _references(tmp_path, {"refs/heads/main": content})
    with pytest.raises(CaplintError, match="damaged reference: neither an object id nor `ref: NAME`"):
        references.find("main")


def test_references_of_one_worktree(tmp_path: Path) -> None:
    common = lay(tmp_path / "common", {"HEAD": A, "refs/bisect/bad": A, "refs/heads/main": B})
    own = lay(tmp_path / "own", {"HEAD": C, "refs/bisect/bad": C, "refs/heads/main": C})
    references = References(GitPlace(tmp_path, own, common, ""))
    assert [references.find(name) for name in ("HEAD", "refs/bisect/bad", "main")] == [C, C, B]


def test_a_format_that_is_not_read(tmp_path: Path) -> None:
    references = _references(tmp_path, {"reftable/tables.list": ""})
    with pytest.raises(CaplintError, match="stores its references as reftable"):
        references.find("main")


def test_names_that_git_refuses_are_left_out(tmp_path: Path) -> None:
    packed = f"{A} refs/heads/a..b\n{A} refs/heads/x.lock\n{A} refs/heads/ok\n"
    references = _references(tmp_path, {"packed-refs": packed, "refs/heads/c~d": A, "refs/heads/deep/er": B})
    assert references.packed_form() == f"{B} refs/heads/deep/er\n{A} refs/heads/ok\n".encode()


def test_a_shallow_clone(tmp_path: Path) -> None:
    file = tmp_path / "shallow"
    assert shallow_form(file) == b""
    file.write_text(f"{A}\n{B}")
    assert shallow_form(file) == f"{A}\n{B}\n".encode()
    file.write_text(f"{A}\nHEAD\n")
    with pytest.raises(CaplintError, match="damaged: a line is not an object id"):
        shallow_form(file)
