"""Paths of a capability as an indented tree, as JSON, and as a graph for Graphviz."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from caplint.graph.steps import Path, Step
from caplint.report.style import safe

_ARROWS = {
    "entry": "",
    "ioctl": "=> ",
    "exec": "=> ",
    "case": "-> ",
    "direct": "-> ",
    "macro": "-> ",
    "rpc": "=> ",
    "table": "~> ",
    "callback": "~> ",
}


def text(cap: str, found: list[Path]) -> Iterator[str]:
    """One block for each path; `~>` is an indirect call, `=>` a bridge into another program."""
    if not found:
        yield f"{safe(cap)}: no VMM in view checks or enables it"
    for index, path in enumerate(found):
        if index:
            yield ""
        verb = {"enable": "enabled", "require": "required", "check": "checked", "issue": "issued"}.get(
            path.verb, "reached"
        )
        yield f"{safe(cap)} {verb}" + (f" on {path.arch}" if path.arch else "")
        if path.above:
            yield f"  !! {safe(path.above)}"
        for depth, step in enumerate(path.steps):
            yield "  " * (depth + 1) + _line(step)
        if path.below:
            yield "  " * (len(path.steps) + 1) + f"!! {safe(path.below)}"


def _line(step: Step) -> str:
    name = f"case {step.case}" if step.edge == "case" else step.function
    notes = [step.note] if step.note and step.edge != "ioctl" else []
    if step.case and step.edge != "case":
        notes.append(f"under case {step.case}")
    if step.condition != "1":
        notes.append(f"if {step.condition}")
    request = f"{step.note} " if step.edge == "ioctl" else ""
    if step.sure == "field":
        notes.append("by the member's name only")
    if step.why:
        notes.append(step.why)
    tail = f"  ({', '.join(map(safe, notes))})" if notes else ""
    return f"{_ARROWS[step.edge]}{safe(request)}{safe(name)}  {safe(step.tree)}:{safe(step.path)}:{step.line}{tail}"


def as_object(cap: str, arch: str | None, found: list[Path]) -> dict[str, Any]:
    """`cap`, `arch`, `paths`: a list of steps each; `broken`: for each path why it is not whole."""
    return {
        "version": 1,
        "cap": cap,
        "arch": arch,
        "paths": [
            [
                {
                    "tree": step.tree, "function": step.function, "path": step.path, "line": step.line,
                    "edge": step.edge, "case": step.case, "condition": step.condition, "note": step.note,
                    "sure": step.sure, "why": step.why,
                }
                for step in path.steps
            ]
            for path in found
        ],
        "broken": [[why for why in (path.above, path.below) if why] for path in found],
    }  # fmt: skip


def dot(found: list[Path]) -> Iterator[str]:
    """A graph for Graphviz, programs as clusters."""
    nodes: dict[str, dict[str, None]] = {}
    edges: dict[tuple[str, str, str], None] = {}
    for path in found:
        previous = ""
        for step in path.steps:
            label = f"{step.tree} case {step.case}" if step.edge == "case" else f"{step.tree} {step.function}"
            nodes.setdefault(step.tree, {})[label] = None
            if previous:
                edges[previous, label, step.edge] = None
            previous = label
    yield "digraph paths {"
    yield '  rankdir=LR; node [shape=box, fontname="monospace"];'
    for tree, labels in nodes.items():
        yield f"  subgraph {json.dumps('cluster ' + tree)} {{ label={json.dumps(tree)};"
        for label in labels:
            yield f"    {json.dumps(label)} [label={json.dumps(label.partition(' ')[2])}];"
        yield "  }"
    for source, sink, kind in edges:
        style = {"table": "dashed", "callback": "dashed", "ioctl": "bold", "exec": "bold"}.get(kind, "solid")
        yield f"  {json.dumps(source)} -> {json.dumps(sink)} [style={style}];"
    yield "}"
