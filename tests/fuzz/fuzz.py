"""Feeds what reads others' files what a coverage-guided fuzzer makes of the seeds: `make fuzz`.

python tests/fuzz/fuzz.py SECONDS             # look for inputs that break something,
each target in its share of the time
python tests/fuzz/fuzz.py SECONDS TARGET…     # the same for some targets of targets.py
python tests/fuzz/fuzz.py FILE TARGET         # try an input that did
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from contextlib import nullcontext
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from target import Target

_HERE = Path(__file__).parent
_FOUND = Path(".fuzz")
# Seconds by the clock and megabytes that one input may take, and bytes that it may have.
_LIMITS = ("-timeout=60", "-rss_limit_mb=2048", "-max_len=4096", "-len_control=20")
_COUNT = re.compile(r"stat::number_of_executed_units: (\d+)")
# How this file starts itself for one target: with the module of the target, and the packages to instrument,
# which have to be known before they are imported.
_ALONE = "--alone"


def main() -> None:
    """End with 0 only where nothing was found."""
    match sys.argv[1:]:
        case ["--alone", module, packages, what, target]:
            _one(what, target, module, packages.split(","))
        case [seconds, *names] if seconds.isdecimal():
            sys.exit(_all(int(seconds), names))
        case [file, target]:
            _one(file, target, "targets", [])
        case _:
            sys.exit(__doc__)


def _all(seconds: int, names: list[str]) -> int:
    """Run targets one after another, each in a process of its own: libFuzzer ends the one that it runs in."""
    from targets import MODULES, TARGETS  # noqa: PLC0415

    if unknown := [name for name in names if name not in TARGETS]:
        sys.exit(f"fuzz: no target {unknown[0]!r}; known are {', '.join(TARGETS)}")
    chosen = {name: TARGETS[name] for name in names or TARGETS}
    parts = sum(target.share for target in chosen.values())
    total = 0
    for name, target in chosen.items():
        count, status = _run(name, (MODULES[name], ",".join(target.packages)), max(1, seconds * target.share // parts))
        total += count
        if status:
            print(f"fuzz: {sys.argv[0]} FILE {name} tries it again", flush=True)  # noqa: T201
            return status
    print(f"fuzz: {total:,} inputs over {len(chosen)} targets, nothing found")  # noqa: T201
    return 0


def _run(name: str, what: tuple[str, str], seconds: int) -> tuple[int, int]:
    """Return how many inputs were run, and the exit code. `what` is the target's module, and its packages."""
    begun = time.monotonic()
    done = subprocess.run(
        [sys.executable, __file__, _ALONE, *what, str(seconds), name],
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False, env=_in_memory(),
    )  # fmt: skip
    said = done.stdout.decode("utf-8", "replace")
    count = int(found.group(1)) if (found := _COUNT.search(said)) else 0
    if done.returncode:
        print(said[-8000:])  # noqa: T201
        print(f"fuzz: {name}: broken after {count:,} inputs; the input is left in {_FOUND}/{name}/", flush=True)  # noqa: T201
    else:
        took = time.monotonic() - begun
        print(f"fuzz: {name:<13} {count:>9,} inputs {count / max(seconds, 1):>8,.0f}/s  {took:.0f} s", flush=True)  # noqa: T201
    return count, done.returncode


def _in_memory() -> dict[str, str]:
    """Return the environment, with temporary files where to make and remove one takes no disk."""
    shared = "/dev/shm"
    return {**os.environ, "TMPDIR": shared} if os.access(shared, os.W_OK) else dict(os.environ)


def _one(what: str, name: str, module: str, packages: list[str]) -> None:
    """Run one target; never returns: libFuzzer ends the process."""
    try:
        import atheris  # noqa: PLC0415
    except ImportError:
        sys.exit("fuzz: atheris is not to be had here; it exists for Linux on x86-64 only")
    with atheris.instrument_imports(include=packages) if packages else nullcontext():
        targets: dict[str, Target] = import_module(module).TARGETS
    if name not in targets:
        sys.exit(f"fuzz: no target {name!r}; known are {', '.join(targets)}")
    target = targets[name]
    found = _FOUND / name
    corpus = found / "corpus"
    corpus.mkdir(parents=True, exist_ok=True)
    for seed, content in target.seeds():
        (corpus / f"seed-{seed}").write_bytes(content)
    arguments = [f"-max_total_time={what}", str(corpus)] if what.isdecimal() else [what]
    options = [*_LIMITS, f"-dict={_HERE / 'words.dict'}", f"-artifact_prefix={found}/", "-print_final_stats=1"]
    atheris.Setup([sys.argv[0], *options, *arguments], target.run)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
