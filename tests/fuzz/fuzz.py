"""Feeds what reads others' files what a coverage-guided fuzzer makes of the seeds: `make fuzz`.

python tests/fuzz/fuzz.py SECONDS           # look for inputs that break something, each target in its share of the time
python tests/fuzz/fuzz.py SECONDS TARGET    # the same for one target of targets.py
python tests/fuzz/fuzz.py FILE TARGET       # try an input that did
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

_HERE = Path(__file__).parent
_FOUND = Path(".fuzz")
# Seconds and megabytes that one input may take, and bytes that it may have.
_LIMITS = ("-timeout=10", "-rss_limit_mb=2048", "-max_len=4096", "-len_control=20")
# Whose branches guide the fuzzer.
_PACKAGES = [
    "caplint.c",
    "caplint.facts",
    "caplint.trees",
    "caplint.config",
    "caplint.rules",
    "caplint.values",
    "caplint.machine",
]


def main() -> None:
    """Ends with 0 only where nothing was found."""
    match sys.argv[1:]:
        case [seconds] if seconds.isdecimal():
            sys.exit(_all(int(seconds)))
        case [what, target]:
            _one(what, target)
        case _:
            sys.exit(__doc__)


def _all(seconds: int) -> int:
    """Every target, in a process of its own: libFuzzer ends the one that it runs in."""
    from targets import TARGETS  # noqa: PLC0415

    parts = sum(target.share for target in TARGETS.values())
    for name, target in TARGETS.items():
        time = max(1, seconds * target.share // parts)
        print(f"fuzz: {name} for {time} s; what breaks it is left in {_FOUND}/{name}/", flush=True)  # noqa: T201
        if status := subprocess.run([sys.executable, __file__, str(time), name], check=False).returncode:
            print(f"fuzz: {sys.argv[0]} FILE {name} tries it again", flush=True)  # noqa: T201
            return status
    return 0


def _one(what: str, name: str) -> None:
    """Never returns: libFuzzer ends the process."""
    try:
        import atheris  # noqa: PLC0415
    except ImportError:
        sys.exit("fuzz: atheris is not to be had here; it exists for Linux on x86-64 only")
    with atheris.instrument_imports(include=_PACKAGES):
        from targets import TARGETS  # noqa: PLC0415
    if name not in TARGETS:
        sys.exit(f"fuzz: no target {name!r}; known are {', '.join(TARGETS)}")
    found = _FOUND / name
    corpus = found / "corpus"
    corpus.mkdir(parents=True, exist_ok=True)
    seeds = [str(place) for place in TARGETS[name].seeds]
    arguments = [f"-max_total_time={what}", str(corpus), *seeds] if what.isdecimal() else [what]
    options = [*_LIMITS, f"-dict={_HERE / 'words.dict'}", f"-artifact_prefix={found}/", "-print_final_stats=1"]
    atheris.Setup([sys.argv[0], *options, *arguments], TARGETS[name].check)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
