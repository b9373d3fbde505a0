"""Evaluates headers in processes of their own, so that none can hang a run or take all memory; JSON in between."""

from __future__ import annotations

import json
import resource
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from caplint.abi.layout import Member
from caplint.abi.sources import ROOT, Sources
from caplint.abi.unit import Ioctl, Structure, Unit, Unknown
from caplint.bounded import workers

# Seconds of processor time for the headers of one architecture, which take a sixth of one, and by the clock for all.
_LIMIT, _TOTAL = 20.0, 180.0
_MEMORY = 4 << 30


Results = Callable[[], tuple[dict[str, str], bool]]
"""Waits for the results: key → JSON object of ABI → unit; and whether each would be the same another time."""
Tasks = Mapping[str, tuple[Sources, list[str]]]
"""Key → headers, and the ABIs that they are evaluated for."""


@contextmanager
def evaluating(tasks: Tasks, jobs: int) -> Iterator[Results]:
    """Begin; what it gives waits for the results. Leaving it ends what still runs."""
    keys = list(tasks)
    with workers(min(jobs, len(keys)), _LIMIT, _TOTAL) as pool:
        begun = pool.begin(_evaluate, [(tasks[key][0], tasks[key][1]) for key in keys])

        def results() -> tuple[dict[str, str], bool]:
            found = pool.results(begun)
            units = {
                key: result if result is not None else _failed(*tasks[key])
                for key, result in zip(keys, found, strict=True)
            }
            return units, not pool.passing

        yield results


def _evaluate(sources: Sources, names: list[str]) -> str:
    from caplint.abi.unit import evaluate  # noqa: PLC0415 - pcpp and pycparser are only needed here

    _, hard = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY if hard == resource.RLIM_INFINITY else min(_MEMORY, hard), hard))
    return _json(evaluate(sources, names))


def _failed(sources: Sources, names: list[str]) -> str:
    root = sources.targets.get(("", ROOT), ROOT)
    unknown = Unknown(root, root, 1, f"takes longer than {_LIMIT:g} s, or more memory than there is")
    return _json({name: Unit(unknown=[unknown]) for name in names})


def _json(units: Mapping[str, Unit]) -> str:
    # asdict() would copy every row on the way.
    return json.dumps({name: vars(unit) for name, unit in units.items()})


def unit_of(data: dict[str, Any]) -> Unit:
    """A unit from its JSON."""
    return Unit(
        [Structure._make([*row[:-1], [Member._make(member) for member in row[-1]]]) for row in data["structures"]],
        [Ioctl._make(row) for row in data["ioctls"]],
        [Unknown._make(row) for row in data["unknown"]],
    )
