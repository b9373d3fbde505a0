"""Contents of blobs in the order of the question, through one process that nobody waits for in vain."""

from __future__ import annotations

import time
from collections.abc import Iterator
from multiprocessing import get_context
from pathlib import Path
from threading import Thread

import pytest
from conftest import UAPI, X86, commit, git, kernel
from hostile_repositories import git_that

from caplint.trees import git_blobs
from caplint.trees.git_blobs import Blobs
from caplint.trees.git_place import locate
from caplint.trees.git_process import Git
from caplint.trees.repository import Repository
from caplint.trees.tree import LARGEST, object_id
from caplint.util.errors import CaplintError


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A kernel of one commit."""
    commit(kernel(tmp_path / "k"))
    return tmp_path / "k"


@pytest.fixture
def blobs(root: Path) -> Iterator[Blobs]:
    opened = Blobs(Git(locate(root)), "k")
    yield opened
    opened.close()


def _stored(root: Path, content: bytes) -> str:
    (root / "content").write_bytes(content)
    return git(root, "hash-object", "-w", "content")


def test_contents_come_in_the_order_of_the_question(root: Path, blobs: Blobs) -> None:
    """More of them than one question has, some twice, some empty, some that are not there."""
    contents: list[bytes | None] = [b"", b"\n", b"x blob 3\nabc", bytes(range(256)) * 500]
    contents += [b"%d\n" % number for number in range(4)]
    oids = [*(_stored(root, content or b"") for content in contents), "1" * 40]
    asked = [(7 * place) % len(oids) for place in range(200)]
    assert list(blobs.read_all([oids[place] for place in asked])) == [[*contents, None][place] for place in asked]
    assert list(blobs.read_all([])) == []


def test_of_what_is_too_large_nothing_is_read_and_the_next_blob_is_itself(
    root: Path, blobs: Blobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(git_blobs, "LARGEST", 1000)
    oids = [_stored(root, b"x" * size) for size in (1000, 1001, 3, 1_000_000, 999)]
    sizes = [len(content or b"") for content in blobs.read_all(oids)]
    assert sizes == [1000, LARGEST + 1, 3, LARGEST + 1, 999]


def test_a_reader_that_was_ended_begins_anew(root: Path, blobs: Blobs) -> None:
    oid = _stored(root, b"tea\n")
    for _ in range(2):
        assert list(blobs.read_all([oid])) == [b"tea\n"]
        blobs.close()
    blobs.close()


def test_git_that_dies_is_one_line(blobs: Blobs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, root: Path) -> None:
    git_that(tmp_path, monkeypatch, "exit 1")
    with pytest.raises(CaplintError, match=f"^k: cannot read object {'1' * 40} from the repository; run `git fsck`$"):
        list(Blobs(Git(locate(root)), "k").read_all(["1" * 40] * 100))


def _reading(root: Path) -> tuple[Repository, str, bytes]:
    """A repository whose reader runs, with an object of it and what that holds."""
    commit(kernel(root))
    repository, content = Repository(root), (root / UAPI).read_bytes()
    assert repository.read(object_id(content)) == content
    return repository, object_id(content), content


def test_what_is_no_blob_is_one_error_and_the_next_object_is_itself(tmp_path: Path) -> None:
    """No answer that is still to come is taken for that of a later question."""
    repository, oid, content = _reading(tmp_path)
    with pytest.raises(CaplintError, match="cannot read object"):
        list(repository.read_all([git(tmp_path, "rev-parse", "HEAD"), object_id((tmp_path / X86).read_bytes())]))
    assert repository.read(oid) == content


def test_a_forked_process_that_forgets_a_repository_does_not_wait_for_its_reader(tmp_path: Path) -> None:
    """A worker that collects garbage would hang until it is taken for one that reads for too long."""
    repository, oid, content = _reading(tmp_path)
    child = get_context("fork").Process(target=repository._blobs.__del__)
    child.start()
    child.join(10)
    hangs = child.is_alive()
    child.kill()
    assert not hangs
    assert repository.read(oid) == content


def test_a_repository_is_forgotten_although_a_forked_process_holds_its_pipes(tmp_path: Path) -> None:
    """As a worker does for as long as it waits for a task."""
    repository, oid, content = _reading(tmp_path)
    child = get_context("fork").Process(target=time.sleep, args=(60,))
    child.start()
    closing = Thread(target=repository.close, daemon=True)
    closing.start()
    closing.join(10)
    hangs = closing.is_alive()
    child.kill()
    child.join()
    assert not hangs
    assert repository.read(oid) == content
    repository.close()


def test_an_answer_of_git_that_ends_early_is_none(root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    git_that(tmp_path, monkeypatch, "read oid; printf '%s blob 100\\nhalf' $oid")
    oid = object_id((root / X86).read_bytes())
    with pytest.raises(CaplintError, match=f"object {oid} ends early; run `git fsck`$"):
        Repository(root).read(oid)
