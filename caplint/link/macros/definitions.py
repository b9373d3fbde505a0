"""Definitions of macros at a location: the file's own, or those of headers that it can see."""

from __future__ import annotations

import re
import sqlite3
from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations
from operator import attrgetter

from caplint.c.expression import parse
from caplint.c.formula import Formula, conjunction, satisfiable
from caplint.knowledge.load import GENERIC
from caplint.link.macros.includes import Includes
from caplint.values.macro_text import Definition

_WORD = re.compile(r"[A-Za-z_]\w*")
_CASE = re.compile(r"\b(?:case\b[^;:?]*|default\s*):")
# Most variants of one invocation, by presence condition.
MAX_CHOICES = 8
# Maximum number of definitions of a name in a file that are read, backwards from a site.
_MOST_EVENTS = 200
_BRACES = re.compile(r"[{}]")


class UnknownDefinitionError(Exception):
    """Error for a macro without a definition that can be used; the message gives the reason."""


@dataclass(frozen=True, slots=True)
class MacroSite:
    """Location of a macro's use or of an `#include`, with its presence condition."""

    path: str
    arch: str | None
    line: int
    condition: str


@dataclass(frozen=True, slots=True)
class _Event:
    """`#define`, or `#undef` if it has no definition."""

    path: str
    arch: str | None
    line: int
    condition: str
    definition: Definition | None


@dataclass(frozen=True, slots=True)
class Choice:
    """Definition with the condition under which it applies."""

    condition: Formula
    definition: Definition


class Definitions:
    """Function-like macros of one tree, and object-like ones that only name another macro."""

    def __init__(self, connection: sqlite3.Connection, side: str, tree: str, includes: Includes) -> None:
        self._events: dict[str, list[_Event]] = {}
        for name, event in _events(connection, side, tree):
            self._events.setdefault(name, []).append(event)
        self._forget(connection, includes)
        taking = {name for name, events in self._events.items() if any(_takes_arguments(event) for event in events)}
        self._events = {
            name: [event for event in events if _is_useful(event, taking)]
            for name, events in self._events.items()
        }  # fmt: skip
        self._headers: dict[tuple[str, str, str | None], list[_Event]] = {}
        self._makers: dict[str, tuple[str, ...]] = {}
        self._defining = {event.path for events in self._events.values() for event in events}
        self.names = {name for name, events in self._events.items() if any(event.definition for event in events)}

    def _forget(self, connection: sqlite3.Connection, includes: Includes) -> None:
        """Add an `#undef` behind each `#include` of a file that leaves a macro undefined."""
        undefined_in: dict[str, set[str]] = {}
        for name, events in self._events.items():
            for path in {event.path for event in events if event.definition is None}:
                if [event for event in events if event.path == path][-1].definition is None:
                    undefined_in.setdefault(path, set()).add(name)
        for path, (arch, blob) in includes.files.items():
            for included, line in connection.execute("SELECT path, line FROM main.include WHERE blob = ?", (blob,)):
                for name in undefined_in.get(includes.resolved(path, included) or "", ()):
                    self._events[name].append(_Event(path, arch, line, "1", None))
        for events in self._events.values():
            events.sort(key=lambda event: (event.path, event.line))

    @cached_property
    def case_makers(self) -> set[str]:
        """Names of macros that expand to `case` labels, directly or through other macros."""
        makers: set[str] = set()
        bodies = [
            (name, set(_WORD.findall(event.definition.body)), _makes_labels(event.definition.body))
            for name, events in self._events.items() for event in events if event.definition
        ]  # fmt: skip
        while True:
            more = {name for name, words, makes in bodies if makes or words & makers} - makers
            if not more:
                return makers
            makers |= more

    def at(self, name: str, site: MacroSite) -> list[Choice]:
        """Return the definition in force, or one per presence condition. Raise `UnknownDefinitionError` without any."""
        events = self._events.get(name, [])
        return _choices(name, _own(events, site) or self._of_headers(name, site), site)

    def _of_headers(self, name: str, site: MacroSite) -> list[_Event]:
        key = (name, site.path, site.arch)
        if key not in self._headers:
            self._headers[key] = _of_headers(self._events.get(name, []), site)
        return self._headers[key]

    def defines(self, path: str) -> bool:
        """Tell whether a file itself defines any macro of this collection."""
        return path in self._defining

    def own(self, name: str, site: MacroSite) -> list[Definition]:
        """Return the file's own definitions of a macro above the site."""
        return [event.definition for event in _own(self._events.get(name, []), site) if event.definition]

    def defined_before(self, name: str, site: MacroSite) -> bool:
        """Tell whether the file itself defines the macro above the site."""
        return bool(_own(self._events.get(name, []), site))

    def closures(self, names: set[str], site: MacroSite) -> list[tuple[Formula, dict[str, Definition]]]:
        """Return the macros, and the code-making macros in their bodies, for each condition under which they differ.

        Raise `UnknownDefinitionError` for a macro without a definition, or with more than `MAX_CHOICES` variants.
        """
        complete: list[tuple[Formula, dict[str, Definition]]] = []
        pending: list[tuple[Formula, dict[str, Definition], set[str]]] = [(parse(site.condition), {}, set(names))]
        while pending:
            condition, definitions, wanted = pending.pop()
            missing = sorted(wanted - definitions.keys())
            if not missing:
                complete.append((condition, dict(sorted(definitions.items()))))
                continue
            for choice in self.at(missing[0], site):
                both = conjunction([condition, choice.condition])
                if satisfiable(both):
                    more = set(self.makers_in(choice.definition.body))
                    pending.append((both, {**definitions, missing[0]: choice.definition}, wanted | more))
            if len(pending) + len(complete) > MAX_CHOICES:
                raise UnknownDefinitionError(f"{missing[0]} and others are defined in more than {MAX_CHOICES} ways")
        return complete

    def makers_in(self, body: str) -> tuple[str, ...]:
        """Return the macros in a body that expand to code: labels anywhere, declarations only outside braces."""
        if body not in self._makers:
            self._makers[body] = tuple(self._makers_in(body))
        return self._makers[body]

    def _makers_in(self, body: str) -> Iterator[str]:
        depth, position = 0, 0
        for brace in [*_BRACES.finditer(body), None]:
            for word in _WORD.findall(body, position, brace.start() if brace else len(body)):
                if word in self.names and (depth == 0 or word in self.case_makers):
                    yield word
            if brace:
                depth += 1 if brace.group() == "{" else -1
                position = brace.end()


def _events(connection: sqlite3.Connection, side: str, tree: str) -> Iterator[tuple[str, _Event]]:
    rows = connection.execute(
        """SELECT m.name, f.path, f.arch, m.line, c.text, m.parameters, m.body, 1
           FROM temp.all_file f JOIN main.macro m ON m.blob = f.blob JOIN main.condition c ON c.id = m.condition
           WHERE f.side = :side AND f.tree = :tree AND (m.parameters IS NOT NULL OR m.body GLOB '[A-Za-z_]*')
             AND length(m.body) < 2000
           UNION ALL
           SELECT u.name, f.path, f.arch, u.line, c.text, NULL, '', 0
           FROM temp.all_file f JOIN main.undefinition u ON u.blob = f.blob JOIN main.condition c ON c.id = u.condition
           WHERE f.side = :side AND f.tree = :tree
           ORDER BY 2, 4""",
        {"side": side, "tree": tree},
    )
    for name, path, arch, line, condition, parameters, body, defines in rows:
        definition = Definition.of(parameters, body) if defines else None
        yield name, _Event(path, arch, line, condition, definition)


def _makes_labels(body: str) -> bool:
    """Tell whether a body holds a label of a switch outside the body."""
    return bool(_CASE.search(body.partition("switch")[0]))


def _takes_arguments(event: _Event) -> bool:
    return event.definition is not None and event.definition.parameters is not None


def _is_useful(event: _Event, taking: set[str]) -> bool:
    definition = event.definition
    return definition is None or definition.parameters is not None or definition.body in taking


def _own(events: list[_Event], site: MacroSite) -> list[_Event]:
    """Return the file's own definitions above the site that no later `#undef` removes."""
    live: list[_Event] = []
    last = bisect_left(events, (site.path, site.line), key=attrgetter("path", "line"))
    for event in reversed(events[max(0, last - _MOST_EVENTS) : last]):
        if event.path != site.path or event.definition is None:
            break
        live.append(event)
        if event.condition == "1":
            break
    return live[::-1]


def _of_headers(events: list[_Event], site: MacroSite) -> list[_Event]:
    """Return the definitions left by headers that code of the site's architecture may include."""
    live: dict[str, list[_Event]] = {}
    for event in events:
        fits = event.arch in {None, GENERIC, site.arch} or site.arch in {None, GENERIC}
        if event.path == site.path or event.path.endswith(".c") or not fits:
            continue
        if event.definition is None:
            live.pop(event.path, None)
        else:
            live.setdefault(event.path, []).append(event)
    return [event for definitions in live.values() for event in definitions]


def _choices(name: str, events: list[_Event], site: MacroSite) -> list[Choice]:
    """Return the one definition that all events agree on, or several with exclusive conditions."""
    definitions = dict.fromkeys(event.definition for event in events if event.definition)
    if not definitions:
        raise UnknownDefinitionError(f"{name} is not defined in the files that were read")
    if len(definitions) == 1:
        return [Choice(True, next(iter(definitions)))]
    if len(events) > _MOST_EVENTS:
        raise UnknownDefinitionError(f"{name} is defined in {len(definitions)} ways")
    choices = [Choice(parse(event.condition), event.definition) for event in events if event.definition]
    for left, right in combinations(choices, 2):
        if left.definition != right.definition and satisfiable(conjunction([left.condition, right.condition])):
            raise UnknownDefinitionError(f"{name} is defined in {len(definitions)} ways")
    here = parse(site.condition)
    return [choice for choice in choices if satisfiable(conjunction([here, choice.condition]))]
