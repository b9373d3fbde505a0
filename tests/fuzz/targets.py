"""What the fuzzer may break: everything that reads what others wrote. A reader ends well, or with one clear line.

Each target takes an input's bytes and raises whatever is wrong; a `CaplintError` of one line is an answer.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import invariants

from caplint.config.settings import Config, load
from caplint.findings.finding import SEVERITIES
from caplint.machine import record
from caplint.rules.page import _load
from caplint.trees.series import read_series
from caplint.util.errors import CaplintError

_ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Target:
    """A reader, and what it is tried with."""

    check: Callable[[bytes], None]
    share: int
    """Of the time, in parts."""
    seeds: tuple[Path, ...]
    """Directories of inputs to begin with."""


@contextmanager
def _one_line() -> Iterator[None]:
    """An error that the user would see is as it should be."""
    try:
        yield
    except CaplintError as error:
        shown = " ".join(str(error).split())
        assert shown, "an error says nothing"


def patch(data: bytes) -> None:
    """A diff, a mail or a mbox: every path of it stays below the tree, every hunk has the lines that it says."""
    with _one_line():
        for series in read_series([("input.patch", data)], lambda _: None):
            for each in series.patches:
                for file in each.files:
                    for path in (file.old, file.new):
                        assert path is None or not Path(path).is_absolute(), path
                        assert path is None or ".." not in Path(path).parts, path


def config(data: bytes) -> None:
    """A caplint.toml: what is read of it is of the types that the rest relies on."""
    with _file("caplint.toml", data) as file, _one_line():
        found = load(file)
        assert isinstance(found, Config)
        assert found.fail_on in {*SEVERITIES, "never"}
        assert found.jobs >= 1
        assert 0 <= found.coverage_floor <= 100
        assert all(low <= high for low, high in found.vendor_range)
        assert all(entry.reason.strip() for entry in found.suppress)


def rule(data: bytes) -> None:
    """A rule page: it has a code, a query, and examples whose lines lie in the page."""
    with _file("CAP299-input.md", data) as file, _one_line():
        found = _load(file)
        assert found.query.strip() or not found.query
        assert found.severity in SEVERITIES
        lines = data.count(b"\n") + data.count(b"\r") + 1
        assert all(1 <= part.line <= lines for group in (*found.bad, *found.good) for part in group)


def documentation(data: bytes) -> None:
    """An api.rst, as the front end's invariants hold of it."""
    invariants.check(b"r" + data)


def probe(data: bytes) -> None:
    """A record of a machine: what is read of it, written again, is the same."""
    with _one_line():
        machine = record.parse(data, "input.json")
        again = record.parse(_json(record.as_object(machine)), "again.json")
        assert again == machine


def _json(value: object) -> bytes:
    from caplint.util.escape import json_text  # noqa: PLC0415

    return json_text(value).encode()


@contextmanager
def _file(name: str, data: bytes) -> Iterator[Path]:
    """A file that holds an input."""
    with tempfile.TemporaryDirectory(prefix="caplint-fuzz-") as place:
        file = Path(place) / name
        file.write_bytes(data)
        yield file


def _seeds(name: str, *more: Path) -> tuple[Path, ...]:
    return (Path(__file__).parent / "seeds" / name, *more)


TARGETS = {
    "front_end": Target(invariants.check, 5, _seeds("front_end")),
    "patch": Target(patch, 1, _seeds("patch", _ROOT / "fixtures/patches")),
    "config": Target(config, 1, _seeds("config")),
    "rule": Target(rule, 1, _seeds("rule", _ROOT / "rules")),
    "documentation": Target(documentation, 1, _seeds("documentation")),
    "probe": Target(probe, 1, _seeds("probe")),
}
