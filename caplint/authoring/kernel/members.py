"""Places of new members in the structures of a VM and of a vCPU."""

from __future__ import annotations

import re
from typing import NamedTuple

from caplint.authoring.workshop import Workshop
from caplint.util.errors import CaplintError

# Members of a structure in the headers that define it for an architecture, in file order.
_MEMBERS = """
    SELECT f.path, m.name, m.type, m.line, m.array = '' AND m.bits = '' AND c.text = '1' FROM file f
    JOIN main.member m ON m.blob = f.blob JOIN main.condition c ON c.id = m.condition
    WHERE f.tree = ?1 AND coalesce(f.arch, 'generic') = ?2 AND m.owner = ?3 AND f.path LIKE '%.h'
    ORDER BY f.path, m.line
"""
_PLAIN = re.compile(r"\s+[\w ]+\**\w+;")


class OwnedMember(NamedTuple):
    """Member of a structure."""

    path: str
    name: str
    type: str
    line: int
    is_plain: bool
    """Whether it is neither an array nor a bit-field, and exists in every configuration."""


def members(workshop: Workshop, arch: str, owner: str) -> list[OwnedMember]:
    """Return the members of an architecture's structure, of the first header that defines it.

    Raises `CaplintError` if there is none.
    """
    found = [OwnedMember(*row) for row in workshop.rows(_MEMBERS, arch, owner)]
    if not found:
        raise workshop.lacks("for state", f"no header of {arch} defines struct {owner}")
    return [member for member in found if member.path == found[0].path]


def member_place(workshop: Workshop, arch: str, owner: str, kind: str, name: str) -> tuple[str, int, str]:
    """Return header, line below which a new member of a type belongs, and the white space in front of it.

    It is that of the last member of this type, else of any. Raises `CaplintError` if the name is taken, or if there is
    no place.
    """
    own = members(workshop, arch, owner)
    for member in own:
        if member.name == name:
            where = f"{member.path}:{member.line}"
            raise CaplintError(
                f"{workshop.tree.name}: struct {owner} has a member {name} already, at {where}; choose another name"
            )
    plain = [
        (member.type == kind, member.line)
        for member in own
        if member.is_plain and "." not in member.name and _PLAIN.fullmatch(workshop.line(member.path, member.line))
    ]
    if not plain:
        raise workshop.lacks("for state", f"no member of struct {owner} of {arch} can be followed by another")
    path, line = own[0].path, max(plain)[1]
    text = workshop.line(path, line)
    return path, line, text[: len(text) - len(text.lstrip())]
