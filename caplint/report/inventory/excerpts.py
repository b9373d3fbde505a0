"""Source lines that an inventory points at; each file is read once."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator

from caplint.inventory.model import Capability, SourceLine
from caplint.trees.tree import Tree
from caplint.util.errors import CaplintError
from caplint.util.escape import visible

# Number of lines shown before and after a location (the lines after a case label explain it), and their width.
_BEFORE, _BEHIND = 1, 4
_WIDTH = 180

Excerpts = dict[str, dict[str, dict[int, str]]]
"""Tree → path → line → text."""


def excerpts(trees: Iterable[Tree], capabilities: Iterable[Capability]) -> Excerpts:
    """Return the lines at and around every location; an unreadable file is left out."""
    wanted: dict[tuple[str, str], set[int]] = defaultdict(set)
    for capability in capabilities:
        for place in places(capability):
            wanted[place.tree, place.path].update(range(place.line - _BEFORE, place.line + _BEHIND + 1))
    by_name = {tree.name: tree for tree in trees}
    lines_by_tree: Excerpts = {}
    for (tree, path), numbers in sorted(wanted.items()):
        text = _lines(by_name[tree], path)
        lines_by_tree.setdefault(tree, {})[path] = {
            number: text[number - 1] for number in sorted(numbers) if 0 < number <= len(text)
        }
    return lines_by_tree


def places(capability: Capability) -> Iterator[SourceLine]:
    """Yield every location of a capability."""
    for definition in capability.definitions:
        yield definition.place
    for support in capability.architectures.values():
        yield from (answer.place for answer in support.answers)
        yield from (enable.place for enable in support.enables)
    for kind in (capability.ioctls, capability.documentation, capability.vmm, capability.findings):
        yield from (entry.place for entry in kind)
    yield from capability.selftests


def _lines(tree: Tree, path: str) -> list[str]:
    try:
        content = tree.read(path)
    except (OSError, CaplintError):
        return []
    return [_shown(line) for line in content.decode("utf-8", "replace").split("\n")]


def _shown(line: str) -> str:
    text = visible(line.expandtabs(8).rstrip())
    return text if len(text) <= _WIDTH else text[:_WIDTH] + "\N{HORIZONTAL ELLIPSIS}"
