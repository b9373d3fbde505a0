"""A fleet beside single checks of its pairs, and a history over many releases, on stand-ins for real repositories."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

from tools.bench.measure import Row, caplint, row
from tools.bench.releases import repository

KERNELS, VMMS, RELEASES = 7, 12, 40
_SINGLE = 3
"""Pairs that are checked alone; the others are taken for as costly."""
_LINUX = ("linux-6.1", "linux-6.12")
_QEMU = ("qemu-7.2", "qemu-10.0")


def fleet(_runs: int) -> Iterator[Row]:
    """Yield single checks, each with an empty cache; then the fleet: a part of it, the whole, and again."""
    with tempfile.TemporaryDirectory() as scratch:
        linux, qemu, cache = (Path(scratch, name) for name in ("linux", "qemu", "cache"))
        kernels, vmms = ([f"v6.{number}" for number in range(1, count + 1)] for count in (KERNELS, VMMS))
        repository(linux, *_LINUX, kernels)
        repository(qemu, *_QEMU, vmms)
        single = [
            caplint(
                ["check", "--fail-on", "never", "--kernel", f"{linux}@{kernel}", "--qemu", f"{qemu}@{vmm}"],
                f"{cache}-{kernel}",
            )
            for kernel, vmm in list(zip(kernels, vmms, strict=False))[:_SINGLE]
        ]
        checks = row("check of one pair, cold", single)
        yield checks
        pairs = KERNELS * VMMS
        yield Row(f"sum of {pairs} single checks", pairs * checks.seconds)
        words = ["matrix", "--fail-on", "never", "--kernel", f"{linux}@v6.*", "--qemu"]
        for name, chosen, store in (
            (f"matrix {KERNELS} x 1, cold", "v6.1", "small"),
            (f"matrix {KERNELS} x {VMMS}, cold", "v6.*", "whole"),
            (f"matrix {KERNELS} x {VMMS}, warm", "v6.*", "whole"),
        ):
            yield row(name, [caplint([*words, f"{qemu}@{chosen}"], f"{cache}-{store}")])


def history(runs: int) -> Iterator[Row]:
    """Yield a history of all capabilities with code: cold, and with the cache that it has left."""
    with tempfile.TemporaryDirectory() as scratch:
        linux, cache = Path(scratch, "linux"), str(Path(scratch, "cache"))
        count = repository(linux, *_LINUX, [f"v6.{number}" for number in range(1, RELEASES + 1)])
        words = ["history", "--kernel", str(linux)]
        note = f"{RELEASES} releases, {count} changed files"
        yield row("history, cold", [caplint(words, cache)], note)
        yield row("history, warm", [caplint(words, cache) for _ in range(max(runs, 3))], note)
