"""Variants: a small set of configurations per file that together show every line.

A *chunk* is an extent of top-level declarations around conditional groups: from the last declaration that ended
before a group to the first that ends after it. Choices must be consistent only within a chunk. Therefore the first
variant shows almost everything, and each further variant contains only the chunks with branches that no earlier
one showed.
"""

from __future__ import annotations

import re
from collections import ChainMap, deque
from collections.abc import Iterator
from dataclasses import dataclass, field

from caplint.c.byte_ranges import blank, merged
from caplint.c.conditions import Branch, Conditionals, Group
from caplint.c.formula import Formula, atoms, evaluate, literals
from caplint.c.lexer import Lexed

# Most variants of a file; the branches that are left are blind spots.
MAX_VARIANTS = 24
# Most bytes of all texts but the first, so that a function of a megabyte is not parsed 24 times.
MAX_FURTHER = 2 << 20
# Bounds of the search for a configuration, above the needs of hand-written conditions.
_MAX_HOPELESS = 100
_MAX_HELD = 256

_BOUNDARY = re.compile(rb"[{};]")
_SEMICOLON = re.compile(rb"\s*;")


@dataclass(slots=True)
class VariantChunk:
    """Top-level groups that must be chosen together, and the extent of the declarations around them."""

    start: int
    end: int
    groups: list[Group] = field(default_factory=list)


@dataclass(frozen=True)
class Variants:
    """Texts that together show every line; the first covers the whole file, each further one parts of it."""

    texts: list[bytes]
    unseen: list[Branch]
    """Branches that no variant shows, without those that can never be compiled."""


class _Configuration:
    """Choices made so far for one text."""

    def __init__(self, target: Branch | None) -> None:
        self.assignment: dict[str, bool] = {}
        self.hidden: list[tuple[int, int]] = []
        self._held: dict[str, deque[Formula]] = {}
        """Atom → formulas over it that must hold and are still undecided."""
        if target is not None:
            self._learn(target.presence)

    def agrees(self, branch: Branch) -> bool:
        """Tell whether the branch is consistent with the choices so far."""
        if (
            evaluate(branch.chosen_when, self.assignment) is False
            or evaluate(branch.presence, self.assignment) is False
        ):
            return False
        fresh = {unit.atom: unit.positive for unit in literals(branch.chosen_when) if unit.atom not in self.assignment}
        then = ChainMap(fresh, self.assignment)
        # Formulas without these atoms are not affected.
        return all(evaluate(formula, then) is not False for atom in fresh for formula in self._held.get(atom, ()))

    def choose(self, group: Group, chosen: Branch | None) -> None:
        """Hide all branches of the group but the chosen one."""
        self.hidden.extend((branch.start, branch.end) for branch in group.branches if branch is not chosen)
        if chosen is not None:
            self._learn(chosen.chosen_when)

    def _learn(self, formula: Formula) -> None:
        self.assignment.update((unit.atom, unit.positive) for unit in literals(formula))
        if evaluate(formula, self.assignment) is None:
            for atom in atoms(formula) - self.assignment.keys():
                self._held.setdefault(atom, deque(maxlen=_MAX_HELD)).append(formula)


class _Cover:
    """Record of the branches shown so far."""

    def __init__(self) -> None:
        self.shown: set[int] = set()
        self._hopeless: set[int] = set()
        """Branches around which no configuration could be built; they must not block the remaining branches."""
        self._unwanted: set[int] = set()
        """Branches without anything left to show."""

    def choose(self, groups: list[Group]) -> list[tuple[int, int]]:
        """Return the extents to hide so that the groups' remaining text is one consistent configuration."""
        while True:
            target = self.target(groups)
            configuration = _Configuration(target)
            before = len(self.shown)
            self.extend(groups, configuration)
            if target is None or id(target) in self.shown:
                return configuration.hidden
            self._hopeless.add(id(target))
            if len(self.shown) > before or len(self._hopeless) > _MAX_HOPELESS:
                return configuration.hidden

    def target(self, groups: list[Group]) -> Branch | None:
        """Return the first branch still to be shown; the configuration is built around it."""
        for group in groups:
            for branch in group.branches:
                if branch.presence is not False and self._is_pending(branch):
                    return branch
                if (inner := self.target(branch.groups)) is not None:
                    return inner
        return None

    def _is_pending(self, branch: Branch) -> bool:
        return id(branch) not in self.shown and id(branch) not in self._hopeless

    def extend(self, groups: list[Group], configuration: _Configuration) -> None:
        """Choose for every group, nested ones included, a branch that is consistent with the configuration."""
        for group in groups:
            possible = [branch for branch in group.branches if configuration.agrees(branch)]
            fresh = [branch for branch in possible if self.wants(branch)]
            chosen = next(iter(fresh or possible), None)
            configuration.choose(group, chosen)
            if chosen is not None:
                self.shown.add(id(chosen))
                self.extend(chosen.groups, configuration)

    def wants(self, branch: Branch) -> bool:
        """Tell whether the branch, or one inside it, has not been shown and can be compiled at all."""
        if branch.presence is False or id(branch) in self._unwanted:
            return False
        if self._is_pending(branch) or any(self.wants(inner) for group in branch.groups for inner in group.branches):
            return True
        self._unwanted.add(id(branch))
        return False


class _Peek:
    """Preview of the extents that the first variant hides, group by group, before the chunk's end is known."""

    def __init__(self) -> None:
        self._cover = _Cover()
        self._configuration: _Configuration | None = None

    def hidden(self, group: Group) -> list[tuple[int, int]]:
        """Return the extents of the next group that will be hidden, in order."""
        if self._configuration is None:
            target = self._cover.target([group])
            if target is None:
                return [(branch.start, branch.end) for branch in group.branches]
            self._configuration = _Configuration(target)
        before = len(self._configuration.hidden)
        self._cover.extend([group], self._configuration)
        return sorted(self._configuration.hidden[before:])


def variants(lexed: Lexed, conditionals: Conditionals) -> Variants:
    """Return the covering set of variants of one file."""
    cover = _Cover()
    size = len(lexed.source)
    chunks = list(_chunks(lexed, conditionals.groups, cover))
    hidden = [extent for chunk, extents in chunks for extent in extents]
    texts = [blank(lexed.code, sorted(hidden))]
    bytes_left = MAX_FURTHER
    while len(texts) < MAX_VARIANTS and bytes_left > 0:
        hidden, position = [], 0
        for chunk, _ in chunks:
            if bytes_left > 0 and any(cover.wants(branch) for group in chunk.groups for branch in group.branches):
                before = len(cover.shown)
                extents = cover.choose(chunk.groups)
                if len(cover.shown) == before:
                    continue
                hidden += [(position, chunk.start), *extents]
                position = chunk.end
                bytes_left -= chunk.end - chunk.start
        if not position:
            break
        texts.append(blank(lexed.code, merged([*hidden, (position, size)])))
    return Variants(texts, list(_unseen(conditionals.groups, cover)))


def _unseen(groups: list[Group], cover: _Cover) -> Iterator[Branch]:
    for group in groups:
        for branch in group.branches:
            if branch.presence is False:
                continue
            if id(branch) not in cover.shown:
                yield branch
            else:
                yield from _unseen(branch.groups, cover)


def _chunks(lexed: Lexed, groups: list[Group], cover: _Cover) -> Iterator[tuple[VariantChunk, list[tuple[int, int]]]]:
    """Yield each chunk with the extents that the first variant hides in it."""
    bare = lexed.bare
    depth = _Depth()
    position = 0
    pending = list(reversed(groups))
    while pending:
        depth.read(bare, position, pending[-1].start)
        chunk = VariantChunk(depth.boundary, pending[-1].start)
        peek = _Peek()
        while True:
            group = pending.pop()
            chunk.groups.append(group)
            chunk.end = group.end
            following = pending[-1].start if pending else len(bare)
            # The braces in the text of the first variant decide where the chunk ends.
            extents = [(start - group.start, end - group.start) for start, end in peek.hidden(group)]
            shown = blank(bare[group.start : group.end], extents)
            depth.read(shown, 0, len(shown), base=group.start)
            closed = depth.close(bare, group.end, following)
            chunk.end = closed if closed is not None else following
            if closed is not None or not pending:
                break
        yield chunk, cover.choose(chunk.groups)
        position = chunk.end


class _Depth:
    """Brace depth at the reading position, and the end of the last top-level declaration."""

    def __init__(self) -> None:
        self.depth = 0
        self.boundary = 0
        self.between = True
        """True if only white space is between the boundary and the reading position."""

    def read(self, text: bytes, start: int, end: int, base: int = 0) -> None:
        """Read `text[start:end]`; `base` is the text's own offset in the file."""
        # A brace in the first column resets the depth: skip everything before the last one.
        last = text.rfind(b"\n}", max(0, start - 1), end)
        for match in _BOUNDARY.finditer(text, max(start, last), end):
            self._step(text, match, base)
        tail = max(start, self.boundary - base)
        fresh = self.boundary - base > start
        self.between = (self.between or fresh) and not text[tail:end].strip()

    def close(self, text: bytes, start: int, end: int) -> int | None:
        """Return the first offset in `[start, end)` where a top-level declaration ends, or None."""
        if self.depth == 0 and self.between:
            self.boundary = start
            return start
        for match in _BOUNDARY.finditer(text, start, end):
            self._step(text, match, 0)
            if self.depth == 0 and self.boundary == match.end():
                semicolon = _SEMICOLON.match(text, match.end(), end)
                self.boundary = semicolon.end() if semicolon else match.end()
                self.between = True
                return self.boundary
        return None

    def _step(self, text: bytes, match: re.Match[bytes], base: int) -> None:
        symbol = match.group()
        if symbol == b"{":
            self.depth += 1
        elif symbol == b"}":
            # In all of these projects a brace in the first column closes a top-level declaration,
            # even after an unbalanced conditional.
            first_column = text[match.start() - 1 : match.start()] in {b"\n", b""}
            self.depth = 0 if first_column else max(0, self.depth - 1)
        if self.depth == 0 and symbol != b"{":
            self.boundary = base + match.end()
