"""Processes of checks begin, end and leave nothing behind, whatever happens to the server."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from multiprocessing.connection import Connection
from pathlib import Path

import pytest

from caplint.server.nursery import Nursery


def _answer(connection: Connection) -> None:
    connection.send((os.getpid(), connection.recv()))


def _sleep(connection: Connection) -> None:
    """Begin a process of its own, as a check does, and wait."""
    child = os.fork()
    if not child:
        time.sleep(600)
        os._exit(0)
    connection.send(child)
    time.sleep(600)


def _fail(_: Connection) -> None:
    raise RuntimeError("as a test wants it")


def _is_gone(pid: int) -> bool:
    for _ in range(500):
        try:
            if Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z":
                return True
        except OSError:
            return True
        time.sleep(0.02)
    return False


@pytest.fixture
def scratch(tmp_path: Path) -> Path:
    place = tmp_path / "scratch"
    place.mkdir()
    (place / "file").write_text("x")
    return place


def _nursery(scratch: Path, job: Callable[[Connection], None]) -> Nursery:
    return Nursery(_answer, job, scratch)


def test_each_job_is_a_process_and_a_plan_is_not(scratch: Path) -> None:
    nursery = _nursery(scratch, _answer)
    seen = []
    for begin in (nursery.plan, nursery.plan, lambda: nursery.job()[1], lambda: nursery.job()[1]):
        with begin() as connection:
            connection.send("asked")
            seen.append(connection.recv())
    assert {text for _, text in seen} == {"asked"}
    pids = [pid for pid, _ in seen]
    assert pids[0] == pids[1]
    assert len({*pids, os.getpid()}) == 4
    nursery.close()
    assert not scratch.exists()


def test_a_job_is_killed_with_its_own_processes(scratch: Path) -> None:
    nursery = _nursery(scratch, _sleep)
    pid, connection = nursery.job()
    child = connection.recv()
    nursery.end(pid)
    assert _is_gone(pid)
    assert _is_gone(child)
    nursery.end(pid)  # once more is nothing
    nursery.end(os.getpid())  # and a process that is no job is not touched
    with pytest.raises(EOFError):
        connection.recv()
    nursery.close()


def test_a_job_that_fails_is_an_end_and_no_more(scratch: Path) -> None:
    nursery = _nursery(scratch, _fail)
    for _ in range(3):
        _, connection = nursery.job()
        with pytest.raises(EOFError):
            connection.recv()
    nursery.close()


@pytest.mark.parametrize(("number", "to_all"), [(signal.SIGKILL, False), (signal.SIGTERM, True), (signal.SIGHUP, True)])
def test_jobs_end_with_the_server_even_if_it_is_killed(scratch: Path, number: signal.Signals, to_all: bool) -> None:
    reader, writer = os.pipe()
    server = os.fork()
    if not server:
        os.setpgid(0, 0)
        if to_all:
            signal.signal(number, signal.SIG_DFL)  # nohup has it ignored
        nursery = _nursery(scratch, _sleep)
        pid, connection = nursery.job()
        os.write(writer, f"{pid} {connection.recv()} {nursery._pid}".encode())
        time.sleep(600)
        os._exit(0)
    pids = [int(word) for word in os.read(reader, 100).split()]
    (os.killpg if to_all else os.kill)(server, number)
    os.waitpid(server, 0)
    assert all(map(_is_gone, pids))
    assert not scratch.exists()
    os.close(reader)
    os.close(writer)


def test_a_server_whose_nursery_was_killed_is_told(scratch: Path) -> None:
    nursery = _nursery(scratch, _answer)
    os.kill(nursery._pid, signal.SIGKILL)
    with pytest.raises(OSError, match=r"ended|pipe|reset"):
        nursery.job()
    nursery.end(1)
    nursery.close()
