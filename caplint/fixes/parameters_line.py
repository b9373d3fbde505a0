"""Documents the arguments that enabling a capability reads, in `:Parameters:` of api.rst."""

from __future__ import annotations

import re

from caplint.findings.finding import Finding
from caplint.findings.fix import Fix, LineEdit
from caplint.fixes.section_facts import argument_facts
from caplint.fixes.workbench import Proposals, Workbench

_FIELD = re.compile(r"(:Parameters?: +)(\S.*)")
_NONE = {"none", "no", "n/a", "-"}
_LONGEST = 80
_FIELDS = """
    SELECT DISTINCT f.line FROM doc_cap d JOIN api_field f ON f.tree = d.tree AND f.path = d.path AND f.title = d.title
    WHERE d.tree = ? AND d.path = ? AND d.cap = ? AND d.heading AND d.api AND f.name = 'parameter'
"""


def propose(findings: list[Finding], bench: Workbench) -> Proposals:
    """Propose a text for each argument of which the code accepts a set of named bits.

    It replaces a "none", or stands behind what a field of one line says of other arguments. What other arguments mean
    only people know, and whether one that nothing reads should be read.
    """
    for finding in findings:
        place = (finding.place.tree, finding.place.path)
        known = argument_facts(bench, place[0], finding.subject)
        fields = bench.rows(_FIELDS, *place, finding.subject)
        told = [known.get(part) for part in finding.parts]
        if len(fields) != 1 or not told or None in told:
            continue
        edit = _edit(bench, place, fields[0][0], [f"{part} is a set of {known[part]}" for part in finding.parts])
        if edit is not None:
            yield finding, Fix(f"tell of {', '.join(finding.parts)}", (edit,))


def _edit(bench: Workbench, place: tuple[str, str], line: int, texts: list[str]) -> LineEdit | None:
    """Return the edit that adds texts to a field of one line."""
    field = _FIELD.fullmatch(bench.line(*place, line) or "")
    below = bench.line(*place, line + 1)
    if field is None or below is None or below[:1] in {" ", "\t"}:
        return None
    head, value = field[1], field[2].rstrip(" .,;")
    if value.lower() in _NONE:
        return bench.replaced(*place, line, [head + "; ".join(texts)])
    whole = f"{head}{'; '.join([value, *texts])}"
    lines = [whole] if len(whole) <= _LONGEST else [f"{head}{value};", " " * len(head) + "; ".join(texts)]
    return bench.replaced(*place, line, lines)
