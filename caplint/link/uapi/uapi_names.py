"""Names in the kernel's linux/kvm.h, and the architectures that they tell: those show what a partial tree lacks."""

from __future__ import annotations

import sqlite3

from caplint.knowledge.load import GENERIC, knowledge
from caplint.link.core.rows import insert
from caplint.link.uapi.rows import UapiNameRow

# An architecture's word stands first, or behind one of these: KVM_PPC_GET_PVINFO, KVM_CAP_PPC_HIOR, KVM_EXIT_S390_TSCH.
# KVM_REG_RISCV was there years before KVM for RISC-V.
_BEFORE = frozenset({"CAP", "EXIT"})


def link_uapi_names(connection: sqlite3.Connection) -> None:
    """Fill `all_uapi_name`."""
    rows = connection.execute(
        """SELECT DISTINCT f.side, f.tree, m.name
           FROM temp.all_file f CROSS JOIN main.macro m ON m.blob = f.blob
           WHERE f.role = 'kernel' AND f.header = 'uapi' AND f.arch = ? AND m.name GLOB 'KVM_*'
           ORDER BY f.side, f.tree, f.path, m.line""",
        (GENERIC,),
    ).fetchall()
    named = (UapiNameRow(side, tree, name, architecture_in(name)) for side, tree, name in rows)
    insert(connection, "all_uapi_name", named)


def architecture_in(name: str) -> str | None:
    """Return the canonical architecture of Linux that a macro's name tells; None if it tells none."""
    _, first, *rest = [*name.split("_"), ""]
    word = rest[0] if first in _BEFORE else first
    architecture = knowledge().architecture(word)
    return architecture if architecture in knowledge().architectures else None
