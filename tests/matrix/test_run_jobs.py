"""Start of jobs: in processes here, or on a cluster if there is one and something is left to do."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import pytest

from caplint.matrix.run_jobs import run_jobs
from caplint.matrix.tls import Scheduler
from caplint.matrix.work import JobKind
from caplint.util.errors import CaplintError

NOBODY = Scheduler("tcp://127.0.0.1:1")
WORK: JobKind[object] = JobKind("plain_answer", lambda data: data["name"], lambda reason: f"failed: {reason}")


@dataclass(frozen=True)
class _NamedJob:
    name: str
    jobs: int = 1
    paths: list[str] = field(default_factory=list)


JOBS = [_NamedJob("a"), _NamedJob("b")]


def test_without_a_cluster_jobs_run_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = "from caplint.matrix.work import serve\ndef main():\n    serve(lambda job: {'name': job['name'] * 2})\n"
    (tmp_path / "plain_answer.py").write_text(program)
    monkeypatch.syspath_prepend(tmp_path)
    assert dict(run_jobs(None, WORK, JOBS, [1, 0], 1)) == {0: "aa", 1: "bb"}


@pytest.mark.parametrize("scheduler", [None, NOBODY])
def test_where_nothing_is_left_no_cluster_is_asked(scheduler: Scheduler | None) -> None:
    assert list(run_jobs(scheduler, WORK, JOBS, [], 2)) == []


def test_a_cluster_is_asked_for_what_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("distributed")
    monkeypatch.setattr("caplint.matrix.cluster._ANSWER", 0.3)
    with pytest.raises(CaplintError, match=r"127\.0\.0\.1:1"):
        list(run_jobs(NOBODY, WORK, JOBS, [0], 2))
