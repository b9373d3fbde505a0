"""Where a VMM asks for capabilities and enables them."""

from __future__ import annotations

import sqlite3

from caplint.knowledge import knowledge

_USES = """
    INSERT INTO temp.all_vmm_use
    SELECT f.side, f.tree, f.path, k.line, k.column, json_extract(k.arguments, '$[' || :capability || ']'),
           f.arch, k.function, :verb, :scope, k.callee, k.arguments, k.use, conjoin(c.text, w.condition)
    FROM main.call k
    JOIN temp.all_file f ON f.blob = k.blob AND f.role = 'vmm'
    JOIN main.condition c ON c.id = k.condition
    JOIN temp.all_file_condition w ON w.side = f.side AND w.tree = f.tree AND w.path = f.path
    WHERE k.callee = :callee
      AND (f.made OR NOT EXISTS (
          SELECT 1 FROM superseded s
          WHERE s.side = f.side AND s.tree = f.tree AND s.path = f.path AND s.function = k.function))
      AND json_extract(k.arguments, '$[' || :capability || ']') GLOB 'KVM_CAP_*'
      AND (:request IS NULL OR json_extract(k.arguments, '$[' || (:capability - 1) || ']') = :request)
    ORDER BY f.side, f.tree, f.path, k.line, k.column
"""


def link_vmm(connection: sqlite3.Connection) -> None:
    """Fill `all_vmm_use`."""
    for wrapper in knowledge().wrappers:
        connection.execute(
            _USES,
            {
                "callee": wrapper.callee,
                "verb": wrapper.verb,
                "scope": wrapper.scope,
                "capability": wrapper.capability,
                "request": wrapper.request,
            },
        )
    connection.execute("""
        INSERT INTO temp.all_vmm_use
        SELECT u.side, u.tree, u.path, u.line, u.column, u.cap, u.arch, NULL, 'require', 'system', 'KVM_CAP_INFO',
               '[]', 'value', w.condition
        FROM temp.all_cap_use u
        JOIN temp.all_file_condition w ON w.side = u.side AND w.tree = u.tree AND w.path = u.path
        WHERE u.kind = 'pasted' AND u.role = 'vmm'
    """)
