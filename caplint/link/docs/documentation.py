"""Capabilities in KVM's documentation."""

from __future__ import annotations

import re
import sqlite3

from caplint.link.core.rows import insert
from caplint.link.docs.descriptors import described
from caplint.link.docs.rows import IoctlCapabilityRow

_IOCTL = re.compile(r"\bKVM_(?!CAP_)[A-Z0-9_]+")
_ALWAYS = re.compile(r"\b(?:basic|none)\b")


def link_documentation(connection: sqlite3.Connection) -> None:
    """Fill `all_doc_cap` and `all_ioctl_capability`."""
    connection.execute("""
        INSERT INTO temp.all_doc_cap (
            side, tree, path, line, column, cap, api, section, title, heading, pattern, type, architectures, parameters
        )
        SELECT f.side, f.tree, f.path, d.line, d.column, d.name, f.api, d.section, d.title, d.heading,
               -- A name that a header defines stands for nothing else, whatever it looks like.
               d.pattern AND NOT EXISTS (SELECT 1 FROM temp.all_cap c
                                         WHERE c.side = f.side AND c.tree = f.tree AND c.name = d.name),
               d.type, d.architectures, d.parameters
        FROM temp.all_file f JOIN main.doc_mention d ON d.blob = f.blob
        WHERE f.role = 'kernel' AND d.name GLOB 'KVM_CAP_*'
        ORDER BY f.side, f.tree, f.path, d.line, d.column
    """)
    fields = connection.execute(
        """SELECT f.side, f.tree, f.path, d.section, d.title, d.line, d.name, d.value
           FROM temp.all_file f JOIN main.doc_field d ON d.blob = f.blob
           WHERE f.role = 'kernel' AND f.api AND d.name IN ('capability', 'type')
           ORDER BY f.side, f.tree, f.path, d.line"""
    ).fetchall()
    for (side, tree, path, section, title, line, name, value), following in zip(
        fields, [*fields, None][1:], strict=True
    ):
        if name != "capability" or _ALWAYS.search(value):
            continue
        # A section may describe an ioctl twice: each time its capability precedes its type.
        same = following is not None and following[4] == title and following[6] == "type"
        kind = following[7] if same and following is not None else None
        insert(
            connection,
            "all_ioctl_capability",
            [
                IoctlCapabilityRow(side, tree, path, line, section, ioctl, capability, kind, "doc", descriptor)
                for ioctl in dict.fromkeys(_IOCTL.findall(title))
                for capability, descriptor in dict.fromkeys(described(value, kind))
            ],
        )
