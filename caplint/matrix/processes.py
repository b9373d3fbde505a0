"""Jobs in separate processes: a crash or exhausted memory is the error of one job only.

Processes of pebble's pools and workers of Dask must not have children, but reading a tree starts some. Therefore each
job, such as the check of a pair, is done by a newly started program, which is killed together with its children.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Generator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from contextlib import suppress
from dataclasses import asdict, replace
from threading import Lock
from typing import IO, Any, Generic

from caplint.matrix.work import JobKind, Result, WorkJob

# A process looks for modules where this one does, and not in the working directory, which may be a linted tree, or
# where `PYTHONPATH` leads.
_COMMAND = (
    sys.executable, "-P", "-c",
    "import sys; program, *sys.path[:] = sys.argv[1:]; import importlib; importlib.import_module(program).main()",
)  # fmt: skip


class Processes(Generic[Result]):
    """Starter of processes that can end all running ones."""

    def __init__(self, work: JobKind[Result]) -> None:
        self._work = work
        self._lock = Lock()
        self._running: set[subprocess.Popen[bytes]] = set()
        self._stopped = False

    def run(self, job: WorkJob) -> Result:
        """Return the result of one job; may be called from several threads at once."""
        with tempfile.TemporaryFile() as out:
            process = self._start(out)
            if process is None:
                return self._work.failed("stopped before it began")
            try:
                assert process.stdin is not None
                plain: Any = job
                with suppress(BrokenPipeError):  # it died at once; its exit code shows why
                    process.stdin.write(json.dumps(asdict(plain)).encode() + b"\n")
                    process.stdin.flush()
                os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
            finally:
                self._end(process)
            out.seek(0)
            return _read(self._work, out.read(), process.returncode)

    def _start(self, out: IO[bytes]) -> subprocess.Popen[bytes] | None:
        with self._lock:
            if self._stopped:
                return None
            variables = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
            process = subprocess.Popen(
                (*_COMMAND, self._work.program, *sys.path),
                stdin=subprocess.PIPE,
                stdout=out,
                start_new_session=True,
                env=variables,
            )
            self._running.add(process)
            return process

    def _end(self, process: subprocess.Popen[bytes]) -> None:
        """Kill a process and its remaining children; its id stays reserved until `wait` is called."""
        with self._lock:
            self._running.discard(process)
            _kill(process)
        if process.stdin is not None:
            with suppress(BrokenPipeError):
                process.stdin.close()
        process.wait()

    def stop(self) -> None:
        """Kill all running processes, and start no more."""
        with self._lock:
            self._stopped = True
            for process in self._running:
                _kill(process)


def _kill(process: subprocess.Popen[bytes]) -> None:
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)


def _read(work: JobKind[Result], answer: bytes, status: int) -> Result:
    try:
        data = json.loads(answer)
    except ValueError:
        how = f"of signal {-status}" if status < 0 else f"with exit code {status}"
        return work.failed(f"its process died {how}; run it again, with fewer --jobs if memory is short")
    return work.read(data)


def run_here(
    work: JobKind[Result], jobs: Sequence[WorkJob], order: list[int], processes: int
) -> Generator[tuple[int, Result], None, None]:
    """Yield index and result of each job as it finishes; jobs are started in the order given."""
    at_once = max(1, min(processes, len(jobs)))
    started = Processes(work)
    with ThreadPoolExecutor(at_once) as pool:
        try:
            futures: dict[Future[Result], int] = {}
            for index in order:
                job: Any = jobs[index]
                futures[pool.submit(started.run, replace(job, jobs=max(1, processes // at_once)))] = index
            for future in as_completed(futures):
                yield futures.pop(future), future.result()  # it keeps the result as long as it is kept
        except BaseException:
            started.stop()
            pool.shutdown(wait=False, cancel_futures=True)
            raise
