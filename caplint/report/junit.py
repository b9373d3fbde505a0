"""XML report in JUnit's format: a test case per rule.

The dialect is the one that Jenkins, GitLab and junitparser share: at most one failure per case. Notes never fail a
case, as they never fail a run; they appear in the case's output.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TextIO
from xml.etree import ElementTree as ET

from caplint import __version__
from caplint.engine.outcome import Outcome
from caplint.findings.finding import Finding
from caplint.report.style import Style
from caplint.report.wording import coverage_line, evidence, place_text, plural, remarks, sentence, tally
from caplint.rules.page import Rule
from caplint.util.escape import visible


def report(outcome: Outcome, out: TextIO, _: Style) -> None:
    """Write one suite, independent of time."""
    root = ET.Element("testsuites")
    suite = ET.SubElement(root, "testsuite", name="caplint")
    properties = ET.SubElement(suite, "properties")
    for name, value in (("caplint", __version__), *((tree.name, tree.location) for tree in outcome.trees)):
        ET.SubElement(properties, "property", name=visible(name), value=visible(value))
    skipped = {entry.code: entry.reason for entry in outcome.skipped}
    failed = sum(_case(suite, rule, outcome.findings, skipped.get(rule.code)) for rule in outcome.rules)
    counts = {"tests": len(outcome.rules), "failures": failed, "errors": 0, "skipped": len(skipped)}
    suite.attrib.update({name: str(count) for name, count in counts.items()})
    lines = [tally(outcome), *remarks(outcome), f"coverage: {coverage_line(outcome.coverage)}"]
    ET.SubElement(suite, "system-out").text = _text(lines)
    ET.indent(root)
    out.write(f"<?xml version='1.0' encoding='utf-8'?>\n{ET.tostring(root, encoding='unicode')}\n")


def _case(suite: ET.Element, rule: Rule, findings: Iterable[Finding], reason: str | None) -> bool:
    """Add the rule's case. Return whether it failed."""
    case = ET.SubElement(suite, "testcase", classname="caplint", name=f"{rule.code} {rule.name}")
    if reason is not None:
        ET.SubElement(case, "skipped", message=visible(reason))
        return False
    of_rule = [finding for finding in findings if finding.code == rule.code]
    wrong = [finding for finding in of_rule if finding.severity != "note"]
    if wrong:
        message = f"{plural(len(wrong), 'finding')}: {rule.title}"
        ET.SubElement(case, "failure", type=rule.code, message=visible(message)).text = _listed(wrong)
    if len(wrong) < len(of_rule):
        ET.SubElement(case, "system-out").text = _listed(finding for finding in of_rule if finding.severity == "note")
    return bool(wrong)


def _listed(findings: Iterable[Finding]) -> str:
    lines: list[str] = []
    for finding in findings:
        lines.append(f"{finding.severity} {sentence(finding)}")
        lines += [f"  {text}" for text in (place_text(finding.place), *evidence(finding))]
    return _text(lines)


def _text(lines: Iterable[str]) -> str:
    """Join the lines; `visible` leaves only characters that XML 1.0 allows (section 2.2)."""
    return "\n".join(map(visible, lines))
