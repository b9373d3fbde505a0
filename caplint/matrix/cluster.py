"""The same jobs on the workers of a Dask cluster. Nothing of this is loaded unless a scheduler is named."""

from __future__ import annotations

import asyncio
import hashlib
import logging
import re
from collections.abc import Generator, Iterator
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from caplint.matrix.cell import failed
from caplint.matrix.fleet import split
from caplint.matrix.model import Cell, Job
from caplint.matrix.processes import Processes
from caplint.matrix.tls import Tls, check, security
from caplint.util import shipped_files
from caplint.util.code_identity import contents_identity
from caplint.util.errors import CaplintError

if TYPE_CHECKING:
    from distributed import Client, Security

# Seconds in which a scheduler has to answer, and then a first worker to be there.
_ANSWER = 5
_WORKER = 10
_ADDRESS = re.compile(r"(?:(?:tcp|tls|ws|wss)://)?\S+:[0-9]+")


def run_there(address: str, jobs: list[Job], order: list[int], tls: Tls) -> Generator[tuple[int, Cell], None, None]:
    """The cells of all jobs as workers are done with them, each with its place among the jobs.

    What they answer is unpickled: who runs the scheduler, or can speak for it, can run code here.
    Raises `CaplintError` where there is no cluster to speak of, or none any more, or a worker is of no use.
    """
    with _connected(address, tls) as client:
        from distributed import as_completed  # noqa: PLC0415 - see above

        _survey(client, address, jobs)
        mine = program_digest()
        futures = {client.submit(_check, jobs[place], mine, pure=False): place for place in order}
        for future in as_completed(futures):  # type: ignore[no-untyped-call]
            if future.cancelled():
                raise CaplintError(
                    f"--scheduler {address}: the connection was lost; run it again, and what is done is remembered"
                )
            error = future.exception()
            if isinstance(error, CaplintError):  # a worker that came later, and is another program
                raise error
            if error is None:
                yield futures[future], future.result()
            else:
                yield futures[future], failed(f"the cluster lost it: {type(error).__name__}: {error}")


@contextmanager
def _connected(address: str, tls: Tls) -> Iterator[Client]:
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
    logging.disable()  # what goes wrong is said in one line
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
        with suppress(Exception):  # nothing that a lost cluster says now is of interest
            client.close(timeout=_ANSWER)  # type: ignore[no-untyped-call] # which gives up what has not begun


async def _answers(address: str, secured: Security) -> None:
    """Shake hands; a client would wait for ever for what accepts a connection and says nothing."""
    from distributed.comm.core import connect  # noqa: PLC0415 - see above

    arguments = secured.get_connection_args("client")  # type: ignore[no-untyped-call]
    comm = await asyncio.wait_for(connect(address, timeout=_ANSWER, **arguments), _ANSWER)  # type: ignore[no-untyped-call]
    comm.abort()


def _survey(client: Client, address: str, jobs: list[Job]) -> None:
    """Ask every worker whether it is the same program and sees the same directories."""
    try:
        client.wait_for_workers(1, timeout=_WORKER)
    except TimeoutError:
        raise CaplintError(
            f"--scheduler {address}: it has no workers after {_WORKER} s; start some with `dask worker {address}`"
        ) from None
    paths = {split(member.text)[0] for job in jobs for member in (job.kernel, job.vmm)}
    wanted = sorted(
        path for path in (*paths, *jobs[0].rules, jobs[0].config, jobs[0].baseline) if path and Path(path).exists()
    )
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
                f"worker {worker}: does not see {missing[0]}; workers need the same paths as are used here"
            )


_OTHER = "worker {worker}: runs another version of caplint than this one; install the same on both"


def _seen(paths: list[str]) -> tuple[str, list[str]]:
    """What program a worker runs, and which paths it does not see. Runs there."""
    return program_digest(), [path for path in paths if not Path(path).exists()]


def _check(job: Job, program: str) -> Cell:
    """One pair. Runs on a worker."""
    if program_digest() != program:
        from distributed import get_worker  # noqa: PLC0415

        raise CaplintError(_OTHER.format(worker=get_worker().address))
    return Processes().check(job)


@cache
def program_digest() -> str:
    """Name caplint by the contents of its code, tables and rule pages, wherever they are installed."""
    digest = hashlib.sha256(contents_identity().encode())
    for file in sorted(shipped_files.RULES.rglob("*.md")):
        digest.update(f"{file.relative_to(shipped_files.RULES)}\0".encode() + file.read_bytes() + b"\0")
    return digest.hexdigest()
