"""Call paths as an indented tree, as JSON, and as a Graphviz graph."""

from __future__ import annotations

import json
import shutil
import textwrap
from collections.abc import Iterable, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Any, NamedTuple, TextIO

from caplint.graph.path_cache import Question
from caplint.graph.path_model import Path, Step
from caplint.knowledge.capability_names import PREFIX
from caplint.report.style import Style, safe
from caplint.util.escape import json_text

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
    "trait": "~> ",
}


_LEGEND = {
    "->": "a call",
    "~>": "a call through a pointer or trait, or of a function that is passed on",
    "=>": "into another program, by an ioctl, exec or RPC",
    "!!": "the path is interrupted here, with the reason",
}
_VERBS = {
    "enable": "enabled",
    "require": "required",
    "check": "checked",
    "issue": "issued",
    "rdmsr": "read by the guest",
    "wrmsr": "written by the guest",
    "get_msrs": "read by the VMM",
    "set_msrs": "written by the VMM",
    "feature": "read by the VMM before there is a VM",
}


class PathAnswer(NamedTuple):
    """Question, and the paths that answer it."""

    question: Question
    found: list[Path]
    definitions: Mapping[tuple[str, str], Sequence[str]] = MappingProxyType({})
    """Lines of the macros to show, by tree and `path:line`."""


def text(cap: str, found: list[Path], width: int | None = None) -> Iterator[str]:
    """Yield one block per path; with a `width`, long lines are broken and the tree is made narrower to fit."""
    if not found:
        verb = "checks or enables" if cap.startswith(PREFIX) else "issues"
        yield f"{safe(cap)}: no VMM in view {verb} it"
    for index, path in enumerate(found):
        if index:
            yield ""
        yield f"{safe(cap)} {_VERBS.get(path.verb, 'reached')}" + (f" on {path.arch}" if path.arch else "")
        depth = len(path.steps) + 1
        if path.above:
            yield from _fitted(f"!! {safe(path.above)}", 1, depth, width)
        for level, step in enumerate(path.steps, 1):
            yield from _fitted(_line(step), level, depth, width)
        if path.below:
            yield from _fitted(f"!! {safe(path.below)}", depth, depth, width)


def _fitted(line: str, level: int, depth: int, width: int | None) -> list[str]:
    """Return a line of the tree, broken to a width; the deepest level is indented by at most half of it."""
    if width is None:
        return ["  " * level + line]
    indent = " " * min(2 * level, max(level * (width // 2) // depth, 1))
    room = max(width, len(indent) + 12)
    return textwrap.wrap(line, room, initial_indent=indent, subsequent_indent=indent + "   ", break_on_hyphens=False)


def legend(found: Iterable[Path], width: int | None = None) -> Iterator[str]:
    """Yield the meaning of the signs that the paths have; nothing for paths without any."""
    paths = list(found)
    signs = {_ARROWS[step.edge].strip() for path in paths for step in path.steps}
    if any(path.above or path.below for path in paths):
        signs.add("!!")
    if signs - {""}:
        yield ""
    for sign, meaning in _LEGEND.items():
        if sign in signs:
            yield from _fitted(f"{sign} {meaning}", 1, 2, width)


def _macros(answer: PathAnswer, width: int | None) -> Iterator[str]:
    """Yield the definitions of the macros on the paths, each once."""
    shown: set[tuple[str, str]] = set()
    for step in (step for path in answer.found for step in path.steps if step.edge == "macro" and step.defined):
        key = step.tree, step.defined
        lines = answer.definitions.get(key, ()) if key not in shown else ()
        shown.add(key)
        if lines:
            yield from ("", *_fitted(f"{safe(step.function)}  {safe(step.tree)}:{safe(step.defined)}", 0, 1, width))
            yield from (f"  {safe(line.expandtabs(4))}".rstrip() for line in lines)


def _line(step: Step) -> str:
    name = f"case {step.case}" if step.edge == "case" else step.function
    prefix = "by trait " if step.edge == "trait" else ""
    notes = [f"{prefix}{step.note}"] if step.note and step.edge != "ioctl" else []
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
    """Return `cap`, `arch`, `paths` (lists of steps) and `broken` (per path, the reasons why it is incomplete)."""
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
    "table": "dashed", "callback": "dashed", "trait": "dashed",
    "registered": "dashed", "ioctl": "bold", "exec": "bold", "rpc": "bold",
    "broken": "dotted",
}  # fmt: skip


class _Dot:
    """Nodes and edges of a Graphviz graph."""

    def __init__(self) -> None:
        self.nodes: dict[str, dict[str, str]] = {}
        self.edges: dict[tuple[str, str, str, str], None] = {}

    def add(self, path: Path) -> None:
        """Add the steps of a path, and the reasons why it breaks."""
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
    """Yield a Graphviz graph with programs as clusters; each reason for a broken path is a node of its own."""
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


def write_text(answer: PathAnswer, out: TextIO, _: Style) -> None:
    """Write the paths as text, within the width of a terminal, with a legend and the requested definitions."""
    width = shutil.get_terminal_size().columns if out.isatty() else None
    parts = (text(answer.question.name, answer.found, width), _macros(answer, width), legend(answer.found, width))
    out.writelines(f"{line}\n" for part in parts for line in part)


def write_json(answer: PathAnswer, out: TextIO, _: Style) -> None:
    """Write the paths as one object."""
    out.write(json_text(as_object(answer.question.name, answer.question.arch, answer.found), indent=2) + "\n")


def write_dot(answer: PathAnswer, out: TextIO, _: Style) -> None:
    """Write the paths for Graphviz."""
    out.write("\n".join(dot(answer.found)) + "\n")
