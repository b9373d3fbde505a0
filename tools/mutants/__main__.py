"""How many small faults in the links and the rule engine some test notices: `make mutants`.

Prints a table and writes what survived, with the code before and after, to .mutants/survivors.txt.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from tools.errors import ToolError
from tools.mutants import coverage, equivalent, scope, summary
from tools.mutants.mutate import Mutant, Mutants
from tools.mutants.trial import SURVIVED, UNTESTED, Job, write_jobs
from tools.mutants.workspace import HOME

_UNNOTICED = {SURVIVED, UNTESTED}
_SURVIVORS = HOME / "survivors.txt"


def main() -> int:
    """Draw, try, print."""
    parser = argparse.ArgumentParser(prog="python -m tools.mutants", description=__doc__)
    parser.add_argument("-n", type=int, default=100, metavar="N", help="mutants of each group (default: 100; 0: all)")
    parser.add_argument("--seed", type=int, default=1, help="of the sample (default: 1)")
    parser.add_argument("--budget", type=float, default=30, metavar="S", help="seconds of tests for each (default: 30)")
    parser.add_argument("--only", choices=scope.GROUPS, action="append", metavar="GROUP", help=", ".join(scope.GROUPS))
    options = parser.parse_args()
    try:
        return run(options.only or list(scope.GROUPS), options.n, options.seed, options.budget)
    except ToolError as error:
        print(f"mutants: {error}", file=sys.stderr)
        return 2


def run(groups: list[str], number: int, seed: int, budget: float) -> int:
    """Try a sample of some groups."""
    known = coverage.measure(scope.test_files(), [source for group in scope.GROUPS for source in scope.sources(group)])
    harmless = equivalent.load()
    rows: dict[str, list[summary.Row]] = {}
    jobs: list[Job] = []
    for group in groups:
        every = {source: Mutants(source, Path(source).read_text("utf-8")) for source in scope.sources(group)}
        by_source = {source: summary.Row(_short(source), len(found)) for source, found in every.items()}
        rows[group] = list(by_source.values())
        for mutant in draw(every, number, f"{group} {seed}"):
            if (mutant.source, mutant.before, mutant.after) in harmless:
                by_source[mutant.source].counts[summary.EQUIVALENT] += 1
            else:
                jobs.append(_job(mutant, known, budget))
    verdicts = _try(jobs)
    by_name = {row.name: row for found in rows.values() for row in found}
    for verdict in verdicts:
        by_name[_short(verdict["source"])].counts[verdict["verdict"]] += 1
    left = sorted(f"{entry['verdict']}: {entry['name']}" for entry in verdicts if entry["verdict"] in _UNNOTICED)
    _SURVIVORS.write_text("".join(f"{line}\n" for line in left), "utf-8")
    print("\n".join(summary.table(rows)), end="\n\n")
    print("\n".join(summary.said(name, found) for name, found in rows.items()))
    print(f"What was not noticed stands in {_SURVIVORS}.")
    return 0


def _short(source: str) -> str:
    return source.removeprefix("caplint/")


def draw(every: dict[str, Mutants], number: int, seed: str) -> Iterator[Mutant]:
    """As many mutants of some sources together, the same ones for the same seed; 0 is all."""
    places = [(source, index) for source, found in every.items() for index in range(len(found))]
    chosen = random.Random(seed).sample(places, min(number or len(places), len(places)))  # noqa: S311 - a sample
    return (every[source][index] for source, index in sorted(chosen))


def _job(mutant: Mutant, known: coverage.Coverage, budget: float) -> Job:
    """Return a function that some test runs is exchanged; what only imports run has to be there from the beginning."""
    place, source = mutant.place, mutant.source
    lines = mutant.lines if known.tests(source, mutant.lines) else place.statement
    tests = known.tests(source, lines)
    is_function = place.function.endswith("()") and bool(tests)
    if not tests and known.is_imported(source, lines):
        tests = known.tests(source, _users(mutant)) or known.tests(source, known.lines[source])
    return Job(
        mutant.name, source, place.function.removesuffix("()") if is_function else "", place.first_line, mutant.code,
        {test: known.seconds[test] for test in tests}, known.reach(source, tests), budget,
    )  # fmt: skip


def _users(mutant: Mutant) -> list[int]:
    """Return the lines that speak of what a module's own statement gives a value to."""
    lines = mutant.code.splitlines()
    name = re.match(r"\w+", lines[mutant.place.statement.start - 1])
    if name is None:
        return []
    return [number for number, line in enumerate(lines, 1) if re.search(rf"\b{name.group()}\b", line)]


def _try(jobs: list[Job]) -> list[dict[str, str]]:
    """Return the verdicts on jobs, from a process that imports what is mutated."""
    file, out = HOME / "jobs.jsonl", HOME / "verdicts.jsonl"
    write_jobs(file, jobs)
    out.write_text("")
    print(f"mutants: {len(jobs)} are tried; {out} has a line for each that is done", file=sys.stderr, flush=True)
    done = subprocess.run(
        [sys.executable, "-m", "tools.mutants.trial", str(file), str(out)],
        stdout=subprocess.DEVNULL, env={**os.environ, "COLUMNS": "200"}, check=False,
    )  # fmt: skip
    verdicts = [json.loads(line) for line in out.read_text("utf-8").splitlines()]
    if len(verdicts) != len(jobs):
        raise ToolError(f"{len(verdicts)} of {len(jobs)} were tried, then it ended with {done.returncode}")
    return verdicts


if __name__ == "__main__":
    sys.exit(main())
