"""MSRs of each capability, with the evidence."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator

from caplint.knowledge.capability_names import PREFIX
from caplint.knowledge.load import knowledge
from caplint.link.core.rows import insert
from caplint.link.msr.rows import CapMsrRow

_CAP_PREFIX = re.compile(rf"{PREFIX}(?:X86_)?(?:MSR_)?")
_MSR_PREFIX = re.compile(r"MSR_(?:IA32_|AMD64_|KVM_)?")


def link_cap_msrs(connection: sqlite3.Connection) -> None:
    """Fill `all_cap_msr`. MSRs have the names that their handlers use."""
    sites = connection.execute(
        "SELECT DISTINCT side, tree, msr, number FROM temp.all_msr_site WHERE msr = high ORDER BY 1, 2, 3"
    ).fetchall()
    by_tree: dict[tuple[str, str], dict[str, int | None]] = {}
    for side, tree, msr, number in sites:
        by_tree.setdefault((side, tree), {})[msr] = number
    for (side, tree), numbers in by_tree.items():
        caps = [name for (name,) in connection.execute(
            "SELECT DISTINCT name FROM temp.all_cap WHERE side = ? AND tree = ? AND header = 'uapi' ORDER BY 1",
            (side, tree),
        )]  # fmt: skip
        pairs = {
            (cap, msr, "config") for cap in caps for msr in knowledge().msr.capabilities.get(cap, ()) if msr in numbers
        }
        pairs |= {(cap, msr, "name") for cap, msr in _by_name(caps, numbers)}
        pairs |= {(cap, msr, "state") for cap, msr in _by_state(connection, side, tree) if msr in numbers}
        pairs |= {(cap, msr, "doc") for cap, msr in _by_section(connection, side, tree) if msr in numbers}
        if side == "now":
            pairs |= {(cap, msr, "patch") for cap, msr in _by_patch(connection, tree)}
        insert(
            connection,
            "all_cap_msr",
            [
                CapMsrRow(side=side, tree=tree, cap=cap, msr=msr, number=numbers.get(msr), evidence=evidence)
                for cap, msr, evidence in sorted(pairs)
            ],
        )


def _by_name(caps: list[str], numbers: dict[str, int | None]) -> Iterator[tuple[str, str]]:
    bare = {_MSR_PREFIX.sub("", msr, count=1): msr for msr in sorted(numbers) if msr.startswith("MSR_")}
    for cap in caps:
        if msr := bare.get(_CAP_PREFIX.sub("", cap, count=1)):
            yield cap, msr


def _by_state(connection: sqlite3.Connection, side: str, tree: str) -> list[tuple[str, str]]:
    """Pair capabilities with MSRs whose handler reads a member that enabling writes."""
    return connection.execute(
        """SELECT DISTINCT s.cap, g.msr FROM temp.all_cap_state s
           JOIN temp.all_msr_site g ON g.side = s.side AND g.tree = s.tree AND g.msr = g.high
           JOIN temp.all_msr_gate t ON t.site = g.id AND t.member = s.member
           WHERE s.side = ? AND s.tree = ? AND s.arch = ? AND s.target LIKE '%arch%' ORDER BY 1, 2""",
        (side, tree, knowledge().msr.architecture),
    ).fetchall()


def _by_section(connection: sqlite3.Connection, side: str, tree: str) -> list[tuple[str, str]]:
    """Pair capabilities with the only MSR named in their section of api.rst; several MSRs are mostly examples.

    A section is told by the line of its heading: two of them may have the same number.
    """
    return connection.execute(
        """WITH mention AS MATERIALIZED (
               SELECT d.name, d.heading, d.pattern, d.blob,
                      (SELECT max(s.line) FROM main.doc_section s WHERE s.blob = d.blob AND s.line <= d.line) AS begin
               FROM temp.all_file f JOIN main.doc_mention d ON d.blob = f.blob
               WHERE f.side = ?1 AND f.tree = ?2 AND f.api AND (d.heading OR d.name GLOB 'MSR_*')
           )
           SELECT DISTINCT c.name, m.name
           FROM mention c JOIN mention m ON m.blob = c.blob AND m.begin = c.begin
           WHERE c.heading
             AND (NOT c.pattern OR c.name IN (SELECT name FROM temp.all_cap WHERE side = ?1 AND tree = ?2))
             AND c.name GLOB 'KVM_CAP_*' AND m.name GLOB 'MSR_*' AND m.name NOT GLOB 'MSR_*_MASK'
           GROUP BY c.name, c.blob, c.begin HAVING count(DISTINCT m.name) = 1 ORDER BY 1, 2""",
        (side, tree),
    ).fetchall()


def _by_patch(connection: sqlite3.Connection, tree: str) -> list[tuple[str, str]]:
    """Pair the only capability that a patch adds with each MSR whose handler it adds."""
    caps = connection.execute(
        """SELECT DISTINCT c.name FROM temp.all_cap c
           JOIN temp.changed_line l ON l.tree = c.tree AND l.path = c.path AND l.line = c.line
           WHERE c.side = 'now' AND c.tree = ?1 AND c.header = 'uapi'
             AND c.name NOT IN (SELECT name FROM temp.all_cap WHERE side = 'base' AND tree = ?1)""",
        (tree,),
    ).fetchall()
    msrs = connection.execute(
        """SELECT DISTINCT g.msr FROM temp.all_msr_site g
           JOIN temp.changed_line l ON l.tree = g.tree AND l.path = g.path AND l.line = g.line
           WHERE g.side = 'now' AND g.tree = ?1 AND g.msr = g.high
             AND g.msr NOT IN (SELECT msr FROM temp.all_msr_site WHERE side = 'base' AND tree = ?1)""",
        (tree,),
    ).fetchall()
    return [(cap, msr) for (cap,) in caps for (msr,) in msrs] if len(caps) == 1 else []
