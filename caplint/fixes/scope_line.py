"""Corrects `:Architectures:` and `:Type:` of api.rst to agree with the code."""

from __future__ import annotations

import re
from collections.abc import Mapping

from caplint.findings.finding import Finding
from caplint.findings.fix import Fix
from caplint.fixes.architecture_words import word_for
from caplint.fixes.workbench import Proposals, Workbench
from caplint.knowledge.load import knowledge

_FIELD = re.compile(r"(:(Architectures?|Type|Target):\s+)(\S.*)")
_SCOPE = re.compile(r"(system|vm|vcpu|device)( ioctl)?")
_SERVED = "SELECT DISTINCT scope FROM handled_on WHERE tree = ? AND subject = ? AND scope IS NOT NULL"


def propose(findings: list[Finding], bench: Workbench) -> Proposals:
    """Propose the line with the architectures or descriptors that the finding names added, taken away or replaced.

    Only for a field on one line that is a plain list of architectures, or one descriptor. Words such as "all", and a
    section whose descriptor is its chapter's, are left to people.
    """
    for finding in findings:
        place = finding.place
        below = bench.line(place.tree, place.path, place.line + 1)
        field = _FIELD.fullmatch(bench.line(place.tree, place.path, place.line) or "")
        values = [part.removeprefix(f"{finding.subject} ") for part in finding.parts]
        if field is None or not values or below is None or below[:1] in {" ", "\t"}:
            continue
        if field[2].startswith("Arch"):
            written = {value: word_for(bench, (place.tree, place.path), value) for value in values}
            value = _architectures(field[3], written)
        else:
            served = {scope for (scope,) in bench.rows(_SERVED, place.tree, finding.subject)}
            value = _descriptors(field[3], values, served)
        edit = bench.replaced(place.tree, place.path, place.line, [f"{field[1]}{value}"]) if value else None
        if edit is not None:
            yield finding, Fix(f"say {value}", (edit,))


def _architectures(text: str, values: Mapping[str, str]) -> str | None:
    """Return a list of architectures with each value taken away if it is there, else added by its word."""
    words = [word.strip() for word in text.split(",")]
    named = [knowledge().architecture(word) for word in words]
    if None in named or not all(value in knowledge().architectures for value in values):
        return None
    kept = [word for word, name in zip(words, named, strict=True) if name not in values]
    return ", ".join(kept + [values[value] for value in sorted(values) if value not in named])


def _descriptors(text: str, values: list[str], served: set[str]) -> str | None:
    """Return a descriptor with the values added if it is right, else replaced by the one value."""
    written = _SCOPE.fullmatch(text)
    if written is None or not set(values) <= served:
        return None
    names = [written[1], *values] if written[1] in served else values
    return ", ".join(f"{name}{written[2] or ''}" for name in names) if len(set(names)) == len(names) else None
