"""Removes an MSR from the list of a vendor whose module does not serve it."""

from __future__ import annotations

import re

from caplint.findings.finding import Finding
from caplint.findings.fix import Fix, LineEdit
from caplint.fixes.workbench import Proposals, Workbench

_REFUSING = """
    SELECT s.vendor, s.filter, s.unread = s.listed AND s.unwritten = s.listed
    FROM msr_service s JOIN tree t ON t.name = s.tree AND t.patched
    WHERE s.tree = ? AND s.path = ? AND s.line = ? AND s.column = ? AND s.msr = ? AND s.filter <> ''
      AND (possible('x86', s.unread, s.tree) OR possible('x86', s.unwritten, s.tree))
"""
# Another vendor that lists the register, and serves it.
_SERVING = """
    SELECT count(*) FROM msr_service s
    WHERE s.tree = ? AND s.path = ? AND s.line = ? AND s.column = ? AND s.msr = ? AND s.vendor <> ?
      AND NOT possible('x86', s.unread, s.tree) AND NOT possible('x86', s.unwritten, s.tree)
"""
_SERVED = """
    SELECT count(*) FROM msr_get g JOIN msr_set s ON s.tree = g.tree AND s.number = g.number
    WHERE g.tree = ? AND g.msr = ? AND g.path NOT LIKE ? AND s.path NOT LIKE ?
"""
_DEFINED = "SELECT f.path, d.line FROM file f JOIN main.function d ON d.blob = f.blob WHERE f.tree = ? AND d.name = ?"
_PARAMETER = re.compile(r"[^()]*\(struct kvm \*\w+, u32 (\w+)\)")
_LABEL = re.compile(r"\tcase [^?:]+:")
_COMPARED = re.compile(r"\treturn (\w+ != \w+(?: && \w+ != \w+)*);")
_MOST_LINES = 100


def propose(findings: list[Finding], bench: Workbench) -> Proposals:
    """Propose a label, or a comparison, in the vendor's `has_emulated_msr`.

    Only where the vendor's module neither reads nor writes the register, and code of the other one does both. A
    register that one of the two accesses reaches may lack a case, which only people know.
    """
    for finding in findings:
        place = finding.place
        key = (place.tree, place.path, place.line, place.column, finding.subject)
        refusing = bench.rows(_REFUSING, *key)
        if len(refusing) != 1 or not refusing[0][2]:
            continue
        vendor, name, _ = refusing[0]
        foreign = f"%/{vendor}/%"
        served = bench.rows(_SERVING, *key, vendor) != [(0,)]
        if not served and bench.rows(_SERVED, place.tree, finding.subject, foreign, foreign) == [(0,)]:
            continue
        defined = bench.rows(_DEFINED, place.tree, name)
        edit = _edit(bench, (place.tree, defined[0][0]), defined[0][1], finding.subject) if len(defined) == 1 else None
        if edit is not None:
            yield finding, Fix(f"leave it out in {name}()", (edit,))


def _edit(bench: Workbench, place: tuple[str, str], line: int, msr: str) -> LineEdit | None:
    """Return the edit that makes the function at a line deny a register; None if the function has another form."""
    head = _PARAMETER.match(bench.line(*place, line) or "")
    if head is None or bench.line(*place, line + 1) != "{":
        return None
    for number in range(line + 2, line + _MOST_LINES):
        text = bench.line(*place, number)
        if text is None or text == "}":
            return None
        if text == f"\tswitch ({head[1]}) {{":
            return _label(bench, place, number + 1, msr)
        compared = _COMPARED.fullmatch(text)
        if compared and f"{head[1]} !=" in text:
            return bench.replaced(*place, number, [f"\treturn {compared[1]} && {head[1]} != {msr};"])
        if text == "\treturn true;":
            return bench.replaced(*place, number, [f"\treturn {head[1]} != {msr};"])
        if not re.fullmatch(r"\s*(?:/?\*.*)?", text):
            return None
    return None


def _label(bench: Workbench, place: tuple[str, str], start: int, msr: str) -> LineEdit | None:
    """Return the edit that adds a label to those of a switch that lead straight to `return false`."""
    for number in range(start, start + _MOST_LINES):
        text = bench.line(*place, number) or "}"
        below = bench.line(*place, number + 1) or ""
        if re.fullmatch(r"\t\t/\*[^*]*\*/", below):
            below = bench.line(*place, number + 2) or ""
        if text.startswith(("}", "\t}")):
            return None
        if _LABEL.fullmatch(text) and below == "\t\treturn false;":
            return bench.replaced(*place, number, [text, f"\tcase {msr}:"])
    return None
