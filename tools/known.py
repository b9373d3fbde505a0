"""Renews the file of findings that are known upstream, from the trees of `make corpus` (`make known`).

An entry is recognised by code, subject, tree, path and, if it gives one, architecture. Fingerprints, severity and
parts are renewed, since they change with the rules. An entry that matches no finding is named: its rule has changed,
or its verdict is void.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path

from caplint.config.settings import Config
from caplint.engine.check import check
from caplint.engine.upstream import SHIPPED, read, render
from caplint.findings.finding import SEVERITIES, Finding
from caplint.findings.known import UpstreamEntry
from caplint.rules.page import load
from caplint.trees.detect import directory_tree
from caplint.trees.tree import Tree
from caplint.util import shipped_files
from caplint.util.errors import CaplintError

CORPUS = Path(__file__).parents[1] / ".corpus"
PAIRS = [(linux, qemu) for linux in ("linux-6.12", "linux-6.1") for qemu in ("qemu-10.0", "qemu-7.2")]
Found = tuple[str, Finding]
"""Role of a finding's tree, and the finding."""


def main(arguments: list[str] | None = None) -> int:
    """Compare or renew the file; return 1 if it is not up to date, or if an entry matches nothing."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", action="store_true", help="write the renewed file")
    parser.add_argument("--prune", action="store_true", help="with --write: leave out entries that match nothing")
    parser.add_argument("--file", type=Path, default=SHIPPED, help="default: the shipped file")
    options = parser.parse_args(arguments)
    try:
        entries = read(options.file)
        findings = [found for pair in PAIRS for found in _findings([CORPUS / name for name in pair])]
    except CaplintError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    renewed = [renew(entry, findings) for entry in entries]
    void = [entry for entry in renewed if not entry.fingerprints]
    for entry in void:
        print(f"matches nothing: {entry}")
    for finding in unknown(renewed, findings):
        print(
            f"not listed: {finding.severity} {finding.code} {finding.subject} ({finding.place.path}): {finding.message}"
        )
    kept = [entry for entry in renewed if entry.fingerprints] if options.prune else renewed
    text = render(kept)
    current = options.file.read_text("utf-8") == text
    if options.write:
        options.file.write_text(text, "utf-8")
    print(
        f"{len(kept)} entries, {len(void)} of all match nothing"
        + ("" if current or options.write else "; not up to date")
    )
    return int(not (current or options.write) or (bool(void) and not options.prune))


def _findings(places: Iterable[Path]) -> Iterator[Found]:
    trees: list[Tree] = [directory_tree(str(place)) for place in places]
    roles = {tree.name: tree.role for tree in trees}
    for finding in check(trees, load([shipped_files.RULES]), Config()).findings:
        yield roles[finding.place.tree], finding


def _is_about(entry: UpstreamEntry, role: str, finding: Finding) -> bool:
    place = (finding.code, finding.subject, role, finding.place.path)
    return place == (entry.code, entry.subject, entry.tree, entry.path) and entry.arch in {None, finding.arch}


def renew(entry: UpstreamEntry, findings: Iterable[Found]) -> UpstreamEntry:
    """Return the entry with the fingerprints, the worst severity and the parts of the findings that it is about."""
    same = [finding for role, finding in findings if _is_about(entry, role, finding)]
    return replace(
        entry,
        fingerprints=tuple(sorted({finding.fingerprint for finding in same})),
        severity=min((finding.severity for finding in same), key=SEVERITIES.index, default=entry.severity),
        parts=tuple(sorted({part for finding in same for part in finding.parts})),
    )


def unknown(entries: Iterable[UpstreamEntry], findings: Iterable[Found]) -> list[Finding]:
    """Return the errors and warnings that no entry lists, each once."""
    listed = {text for entry in entries for text in entry.fingerprints}
    found = {finding.fingerprint: finding for _, finding in findings if finding.severity != "note"}
    return [finding for text, finding in found.items() if text not in listed]


if __name__ == "__main__":
    sys.exit(main())
