"""Adds the fields that a section of api.rst lacks, where the code alone tells their values."""

from __future__ import annotations

import re

from caplint.findings.finding import Finding
from caplint.findings.fix import Fix, LineEdit
from caplint.fixes.section_facts import enabled_facts
from caplint.fixes.workbench import Proposals, Workbench

_FIELD = re.compile(r":([A-Z][A-Za-z ]{0,30}):(?: .*)?")
_ORDER = ["Capability", "Capabilities", "Architecture", "Architectures", "Type", "Target", "Parameter", "Parameters"]
_MOST_LINES = 40
_SECTIONS = """
    SELECT DISTINCT title, line FROM doc_cap WHERE tree = ? AND path = ? AND cap = ? AND heading AND NOT pattern
"""
_SUBJECTS = "SELECT count(DISTINCT cap) FROM doc_cap WHERE tree = ? AND path = ? AND title = ? AND heading"


def propose(findings: list[Finding], bench: Workbench) -> Proposals:
    """Propose all fields that a section lacks.

    The code tells architectures and descriptor of a capability that one descriptor accepts, that it reads no argument,
    or which bits it accepts in one; what other arguments mean only people know. The section is the only one of the
    capability, and about no other; its fields stand together below its title.
    """
    for finding in findings:
        tree, path, subject = finding.place.tree, finding.place.path, finding.subject
        sections = bench.rows(_SECTIONS, tree, path, subject)
        if len(sections) != 1 or bench.rows(_SUBJECTS, tree, path, sections[0][0]) != [(1,)]:
            continue
        facts = enabled_facts(bench, (tree, path), subject)
        missing = [name.strip(":") for name in finding.parts]
        if missing and all(name in facts for name in missing):
            edit = _edit(bench, (tree, path), sections[0][1], {name: facts[name] for name in missing})
            if edit is not None:
                yield finding, Fix(f"add {', '.join(finding.parts)}", (edit,))


def _edit(bench: Workbench, place: tuple[str, str], title: int, fields: dict[str, str]) -> LineEdit | None:
    """Return the edit that puts fields into the list below a title, in the order of the chapter's other sections."""
    first = title + 3
    lines = [bench.line(*place, number) or "" for number in range(title + 1, first + _MOST_LINES)]
    if not lines[0] or lines[0].strip(lines[0][0]) or lines[1]:
        return None  # no underline with an empty line below it
    block = 2
    while block < len(lines) and (_FIELD.fullmatch(lines[block]) or (block > 2 and lines[block][:1] in {" ", "\t"})):
        block += 1
    if block == len(lines) or (block > 2 and lines[block]):
        return None
    made = lines[2:block]
    for name, value in fields.items():
        at = next((index for index, line in enumerate(made) if _rank(line) > _ORDER.index(name)), len(made))
        made.insert(at, f":{name}: {value}")
    if block == 2:
        return bench.replaced(*place, title + 2, ["", *made, ""])
    return bench.replaced(*place, first, made, block - 2)


def _rank(line: str) -> int:
    """Return the place of a field in the order of fields; a continued line has that of no field."""
    field = _FIELD.fullmatch(line)
    if field is None:
        return -1
    return _ORDER.index(field[1]) if field[1] in _ORDER else len(_ORDER)
