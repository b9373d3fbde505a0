"""Git over the objects of a repository: what it is given, how long it is waited for, and how much it may write."""

from __future__ import annotations

import os
import select
import time
from pathlib import Path

import pytest
from conftest import HEADER, UAPI, commit, kernel
from hostile_repositories import git_that

from caplint.trees import git_process
from caplint.trees.git_place import locate
from caplint.trees.git_process import Git, GitFailedError, Patient
from caplint.trees.tree import object_id
from caplint.util.errors import CaplintError


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A kernel of one commit."""
    commit(kernel(tmp_path / "k"))
    return tmp_path / "k"


def test_a_log_of_a_long_history_may_be_silent_for_longer(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Git writes Linux's first commit in the order of parents after half a minute."""
    git_that(tmp_path, monkeypatch, "sleep 1; echo said")
    monkeypatch.setattr(git_process, "SILENCE", 0.2)
    git_of_root = Git(locate(root))
    with pytest.raises(GitFailedError, match=r"takes longer than 0\.2 s"):
        git_of_root.run("version")
    assert git_of_root.run("log", seconds=900) == b"said\n"
    monkeypatch.setattr(git_process, "_WHOLE", 0.1)
    with pytest.raises(GitFailedError, match=r"takes longer than 0\.3 s"):
        git_of_root.run("log", seconds=0.3)


def test_git_that_says_all_and_does_not_end_is_ended(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    git_that(tmp_path, monkeypatch, "exec sleep 30 >&- 2>&-")
    monkeypatch.setattr(git_process, "SILENCE", 0.2)
    start = time.monotonic()
    with pytest.raises(GitFailedError, match=r"timed out after 0\.2 seconds"):
        Git(locate(root)).run("version")
    assert time.monotonic() - start < 10


def test_errors_of_git_without_end_are_cut(root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    git_that(tmp_path, monkeypatch, "head -c 3000000 /dev/zero | tr '\\0' x >&2; exit 1")
    with pytest.raises(GitFailedError, match=r"^x+$") as error:
        Git(locate(root)).run("version")
    assert len(str(error.value)) < 1_500_000


def test_git_that_never_ends_is_ended(root: Path) -> None:
    """Each of its answers may come in time."""
    with pytest.raises(GitFailedError, match=r"^takes longer than -1 s; run `git fsck`"):
        Git(locate(root)).run("version", seconds=-1.0)


def test_git_is_given_nothing_but_what_is_fixed(root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each of these closes a way that another closes too, with this version of git."""
    git_that(tmp_path, monkeypatch, f'env -0 > {tmp_path}/env\npwd > {tmp_path}/cwd\necho "$@"')
    monkeypatch.setenv("GIT_TEA", "1")
    git_of_tree = Git(locate(root))
    words = git_of_tree.run("log").decode().split()
    own = str(git_of_tree.private.path)
    given = dict(entry.split("=", 1) for entry in (tmp_path / "env").read_text().split("\0") if entry)
    assert {name: value for name, value in given.items() if name.startswith("GIT_")} == {
        "GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_GLOBAL": "/dev/null", "GIT_ATTR_NOSYSTEM": "1",
        "GIT_NO_REPLACE_OBJECTS": "1", "GIT_OPTIONAL_LOCKS": "0", "GIT_NO_LAZY_FETCH": "1",
        "GIT_LITERAL_PATHSPECS": "1", "GIT_TERMINAL_PROMPT": "0", "GIT_ALLOC_LIMIT": "1g", "GIT_DIR": own,
        "GIT_OBJECT_DIRECTORY": str(root / ".git/objects"),
    }  # fmt: skip
    assert (given["HOME"], given["XDG_CONFIG_HOME"], given["LC_ALL"]) == (own, own, "C")
    assert (tmp_path / "cwd").read_text() == f"{own}\n"
    safe = ("protocol.allow=never", "core.fsmonitor=false", "core.hooksPath=/dev/null")
    assert words == ["--no-pager", *(word for setting in safe for word in ("-c", setting)), "log"]


def test_what_git_writes_is_returned_as_it_is(root: Path) -> None:
    assert Git(locate(root)).run("cat-file", "blob", object_id((root / UAPI).read_bytes())) == HEADER.encode()


@pytest.mark.parametrize(
    ("script", "reason"),
    [
        ("echo fatal: no such thing >&2; echo more >&2; exit 128", "no such thing"),
        ("echo out; printf 'a \\377 byte' >&2; exit 1", r"a \xff byte"),
        ("exit 3", "exit code 3"),
    ],
)
def test_a_failure_is_one_line(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str, reason: str
) -> None:
    git_that(tmp_path, monkeypatch, script)
    with pytest.raises(GitFailedError) as error:
        Git(locate(root)).run("log")
    assert str(error.value) == reason


def test_warnings_of_a_git_that_succeeds_are_no_output(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    git_that(tmp_path, monkeypatch, "echo warning: tea >&2; printf 'one\\0two\\n'")
    assert Git(locate(root)).run("log") == b"one\0two\n"


def test_a_stream_that_ends_first_does_not_end_the_other(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    git_that(tmp_path, monkeypatch, "exec 2>&-; sleep 0.1; echo later")
    assert Git(locate(root)).run("log") == b"later\n"
    git_that(tmp_path, monkeypatch, "exec >&-; sleep 0.1; echo fatal: later >&2; exit 1")
    with pytest.raises(GitFailedError, match=r"^later$"):
        Git(locate(root)).run("log")


def test_what_cannot_be_started_is_an_error(root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(CaplintError, match="cannot run: embedded null byte"):
        Git(locate(root)).run("log", "a\0b")
    git_that(tmp_path, monkeypatch, "")
    (tmp_path / "bin/git").write_text("#!/nowhere/sh\n")
    with pytest.raises(CaplintError, match=f"^{tmp_path}/bin/git: cannot run: .*No such file"):
        Git(locate(root)).run("log")


def test_a_pack_that_is_a_fifo_keeps_git_from_being_started(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    git_that(tmp_path, monkeypatch, f"touch {tmp_path}/ran")
    os.mkfifo(root / ".git/objects/pack/x.pack")
    with pytest.raises(CaplintError, match="neither a file nor a directory"):
        Git(locate(root)).run("log")
    assert not (tmp_path / "ran").exists()


def test_loose_objects_are_looked_through_only_when_git_hesitates(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(git_process, "_HESITATION", 0.2)
    (root / ".git/objects/ab").mkdir(exist_ok=True)
    os.mkfifo(root / ".git/objects/ab/fifo")
    git_that(tmp_path, monkeypatch, "echo at once")
    assert Git(locate(root)).run("log") == b"at once\n"
    git_that(tmp_path, monkeypatch, "exec sleep 30")
    begun = time.monotonic()
    with pytest.raises(CaplintError, match="ab/fifo: neither a file nor a directory"):
        Git(locate(root)).run("log")
    assert time.monotonic() - begun < 10


def test_a_pipe_is_read_until_its_end_and_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    def polled(poll: select.poll) -> list[tuple[int, int]]:
        return poll.poll(50)

    reader, writer = os.pipe()
    with Patient(os.fdopen(reader, "rb", buffering=0), polled) as patient:
        os.write(writer, b"one\ntwo")
        assert patient.read(5) == b"one\nt"
        assert patient.read(5) == b"wo"
        with pytest.raises(GitFailedError, match="takes longer than"):
            patient.read(5)
        os.close(writer)
        assert patient.read(5) == b""
