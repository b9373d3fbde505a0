"""Lines of a working tree that its repository does not hold yet."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from caplint.fixes.draft import Draft, lines_of
from caplint.fixes.line_map import matcher
from caplint.trees.directory import DirectoryTree
from caplint.trees.git_place import NoRepositoryError
from caplint.trees.repository import Repository

_MOST_COMPARED = 4_000
"""Lines between the first and the last change that are compared one by one; of more, all count as changed."""

Stretch = tuple[int, int]
"""First line, counted from 0, and the line after the last."""


def uncommitted(tree: DirectoryTree, drafts: Mapping[str, Draft]) -> list[tuple[str, int]]:
    """Return path and line (from 1) of the lines that drafts replace and that HEAD does not have as they are.

    A file that HEAD lacks is uncommitted as a whole. A tree in no repository has no such lines. Raises `CaplintError`
    if the repository cannot be read.
    """
    try:
        repository = Repository(tree.root)
    except NoRepositoryError:
        return []
    known: dict[str, str] = {}
    if repository.has_head():
        known = repository.entries(repository.tree("HEAD")[1], list(drafts))
    found = []
    for path, draft in drafts.items():
        head = lines_of(repository.read(known[path])) if path in known else []
        fresh = changed(head, draft.original)
        touched = [(block.old, block.old_stop) for block in draft.blocks()]
        found += [(path, line + 1) for line in _meeting(touched, fresh)]
    repository.close()
    return found


def changed(before: list[bytes], now: list[bytes]) -> list[Stretch]:
    """Return the stretches of `now` that differ from `before`; of removed lines, the two lines around."""
    start = 0
    while start < min(len(before), len(now)) and before[start] == now[start]:
        start += 1
    end = 0
    while end < min(len(before), len(now)) - start and before[-1 - end] == now[-1 - end]:
        end += 1
    old, new = before[start : len(before) - end], now[start : len(now) - end]
    if not old and not new:
        return []
    if len(old) + len(new) > _MOST_COMPARED:
        return [_wide(start, start + len(new))]
    codes = matcher(old, new).get_opcodes()
    return [_wide(start + low, start + high) for tag, _, _, low, high in codes if tag != "equal"]


def _wide(low: int, high: int) -> Stretch:
    return (max(low - 1, 0), high + 1) if low == high else (low, high)


def _meeting(touched: Iterable[Stretch], fresh: list[Stretch]) -> list[int]:
    """Return the first line of each edited stretch that overlaps an uncommitted one."""
    wide = [_wide(*stretch) for stretch in touched]
    return [low for low, high in wide if any(low < stop and start < high for start, stop in fresh)]
