"""What KVM's documentation says of capabilities."""

from __future__ import annotations

import sqlite3


def link_documentation(connection: sqlite3.Connection) -> None:
    """Fill `all_doc_cap`."""
    connection.execute("""
        INSERT INTO temp.all_doc_cap
        SELECT f.side, f.tree, f.path, d.line, d.column, d.name, f.api, d.section, d.title, d.heading,
               d.pattern, d.type, d.architectures, d.parameters
        FROM temp.all_file f JOIN main.doc_mention d ON d.blob = f.blob
        WHERE f.role = 'kernel' AND d.name GLOB 'KVM_CAP_*'
        ORDER BY f.side, f.tree, f.path, d.line, d.column
    """)
