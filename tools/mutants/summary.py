"""What a run says: a table, and what the figures of a sample allow to be said of all mutants."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from math import sqrt

from tools.mutants.trial import KILLED, SURVIVED, TIMED_OUT, UNTESTED

EQUIVALENT = "equivalent"


@dataclass
class Row:
    """The mutants of a source, or of some together."""

    name: str
    all: int = 0
    counts: Counter[str] = field(default_factory=Counter)

    @property
    def tried(self) -> int:
        """All of the sample that could be noticed."""
        return sum(self.counts[what] for what in (KILLED, TIMED_OUT, SURVIVED, UNTESTED))

    @property
    def noticed(self) -> int:
        """A test that does not end any more is a test that has failed."""
        return self.counts[KILLED] + self.counts[TIMED_OUT]

    def __str__(self) -> str:
        share = f"{100 * self.noticed / self.tried:.1f} %" if self.tried else ""
        cells = (self.all, self.tried, self.counts[KILLED], self.counts[TIMED_OUT], self.counts[SURVIVED],
                 self.counts[UNTESTED], self.counts[EQUIVALENT], share)  # fmt: skip
        return f"| {self.name} | {' | '.join(map(str, cells))} |"


def interval(noticed: int, tried: int, everything: int) -> tuple[float, float]:
    """Where the share among all mutants lies, at 95 %: Wilson's interval, for a sample of a finite number."""
    if not tried:
        return 0.0, 1.0
    if tried >= everything:
        return noticed / tried, noticed / tried
    z2 = 1.96**2 * (everything - tried) / max(everything - 1, 1)
    share = noticed / tried
    middle = (share + z2 / (2 * tried)) / (1 + z2 / tried)
    half = sqrt(z2 * (share * (1 - share) / tried + z2 / (4 * tried * tried))) / (1 + z2 / tried)
    return middle - half, middle + half


HEAD = """\
| | mutants | tried | killed | timed out | survived | no test | equivalent | noticed |
|:--|--:|--:|--:|--:|--:|--:|--:|--:|"""


def table(groups: dict[str, list[Row]]) -> Iterator[str]:
    """Yield the rows of every source, and of a group of several."""
    yield HEAD
    for name, rows in groups.items():
        yield from (str(row) for row in rows if row.tried or row.counts[EQUIVALENT])
        if len(rows) > 1:
            yield str(total(f"**{name} in all**", rows))


def total(name: str, rows: Iterable[Row]) -> Row:
    """Return some rows as one."""
    whole = Row(name)
    for row in rows:
        whole.all += row.all
        whole.counts.update(row.counts)
    return whole


def said(name: str, rows: list[Row]) -> str:
    """Return a sentence on what a group's sample means."""
    whole = total(name, rows)
    low, high = interval(whole.noticed, whole.tried, whole.all - whole.counts[EQUIVALENT])
    sample = whole.tried + whole.counts[EQUIVALENT]
    return f"{name}: {sample} of {whole.all} mutants drawn; at 95 %, {100 * low:.1f} to {100 * high:.1f} % are noticed"
