"""Checks of the latest state of the buffers: one at a time; the last completed one answers questions."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Coroutine
from contextlib import suppress
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from typing import Any

from caplint.server.buffers import Buffers
from caplint.server.messages import Checked, Failed, NameQuestion, Order, Planned
from caplint.server.nursery import Nursery
from caplint.server.scratch import Scratch

PAUSE = 0.2
"""Seconds without an edit after which a check begins."""
_ENDED = "the process of the check has ended, perhaps for lack of memory; the next edit or save starts another"
_GONE = "the process that starts checks has ended; restart the server"


@dataclass(eq=False)
class RunningCheck:
    """One check, in a process of its own."""

    pid: int
    connection: Connection
    order: Order
    texts: dict[tuple[str, str], str]
    """Texts of the open buffers that it looks at, by tree and path."""
    result: Checked | None = None
    begun: float = field(default_factory=time.monotonic)

    async def received(self) -> Any:
        """Return the next message of the process. Raises `EOFError` if it has ended."""
        await _readable(self.connection)
        try:
            return self.connection.recv()
        except OSError as error:
            raise EOFError from error


async def _readable(connection: Connection) -> None:
    """Wait until a connection has something to read, without a thread."""
    loop = asyncio.get_running_loop()
    ready: asyncio.Future[None] = loop.create_future()

    def set_ready() -> None:
        if not ready.done():
            ready.set_result(None)

    loop.add_reader(connection.fileno(), set_ready)
    try:
        await ready
    finally:
        with suppress(OSError, ValueError):  # it was closed meanwhile
            loop.remove_reader(connection.fileno())


class Checks:
    """Starts a check when the buffers have changed, and ends the one before.

    The first check is of the files as they are, with the user's cache, and is never killed. All others are of the
    buffers, with a copy of that cache: what nobody has saved is no use to anybody else.
    """

    def __init__(
        self,
        nursery: Nursery,
        buffers: Buffers,
        scratch: Scratch,
        begun: Callable[[], Coroutine[Any, Any, None]],
        ended: Callable[[RunningCheck | None, str], Coroutine[Any, Any, None]],
    ) -> None:
        """`begun` is called before a check, `ended` with a check that is done, or with the reason why it failed."""
        self._nursery = nursery
        self._buffers = buffers
        self._scratch = scratch
        self._begun, self._ended = begun, ended
        self.encoding = "utf-16"
        self._ready = False
        """Whether there are trees."""
        self._own_cache = False
        """Whether the first check is done, and the following ones have a cache of their own."""
        self._anyway = False
        """Whether the next check is wanted even if no buffer has changed."""
        self._timer: asyncio.TimerHandle | None = None
        self._running: RunningCheck | None = None
        self._done: RunningCheck | None = None
        self._asking = asyncio.Lock()
        self._tasks: set[asyncio.Task[Any]] = set()

    @property
    def done(self) -> RunningCheck | None:
        """The last check that is done."""
        return self._done

    async def planned(self, root: str | None) -> Planned:
        """Return the trees for an editor that works in a directory, or the reason why there are none."""
        try:
            connection = self._nursery.plan()
        except OSError:
            return Planned(error=_GONE)
        try:
            connection.send(root)
            await _readable(connection)
            found: Planned = connection.recv()
        except (EOFError, OSError):
            return Planned(error=_GONE)
        finally:
            connection.close()
        self._ready = not found.error
        return found

    def want(self, pause: float = PAUSE, *, anyway: bool = True) -> None:
        """Begin a check after a pause, unless another one is wanted meanwhile.

        Without `anyway` it begins only if the buffers differ from those of the last check.
        """
        if not self._ready:
            return
        self._anyway |= anyway
        if self._timer is not None:
            self._timer.cancel()
        loop = asyncio.get_running_loop()
        self._timer = loop.call_later(pause, lambda: self._spawn(self._check()))

    def _spawn(self, work: Coroutine[Any, Any, Any]) -> asyncio.Task[Any]:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)  # the loop itself keeps no reference
        task.add_done_callback(self._tasks.discard)
        return task

    async def _check(self) -> None:
        self._timer = None
        first = not self._own_cache
        if first and (self._running is not None or self._done is not None):
            return  # the next one begins when it is done, and the user's cache is copied
        anyway, self._anyway = self._anyway, False
        last = self._running or self._done
        overlays = {} if first else self._buffers.overlays()
        if not anyway and last is not None and last.order.overlays == overlays:
            return
        if self._running is not None:
            self._nursery.end(self._running.pid)
        try:
            cache = None if first else self._scratch.cache()
            pid, connection = self._nursery.job(first=first)
        except OSError as error:
            await self._ended(None, error.strerror or _GONE)
            return
        texts = {} if first else {place: buffer.text for place, buffer in self._buffers.by_file().items()}
        check = self._running = RunningCheck(pid, connection, Order(overlays, self.encoding, cache), texts)
        await self._begun()
        try:
            connection.send(check.order)
            message: Checked | Failed = await check.received()
        except (EOFError, OSError):
            message = Failed(_ENDED)
        if self._running is not check:  # a newer one has taken its place
            connection.close()
            return
        self._running = None
        await self._finish(check, message)

    async def _finish(self, check: RunningCheck, message: Checked | Failed) -> None:
        if isinstance(message, Failed):
            self._nursery.end(check.pid)
            check.connection.close()
            await self._ended(None, message.reason)
            return
        check.result = message
        before, self._done = self._done, check
        await self._ended(check, "")
        if before is not None:
            async with self._asking:  # nobody waits for an answer of it any more
                self._release(before)
        if not self._own_cache:
            await self._copy()

    async def _copy(self) -> None:
        """Give the following checks a copy of the store, and begin the next one if buffers differ from the files."""
        failure = await self.ask("copy", str(self._scratch.pristine))
        self._own_cache = True
        if failure != "":
            await self._ended(None, f"the cache cannot be copied, so the next check is slow: {failure or _ENDED}")
        self.want(0, anyway=False)

    async def ask(self, kind: str, name: str) -> Any:
        """Return the answer of the last check that is done; None if there is none, or it has ended meanwhile.

        The answer is read even if nobody waits for it any more, as when an editor takes its question back: left unread,
        it would be that of the next question.
        """
        return await asyncio.shield(self._spawn(self._asked(kind, name)))

    async def _asked(self, kind: str, name: str) -> Any:
        async with self._asking:
            check = self._done
            if check is None:
                return None
            try:
                check.connection.send(NameQuestion(kind, name))
                answer = await check.received()
            except (EOFError, OSError):
                return None
            return None if isinstance(answer, Failed) else answer

    def _release(self, check: RunningCheck) -> None:
        """End a check: the first one ends by itself, so that it seals the user's store; others are killed."""
        if check.order.cache is not None:
            self._nursery.end(check.pid)
        check.connection.close()

    def close(self) -> None:
        """End all checks; the first one, if it is done, by itself."""
        if self._timer is not None:
            self._timer.cancel()
        for check in (self._running, self._done):
            if check is not None:
                check.connection.close()
        self._running = self._done = None
