"""Statements of one function as nested sequences, in all configurations at once."""

from __future__ import annotations

from dataclasses import dataclass, field

from caplint.c.expression import parse
from caplint.c.formula import Formula
from caplint.knowledge.kernel_idioms import kernel_idioms
from caplint.link.functions.body import Body

_CONTAINERS = frozenset({"if", "while", "for", "do", "switch", "then", "else"})
_QUERY = """
    SELECT s.kind, s.text, s.extra, s.start, s.stop, c.text FROM main.statement s
    JOIN main.condition c ON c.id = s.condition
    WHERE s.blob = ? AND s.start >= ? AND s.start < ? AND s.function = ?
    ORDER BY s.start, s.stop DESC, s.kind NOT IN ('then', 'else')
"""


@dataclass(slots=True)
class FlowStep:
    """Statement; `kind`, `text` and `extra` are those of the table `statement`."""

    kind: str
    text: str
    extra: str
    start: int
    stop: int
    condition: Formula
    body: Sequence
    """Statements of a loop or switch, or of the branch of an `if` that is taken if its condition holds."""
    otherwise: Sequence | None = None
    """Statements of the other branch of an `if`; None without `else`."""


@dataclass(slots=True)
class Sequence:
    """Statements in file order; blocks are dissolved, so a label is found wherever it stands in them."""

    start: int = 0
    """Offset at which the branch of an `if` begins; 0 of any other sequence."""
    steps: list[FlowStep] = field(default_factory=list)
    labels: dict[str, int] = field(default_factory=dict)
    """Name of a label → its index."""
    cases: dict[str, list[int]] = field(default_factory=dict)
    """Value of a case label → its indices; `default` has the value ''."""
    ranges: list[int] = field(default_factory=list)
    """Indices of labels `case A ... B`."""
    capabilities: dict[str, list[int]] | None = None
    """Capability → indices of its labels; None until computed."""

    def add(self, step: FlowStep) -> None:
        """Append a statement."""
        index = len(self.steps)
        self.steps.append(step)
        if step.kind == "label":
            self.labels.setdefault(step.text, index)
        elif step.kind == "default" or (step.kind == "case" and step.text == step.extra):
            self.cases.setdefault(step.text, []).append(index)
        elif step.kind == "case":
            self.ranges.append(index)


def flow(body: Body) -> Sequence | None:
    """Return the statements of a function; None if its control flow is not among the facts."""
    handler = body.handler
    where = (handler.blob, handler.start, handler.stop, handler.function)
    rows = body.connection.execute(_QUERY, where).fetchall()
    if rows:
        return _nested(rows)
    if any(test.kind != "ternary" for test in body.tests) or body.jumps:
        return None
    return _straight(body)


def _nested(rows: list[tuple[str, str, str, int, int, str]]) -> Sequence:
    whole = Sequence()
    holders: list[tuple[int, Sequence, FlowStep | None]] = []
    for kind, text, extra, start, stop, condition in rows:
        while holders and holders[-1][0] <= start:
            holders.pop()
        sequence, holder = holders[-1][1:] if holders else (whole, None)
        plain = kernel_idioms().seen_through(text)
        step = FlowStep(kind, plain, extra, start, stop, parse(condition), Sequence())
        if kind == "else" and holder is not None:
            holder.otherwise = step.body
            step.body.start = start
        elif kind == "then" and holder is not None:
            holder.body = step.body
            step.body.start = start
        else:
            sequence.add(step)
        if kind in _CONTAINERS:
            holders.append((stop, step.body, step))
    return whole


def _straight(body: Body) -> Sequence:
    """Return the assignments and returns of a function in which nothing decides where control goes."""
    steps = [FlowStep("init", row.text, row.target, row.start, row.stop, parse(row.condition), Sequence())
             for row in body.stores if row.operator in {"=", "init"}]  # fmt: skip
    steps += [FlowStep("return", row.text, "", row.start, row.stop, parse(row.condition), Sequence())
              for row in body.returns]  # fmt: skip
    whole = Sequence()
    for step in sorted(steps, key=lambda step: step.start):
        whole.add(step)
    return whole
