"""Feeds the front end what a coverage-guided fuzzer makes of the seeds: `make fuzz`.

python tests/fuzz/front_end.py SECONDS    # look for inputs that break something
python tests/fuzz/front_end.py FILE       # try one that did
"""

from __future__ import annotations

import sys
from pathlib import Path

_HERE = Path(__file__).parent
_FOUND = Path(".fuzz")
# Seconds and megabytes that one input may take, and bytes that it may have.
_LIMITS = ("-timeout=10", "-rss_limit_mb=2048", "-max_len=4096", "-len_control=20")


def main() -> None:
    """Never returns: libFuzzer ends the process, with 0 only where nothing was found."""
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    try:
        import atheris  # noqa: PLC0415
    except ImportError:
        sys.exit("fuzz: atheris is not to be had here; it exists for Linux on x86-64 only")
    with atheris.instrument_imports(include=["caplint.c", "caplint.facts"]):
        from invariants import check  # noqa: PLC0415
    corpus = _FOUND / "corpus"
    corpus.mkdir(parents=True, exist_ok=True)
    given = sys.argv[1]
    arguments = [f"-max_total_time={given}", str(corpus), str(_HERE / "seeds")] if given.isdecimal() else [given]
    options = [*_LIMITS, f"-dict={_HERE / 'words.dict'}", f"-artifact_prefix={_FOUND}/", "-print_final_stats=1"]
    print(f"fuzz: an input that breaks something is left in {_FOUND}/; {sys.argv[0]} FILE tries it again", flush=True)  # noqa: T201
    atheris.Setup([sys.argv[0], *options, *arguments], check)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
