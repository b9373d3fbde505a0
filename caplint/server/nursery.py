"""Processes of checks: each is forked from one process that has loaded the engine, begins at once, and can be killed.

The server's own process reads the editor's messages and does nothing else that takes time. Its child, the nursery, has
the engine and the rules loaded; for each check it forks a process of its own process group, so that a check that is out
of date ends with all its workers. When the server ends, for whatever reason, the nursery ends all checks and removes
the server's own cache.
"""

from __future__ import annotations

import contextlib
import os
import select
import shutil
import signal
import socket
import time
import traceback
from collections.abc import Callable
from multiprocessing.connection import Connection
from pathlib import Path
from typing import NoReturn

_PLAN, _JOB, _FIRST, _END = b"p", b"j", b"f", b"e"
_MOST = 64
# Signals that a terminal or an editor may send to the server's whole process group.
_TO_ALL = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
# Seconds between two looks for checks that have ended.
_LOOK = 1000
# Seconds that the first check has to end by itself when the server ends, and then after an interrupt.
_ENDING, _INTERRUPTED = 3.0, 10.0

Work = Callable[[Connection], None]


class Nursery:
    """The process from which checks are forked; to be made before the server has threads."""

    def __init__(self, plan: Work, job: Work, scratch: Path) -> None:
        """`plan` runs in the nursery itself, `job` in a process of its own, each with a connection to the server.

        `scratch` is a directory that is removed when the server ends.
        """
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._pid = os.fork()
        if not self._pid:
            ours.close()
            _live(theirs, plan, job, scratch)
        theirs.close()
        self._socket = ours

    def plan(self) -> Connection:
        """Start `plan`, and return the connection to it."""
        return self._begin(_PLAN)[1]

    def job(self, *, first: bool = False) -> tuple[int, Connection]:
        """Start `job`; return its process, and the connection to it. Raises `OSError` if the nursery has ended.

        A `first` one writes to the user's cache: when the server ends, it is given time to end by itself.
        """
        return self._begin(_FIRST if first else _JOB)

    def _begin(self, kind: bytes) -> tuple[int, Connection]:
        ours, theirs = socket.socketpair()
        with theirs:
            socket.send_fds(self._socket, [kind], [theirs.fileno()])
        pid = int(self._socket.recv(_MOST) or b"0")
        connection = Connection(ours.detach())
        if not pid:
            connection.close()
            raise OSError("the process that starts checks has ended")
        return pid, connection

    def end(self, pid: int) -> None:
        """Kill a check, unless it has ended."""
        with contextlib.suppress(OSError):
            socket.send_fds(self._socket, [_END + b"%d" % pid], [])

    def leave(self) -> None:
        """Let the nursery end all checks and itself, without waiting for that."""
        self._socket.close()

    def close(self) -> None:
        """End all checks, and wait until the nursery has ended."""
        self.leave()
        with contextlib.suppress(ChildProcessError):
            os.waitpid(self._pid, 0)


def _live(channel: socket.socket, plan: Work, job: Work, scratch: Path) -> NoReturn:
    """Start and end checks until the server has closed its end of the channel."""
    for number in _TO_ALL:
        signal.signal(number, signal.SIG_IGN)  # it ends after the server, and has something left to do then
    _silence()
    status = _status(lambda: _serve(channel, plan, job))
    shutil.rmtree(scratch, ignore_errors=True)
    os._exit(status)


def _status(work: Callable[[], None]) -> int:
    """Do the work of a process; return its exit status, after a traceback on standard error if the work failed."""
    try:
        work()
    except BaseException:  # noqa: BLE001 - nothing of a forked process may run on in the code of its parent
        traceback.print_exc()
        return 1
    return 0


def _silence() -> None:
    """Keep checks away from the streams on which the server speaks with the editor."""
    null = os.open(os.devnull, os.O_RDWR)
    os.dup2(null, 0)
    os.dup2(null, 1)
    os.close(null)


def _serve(channel: socket.socket, plan: Work, job: Work) -> None:
    running: set[int] = set()
    first: set[int] = set()
    poll = select.poll()
    poll.register(channel, select.POLLIN)
    try:
        while True:
            ready = poll.poll(_LOOK if running else None)
            _reap(running)
            if not ready:
                continue
            message, handles, *_ = socket.recv_fds(channel, _MOST, 1)
            if not message:
                return
            if message.startswith(_END):
                _kill(int(message[1:]), running)
                continue
            connection = Connection(handles[0])
            if message == _PLAN:
                channel.send(b"%d" % os.getpid())
                plan(connection)
            else:
                pid = _forked(channel, connection, job, interruptible=message == _FIRST)
                running.add(pid)
                first |= {pid} if message == _FIRST else set()
                channel.send(b"%d" % pid)
            connection.close()
    finally:
        for pid in running - first:
            _kill(pid, running)
        _end_gently(running)


def _end_gently(running: set[int]) -> None:
    """Wait for checks that seal the user's store; interrupt, then kill those that go on."""
    for patience, last in ((_ENDING, signal.SIGINT), (_INTERRUPTED, signal.SIGKILL)):
        end = time.monotonic() + patience
        while running and time.monotonic() < end:
            _reap(running)
            time.sleep(0.01)
        for pid in running:
            with contextlib.suppress(OSError):
                os.killpg(pid, last)


def _forked(channel: socket.socket, connection: Connection, job: Work, *, interruptible: bool) -> int:
    pid = os.fork()
    if pid:
        with contextlib.suppress(OSError):
            os.setpgid(pid, pid)
        return pid
    with contextlib.suppress(OSError):
        os.setpgid(0, 0)
    for number in (signal.SIGTERM, signal.SIGHUP):  # by which pools of processes stop their own
        signal.signal(number, signal.SIG_DFL)
    if interruptible:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    channel.close()
    os._exit(_status(lambda: job(connection)))


def _reap(running: set[int]) -> None:
    while running:
        try:
            pid, _ = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            running.clear()
            return
        if not pid:
            return
        running.discard(pid)


def _kill(pid: int, running: set[int]) -> None:
    """Kill a check with its workers. Only a process that has not been waited for is known to be ours."""
    if pid not in running:
        return
    with contextlib.suppress(OSError):
        os.killpg(pid, signal.SIGKILL)
    with contextlib.suppress(ChildProcessError):
        os.waitpid(pid, 0)
    running.discard(pid)
