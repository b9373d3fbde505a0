"""SVG drawing of call paths: one lane per program, side by side, with the crossings between programs."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from html import escape
from typing import TYPE_CHECKING, TextIO

from caplint.graph.path_model import Path, Step
from caplint.report.style import Style, safe

if TYPE_CHECKING:
    from caplint.report.paths import PathAnswer

_ROW = 40
# Height of a line of reasons.
_LINE = 16
_INDENT = 14
# Nodes deeper than this get no further indentation, so that a lane's width stays bounded.
_MAX_INDENT = 12
_PAD = 24
_GAP = 90
_TOP = 78
# Width in pixels of a character in the two font sizes, with a small margin.
_NAME, _PLACE = 8.0, 6.4
_MAX_TEXT = 76
_WORDS = {"exec": "exec", "ioctl": "ioctl", "rpc": "remote procedure call"}

_STYLE = """
text { font-family: ui-monospace, "DejaVu Sans Mono", Menlo, Consolas, monospace; fill: #1b1f24 }
.name { font-size: 13px } .place, .crossing, .lane { font-size: 10.5px; fill: #59636e }
.title { font-size: 15px; font-weight: bold } .lane { font-size: 12px; font-weight: bold }
.case { font-weight: bold; fill: #0a5c36 } .broken { fill: #a40e26 } .request { font-weight: bold; fill: #7a4b00 }
.edge { fill: none; stroke: #59636e; stroke-width: 1.3 } .indirect { stroke-dasharray: 5 3 }
.bridge { fill: none; stroke: #b35900; stroke-width: 2 }
.border { stroke: #b35900; stroke-dasharray: 2 5; stroke-width: 1.5 }
.ground { fill: #ffffff } .band { fill: #f3f5f7 }
@media (prefers-color-scheme: dark) {
  text { fill: #e6edf3 } .place, .crossing, .lane { fill: #9aa4af } .case { fill: #5bd38c } .broken { fill: #ff8f9c }
  .request { fill: #ffc266 } .edge { stroke: #9aa4af } .bridge, .border { stroke: #ff9d3c }
  .ground { fill: #0d1117 } .band { fill: #161b22 }
}
"""


@dataclass(eq=False)
class _Node:
    step: Step
    above: _Node | None
    """Caller in the same lane."""
    depth: int
    children: dict[object, _Node] = field(default_factory=dict)
    sources: dict[int, _Node] = field(default_factory=dict)
    """Nodes of the previous lane that lead to this one, by `id`."""
    broken: list[str] = field(default_factory=list)
    """Reasons why a path is interrupted here."""
    x: float = 0
    y: float = 0

    def reasons(self) -> list[str]:
        """Return the lines of all reasons, none cut."""
        return [line for reason in self.broken for line in _wrapped(f"!! {safe(reason)}")]


@dataclass
class _Lane:
    tree: str
    roots: dict[object, _Node] = field(default_factory=dict)
    x: float = 0
    width: float = 0

    def nodes(self) -> Iterator[_Node]:
        """Yield the nodes in drawing order, from top to bottom."""
        pending = list(reversed(self.roots.values()))
        while pending:
            node = pending.pop()
            yield node
            pending += reversed(node.children.values())


def svg(name: str, paths: list[Path]) -> str:
    """Return one SVG drawing of all paths; common prefixes are drawn once."""
    lanes = _lanes(paths)
    x: float = _PAD
    bottom: float = _TOP
    for lane in lanes:
        lane.x = x
        bottom = max(bottom, _place(lane))
        lane.width = max((_width(node) for node in lane.nodes()), default=0) + 2 * _PAD
        for node in lane.nodes():
            node.x = lane.x + _PAD + min(node.depth, _MAX_INDENT) * _INDENT
        x += lane.width + _GAP
    title = f"{name}: " + ", ".join(dict.fromkeys(_verb_text(path) for path in paths)) if paths else f"{name}: no path"
    width = max(x - _GAP + _PAD, len(title) * 9.5 + 2 * _PAD)
    height = bottom + _PAD
    body = "\n".join([*_bands(lanes, height), *(line for lane in lanes for line in _drawn(lane))])
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width:.0f}" height="{height:.0f}" '
        f'viewBox="0 0 {width:.0f} {height:.0f}" role="img" aria-label="{_text(title)}">\n<style>{_STYLE}</style>\n'
        f'<rect class="ground" width="100%" height="100%"/>\n'
        f'<text class="title" x="{_PAD}" y="28">{_text(title)}</text>\n'
        f"{body}\n</svg>"
    )


def _verb_text(path: Path) -> str:
    verb = {"check": "checked", "enable": "enabled", "require": "required", "issue": "issued"}.get(path.verb, "reached")
    return f"{verb} on {path.arch}" if path.arch else verb


def _lanes(paths: Iterable[Path]) -> list[_Lane]:
    """Return one lane per program, in the order in which the paths cross them."""
    lanes: dict[str, _Lane] = {}
    for path in paths:
        node: _Node | None = None
        for step in path.steps:
            node = _entered(lanes.setdefault(step.tree, _Lane(step.tree)), node, step)
            if path.above and step is path.steps[0]:
                node.broken = list(dict.fromkeys([*node.broken, path.above]))
        if node is not None and path.below:
            node.broken = list(dict.fromkeys([*node.broken, path.below]))
    return list(lanes.values())


def _entered(lane: _Lane, before: _Node | None, step: Step) -> _Node:
    """Return the node of a step behind another node; create it if missing."""
    key = (step.function, step.defined, step.path, step.line, step.edge, step.case)
    if before is not None and before.step.tree == step.tree:
        return before.children.setdefault(key, _Node(step, before, before.depth + 1))
    node = lane.roots.setdefault((*key, step.note), _Node(step, None, 0))
    if before is not None:
        node.sources[id(before)] = before
    return node


def _place(lane: _Lane) -> float:
    """Set the y coordinate of every node, with a root no higher than its first source. Return the lowest y."""
    y: float = _TOP
    for node in lane.nodes():
        if node.above is None:
            y = max(y, min((source.y for source in node.sources.values()), default=y) - _ROW / 2)
            if node.sources or node.step.edge in _WORDS:
                y += _ROW / 2  # space for the request label
        node.y = y
        y += _ROW + _LINE * len(node.reasons())
    return y


def _width(node: _Node) -> float:
    texts = [_NAME * len(_name(node.step)), _PLACE * len(_where(node.step))]
    texts += [_PLACE * len(line) for line in node.reasons()]
    return min(node.depth, _MAX_INDENT) * _INDENT + max(texts)


def _short(text: str) -> str:
    return text if len(text) <= _MAX_TEXT else text[: _MAX_TEXT - 1] + "…"


def _wrapped(text: str) -> list[str]:
    return textwrap.wrap(text, _MAX_TEXT, break_on_hyphens=False, subsequent_indent="\N{NO-BREAK SPACE}" * 3)


def _name(step: Step) -> str:
    return _short(f"case {step.case}" if step.edge == "case" else f"{step.function}()")


def _where(step: Step) -> str:
    note = f"  {step.note}" if step.note and step.edge not in {"ioctl", "exec"} else ""
    return _short(f"{step.path}:{step.line}{note}")


def _text(text: str) -> str:
    return escape(safe(text))


def _bands(lanes: list[_Lane], height: float) -> Iterator[str]:
    for index, lane in enumerate(lanes):
        yield f'<rect class="band" x="{lane.x:.0f}" y="42" width="{lane.width:.0f}" height="{height - 54:.0f}" rx="8"/>'
        yield f'<text class="lane" x="{lane.x + _PAD:.0f}" y="60">{_text(lane.tree)}</text>'
        crossing = next((node.step.edge for node in lane.roots.values() if node.sources), "")
        if index and crossing:
            x = lane.x - _GAP / 2
            yield f'<line class="border" x1="{x:.0f}" y1="66" x2="{x:.0f}" y2="{height - 12:.0f}"/>'
            word = _WORDS.get(crossing, crossing)
            yield f'<text class="crossing" x="{x:.0f}" y="58" text-anchor="middle">{word}</text>'


def _drawn(lane: _Lane) -> Iterator[str]:
    for node in lane.nodes():
        yield from _lines_to(lane, node)
        step = node.step
        title = [
            f"{step.tree}:{step.path}:{step.line}",
            step.note,
            step.why,
            "" if step.condition == "1" else f"if {step.condition}",
        ]
        tip = escape("\n".join(safe(part) for part in title if part))
        kind = "name case" if step.edge == "case" else "name"
        yield f"<g><title>{tip}</title>"
        yield f'<text class="{kind}" x="{node.x:.0f}" y="{node.y + 13:.0f}">{_text(_name(step))}</text>'
        yield f'<text class="place" x="{node.x:.0f}" y="{node.y + 27:.0f}">{_text(_where(step))}</text></g>'
        for index, line in enumerate(node.reasons()):
            y = node.y + 42 + _LINE * index
            yield f'<text class="place broken" x="{node.x:.0f}" y="{y:.0f}">{escape(line)}</text>'


def _lines_to(lane: _Lane, node: _Node) -> Iterator[str]:
    middle = node.y + 9
    if node.above is not None:
        kind = "edge indirect" if node.step.edge in {"table", "callback", "registered", "trait"} else "edge"
        deeper = node.x > node.above.x
        x, y = (
            (node.above.x + 3, node.above.y + 31 + _LINE * len(node.above.reasons()))
            if deeper
            else (node.x - 12, node.above.y + 9)
        )
        yield f'<path class="{kind}" d="M{x:.0f} {y:.0f} V{middle:.0f} H{node.x - 4:.0f}"/>'
    for source in node.sources.values():
        height = source.y + 9
        begin = source.x + _NAME * len(_name(source.step)) + 6
        bend = lane.x - _GAP / 2
        curve = f"C{bend:.0f} {height:.0f} {bend:.0f} {middle:.0f} {bend + 22:.0f} {middle:.0f}"
        yield f'<path class="bridge" d="M{begin:.0f} {height:.0f} H{bend - 22:.0f} {curve} H{node.x - 4:.0f}"/>'
    if node.above is None and node.step.edge in _WORDS and node.step.note:
        note = _text(_short(node.step.note))
        yield f'<text class="place request" x="{node.x:.0f}" y="{node.y - 3:.0f}">{note}</text>'


def write_svg(answer: PathAnswer, out: TextIO, _: Style) -> None:
    """Write the drawing of the paths that answer a question."""
    question, paths = answer.question, answer.found
    out.write(svg(question.name, paths) + "\n")
