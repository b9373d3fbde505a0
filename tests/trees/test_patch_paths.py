"""Paths that no patch may name."""

from __future__ import annotations

import pytest

from caplint.trees.patch_paths import refusal, refuse_repositories
from caplint.util.errors import CaplintError

REPOSITORY = [
    b".git", b".git/config", b"a/.git/hooks/x", b".GIT/x", b".gIt", b".git./x", b".git /x", b".git. . /x",
    b".git::$INDEX_ALLOCATION/x", b".git:x", b"git~1/x", b"GIT~1", b"a/git~12/x", ".g\u200cit/x".encode(),
    "\ufeff.git".encode(), ".gi\u200dt".encode(), ".G\u202eIT/x".encode(), ".git\u2069".encode(),
    "\uff0egit".encode(), ".\uff27it".encode(),
]  # fmt: skip


@pytest.mark.parametrize("path", REPOSITORY)
def test_repositories(path: bytes) -> None:
    assert refusal(path) == "lies inside a git repository"


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        (b"", "outside"), (b"/x", "outside"), (b"../x", "outside"), (b"a/../x", "outside"), (b"a/./x", "outside"),
        (b"a//x", "outside"), (b"a/", "outside"), (b"a\0b", "control"), (b"a\nb", "control"), (b"\x1b[m", "control"),
        (b"a\x7f", "control"), (b"a\\.git\\x", "backslash"), (b".git\\x", "backslash"), (b"..\\x", "backslash"),
        (b"x" * 256, "longer"), (b"x/" * 2048 + b"x", "longer"),
    ],
)  # fmt: skip
def test_other_paths(path: bytes, reason: str) -> None:
    assert reason in (refusal(path) or "")


@pytest.mark.parametrize(
    "path",
    [b"x.c", b".gitignore", b".gitattributes", b"a/git", b"git~x", b"a.git", b".github/x", b"HEAD", b"a b/c",
     "\u00e4/\u4e2d.c".encode(), b"\xff/x.c", b"...", b"a:b"],
)  # fmt: skip
def test_what_projects_hold(path: bytes) -> None:
    assert refusal(path) is None


def test_directories_that_look_like_repositories() -> None:
    for paths in (["HEAD", "objects/x", "refs/x"], ["a/head", "a/b", "a/Objects", "a/REFS/x/y"]):
        with pytest.raises(CaplintError, match=r"^p: (\./|a/) would contain HEAD, objects and refs"):
            refuse_repositories(paths, "p")
    with pytest.raises(CaplintError):
        refuse_repositories(["HE" + "\u200b" * 60 + "AD", "objects/x", "refs/x"], "p")
    refuse_repositories(["HEAD", "a/objects/x", "b/refs/x", "objects.c", "refs.h"], "p")
    refuse_repositories(["HEAD", "objects/x"], "p", {"objects"}.__contains__)
    with pytest.raises(CaplintError):
        refuse_repositories(["a/HEAD", "a/objects/x"], "p", {"a/refs"}.__contains__)
