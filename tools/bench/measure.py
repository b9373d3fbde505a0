"""Times actions and commands. Processor time is compared: what else runs on the machine matters little for it."""

import gc
import os
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
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
    first: float | None = None
    """Peak of the program's first process."""
    worker: float | None = None
    """Peak of the largest of the processes that the first has started."""


@dataclass(frozen=True)
class Usage:
    """What one run of a command took."""

    seconds: float
    wall: float
    megabytes: float | None
    together: float
    first: float
    worker: float
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
        watch.first,
        watch.worker,
        -1 if watch.stopped else process.returncode,
    )


class _Watch:
    """Looks at the memory of a process and its descendants from time to time, and ends them when their time is over.

    A fleet's workers are sessions of their own, so parents are followed.
    """

    def __init__(self, first: int, limit: float) -> None:
        self.most = 0.0
        self.first = 0.0
        self.worker = 0.0
        self.stopped = False
        self._process = first
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
            processes = _descendants(self._process)
            self.most = max(self.most, sum(map(_proportional, processes)))
            self.first = max(self.first, _highest(self._process))
            self.worker = max([self.worker, *map(_highest, processes[1:])])
            if time.monotonic() > self._end and not self.stopped:
                self.stopped = True
                for process in processes:
                    with suppress(ProcessLookupError):
                        os.kill(process, 9)


def _descendants(first: int) -> list[int]:
    """Return a process and all that it and they have started; the first stands first."""
    children: dict[int, list[int]] = {}
    for entry in os.scandir("/proc"):
        if entry.name.isdigit():
            try:
                fields = Path(entry.path, "stat").read_text().rpartition(")")[2].split()
            except OSError:
                continue
            children.setdefault(int(fields[1]), []).append(int(entry.name))
    found = [first]
    for process in found:
        found += children.get(process, [])
    return found


def _highest(process: int) -> float:
    """Return the most that was ever resident of a process in MB (VmHWM), 0 once it is gone (proc(5))."""
    try:
        lines = Path(f"/proc/{process}/status").read_text().splitlines()
    except OSError:
        return 0.0
    return sum(int(line.split()[1]) for line in lines if line.startswith("VmHWM:")) / 1024


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
        max(usage.first for usage in measured) or None,
        max(usage.worker for usage in measured) or None,
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
