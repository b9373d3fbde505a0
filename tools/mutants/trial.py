"""Tries mutants: `python -m tools.mutants.trial JOBS OUT`, a job and a verdict on each line.

The process finds all tests once. For each mutant it forks, and the child gives one function its faulty code and runs
the tests that reach it until one fails. What runs when modules are imported is tried in a child that has imported none.
"""

from __future__ import annotations

import gc
import json
import os
import resource
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

import pytest

from tools.errors import ToolError
from tools.mutants import swap
from tools.mutants.record import OPTIONS, remembering
from tools.mutants.workspace import settle

KILLED, SURVIVED, TIMED_OUT, UNTESTED = "killed", "survived", "timed out", "untested"
_MEMORY = 4 << 30
_BROKEN = 78


@dataclass(frozen=True)
class Job:
    """A mutant, and the tests that reach it with the seconds that they take."""

    name: str
    source: str
    function: str
    """Empty: it is tried where nothing is imported."""
    first_line: int
    code: str
    tests: dict[str, float]
    reach: dict[str, int]
    """How many lines of the source each of them runs."""
    budget: float


@dataclass(frozen=True)
class Verdict:
    """What became of a mutant."""

    name: str
    source: str
    verdict: str
    by: str
    """The test that failed or did not end, which is the last that was begun."""
    tests: int
    """How many could be run within the budget."""
    seconds: float


class Order:
    """Puts first what has noticed faults nearby; then, in turns, what is quick and what runs much of the source."""

    def __init__(self) -> None:
        self._kills: Counter[tuple[str, str]] = Counter()

    def pick(self, job: Job) -> list[str]:
        """As many of the job's tests as its budget of seconds allows, in the order in which to run them."""

        def kills(test: str) -> tuple[int, int]:
            return -self._kills[test, f"{job.source} {job.function}"], -self._kills[test, job.source]

        quick = sorted(job.tests, key=lambda test: (job.tests[test], test))
        telling = sorted(quick, key=lambda test: job.tests[test] / max(job.reach.get(test, 0), 1) ** 2)
        turns = dict.fromkeys(test for pair in zip(quick, telling, strict=True) for test in pair)
        picked: list[str] = []
        left = job.budget
        for test in sorted(turns, key=kills):
            left -= job.tests[test]
            if picked and left < 0:
                break
            picked.append(test)
        return picked

    def learn(self, job: Job, test: str) -> None:
        """Remember which test noticed a fault."""
        self._kills.update([(test, f"{job.source} {job.function}"), (test, job.source)])


class Watch:
    """In a child: says which test runs, ends a process whose test does not end, and notes a failure."""

    def __init__(self, begun: Path, seconds: dict[str, float]) -> None:
        self.failed = False
        self._begun, self._seconds = begun, seconds

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Generator[None, object, object]:
        """Begin a test."""
        self._begun.write_text(item.nodeid)
        signal.signal(signal.SIGALRM, signal.SIG_DFL)
        signal.alarm(int(15 + 5 * self._seconds.get(item.nodeid, 0.0)))
        result = yield
        signal.alarm(0)
        return result

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Note a failure."""
        self.failed = self.failed or report.failed


class Nursery:
    """Once pytest has found the tests: a child for each job."""

    def __init__(self, jobs: list[Job], order: Order, tell: Callable[[Verdict], None]) -> None:
        self._jobs, self._order, self._tell = jobs, order, tell

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """Instead of running the tests."""
        known = swap.functions({job.source for job in self._jobs})
        caches = remembering()
        items = {item.nodeid: item for item in session.items}
        gc.collect()
        gc.freeze()
        for job in self._jobs:

            def run(names: list[str], watch: Watch, job: Job = job) -> int:
                swap.swap(known, job.source, job.function, job.first_line, job.code)
                for function in caches:
                    function.cache_clear()
                session.config.pluginmanager.register(watch)
                chosen = [items[name] for name in names if name in items]
                for item, following in zip(chosen, [*chosen[1:], None], strict=True):
                    item.ihook.pytest_runtest_protocol(item=item, nextitem=following)
                    if watch.failed:
                        return 1
                return 0

            self._tell(attempt(job, self._order, run))
        return True


def fresh(job: Job, names: list[str], watch: Watch) -> int:
    """Run the tests where the fault is there from the beginning."""
    swap.Finder(job.source, job.code).install()
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)  # pytest names there every test that it cannot find any more
    code = pytest.main([*names, "-x", *OPTIONS], plugins=[watch])
    return 0 if code == pytest.ExitCode.OK else 1


def attempt(job: Job, order: Order, run: Callable[[list[str], Watch], int]) -> Verdict:
    """Run a job's tests in a child, of which nothing is left."""
    names = order.pick(job)
    start = time.monotonic()
    if not names:
        return Verdict(job.name, job.source, UNTESTED, "", 0, 0.0)
    with tempfile.TemporaryDirectory(prefix="mutant-", ignore_cleanup_errors=True) as place:
        last = Path(place, "begun")
        status = _child(lambda: run(names, Watch(last, job.tests)), Path(place))
        by = last.read_text() if last.exists() else ""
    verdict = _meaning(job, status)
    if verdict == SURVIVED:
        by = ""
    elif by:
        order.learn(job, by)
    return Verdict(job.name, job.source, verdict, by, len(names), round(time.monotonic() - start, 2))


def _meaning(job: Job, status: int) -> str:
    if os.WIFSIGNALED(status):
        return TIMED_OUT if os.WTERMSIG(status) == signal.SIGALRM else KILLED
    if os.WEXITSTATUS(status) == _BROKEN:
        raise ToolError(f"{job.name}: could not be tried")
    return KILLED if os.WEXITSTATUS(status) else SURVIVED


def _child(run: Callable[[], int], place: Path) -> int:
    """Return a child's exit status."""
    if (child := os.fork()) == 0:
        code = 1
        try:
            os.setsid()
            resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))
            settle(place)
            code = run()
        except ToolError as error:
            os.write(2, f"mutants: {error}\n".encode())
            code = _BROKEN
        finally:
            os._exit(code)
    _, status = os.waitpid(child, 0)
    with suppress(ProcessLookupError):
        os.killpg(child, signal.SIGKILL)  # what it has left running
    return status


def read_jobs(path: Path) -> Iterator[Job]:
    """Yield the jobs of a file."""
    for line in path.read_text("utf-8").splitlines():
        yield Job(**json.loads(line))


def write_jobs(path: Path, jobs: Iterable[Job]) -> None:
    """Return a file of jobs."""
    path.write_text("".join(f"{json.dumps(asdict(job))}\n" for job in jobs), "utf-8")


def main() -> int:
    """Try all jobs of a file."""
    jobs, out = list(read_jobs(Path(sys.argv[1]))), Path(sys.argv[2])
    order = Order()

    def tell(verdict: Verdict) -> None:
        with out.open("a", encoding="utf-8") as file:
            file.write(f"{json.dumps(asdict(verdict))}\n")

    for job in jobs:
        if not job.function:
            tell(attempt(job, order, lambda names, watch, job=job: fresh(job, names, watch)))  # type: ignore[misc]
    rest = [job for job in jobs if job.function]
    if rest:
        files = sorted({test.partition("::")[0] for job in rest for test in job.tests})
        code = pytest.main([*files, *OPTIONS], plugins=[Nursery(rest, order, tell)])
        return int(code)
    return 0


if __name__ == "__main__":
    sys.exit(main())
