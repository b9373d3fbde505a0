"""Program that checks one pair: it reads a job as a line of JSON and writes a cell as a line of JSON.

Its `main` is run by a Python that `processes.py` starts, in a session of its own.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from caplint.config.settings import Config, read
from caplint.config.trust import digest
from caplint.coverage.summary import SUMMED
from caplint.engine import baseline, baseline_file
from caplint.engine.outcome import Outcome
from caplint.engine.outcome_cache import OutcomeReader, recalled
from caplint.engine.upstream import KnownUpstream
from caplint.findings.finding import SEVERITIES
from caplint.matrix.model import Cell, FleetMember, Job
from caplint.matrix.work import JobKind, answered, serve
from caplint.rules import page as rule_pages
from caplint.rules.page import Rule
from caplint.trees.detect import tree_of
from caplint.trees.tree import Tree
from caplint.util import shipped_files
from caplint.util.errors import CaplintError

_SHOWN = ("severity", "code", "subject", "arch", "message", "fingerprint")


def main() -> None:
    """Check the pair that standard input describes; errors are part of the printed cell."""
    serve(lambda data: asdict(_answer(job_of(data))))


def job_of(data: dict[str, Any]) -> Job:
    """Return the job of decoded JSON."""
    sides = ("kernel", "vmm", "reference")
    members = {side: FleetMember(**data[side]) if data[side] is not None else None for side in sides}
    return Job(**{**data, **members})


def _answer(job: Job) -> Cell:
    return answered(lambda: checked(job), failed)


def failed(message: str) -> Cell:
    """Return the cell of a pair that could not be checked."""
    return Cell(error=" ".join(message.split()))


def _cell_of(data: dict[str, Any]) -> Cell:
    """Return the cell of decoded JSON."""
    plain = {name: tuple(data[name]) for name in ("findings", "skipped", "revisions")}
    return Cell(**{**data, **plain, "marks": tuple((mark, severity) for mark, severity in data["marks"])})


CHECKS: JobKind[Cell] = JobKind("caplint.matrix.cell", _cell_of, failed)
"""Checks of pairs."""


def checked(job: Job) -> Cell:
    """Check one pair or tree with the findings and the outcome cache of `caplint check`. Raises `CaplintError`."""
    config, rules = _settings(job)
    trees = [_tree(member) for member in job.members]

    def compute() -> Outcome:
        from caplint.engine.check import check  # noqa: PLC0415 - a cached pair does not need the engine

        rule_pages.parse(rules)
        return check(trees, rules, config)

    return _cell(recalled(trees, rules, config, compute), job, config, KnownUpstream(map(Path, config.known)))


def remembered(jobs: list[Job]) -> Iterator[tuple[int, Cell]]:
    """Yield index and cell of each job whose outcome is cached.

    All jobs must have the same settings. Every tree is examined once, not once per pair. Pairs with an unreadable tree
    are left out; running the job reports the error.
    """
    config, rules = _settings(jobs[0])
    upstream, outcomes = KnownUpstream(map(Path, config.known)), OutcomeReader(rules, config)
    trees: dict[FleetMember, Tree] = {}
    for member in dict.fromkeys(member for job in jobs for member in job.members):
        with suppress(CaplintError, OSError):
            trees[member] = _tree(member)
    for index, job in enumerate(jobs):
        wanted = [trees[member] for member in job.members if member in trees]
        if len(wanted) == len(job.members):
            with suppress(CaplintError, OSError):
                outcome = outcomes.known(wanted)
                if outcome is not None:
                    yield index, _cell(outcome, job, config, upstream)


def _settings(job: Job) -> tuple[Config, list[Rule]]:
    config = job_settings(job.config, job.restricted, job.cache, job.jobs)
    pages = rule_pages.load([shipped_files.RULES, *map(Path, (*config.rules, *job.rules))], whole=False)
    return config, [rule for rule in pages if rule.code in job.codes]


def job_settings(file: str | None, restricted: str, cache: str, jobs: int) -> Config:
    """Return the settings of a job; `restricted` is the digest of what the user trusts. Raises `CaplintError`."""
    settings = read(Path(file)) if file else Config()
    if file and digest(settings.restricted) != restricted:
        raise CaplintError(f"{file}: has changed since the run began; start the run again")
    return replace(settings, cache=cache, jobs=jobs)


def _tree(member: FleetMember) -> Tree:
    return tree_of(member.text, member.role, member.name)


def _cell(outcome: Outcome, job: Job, config: Config, upstream: KnownUpstream) -> Cell:
    lacking = next((tree for tree in outcome.trees if tree.absent), None)
    if lacking is not None:  # its rules were skipped, which must not look like agreement
        return failed(f"{lacking.location}: {lacking.lack}")
    outcome = upstream.apart(outcome, shown=False)
    if job.baseline:
        outcome = baseline.without(outcome, baseline_file.read(Path(job.baseline)))
    limit = SEVERITIES.index(job.fail_on) if job.fail_on in SEVERITIES else -1
    severities = [finding.severity for finding in outcome.findings]
    grave = [finding for finding in outcome.findings if SEVERITIES.index(finding.severity) <= limit]
    return Cell(
        agrees=not grave,
        covered=outcome.coverage.percent >= config.coverage_floor,
        counts={severity: severities.count(severity) for severity in SEVERITIES},
        findings=tuple({name: getattr(finding, name) for name in _SHOWN} for finding in grave),
        marks=tuple((finding.fingerprint, finding.severity) for finding in outcome.findings),
        known=len(outcome.known),
        left_out=outcome.baselined,
        skipped=tuple(asdict(entry) for entry in outcome.skipped),
        coverage={column: outcome.coverage.total(column) for column in SUMMED},
        revisions=(_revision(outcome, job.kernel), _revision(outcome, job.vmm)),
    )


def _revision(outcome: Outcome, member: FleetMember | None) -> str | None:
    return next((tree.revision for tree in outcome.trees if member is not None and tree.name == member.name), None)


if __name__ == "__main__":
    main()
