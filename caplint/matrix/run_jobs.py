"""Start of jobs, in processes here or on a cluster."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from typing import TYPE_CHECKING

from caplint.matrix.work import JobKind, Result, WorkJob

if TYPE_CHECKING:
    from caplint.matrix.tls import Scheduler


def run_jobs(
    scheduler: Scheduler | None, work: JobKind[Result], jobs: Sequence[WorkJob], order: list[int], processes: int
) -> Generator[tuple[int, Result], None, None]:
    """Yield index and result of each job as it finishes, here or on the cluster; without jobs none is asked."""
    if scheduler is None or not order:
        from caplint.matrix.processes import run_here  # noqa: PLC0415 - only one of the two is needed

        return run_here(work, jobs, order, processes)
    from caplint.matrix.cluster import run_there  # noqa: PLC0415

    return run_there(scheduler, work, jobs, order)
