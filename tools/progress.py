"""What a long run tells its user: bars on a terminal, one line per step elsewhere."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TransferSpeedColumn

from tools.errors import StoppedError

Tick = Callable[[int], None]
"""Called with the number of bytes done so far; raises StoppedError once the run is interrupted."""


class Reporter:
    """Writes to stderr; its methods may be called from any thread."""

    def __init__(self) -> None:
        self._stopped = threading.Event()
        console = Console(stderr=True)
        self._progress = Progress(
            TextColumn("{task.description}", markup=False),
            BarColumn(),
            DownloadColumn(),
            TransferSpeedColumn(),
            console=console,
            transient=True,
            disable=not console.is_terminal,
        )

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._progress.stop()

    def say(self, line: str) -> None:
        """Print one line above the bars."""
        self._progress.console.print(line, markup=False, highlight=False, soft_wrap=True)

    def stop(self) -> None:
        """Make every meter raise StoppedError from now on."""
        self._stopped.set()

    @contextmanager
    def meter(self, label: str, total: int) -> Iterator[Tick]:
        """Show a bar of `total` bytes for the duration of the block."""
        task = self._progress.add_task(label, total=total)

        def tick(done: int) -> None:
            if self._stopped.is_set():
                raise StoppedError
            self._progress.update(task, completed=done)

        try:
            yield tick
        finally:
            self._progress.remove_task(task)
