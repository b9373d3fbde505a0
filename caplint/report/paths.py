"""Paths of a capability as an indented tree, as JSON, and as a graph for Graphviz."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, TextIO

from caplint.capability_names import PREFIX
from caplint.graph.answers import Question
from caplint.graph.steps import Path, Step
from caplint.quoting import json_text
from caplint.report.style import Style, safe

_ARROWS = {
    "entry": "",
    "ioctl": "=> ",
    "exec": "=> ",
    "case": "-> ",
    "direct": "-> ",
    "macro": "-> ",
    "rpc": "=> ",
    "table": "~> ",
    "registered": "~> ",
    "callback": "~> ",
}


def text(cap: str, found: list[Path]) -> Iterator[str]:
    """One block for each path; `~>` is an indirect call, `=>` a bridge into another program."""
    if not found:
        verb = "checks or enables" if cap.startswith(PREFIX) else "issues"
        yield f"{safe(cap)}: no VMM in view {verb} it"
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
    if step.edge == "registered":
        notes.append("keeps it for somebody else to call")
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
                    "sure": step.sure, "why": step.why, "defined": step.defined or None,
                }
                for step in path.steps
            ]
            for path in found
        ],
        "broken": [[why for why in (path.above, path.below) if why] for path in found],
    }  # fmt: skip


_STYLES = {
    "table": "dashed", "callback": "dashed", "registered": "dashed", "ioctl": "bold", "exec": "bold", "rpc": "bold",
    "broken": "dotted",
}  # fmt: skip


class _Dot:
    """Nodes and edges of a graph for Graphviz."""

    def __init__(self) -> None:
        self.nodes: dict[str, dict[str, str]] = {}
        self.edges: dict[tuple[str, str, str, str], None] = {}

    def add(self, path: Path) -> None:
        """The steps of a path, and why it breaks."""
        previous = self._broken(path.above) if path.above else ""
        kind = "broken"
        for step in path.steps:
            key = self._node(step)
            if previous:
                self.edges[previous, key, kind or step.edge, step.note if step.edge == "ioctl" else ""] = None
            previous, kind = key, ""
        if path.below and previous:
            self.edges[previous, self._broken(path.below), "broken", ""] = None

    def _node(self, step: Step) -> str:
        name = f"case {step.case}" if step.edge == "case" else step.function
        place = f"{step.path}:{step.line}" if step.edge == "case" else step.defined or f"{step.path}:{step.line}"
        key = f"{step.tree} {name} {place}"
        self.nodes.setdefault(step.tree, {})[key] = f"{safe(name)}\n{safe(place)}"
        return key

    def _broken(self, reason: str) -> str:
        key = f"!! {reason}"
        self.nodes.setdefault("", {})[key] = safe(key)
        return key


def dot(found: list[Path]) -> Iterator[str]:
    """A graph for Graphviz, programs as clusters; why a path breaks is a node of its own."""
    graph = _Dot()
    for path in found:
        graph.add(path)
    yield "digraph paths {"
    yield '  rankdir=LR; node [shape=box, fontname="monospace"];'
    for tree, labels in graph.nodes.items():
        yield f"  subgraph {json.dumps('cluster ' + tree)} {{ label={json.dumps(tree)};" if tree else "  {"
        for key, label in labels.items():
            yield f"    {json.dumps(key)} [label={json.dumps(label)}];"
        yield "  }"
    for source, sink, kind, note in graph.edges:
        label = f", label={json.dumps(safe(note))}" if note else ""
        yield f"  {json.dumps(source)} -> {json.dumps(sink)} [style={_STYLES.get(kind, 'solid')}{label}];"
    yield "}"


Answer = tuple[Question, list[Path]]
"""A question, and the paths that answer it."""


def write_text(answer: Answer, out: TextIO, _: Style) -> None:
    """Write the paths for people."""
    question, found = answer
    out.write("\n".join(text(question.name, found)) + "\n")


def write_json(answer: Answer, out: TextIO, _: Style) -> None:
    """Write the paths as one object."""
    question, found = answer
    out.write(json_text(as_object(question.name, question.arch, found), indent=2) + "\n")


def write_dot(answer: Answer, out: TextIO, _: Style) -> None:
    """Write the paths for Graphviz."""
    out.write("\n".join(dot(answer[1])) + "\n")
