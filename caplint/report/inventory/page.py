"""Inventory as one self-contained HTML file that needs no network and no server."""

from __future__ import annotations

import json
import re
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from caplint import __version__
from caplint.engine.outcome import Outcome
from caplint.history.model import CapabilityHistory
from caplint.inventory.model import Capability, Inventory
from caplint.inventory.select import ONLY, narrowed
from caplint.report import paths
from caplint.report.document import ASSETS, asset, safe
from caplint.report.drawing import svg
from caplint.report.inventory.data import capability_object
from caplint.report.inventory.excerpts import excerpts
from caplint.report.inventory.timeline import timelines
from caplint.report.inventory.words import LEGEND, answered, cell, documented, findings, traced, uses, vmm_columns
from caplint.report.wording import coverage_line, size
from caplint.trees.labels import short_labels
from caplint.util.escape import visible

_LARGEST = 2**53 - 1
"""Largest integer that every script represents exactly (ECMA-262, Number.MAX_SAFE_INTEGER)."""
_STYLE = re.compile(r"<style>.*?</style>\n?", re.DOTALL)


def page(inventory: Inventory, outcome: Outcome, history: CapabilityHistory | None = None) -> str:
    """Return the whole file. Text from the trees is data: escaped in markup, and never part of a script."""
    environment = Environment(
        loader=FileSystemLoader(ASSETS),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"visible": visible, "size": size}
    return (
        environment.get_template("page.html.j2").render(
            version=__version__,
            inventory=inventory,
            trees=_trees(inventory),
            only=ONLY,
            vmms=[vmm or "VMM" for vmm in vmm_columns(inventory)],
            rows=[_row(cap, inventory) for cap in inventory.capabilities],
            legend=LEGEND,
            drawings=[(visible(cap.name), _drawing(cap)) for cap in inventory.capabilities if cap.paths],
            explanations=_explanations(inventory, outcome),
            data=_script(_shown({**_data(inventory, outcome), "timelines": timelines(history) if history else None})),
            summary=summary(inventory, outcome),
            coverage=outcome.coverage,
            coverage_line=coverage_line(outcome.coverage),
            skipped=outcome.skipped,
            css=Markup("".join(asset(name) for name in ("base.css", "page.css"))),  # noqa: S704 - of the package
            script=Markup(asset("page.js")),  # noqa: S704
        )
        + "\n"
    )


def _row(cap: Capability, inventory: Inventory) -> dict[str, Any]:
    """Return the matrix row of a capability, with the values that it is filtered by."""
    return {
        "name": visible(cap.name),
        "number": cap.number,
        "cells": [(arch, cell(cap.architectures.get(arch))) for arch in inventory.architectures],
        "since": cap.since or "",
        "documented": visible(documented(cap)),
        "tests": len(cap.selftests),
        "uses": [uses(cap, vmm) for vmm in vmm_columns(inventory)],
        "answered": answered(cap),
        "traced": traced(cap),
        "findings": findings(cap),
        "worst": next((letter for letter in "EWN" if letter in findings(cap)), ""),
    }


def _trees(inventory: Inventory) -> list[tuple[str, str, str | None]]:
    """Return name, label and commit of each tree; a shared page does not tell where on a machine it lies."""
    labels = short_labels(location for _, _, location, _ in inventory.trees)
    return [(name, label, commit) for (name, _, _, commit), label in zip(inventory.trees, labels, strict=True)]


def _selections(cap: Capability, vmms: list[str | None]) -> dict[str, tuple[str, list[str], str]]:
    """Return, by the selected architecture, the words of `--only` that hold, the uses per VMM and findings in short.

    An empty name is no selection; an architecture is left out if selecting it leaves the capability out.
    """
    parts = {arch: narrowed(cap, [arch] if arch else []) for arch in ["", *cap.architectures]}
    return {
        arch: (
            " ".join(word for word, (_, test) in ONLY.items() if test(part)),
            [uses(part, vmm) for vmm in vmms],
            findings(part),
        )
        for arch, part in parts.items()
    }


def _drawing(cap: Capability) -> Markup:
    """Return the drawing without its own style, as the page's follows the reader's colours, and the paths as text."""
    drawn = _STYLE.sub("", svg(cap.name, cap.paths), count=1)
    words = safe("\n".join(paths.text(cap.name, cap.paths)))
    return Markup(f"{drawn}<pre>{words}</pre>")  # noqa: S704 - `svg` escapes what it is given


def _explanations(inventory: Inventory, outcome: Outcome) -> list[tuple[str, Markup]]:
    """Return the explanation of every rule with a finding as HTML; raw HTML in the rule page is escaped."""
    from markdown_it import MarkdownIt  # noqa: PLC0415 - as rule pages are read

    codes = {found.code for cap in inventory.capabilities for found in cap.findings}
    markdown = MarkdownIt("commonmark", {"html": False})
    return [
        (rule.code, Markup(markdown.render(rule.explanation)))  # noqa: S704 - html is off
        for rule in outcome.rules
        if rule.code in codes
    ]


def _data(inventory: Inventory, outcome: Outcome) -> dict[str, Any]:
    capabilities = []
    for cap in inventory.capabilities:
        plain = capability_object(cap)
        plain["paths"] = [
            {"verb": path["verb"], "arch": path["arch"], "broken": path["broken"], "steps": len(path["steps"])}
            for path in plain["paths"]
        ]
        capabilities.append(plain)
    return {
        "capabilities": {cap["name"]: cap for cap in capabilities},
        "selections": {cap.name: _selections(cap, vmm_columns(inventory)) for cap in inventory.capabilities},
        "roles": {name: role for name, role, _, _ in inventory.trees},
        "excerpts": excerpts(outcome.trees, inventory.capabilities),
    }


def _shown(value: Any) -> Any:
    """Return a copy of the data with every text and key made visible, so that no character reorders a line.

    Integers beyond `_LARGEST` become texts, because scripts would round them.
    """
    if isinstance(value, str):
        return visible(value)
    if isinstance(value, int) and abs(value) > _LARGEST:
        return str(value)
    if isinstance(value, dict):
        return {_shown(key): _shown(entry) for key, entry in value.items()}
    return [_shown(entry) for entry in value] if isinstance(value, (list, tuple)) else value


def _script(data: Any) -> Markup:
    """Return JSON that cannot end its script element (HTML standard, 4.12.1.3)."""
    text = json.dumps(data, ensure_ascii=True, separators=(",", ":"))
    return Markup(text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026"))  # noqa: S704


def summary(inventory: Inventory, outcome: Outcome) -> str:
    """Return a summary to paste into a mail: plain text of 72 columns."""
    caps = inventory.capabilities
    lines = ["KVM capabilities in " + ", ".join(f"{visible(n)} ({visible(p)})" for n, p, _ in _trees(inventory)), ""]
    lines.append(f"  {len(caps):4} defined")
    for arch in inventory.architectures:
        supports = [cap.architectures[arch] for cap in caps if arch in cap.architectures]
        answered = sum(1 for support in supports if support.advertised)
        lines.append(f"  {answered:4} answered on {arch}, {sum(1 for s in supports if s.enables)} can be enabled")
    lines.append(f"  {sum(1 for cap in caps if cap.section):4} have a section of api.rst")
    lines.append(f"  {sum(1 for cap in caps if cap.selftests):4} are named in a self-test")
    for vmm in vmm_columns(inventory):
        count = sum(1 for cap in caps if uses(cap, vmm))
        lines.append(f"  {count:4} are used by {visible(vmm) if vmm else 'a VMM in view'}")
    serious = [found for found in outcome.findings if found.severity != "note"]
    notes = len(outcome.findings) - len(serious)
    lines += [
        "",
        f"{len(serious)} errors and warnings, {notes} notes:" if serious else f"no errors or warnings, {notes} notes",
    ]
    lines += [f"  {f.code} {visible(f.subject)}  {visible(f.place.path)}:{f.place.line}" for f in serious]
    return "\n".join([*lines, "", coverage_line(outcome.coverage), f"caplint {__version__}", ""])
