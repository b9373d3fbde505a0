"""A fleet beside single checks of its pairs, and a history over many releases, on stand-ins for real repositories."""

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

from tools.bench.measure import Row, Usage, caplint, row
from tools.bench.releases import header_versions, repository

FLEETS = ((2, 5), (5, 8), (7, 12))
"""Kernels and VMMs; the memory of a run must not grow with their number."""
RELEASES, VERSIONS = 40, 200
_SINGLE = 4
"""Pairs that are checked alone, from the oldest to the newest; the others are taken for as costly."""
_LINUX = ("linux-6.1", "linux-6.12")
_QEMU = ("qemu-7.2", "qemu-10.0")


def fleet(_runs: int) -> Iterator[Row]:
    """Yield single checks, each with an empty cache; then fleets of several sizes, and the largest again."""
    with tempfile.TemporaryDirectory() as scratch:
        linux, qemu, cache = (Path(scratch, name) for name in ("linux", "qemu", "cache"))
        kernels, vmms = ([f"v6.{number:02}" for number in range(1, count + 1)] for count in FLEETS[-1])
        repository(linux, *_LINUX, kernels)
        repository(qemu, *_QEMU, vmms)
        single = []
        for place in range(_SINGLE):
            one, other = (side[place * (len(side) - 1) // (_SINGLE - 1)] for side in (kernels, vmms))
            pair = ["--kernel", f"{linux}@{one}", "--qemu", f"{qemu}@{other}"]
            single.append(caplint(["check", "--fail-on", "never", *pair], f"{cache}-{one}-{other}"))
        checks = row("check of one pair, cold", single)
        yield checks
        words = ["matrix", "--fail-on", "never"]
        for rows, columns in FLEETS:
            given = ["--kernel", *(f"{linux}@{tag}" for tag in kernels[-rows:])]
            given += ["--qemu", *(f"{qemu}@{tag}" for tag in vmms[-columns:])]
            pairs, store = rows * columns, f"{cache}-{rows}"
            usage = caplint([*words, *given], store)
            yield row(f"matrix {rows} x {columns}, cold", [usage], _beside(usage, pairs * checks.seconds))
        yield row(f"matrix {rows} x {columns}, warm", [caplint([*words, *given], store) for _ in range(3)])


def _beside(usage: Usage, alone: float) -> str:
    """Return the times of a fleet as shares of what its pairs take alone, divided among all processors."""
    cores = os.cpu_count() or 1
    shares = f"{usage.wall * cores / alone:.2f} of it, {usage.seconds / alone:.2f} by processor time"
    return f"its pairs alone take {alone:.0f} s, {alone / cores:.0f} s in {cores} processes; {shares}"


def history(runs: int) -> Iterator[Row]:
    """Yield histories: of one capability's number, and of all capabilities with code, cold and with the cache."""
    with tempfile.TemporaryDirectory() as scratch:
        versions = Path(scratch, "versions")
        header_versions(versions, _LINUX[-1], VERSIONS)
        alone = ["history", "--header-only", "KVM_CAP_STEP100", "--kernel", str(versions)]
        measured = [caplint(alone, "none") for _ in range(max(runs, 3))]
        yield row("history of one capability, cold", measured, f"{VERSIONS} versions of the header")
        linux, cache = Path(scratch, "linux"), str(Path(scratch, "cache"))
        count = repository(linux, *_LINUX, [f"v6.{number}" for number in range(1, RELEASES + 1)])
        words = ["history", "--kernel", str(linux)]
        note = f"{RELEASES} releases, {count} changed files"
        yield row("history, cold", [caplint(words, cache)], note)
        yield row("history, warm", [caplint(words, cache) for _ in range(max(runs, 3))], note)
