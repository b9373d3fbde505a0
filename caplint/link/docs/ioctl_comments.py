"""Capabilities with which ioctls are available, from comments of the UAPI header."""

from __future__ import annotations

import re
import sqlite3

from caplint.link.core.rows import insert
from caplint.link.docs.descriptors import described
from caplint.link.docs.rows import IoctlCapabilityRow

# The rest of a sentence after `available with`, unless "not available"; `vcpu version` before it belongs to it.
_AVAILABLE = re.compile(
    r"(?:\b\w+\s+(?:version|variant|ioctl)\s+(?:is\s+)?)?(?<!not )\bavailable\s+with\b[^.;]*", re.IGNORECASE
)


def link_availability(connection: sqlite3.Connection) -> None:
    """Add the header's rows to `all_ioctl_capability`, from comments on an ioctl's lines and above it."""
    for table, text, comment_line, position in (
        ("main.macro", "d.comment", "d.line", "0"),
        ("main.definition_comment", "d.text", "d.comment_line", "d.position"),
    ):
        rows = connection.execute(
            f"""SELECT f.side, f.tree, f.path, {comment_line}, {position}, d.name, {text}
                FROM temp.all_file f JOIN {table} d ON d.blob = f.blob
                JOIN main.macro m ON m.blob = f.blob AND m.name = d.name AND m.line = d.line
                WHERE f.role = 'kernel' AND f.header = 'uapi' AND {text} LIKE '%available%'
                  AND (m.body GLOB '_IO(*' OR m.body GLOB '_IO[RW](*' OR m.body GLOB '_IOWR(*')
                ORDER BY f.side, f.tree, f.path, d.line"""  # noqa: S608
        ).fetchall()
        _insert(connection, rows)


def _insert(connection: sqlite3.Connection, rows: list[tuple[str, str, str, int, int, str, str]]) -> None:
    first = ""
    for side, tree, path, line, position, ioctl, text in rows:
        first = ioctl if position == 0 else first
        if not _of_one_family(first, ioctl):
            continue
        capabilities = [entry for match in _AVAILABLE.finditer(text) for entry in described(match.group())]
        insert(
            connection,
            "all_ioctl_capability",
            [
                IoctlCapabilityRow(side, tree, path, line, None, ioctl, capability, None, "header", descriptor)
                for capability, descriptor in dict.fromkeys(capabilities)
            ],
        )


def _of_one_family(first: str, other: str) -> bool:
    """Tell whether two ioctls differ in one word at most: KVM_GET_X and KVM_SET_X share a comment.

    Headers do not mark the end of a comment's scope: KVM_CREATE_SPAPR_TCE directly follows the ioctl that
    "Available with KVM_CAP_PPC_ALLOC_HTAB" describes.
    """
    left, right = first.split("_"), other.split("_")
    return len(left) == len(right) and sum(a != b for a, b in zip(left, right, strict=True)) <= 1
