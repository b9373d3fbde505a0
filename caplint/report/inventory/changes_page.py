"""Changes between two inventories as one HTML page."""

from __future__ import annotations

from caplint.inventory.difference import Change, InventoryDifference
from caplint.inventory.model import Inventory
from caplint.report.document import asset, document, safe
from caplint.trees.labels import short_labels

KINDS = (("came", "New"), ("went", "Gone"), ("changed", "Changed"))
"""Kinds of changes, with their titles."""

_NONE = '<p class="dim">none</p>\n'


def changes_html(found: InventoryDifference) -> str:
    """Return one page: a table for each kind of change, and a search whose words are part of the address."""
    locations = [location for side in (found.before, found.after) for _, _, location, _ in side.trees]
    labels = dict(zip(locations, short_labels(locations), strict=True))
    before, after = (_trees(side, labels) for side in (found.before, found.after))
    links = " ".join(f'<a href="#{kind}">{title} ({len(found.of(kind))})</a>' for kind, title in KINDS)
    about = (
        f'<p>from {before} to {after}</p>\n<nav aria-label="kinds of changes">{links}</nav>\n'
        '<form role="search"><label>Search '
        '<input id="search" type="search" autocomplete="off" spellcheck="false"></label>'
        ' <output id="count" aria-live="polite"></output></form>\n'
    )
    body = "".join(_section(kind, title, found.of(kind)) for kind, title in KINDS)
    return document("Changes of KVM capabilities", about, body, style=asset("changes.css"), script=asset("changes.js"))


def _trees(side: Inventory, labels: dict[str, str]) -> str:
    return ", ".join(f"<b>{safe(labels[location])}</b>" for _, _, location, _ in side.trees)


def _section(kind: str, title: str, changes: list[Change]) -> str:
    rows = "".join(
        f'<tr><th scope="row">{safe(change.name)}</th>'
        f"<td><ul>{''.join(f'<li>{safe(detail)}</li>' for detail in change.details)}</ul></td></tr>\n"
        for change in changes
    )
    table = (
        f'<table>\n<thead><tr><th scope="col">capability</th><th scope="col">details</th></tr></thead>\n'
        f"<tbody>\n{rows}</tbody>\n</table>\n"
    )
    heading = f'<section id="{kind}" tabindex="-1" aria-label="{title}">\n<h2>{title} ({len(changes)})</h2>\n'
    return f"{heading}{table if changes else _NONE}</section>\n"
