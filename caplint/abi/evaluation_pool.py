"""Evaluation of headers in separate processes, so that no header can hang a run or exhaust memory; results are JSON."""

from __future__ import annotations

import json
import resource
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from caplint.abi.sources import ROOT, Sources
from caplint.abi.types import StructMember
from caplint.abi.uapi_constants import UapiConstant
from caplint.abi.unit import AbiUnit, IoctlNumber, Structure, Unknown
from caplint.util.limited_processes import workers

# Seconds of processor time per architecture (typical: a sixth of a second), and of wall-clock time for all.
_LIMIT, _TOTAL = 20.0, 180.0
_MEMORY = 4 << 30
# Characters of a result; a rule's query takes no longer text. Linux 6.12 has up to 180,000.
_LONGEST = 8_000_000


Results = Callable[[], tuple[dict[str, str], bool]]
"""Function that waits for the results: key → JSON object of ABI → unit, and whether they are reproducible."""
Tasks = Mapping[str, tuple[Sources, list[str]]]
"""Key → headers and the names of the ABIs to evaluate them for."""


@contextmanager
def evaluating(tasks: Tasks, jobs: int) -> Iterator[Results]:
    """Start the evaluations and yield a function that waits for them. Leaving the context ends unfinished ones."""
    keys = list(tasks)
    with workers(min(jobs, len(keys)), _LIMIT, _TOTAL) as pool:
        begun = pool.begin(_evaluate, [(tasks[key][0], tasks[key][1]) for key in keys])

        def results() -> tuple[dict[str, str], bool]:
            texts = pool.results(begun)
            units = {
                key: text if text is not None else _failed(*tasks[key]) for key, text in zip(keys, texts, strict=True)
            }
            return units, not pool.passing

        yield results


def _evaluate(sources: Sources, names: list[str]) -> str:
    from caplint.abi.rust_bindings import evaluate_any  # noqa: PLC0415 - pcpp and pycparser are only needed here

    _, hard = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY if hard == resource.RLIM_INFINITY else min(_MEMORY, hard), hard))
    text = _json(evaluate_any(sources, names))
    return text if len(text) <= _LONGEST else _failed(sources, names, "has too many or too long names")


def _failed(
    sources: Sources, names: list[str], reason: str = f"takes longer than {_LIMIT:g} s, or more memory than there is"
) -> str:
    root = sources.targets.get(("", ROOT), ROOT)
    unknown = Unknown(root, root, 1, reason)
    return _json({name: AbiUnit(unknown=[unknown]) for name in names})


def _json(units: Mapping[str, AbiUnit]) -> str:
    # asdict() would copy every row.
    return json.dumps({name: vars(unit) for name, unit in units.items()})


def unit_of(data: dict[str, Any]) -> AbiUnit:
    """Return a unit from its decoded JSON."""
    return AbiUnit(
        [
            Structure._make([*row[:-1], [StructMember._make(member) for member in row[-1]]])
            for row in data["structures"]
        ],
        [IoctlNumber._make(row) for row in data["ioctls"]],
        [Unknown._make(row) for row in data["unknown"]],
        [UapiConstant._make(row) for row in data["constants"]],
    )
