"""Refuses unknown bits of an argument of KVM_ENABLE_CAP, where a mask of the known ones is at hand."""

from __future__ import annotations

import re

from caplint.findings.finding import Finding
from caplint.findings.fix import Fix
from caplint.fixes.handler_case import handler_case, in_case, statements
from caplint.fixes.workbench import Proposals, Workbench

# An argument of a released kernel that accepts anything has to go on doing so.
_ARGUMENTS = """
    SELECT a.line, a.first_line, a.position, a.arch, a.use
    FROM cap_argument a JOIN tree t ON t.name = a.tree AND t.patched
    WHERE a.tree = ? AND a.path = ? AND a.function = ? AND a.cap = ? AND a.line = ? AND a.validated = 0
      AND NOT EXISTS (SELECT 1 FROM base_cap_argument b WHERE b.tree = a.tree AND b.cap = a.cap AND b.arch = a.arch
                      AND b.scope = a.scope AND b.position = a.position AND b.validated IS NOT 1)
"""
_LABELS = "SELECT DISTINCT cap FROM cap_argument WHERE tree = ? AND path = ? AND function = ? AND first_line = ?"
_FORMER = """
    SELECT DISTINCT mask FROM base_cap_argument
    WHERE tree = ? AND cap = ? AND arch = ? AND position = ? AND (use = 'passed') = (? = 'passed')
      AND validated = 1 AND mask IS NOT NULL
"""
_ANSWERED = (
    "SELECT DISTINCT text FROM cap_mask WHERE tree = ? AND cap = ? AND arch = ? AND verb = 'check' AND value > 0"
)
# Names that the whole file can use: macros, and the members in which KVM on x86 keeps what it supports.
_NAME = r"(?:[A-Z][A-Z0-9_]*|kvm_caps\.\w+)"
_MASK = re.compile(rf"{_NAME}(?: \| {_NAME})+|(?=\S*(?:MASK|VALID|FLAGS|BITS|SUPPORTED|supported)){_NAME}")


def propose(findings: list[Finding], bench: Workbench) -> Proposals:
    """Propose a refusal of all bits but the known ones: those tested before the patch, or those that the check answers.

    Where a case neither stores an argument nor hands it on, the bits that it asks for are the known ones. Values that
    are no sets of bits, and the flags of ioctls, are left to people.
    """
    for finding in findings:
        place = (finding.place.tree, finding.place.path)
        rows = bench.rows(_ARGUMENTS, *place, finding.function, finding.subject, finding.place.line)
        own = [row for row in rows if f"args[{row[2]}] is " in finding.message] if len(rows) > 1 else rows
        if len(own) != 1:
            continue
        line, first, position, arch, use = own[0]
        case = handler_case(bench, place, first, line)
        if case is None:
            continue
        caps = [cap for (cap,) in bench.rows(_LABELS, *place, finding.function, first)]
        masks = {_mask(bench, (place[0], cap, arch), position, use) for cap in caps}
        if masks == {None} and use == "tested":
            masks = {_taken_apart(statements(bench, case), f"{case.request}args[{position}]")}
        mask = masks.pop() if len(masks) == 1 else None
        if mask is None:
            continue
        known = f"({mask})" if " " in mask else mask
        condition = f"{case.request}args[{position}] & ~{known}"
        edit = in_case(bench, case, condition)
        if edit is not None:
            yield finding, Fix(f"refuse all bits of args[{position}] but {mask}", (edit,))


def _mask(bench: Workbench, subject: tuple[str, str, str], position: int, use: str) -> str | None:
    """Return the valid bits of a capability (tree, name, architecture), as C; None if they are not known."""
    former = bench.rows(_FORMER, *subject, position, use)
    if not former and position == 0 and use in {"stored", "tested"}:
        former = bench.rows(_ANSWERED, *subject)
    text = former[0][0].removesuffix(" | 0") if len(former) == 1 else ""
    return text if _MASK.fullmatch(text) else None


def _taken_apart(lines: list[str], value: str) -> str | None:
    """Return the bits that a case asks for one by one, as C; None if it does anything else with the value."""
    asked = re.findall(rf"{re.escape(value)} & ({_NAME})(?=\))", "\n".join(lines))
    names = list(dict.fromkeys(asked))
    return " | ".join(names) if names and len(asked) == sum(line.count(value) for line in lines) else None
