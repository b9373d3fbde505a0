"""Fields of a capability's section in api.rst, as far as the code alone tells their values."""

from __future__ import annotations

import re

from caplint.fixes.architecture_words import word_for
from caplint.fixes.workbench import Workbench
from caplint.knowledge.load import knowledge

_ENABLED = "SELECT DISTINCT arch, scope, hands_on FROM cap_enable WHERE tree = ? AND cap = ?"
_ANSWERED = "SELECT DISTINCT arch FROM cap_answer WHERE tree = ? AND cap = ?"
_ALL = "SELECT DISTINCT arch FROM handler WHERE tree = ? AND verb = 'check' AND arch <> 'generic'"
_READ = "SELECT DISTINCT position, mask FROM cap_argument WHERE tree = ? AND cap = ?"
_BLIND = "SELECT count(*) FROM handler WHERE tree = ? AND verb = 'enable' AND understood = 0"
_NAMES = re.compile(r"[A-Z]\w*(?: \| [A-Z]\w*)*")


def enabled_facts(bench: Workbench, place: tuple[str, str], cap: str) -> dict[str, str]:
    """Return field → value of a capability that one descriptor accepts: no more fields than the code tells.

    `place` is tree and path of the documentation, whose words for architectures are used.
    """
    tree = place[0]
    enabled = bench.rows(_ENABLED, tree, cap)
    archs, scopes = {row[0] for row in enabled}, {row[1] for row in enabled}
    if not enabled or bench.rows(_BLIND, tree) != [(0,)] or len(scopes) != 1:
        return {}
    facts = {"Type": str(scopes.pop())}
    if archs == {"generic"}:
        facts["Architectures"] = "all"
    elif "generic" not in archs:
        facts["Architectures"] = ", ".join(word_for(bench, place, arch) for arch in knowledge().ordered(archs))
    if not any(row[2] for row in enabled):
        arguments = _arguments(bench, tree, cap)
        facts |= {"Parameters": arguments} if arguments else {}
    return facts


def answered_architectures(bench: Workbench, place: tuple[str, str], cap: str) -> str:
    """Return the architectures that answer a capability, in the words of a file of the documentation."""
    archs = {arch for (arch,) in bench.rows(_ANSWERED, place[0], cap)}
    if archs == {arch for (arch,) in bench.rows(_ALL, place[0])}:
        return "all"
    return ", ".join(word_for(bench, place, arch) for arch in knowledge().ordered(archs))


def argument_facts(bench: Workbench, tree: str, cap: str) -> dict[str, str]:
    """Return argument (`args[0]`) → the set of its bits as words, of the arguments that are sets of named bits."""
    masks: dict[str, set[str]] = {}
    for position, mask in bench.rows(_READ, tree, cap):
        masks.setdefault(f"args[{position}]", set()).add(mask or "")
    return {
        argument: told(min(own))
        for argument, own in sorted(masks.items())
        if len(own) == 1 and _NAMES.fullmatch(min(own))
    }


def _arguments(bench: Workbench, tree: str, cap: str) -> str | None:
    """Return the meaning of the arguments: that none is read, or the bits of each; None if the code does not tell."""
    read = {f"args[{position}]" for position, _ in bench.rows(_READ, tree, cap)}
    known = argument_facts(bench, tree, cap)
    if read != known.keys():
        return None
    return "; ".join(f"{argument} is a set of {bits}" for argument, bits in known.items()) or "none"


def told(mask: str) -> str:
    """Return the bits of a set as words."""
    return f"the bits {mask.replace(' | ', ', ')}" if " | " in mask else f"bits of {mask}"
