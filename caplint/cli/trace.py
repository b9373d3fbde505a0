"""caplint trace"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path

from caplint.cli.exit_codes import CLEAN
from caplint.cli.options import add_output_format, add_trees, config_of, progress, trees_of, write_output
from caplint.machine.strace_file import read_log
from caplint.machine.strace_log import StraceLog, TracedRequest
from caplint.session import open_session

_COLUMNS = ["cap", "verb", "scope", "times", "answers", "log_line", "remark", "sites"]
_NAMES = "SELECT name, min(number) FROM cap WHERE number IS NOT NULL AND header IN ('uapi', 'vmm') GROUP BY name"
_SITES = """
    SELECT cap, iif(verb = 'enable', verb, 'check') AS verb, path || ':' || line FROM (
        SELECT cap, verb, path, line FROM vmm_check UNION SELECT cap, verb, path, line FROM vmm_enable)
    ORDER BY cap, path, line
"""
_MOST_SITES = 5


def add(parser: argparse.ArgumentParser) -> None:
    """Add the command's options."""
    parser.add_argument(
        "file", metavar="FILE", type=Path, help="log of `strace -f -y -e trace=ioctl,openat,close -o FILE` of a VMM"
    )
    add_trees(parser)
    add_output_format(parser, "trace")


def run(options: argparse.Namespace) -> int:
    """Show which capabilities a VMM asked for and enabled while it was traced, beside the sites in its source."""
    log = read_log(options.file)
    config = config_of(options)
    with progress() as show:
        session = open_session(trees_of(options, config), config, show)
    try:
        names = {number: name for name, number in session.connection.execute(_NAMES)}
        sites: dict[tuple[str, str], list[str]] = {}
        for cap, verb, place in session.connection.execute(_SITES):
            sites.setdefault((cap, verb), []).append(place)
    finally:
        session.store.close()
    write_output((_COLUMNS, list(_rows(log, names, sites))), "trace", options)
    return CLEAN


def _rows(
    log: StraceLog, names: dict[int, str], sites: dict[tuple[str, str], list[str]]
) -> Iterator[tuple[object, ...]]:
    named = [(_name(request.cap, names), request) for request in log.requests.values()]
    checked: dict[str, int] = {}
    for cap, request in named:
        if request.verb == "check":
            checked[cap] = min(checked.get(cap, request.first), request.first)
    for cap, request in named:
        places = sites.get((cap, request.verb), [])
        yield (
            cap, request.verb, request.scope, request.times, ", ".join(request.answers), request.first,
            _remark(cap, request, checked.get(cap), known=bool(places)), _joined(places),
        )  # fmt: skip
    hidden = any(verb == "enable" and not cap for cap, verb, _ in log.requests)
    seen = {(cap, request.verb) for cap, request in named}
    for (cap, verb), places in sites.items():
        if (cap, verb) not in seen:
            remark = "not seen; strace does not show what is enabled" if hidden and verb == "enable" else "not traced"
            yield cap, verb, "", 0, "", None, remark, _joined(places)
    if log.unread:
        yield "", "", "", log.unread, "", None, "lines with requests that are cut off or not understood", ""


def _name(cap: str, names: dict[int, str]) -> str:
    return names.get(int(cap, 0), cap) if cap[:1].isdigit() else cap


def _remark(cap: str, request: TracedRequest, checked: int | None, *, known: bool) -> str:
    if not cap:
        return "strace does not show the capability"
    if request.verb == "enable" and checked is None:
        return "enabled, and never checked"
    if request.verb == "enable" and checked is not None and checked > request.first:
        return f"enabled before it is checked in line {checked}"
    return "" if known else "no site in the source that was read"


def _joined(places: list[str]) -> str:
    more = f" and {len(places) - _MOST_SITES} more" if len(places) > _MOST_SITES else ""
    return ", ".join(places[:_MOST_SITES]) + more
