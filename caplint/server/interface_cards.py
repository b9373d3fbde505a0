"""Cards of ioctls and MSRs."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from typing import Any

from caplint.server.messages import NameCard

_MOST = 6
"""Maximum number of places in one line of a card."""

_IOCTL_NUMBER = """
    SELECT value, argument, size, group_concat(DISTINCT arch) FROM ioctl_number
    WHERE name = ? AND role <> 'reference' GROUP BY value, argument, size ORDER BY count(*) DESC
"""
_IOCTL_CASES = """
    SELECT coalesce(arch, 'generic'), coalesce(scope, ''), tree, path, line FROM ioctl_case WHERE ioctl = ?
    ORDER BY arch <> 'generic', arch, path, line
"""
_IOCTL_SECTIONS = """
    SELECT s.number, s.title, f.tree, f.path, s.line FROM file f JOIN main.doc_section s ON s.blob = f.blob
    WHERE f.role = 'kernel' AND s.title = ? ORDER BY f.path, s.line
"""
_IOCTL_CAPABILITIES = "SELECT DISTINCT cap FROM ioctl_capability WHERE ioctl = ? ORDER BY cap"
_IOCTL_USES = """
    SELECT tree, path, line FROM all_vmm_ioctl WHERE side = 'now' AND ioctl = ? ORDER BY tree, path, line
"""
_MSR_DEFINED = (
    "SELECT number, tree, path, line FROM all_msr WHERE side = 'now' AND name = ? ORDER BY role <> 'kernel', path"
)
_MSR_SITES = """
    SELECT verb, tree, path, line FROM all_msr_site
    WHERE side = 'now' AND (msr = :name OR number <= :number AND last >= :number) ORDER BY verb, path, line
"""
_MSR_LISTS = """
    SELECT list, tree, path, line FROM all_msr_saved WHERE side = 'now' AND (msr = :name OR number = :number)
    ORDER BY list, path, line
"""
_MSR_PASSED = "SELECT tree, path, line FROM all_msr_passthrough WHERE side = 'now' AND msr = ? ORDER BY path, line"
_MSR_CAPABILITIES = "SELECT DISTINCT cap FROM cap_msr WHERE msr = :name OR number = :number ORDER BY cap"
_MSR_USES = """
    SELECT verb, tree, path, line FROM all_vmm_msr
    WHERE side = 'now' AND (msr = :name OR number <= :number AND last >= :number) ORDER BY verb, tree, path, line
"""
_Place = tuple[str, str, int]


def ioctl_card(connection: sqlite3.Connection, name: str) -> NameCard | None:
    """Return the card of an ioctl; None if no header defines it and no handler has a case for it."""
    numbers = connection.execute(_IOCTL_NUMBER, (name,)).fetchall()
    cases = connection.execute(_IOCTL_CASES, (name,)).fetchall()
    if not numbers and not cases:
        return None
    return NameCard(f"{name} (ioctl)", list(_ioctl_lines(connection, name, numbers, cases)))


def _ioctl_lines(
    connection: sqlite3.Connection, name: str, numbers: list[tuple[int, str, int, str]], cases: list[tuple[str, ...]]
) -> Iterator[tuple[str, str]]:
    for value, argument, size, architectures in numbers:
        where = f", on {architectures.replace(',', ', ')}" if len(numbers) > 1 and architectures else ""
        yield "number", f"{value:#x}" + (f", argument {argument} of {size} bytes" if argument else "") + where
    handled: dict[tuple[str, str], list[_Place]] = {}
    for arch, scope, tree, path, line in cases:
        handled.setdefault((arch, scope), []).append((tree, path, int(line)))
    for (arch, scope), places in handled.items():
        yield arch, f"handled{' on the ' + scope + ' descriptor' if scope else ''} ({places_text(places)})"
    if not cases:
        yield "kernel", "no handler has a case for it"
    for number, title, *place in connection.execute(_IOCTL_SECTIONS, (name,)):
        yield "documentation", f"{number or ''} {title} ({places_text([_place(place)])})".strip()
    yield from _names("needs", connection.execute(_IOCTL_CAPABILITIES, (name,)))
    yield from _used("issued in VMMs", connection.execute(_IOCTL_USES, (name,)))


def msr_card(connection: sqlite3.Connection, name: str) -> NameCard | None:
    """Return the card of an MSR; None if no header defines it."""
    defined = connection.execute(_MSR_DEFINED, (name,)).fetchall()
    if not defined:
        return None
    number = next((row[0] for row in defined if row[0] is not None), None)
    title = f"{name} = {'a number that is not computed' if number is None else f'{number:#x}'} (MSR)"
    return NameCard(title, list(_msr_lines(connection, {"name": name, "number": number})))


def _msr_lines(connection: sqlite3.Connection, asked: dict[str, str | int | None]) -> Iterator[tuple[str, str]]:
    sites = list(_by_word(connection.execute(_MSR_SITES, asked)))
    for verb, places in sites:
        yield {"get": "read in", "set": "written in", "feature": "feature in"}.get(verb, verb), places_text(places)
    if not sites:
        yield "kernel", "no handler names it"
    for name, places in _by_word(connection.execute(_MSR_LISTS, asked)):
        yield "listed in", f"{name} ({places_text(places)})"
    yield from _used("passed through", connection.execute(_MSR_PASSED, (asked["name"],)))
    yield from _names("capabilities", connection.execute(_MSR_CAPABILITIES, asked))
    for verb, places in _by_word(connection.execute(_MSR_USES, asked)):
        yield {"get": "VMMs read", "put": "VMMs write"}.get(verb, verb), places_text(places)


def _by_word(rows: Iterable[tuple[str, str, str, int]]) -> Iterator[tuple[str, list[_Place]]]:
    """Yield the places by the word of their rows, in the order of the first of each."""
    found: dict[str, list[_Place]] = {}
    for word, *place in rows:
        found.setdefault(word, []).append(_place(place))
    yield from found.items()


def _names(label: str, rows: Iterable[tuple[str]]) -> Iterator[tuple[str, str]]:
    if names := [name for (name,) in rows]:
        yield label, ", ".join(names)


def _used(label: str, rows: Iterable[_Place]) -> Iterator[tuple[str, str]]:
    if places := list(rows):
        yield label, places_text(places)


def _place(row: list[Any]) -> _Place:
    tree, path, line = row
    return str(tree), str(path), int(line)


def places_text(places: list[_Place]) -> str:
    """Return places as text, the first few of them."""
    shown = [f"{tree}:{path}:{line}" for tree, path, line in places[:_MOST]]
    return ", ".join(shown) + (f" and {len(places) - _MOST} more" if len(places) > _MOST else "")
