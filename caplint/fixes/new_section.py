"""Writes the section of api.rst that a new capability lacks, with the facts that the code tells."""

from __future__ import annotations

import re
import textwrap
from itertools import islice

from caplint.findings.finding import Finding
from caplint.findings.fix import Fix, LineEdit
from caplint.fixes.chapters import chapter_end, chapter_for
from caplint.fixes.section_facts import answered_architectures, enabled_facts, told
from caplint.fixes.workbench import Proposals, Workbench

_NEW = """
    SELECT count(*) FROM cap c JOIN tree t ON t.name = c.tree AND t.patched
    WHERE c.tree = ? AND c.name = ? AND c.header = 'uapi' AND c.alias IS NULL
      AND NOT EXISTS (SELECT 1 FROM base_cap b WHERE b.tree = c.tree AND (b.name = c.name OR b.number = c.number))
"""
_PENDING = "SELECT section FROM pending_section"
_SCOPES = "SELECT DISTINCT scope, flags_checked FROM cap_enable WHERE tree = ? AND cap = ?"
_ANSWERS = "SELECT DISTINCT answer FROM cap_check WHERE tree = ? AND cap = ?"
_ADVERTISED = "SELECT DISTINCT text FROM cap_mask WHERE tree = ? AND cap = ? AND verb = 'check' AND value > 0"
_FIELDS = ("Architectures", "Type", "Parameters", "Returns")
_DESCRIPTORS = {"vm": "of the VM", "vcpu": "of a vCPU"}
_WIDTH = 79
_MOST_FINDINGS = 20


def propose(findings: list[Finding], bench: Workbench) -> Proposals:
    """Propose a section at the end of the chapter that capabilities of its kind have.

    Only for a capability that a patch brings and the code answers; for one that can be enabled, only if one descriptor
    accepts it and the meaning of its arguments is a set of named bits. The text says what the code does: what the
    capability is for, people have to add.
    """
    taken: set[str] = {section for (section,) in bench.rows(_PENDING)}
    new = (found for found in findings if bench.rows(_NEW, found.place.tree, found.subject) != [(0,)])
    for finding in islice(new, _MOST_FINDINGS):
        tree, cap = finding.place.tree, finding.subject
        scopes = bench.rows(_SCOPES, tree, cap)
        scope = scopes[0][0] if scopes else ""
        chapter = chapter_for(bench, tree, scope)
        spot = chapter_end(bench, (tree, chapter[0]), chapter[1], taken) if chapter else None
        text = _text(bench, (tree, chapter[0]), cap, scopes) if chapter else []
        if spot is None or not text or chapter is None:
            continue
        taken.add(spot.number)
        title = f"{spot.number} {cap}"
        edit = _edit(bench, (tree, chapter[0]), spot.line, [title, "-" * len(title), "", *text])
        if edit is not None:
            yield finding, Fix(f"add section {spot.number} with what the code tells; say what it is for", (edit,))


def _edit(bench: Workbench, place: tuple[str, str], line: int, new: list[str]) -> LineEdit | None:
    """Return the edit that puts a section behind a line; a chapter that follows keeps its empty line."""
    text = bench.line(*place, line)
    return bench.replaced(*place, line, [text, "", *new]) if text else None


def _text(bench: Workbench, place: tuple[str, str], cap: str, scopes: list[tuple[str, int | None]]) -> list[str]:
    """Return the fields and sentences of a section; nothing if a field is not known."""
    answers = {answer for (answer,) in bench.rows(_ANSWERS, place[0], cap)}
    if not answers:
        return []
    fields = (
        enabled_facts(bench, place, cap) if scopes else {"Architectures": answered_architectures(bench, place, cap)}
    )
    sentences = []
    if scopes:
        checked = {flags for _, flags in scopes} == {1}
        fields["Returns"] = "0 on success" + (", -EINVAL if flags are set" if checked else "")
        if not fields.keys() >= set(_FIELDS):
            return []
        sentences.append(f"KVM_ENABLE_CAP on the file descriptor {_DESCRIPTORS[scopes[0][0]]} enables the capability.")
    masks = [told(text) for (text,) in bench.rows(_ADVERTISED, place[0], cap) if re.fullmatch(r"[A-Z][\w |]*", text)]
    if answers == {"1"}:
        sentences.insert(0, "KVM_CHECK_EXTENSION returns 1 if the capability is available.")
    elif len(masks) == 1:
        sentences.insert(0, f"KVM_CHECK_EXTENSION returns a set of {masks[0]} if the capability is available.")
    else:
        sentences.insert(0, "KVM_CHECK_EXTENSION returns a positive number if the capability is available.")
    lines = [f":{name}: {fields[name]}" for name in _FIELDS if fields.get(name)]
    return [*lines, "", *textwrap.wrap(" ".join(sentences), _WIDTH, break_on_hyphens=False)]
