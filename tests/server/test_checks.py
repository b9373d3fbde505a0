"""Checks one after another, with a nursery whose processes are the test itself."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from multiprocessing.connection import Connection, Pipe
from pathlib import Path
from typing import Any, cast

import pytest

from caplint.server.buffers import Buffers, Roots
from caplint.server.checks import Checks, RunningCheck
from caplint.server.messages import Checked, Failed, NameQuestion, Order, Planned, ServedTree
from caplint.server.nursery import Nursery
from caplint.server.scratch import Scratch

RESULT = Checked([], "all", 0, [], 0.0)


class Jobs:
    """Begins no process: the test holds the other end of each connection, and answers itself."""

    def __init__(self, root: str, error: str = "") -> None:
        self.theirs: list[Connection] = []
        self.firsts: list[bool] = []
        self.killed: list[int] = []
        self.roots: list[str | None] = []
        self.gone: OSError | None = None
        self._found = Planned((ServedTree("kernel", "kernel", "k", root),), error)

    def plan(self) -> Connection:
        if self.gone:
            raise self.gone
        ours, theirs = Pipe()
        theirs.send(self._found)
        self._planned = theirs
        return ours

    def job(self, *, first: bool = False) -> tuple[int, Connection]:
        if self.gone:
            raise self.gone
        ours, theirs = Pipe()
        self.theirs.append(theirs)
        self.firsts.append(first)
        return len(self.theirs), ours

    def end(self, pid: int) -> None:
        self.killed.append(pid)
        self.theirs[pid - 1].close()


class Desk:
    """The checks of one directory, and what they tell the server."""

    def __init__(self, place: Path, error: str = "") -> None:
        self.place = place
        self.jobs = Jobs(str(place), error)
        self.buffers = Buffers()
        self.buffers.roots = Roots(self.jobs._found.trees)
        self.begun = 0
        self.ended: list[tuple[int | None, str]] = []
        scratch = Scratch(place / "scratch")
        self.checks = Checks(cast("Nursery", self.jobs), self.buffers, scratch, self._begun, self._ended)

    async def _begun(self) -> None:
        self.begun += 1

    async def _ended(self, check: RunningCheck | None, reason: str) -> None:
        self.ended.append((check.pid if check else None, reason))

    def type(self, text: str) -> None:
        self.buffers.put((self.place / "a.c").as_uri(), text, 1)

    async def told(self, pid: int) -> Any:
        """Return what the server sends to a process next."""
        for _ in range(1000):
            if len(self.jobs.theirs) >= pid and self.jobs.theirs[pid - 1].poll():
                return self.jobs.theirs[pid - 1].recv()
            await asyncio.sleep(0.002)
        raise AssertionError(f"nothing is sent to process {pid}")

    async def done(self, pid: int) -> None:
        """Answer as a process does whose check is done, and wait until the server knows."""
        told = len(self.ended)
        self.jobs.theirs[pid - 1].send(RESULT)
        await self.until(lambda: len(self.ended) > told)

    async def until(self, condition: Callable[[], bool]) -> None:
        for _ in range(1000):
            if condition():
                return
            await asyncio.sleep(0.002)
        raise AssertionError("it does not happen")

    async def quiet(self) -> None:
        """Wait for as long as whatever is wanted at once needs to begin."""
        for _ in range(10):
            await asyncio.sleep(0.002)

    async def first(self, copied: object = "") -> None:
        """Make the first check, and answer that the cache is copied."""
        await self.checks.planned(None)
        self.checks.want(0)
        await self.told(1)
        await self.done(1)
        assert await self.told(1) == NameQuestion("copy", str(self.place / "scratch/first"))
        self.jobs.theirs[0].send(copied)
        await self.quiet()


def _at(place: Path, work: Callable[[Desk], Awaitable[None]], error: str = "") -> Desk:
    (place / "a.c").write_text("int a;\n")

    async def run() -> Desk:
        desk = Desk(place, error)
        await asyncio.wait_for(work(desk), 20)
        desk.checks.close()
        return desk

    return asyncio.run(run())


def test_nothing_is_checked_without_trees(tmp_path: Path) -> None:
    async def work(desk: Desk) -> None:
        desk.checks.want(0)
        await desk.quiet()
        assert (await desk.checks.planned("/there")).error == "no trees"
        assert desk.jobs._planned.recv() == "/there"
        desk.checks.want(0)
        await desk.quiet()
        assert await desk.checks.ask("card", "KVM_X") is None

    desk = _at(tmp_path, work, "no trees")
    assert (desk.jobs.theirs, desk.begun, desk.ended) == ([], 0, [])


@pytest.mark.parametrize("how", ["gone", "silent"])
def test_a_nursery_that_has_ended(tmp_path: Path, how: str) -> None:
    async def work(desk: Desk) -> None:
        if how == "gone":
            desk.jobs.gone = OSError("no nursery")
        else:
            ours, theirs = Pipe()
            theirs.close()
            desk.jobs.plan = lambda: ours  # type: ignore[method-assign]
        assert "restart the server" in (await desk.checks.planned(None)).error
        desk.checks.want(0)
        await desk.quiet()

    assert _at(tmp_path, work).ended == []


@pytest.mark.parametrize(
    ("error", "said"), [(OSError(12, "Cannot allocate memory"), "Cannot allocate memory"), (OSError("x"), "restart")]
)
def test_a_check_that_cannot_begin_says_why(tmp_path: Path, error: OSError, said: str) -> None:
    async def work(desk: Desk) -> None:
        await desk.checks.planned(None)
        desk.jobs.gone = error
        desk.checks.want(0)
        await desk.until(lambda: bool(desk.ended))
        desk.jobs.gone = None  # the next edit tries again
        desk.checks.want(0)
        await desk.told(1)

    ((check, reason),) = _at(tmp_path, work).ended
    assert check is None
    assert said in reason


def test_the_first_check_is_of_the_files_and_the_next_of_the_buffers(tmp_path: Path) -> None:
    async def work(desk: Desk) -> None:
        desk.checks.encoding = "utf-8"
        desk.type("int b;\n")
        await desk.checks.planned(None)
        desk.checks.want(0)
        assert await desk.told(1) == Order({}, "utf-8", None)
        await desk.done(1)
        assert isinstance(await desk.told(1), NameQuestion)
        desk.jobs.theirs[0].send("")
        order = await desk.told(2)  # by itself, since a buffer differs
        assert order == Order({"kernel": {"a.c": b"int b;\n"}}, "utf-8", tmp_path / "scratch/work0")
        assert desk.checks.done is not None
        assert desk.checks.done.texts == {}
        await desk.done(2)
        assert desk.checks.done.texts == {("kernel", "a.c"): "int b;\n"}
        with pytest.raises(EOFError):  # the first one seals the user's store by itself
            await desk.told(1)

    desk = _at(tmp_path, work)
    assert desk.jobs.firsts == [True, False]
    assert (desk.begun, desk.ended, desk.jobs.killed) == (2, [(1, ""), (2, "")], [])


@pytest.mark.parametrize(
    ("text", "anyway", "expected"),
    [("int a;\n", False, 1), ("int a;\n", True, 2), ("int a; \n", False, 2), ("int a; \n", True, 2)],
)
def test_a_check_begins_only_if_something_differs(tmp_path: Path, text: str, expected: int, *, anyway: bool) -> None:
    async def work(desk: Desk) -> None:
        await desk.first()
        desk.type(text)
        desk.checks.want(0, anyway=anyway)
        await desk.quiet()

    assert _at(tmp_path, work).begun == expected


def test_what_a_save_wants_is_not_lost_to_an_edit(tmp_path: Path) -> None:
    async def work(desk: Desk) -> None:
        await desk.first()
        desk.checks.want(0)
        desk.checks.want(0, anyway=False)
        await desk.told(2)
        await desk.done(2)
        desk.checks.want(0, anyway=False)  # once is enough
        await desk.quiet()

    assert _at(tmp_path, work).begun == 2


def test_an_edit_within_the_pause_begins_it_anew(tmp_path: Path) -> None:
    async def work(desk: Desk) -> None:
        await desk.first()
        desk.type("int b;\n")
        desk.checks.want(0)
        desk.checks.want(60)
        await desk.quiet()
        assert desk.begun == 1
        desk.checks.want(0, anyway=False)
        await desk.told(2)

    assert len(_at(tmp_path, work).jobs.theirs) == 2


def test_a_newer_check_ends_the_one_before(tmp_path: Path) -> None:
    async def work(desk: Desk) -> None:
        await desk.first()
        for pid in (2, 3):
            desk.type(f"int v{pid};\n")
            desk.checks.want(0, anyway=False)
            await desk.told(pid)
        await desk.done(3)
        assert desk.checks.done is not None
        assert desk.checks.done.pid == 3

    desk = _at(tmp_path, work)
    assert desk.jobs.killed == [2]
    assert desk.ended == [(1, ""), (3, "")]  # nothing is said of the second


def test_a_done_check_of_buffers_is_killed_when_the_next_is_done(tmp_path: Path) -> None:
    async def work(desk: Desk) -> None:
        await desk.first()
        for pid in (2, 3):
            desk.checks.want(0)
            await desk.told(pid)
            await desk.done(pid)
        await desk.until(lambda: bool(desk.jobs.killed))

    assert _at(tmp_path, work).jobs.killed == [2]


def test_the_first_check_is_never_killed_and_edits_wait_for_it(tmp_path: Path) -> None:
    async def work(desk: Desk) -> None:
        await desk.checks.planned(None)
        desk.checks.want(0)
        await desk.told(1)
        desk.type("int b;\n")
        desk.checks.want(0)
        await desk.quiet()
        assert len(desk.jobs.theirs) == 1
        await desk.done(1)
        await desk.told(1)
        desk.checks.want(0)  # while the cache is copied
        await desk.quiet()
        assert len(desk.jobs.theirs) == 1
        desk.jobs.theirs[0].send("")
        assert (await desk.told(2)).overlays == {"kernel": {"a.c": b"int b;\n"}}

    desk = _at(tmp_path, work)
    assert desk.jobs.firsts == [True, False]
    assert desk.jobs.killed == []


@pytest.mark.parametrize(("copied", "said"), [("disk full", "disk full"), (Failed("locked"), "perhaps for lack")])
def test_a_cache_that_cannot_be_copied_is_said(tmp_path: Path, copied: object, said: str) -> None:
    async def work(desk: Desk) -> None:
        await desk.first(copied)
        desk.checks.want(0)
        assert (await desk.told(2)).cache == tmp_path / "scratch/work0"

    (_, (check, reason)) = _at(tmp_path, work).ended
    assert check is None
    assert "the next check is slow" in reason
    assert said in reason


@pytest.mark.parametrize("how", ["fails", "ends"])
def test_a_check_that_fails_leaves_the_last_one(tmp_path: Path, how: str) -> None:
    async def work(desk: Desk) -> None:
        await desk.first()
        desk.checks.want(0)
        await desk.told(2)
        if how == "fails":
            desk.jobs.theirs[1].send(Failed("no space"))
        else:
            desk.jobs.theirs[1].close()
        await desk.until(lambda: len(desk.ended) == 2)
        assert desk.checks.done is not None
        assert desk.checks.done.pid == 1
        desk.checks.want(0)  # and another one can begin
        await desk.told(3)

    desk = _at(tmp_path, work)
    assert desk.jobs.killed == [2]
    assert desk.ended[1][0] is None
    assert ("no space" if how == "fails" else "lack of memory") in desk.ended[1][1]


def test_a_first_check_that_fails_is_made_again(tmp_path: Path) -> None:
    async def work(desk: Desk) -> None:
        await desk.checks.planned(None)
        for pid in (1, 2):
            desk.checks.want(0)
            await desk.told(pid)
            desk.jobs.theirs[pid - 1].send(Failed("no space"))
            await desk.until(lambda pid=pid: len(desk.ended) == pid)  # type: ignore[misc]

    desk = _at(tmp_path, work)
    assert desk.jobs.firsts == [True, True]
    assert desk.checks.done is None


def test_each_question_has_its_own_answer(tmp_path: Path) -> None:
    async def work(desk: Desk) -> None:
        await desk.first()
        asked = [asyncio.create_task(desk.checks.ask("card", name)) for name in ("A", "B", "C")]
        for name in ("A", "B", "C"):
            assert await desk.told(1) == NameQuestion("card", name)
            await desk.quiet()
            assert not desk.jobs.theirs[0].poll()  # one at a time
            desk.jobs.theirs[0].send(Failed("no") if name == "B" else name.lower())
        assert await asyncio.gather(*asked) == ["a", None, "c"]
        desk.jobs.theirs[0].close()
        assert await desk.checks.ask("card", "D") is None

    _at(tmp_path, work)


def test_the_answer_to_a_question_that_is_taken_back_is_not_that_of_the_next(tmp_path: Path) -> None:
    async def work(desk: Desk) -> None:
        await desk.first()
        taken_back = asyncio.create_task(desk.checks.ask("card", "A"))
        await desk.told(1)
        taken_back.cancel()
        await desk.quiet()
        assert taken_back.cancelled()
        asked = asyncio.create_task(desk.checks.ask("card", "B"))
        desk.jobs.theirs[0].send("about A")
        await desk.told(1)
        desk.jobs.theirs[0].send("about B")
        assert await asked == "about B"

    _at(tmp_path, work)


def test_nothing_begins_after_the_end(tmp_path: Path) -> None:
    async def work(desk: Desk) -> None:
        await desk.first()
        desk.checks.want(0.01)
        desk.checks.close()
        await asyncio.sleep(0.05)
        with pytest.raises(EOFError):
            await desk.told(1)
        assert desk.checks.done is None
        desk.checks.close()  # once more is nothing

    assert _at(tmp_path, work).begun == 1
