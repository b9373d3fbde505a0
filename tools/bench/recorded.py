"""Figures of an earlier run, in bare parses, with which a run is compared."""

import json
from collections.abc import Iterable
from pathlib import Path

from tools.bench.measure import Row
from tools.errors import ToolError

RECORD = Path("tools/bench/recorded.json")
MOST = 1.15
"""Factor up to which a figure may rise above the recorded one."""
_NOISE = 0.05
"""Bare parses by which a run of the same program may differ from another: starting a process is a few hundredths."""


def recorded(file: Path = RECORD) -> dict[str, float]:
    """Return the recorded ratio of each measurement; empty without a record. Raises `ToolError` for a damaged one."""
    if not file.exists():
        return {}
    try:
        ratios = json.loads(file.read_text("utf-8"))["ratios"]
        return {str(name): float(ratio) for name, ratio in ratios.items()}
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ToolError(
            f"{file} is no record of figures ({error}); make one by python -m tools.bench --record"
        ) from error


def slower(rows: Iterable[Row], bare: float, before: dict[str, float]) -> list[str]:
    """Return a line for each measurement that takes more than `MOST` times what is recorded of it."""
    lines = []
    for row in rows:
        ratio, known = row.seconds / bare, before.get(row.name)
        if known is not None and ratio > max(known * MOST, known + _NOISE):
            more = f"{ratio / known - 1:.0%} more" if known else "more"
            lines.append(f"{row.name}: {ratio:.2f} bare parses, {more} than the recorded {known:.2f}")
    return lines


def record(rows: Iterable[Row], bare: float, file: Path = RECORD) -> None:
    """Replace the recorded ratios of some measurements; the others stay."""
    ratios = {**recorded(file), **{row.name: round(row.seconds / bare, 3) for row in rows}}
    file.write_text(json.dumps({"ratios": dict(sorted(ratios.items()))}, indent=2) + "\n", "utf-8")
