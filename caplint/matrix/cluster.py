"""Execution of jobs on the workers of a Dask cluster. This module is loaded only if a scheduler is given."""

from __future__ import annotations

import asyncio
import hashlib
import logging
import re
from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from caplint.matrix.processes import Processes
from caplint.matrix.tls import Scheduler, check, security
from caplint.matrix.work import JobKind, Result, WorkJob
from caplint.util import shipped_files
from caplint.util.code_identity import contents_identity
from caplint.util.errors import CaplintError

if TYPE_CHECKING:
    from distributed import Client, Security

# Timeouts in seconds for the scheduler's answer, and for the first worker after that.
_ANSWER = 5
_WORKER = 10
_ADDRESS = re.compile(r"(?:(?:tcp|tls|ws|wss)://)?\S+:[0-9]+")


def run_there(
    at: Scheduler, work: JobKind[Result], jobs: Sequence[WorkJob], order: list[int]
) -> Generator[tuple[int, Result], None, None]:
    """Yield index and result of each job as workers finish them.

    Answers are unpickled: whoever runs or impersonates the scheduler can execute code here.
    Raises `CaplintError` if the cluster is unreachable or the connection is lost, or if a worker is unsuitable.
    """
    address = at.address
    with _connected(at) as client:
        from distributed import as_completed  # noqa: PLC0415 - see above

        _survey(client, address, jobs)
        digest = program_digest()
        futures = {client.submit(_run, work, jobs[index], digest, pure=False): index for index in order}
        for future in as_completed(futures):  # type: ignore[no-untyped-call]
            if future.cancelled():
                raise CaplintError(
                    f"--scheduler {address}: the connection was lost; run it again: finished jobs are in the cache"
                )
            error = future.exception()
            if isinstance(error, CaplintError):  # a worker that joined later runs another version
                raise error
            index = futures.pop(future)  # the cluster keeps the result as long as it is kept
            if error is None:
                yield index, future.result()
            else:
                yield index, work.failed(f"the cluster lost the job: {type(error).__name__}: {error}")


@contextmanager
def _connected(at: Scheduler) -> Iterator[Client]:
    address, tls = at.address, at.tls
    check(address, tls)
    try:
        from distributed import Client  # noqa: PLC0415
    except ImportError:
        raise CaplintError(
            "--scheduler needs Dask's distributed, which is not installed: pip install 'caplint[distributed]'"
        ) from None
    if not _ADDRESS.fullmatch(address):
        raise CaplintError(f"--scheduler {address}: write an address such as tcp://head:8786")
    secured = security(address, tls)
    logging.disable()  # errors are reported in one line instead
    try:
        asyncio.run(_answers(address, secured))
        client = Client(address, timeout=_ANSWER, security=secured)  # type: ignore[no-untyped-call]
    except Exception as error:  # noqa: BLE001 - another service's greeting is taken for lengths, and whatever follows
        said = isinstance(error, (OSError, ValueError, TypeError, RuntimeError))
        why = (str(error) or f"silent for {_ANSWER} s") if said else "another service does"
        raise CaplintError(
            f"--scheduler {address}: no scheduler answers ({why}); start one with `dask scheduler`"
        ) from None
    try:
        yield client
    finally:
        with suppress(Exception):  # errors of a lost cluster no longer matter
            client.close(timeout=_ANSWER)  # type: ignore[no-untyped-call] # cancels jobs that have not begun


async def _answers(address: str, secured: Security) -> None:
    """Test the connection with a timeout; a client would wait forever for a peer that accepts and sends nothing."""
    from distributed.comm.core import connect  # noqa: PLC0415 - see above

    arguments = secured.get_connection_args("client")  # type: ignore[no-untyped-call]
    comm = await asyncio.wait_for(connect(address, timeout=_ANSWER, **arguments), _ANSWER)  # type: ignore[no-untyped-call]
    comm.abort()


def _survey(client: Client, address: str, jobs: Sequence[WorkJob]) -> None:
    """Raise `CaplintError` if there is no worker, or one runs another version or lacks a path."""
    try:
        client.wait_for_workers(1, timeout=_WORKER)
    except TimeoutError:
        raise CaplintError(
            f"--scheduler {address}: no workers after {_WORKER} s; start some with `dask worker {address}`"
        ) from None
    wanted = sorted(path for path in {path for job in jobs for path in job.paths} if Path(path).exists())
    answers: dict[str, Any] = client.run(_seen, wanted, on_error="return")
    for worker, answer in sorted(answers.items()):
        if isinstance(answer, BaseException):
            raise CaplintError(
                f"worker {worker}: cannot run caplint: {type(answer).__name__}: {answer}; install it there"
            )
        digest, missing = answer
        if digest != program_digest():
            raise CaplintError(_OTHER.format(worker=worker))
        if missing:
            raise CaplintError(
                f"worker {worker}: does not see {missing[0]}; workers need the same paths as this machine"
            )


_OTHER = "worker {worker}: runs another version of caplint than this one; install the same on both"


def _seen(paths: list[str]) -> tuple[str, list[str]]:
    """Return the worker's program digest and the paths that it does not see. Runs on a worker."""
    return program_digest(), [path for path in paths if not Path(path).exists()]


def _run(work: JobKind[Result], job: WorkJob, program: str) -> Result:
    """Do one job. Runs on a worker. Raises `CaplintError` if the worker runs another version."""
    if program_digest() != program:
        from distributed import get_worker  # noqa: PLC0415

        raise CaplintError(_OTHER.format(worker=get_worker().address))
    return Processes(work).run(job)


@cache
def program_digest() -> str:
    """Return a digest over caplint's code, tables and rule pages, independent of where they are installed."""
    digest = hashlib.sha256(contents_identity().encode())
    for file in sorted(shipped_files.RULES.rglob("*.md")):
        digest.update(f"{file.relative_to(shipped_files.RULES)}\0".encode() + file.read_bytes() + b"\0")
    return digest.hexdigest()
