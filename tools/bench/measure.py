"""Times actions and commands. Processor time is compared: what else runs on the machine matters little for it."""

import gc
import os
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from threading import Event, Thread
from typing import TypeVar

from tools.errors import ToolError

T = TypeVar("T")
_BYTECODE = ".bench/bytecode"
_INTERVAL = 0.1


@dataclass(frozen=True)
class Row:
    """One measurement: medians in seconds, peaks in MB."""

    name: str
    seconds: float
    """Of processor time, user and system, of all processes."""
    wall: float | None = None
    megabytes: float | None = None
    """Of the largest process; None where it was smaller than the benchmark's own, from which a new one is counted."""
    together: float | None = None
    """Of all processes at one time, what they share counted once (PSS)."""
    note: str = ""


@dataclass(frozen=True)
class Usage:
    """What one run of a command took."""

    seconds: float
    wall: float
    megabytes: float | None
    together: float
    status: int
    """Exit code; -1 where it was stopped."""


def caplint(arguments: Sequence[str], cache: str) -> Usage:
    """One run of the command with a cache of its own. Raises `ToolError` where it fails; findings are no failure."""
    # Compiled once and kept, as an installed program is.
    kept = {"CAPLINT_CACHE": cache, "PYTHONDONTWRITEBYTECODE": "", "PYTHONPYCACHEPREFIX": _BYTECODE}
    usage = run([sys.executable, "-m", "caplint", *arguments], kept)
    if usage.status not in {0, 1}:
        raise ToolError(f"caplint {' '.join(arguments)} ended with {usage.status}")
    return usage


def run(command: Sequence[str], environment: dict[str, str] | None = None, limit: float = 3600.0) -> Usage:
    """One run of a command, stopped after so many seconds."""
    own = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    begun = time.perf_counter()
    process = subprocess.Popen(
        command,
        env={**os.environ, **(environment or {})},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    with _Watch(process.pid, limit) as watch:
        _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    return Usage(
        used.ru_utime + used.ru_stime,
        time.perf_counter() - begun,
        used.ru_maxrss / 1024 if used.ru_maxrss > own else None,
        watch.most,
        -1 if watch.stopped else process.returncode,
    )


class _Watch:
    """Looks at the memory of a session's processes from time to time, and ends them when their time is over."""

    def __init__(self, session: int, limit: float) -> None:
        self.most = 0.0
        self.stopped = False
        self._session = session
        self._end = time.monotonic() + limit
        self._over = Event()
        self._thread = Thread(target=self._look, daemon=True)

    def __enter__(self) -> "_Watch":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _look(self) -> None:
        while not self._over.wait(_INTERVAL):
            self.most = max(self.most, sum(map(_proportional, _members(self._session))))
            if time.monotonic() > self._end and not self.stopped:
                self.stopped = True
                os.killpg(self._session, 9)


def _members(session: int) -> Iterable[int]:
    for entry in os.scandir("/proc"):
        if entry.name.isdigit():
            try:
                fields = Path(entry.path, "stat").read_text().rpartition(")")[2].split()
            except OSError:
                continue
            if int(fields[3]) == session:
                yield int(entry.name)


def _proportional(process: int) -> float:
    """Return the process's proportional set size in MB, 0 once it is gone (proc(5))."""
    try:
        lines = Path(f"/proc/{process}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0.0
    return sum(int(line.split()[1]) for line in lines if line.startswith("Pss:")) / 1024


def row(name: str, measured: Sequence[Usage], note: str = "") -> Row:
    """Medians of the times and the highest of the peaks."""
    return Row(
        name,
        statistics.median(usage.seconds for usage in measured),
        statistics.median(usage.wall for usage in measured),
        max((usage.megabytes for usage in measured if usage.megabytes is not None), default=None),
        max(usage.together for usage in measured) or None,
        note,
    )


def timed(name: str, runs: int, action: Callable[[T], object], items: Iterable[T]) -> Row:
    """Processor time of an action on all items, in this process."""
    gc.collect()
    gc.freeze()  # what the measurement itself holds in memory is not to be looked through
    measured = []
    for _ in range(runs):
        begun = time.process_time()
        for item in items:
            action(item)
        measured.append(time.process_time() - begun)
    return Row(name, statistics.median(measured))
