"""Case labels and comparisons by which the kernel handles KVM's ioctls."""

from __future__ import annotations

import sqlite3


def link_ioctl_cases(connection: sqlite3.Connection) -> None:
    """Fill `all_ioctl_case`, a table because several rules query it and it takes a scan of every case label."""
    connection.execute("""
        INSERT INTO temp.all_ioctl_case (side, tree, path, line, column, ioctl, arch, function, condition, scope)
        SELECT l.side, l.tree, l.path, l.line, l.column, l.ioctl, l.arch, l.function, c.text,
               CASE WHEN l.function GLOB '*vcpu*' THEN 'vcpu' WHEN l.function GLOB '*_vm_*' THEN 'vm'
                    WHEN l.function GLOB '*_device_*' THEN 'device' WHEN l.function GLOB '*_dev_*' THEN 'system' END
        FROM (
            SELECT f.side, f.tree, f.path, f.arch, k.line, k.column, k.low AS ioctl, k.function, k.condition
            FROM temp.all_file f CROSS JOIN main.case_label k ON k.blob = f.blob
            WHERE f.role = 'kernel' AND NOT f.expanded AND k.selector LIKE '%ioctl%'
            UNION ALL
            SELECT f.side, f.tree, f.path, f.arch, m.line, m.column, m.constant, m.function, m.condition
            FROM temp.all_file f CROSS JOIN main.comparison m ON m.blob = f.blob
            WHERE f.role = 'kernel' AND NOT f.expanded AND m.operand LIKE '%ioctl%' AND m.operator = '=='
              AND NOT EXISTS (
                SELECT 1 FROM main.case_label k
                WHERE k.blob = m.blob AND k.function = m.function AND k.low = m.constant
            )
        ) l JOIN main.condition c ON c.id = l.condition
        WHERE l.ioctl GLOB 'KVM_[A-Z]*' AND l.ioctl NOT GLOB 'KVM_CAP_*'
    """)
