"""How an inventory's entries are said in a few characters."""

from __future__ import annotations

from collections import Counter

from caplint.inventory.model import ALWAYS, BY_VM, CONDITIONALLY, Capability, Support

MARKS = {ALWAYS: "A", CONDITIONALLY: "c", BY_VM: "v", None: "."}
LEGEND = (
    "A answered always, c as configuration or machine decide, v as the VM decides; +vm +vcpu where it can be enabled"
)


def cell(support: Support | None) -> str:
    """`A`, `c+vm`, `.+vcpu`; empty where the architecture does not know it."""
    if support is None:
        return ""
    return MARKS[support.advertised] + "".join(f"+{scope}" for scope in support.scopes)


def uses(cap: Capability) -> str:
    """`2 checks, 1 enable` in short: `2c 1e`; what is required at start counts as a check."""
    counts = Counter("e" if use.verb == "enable" else "c" for use in cap.vmm)
    return " ".join(f"{counts[letter]}{letter}" for letter in "ce" if counts[letter])


def findings(cap: Capability) -> str:
    """`1E 2W 3N`."""
    counts = Counter(found.severity[0].upper() for found in cap.findings)
    return " ".join(f"{counts[letter]}{letter}" for letter in "EWN" if counts[letter])


def documented(cap: Capability) -> str:
    """The number of its section; `~` where it is only mentioned."""
    section = cap.section
    if section is not None:
        return section.section or "yes"
    return "~" if cap.documentation else ""


def answered(cap: Capability) -> str:
    """What machines answered on the system, `/` on a VM where that differs; `!` where the sources would not."""
    words = []
    for one in cap.machines:
        also = "" if one.vm is None or one.vm == one.system else f"/{one.vm}"
        words.append(f"{one.system}{also}{'!' if one.difference else ''}")
    return " ".join(words)


def arguments(support: Support) -> str:
    """What enabling reads: `vm: args[0] (KVM_X_VALID), args[1]`."""
    said = []
    for enable in support.enables:
        read = ", ".join(f"args[{row.position}]" + (f" ({row.mask})" if row.mask else "") for row in enable.arguments)
        said.append(f"{enable.scope}: {read or 'no arguments'}")
    return "; ".join(dict.fromkeys(said))
