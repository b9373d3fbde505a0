"""Short texts for the entries of an inventory."""

from __future__ import annotations

from collections import Counter

from caplint.inventory.model import ALWAYS, BY_VM, CONDITIONALLY, Capability, Inventory, Support

MARKS = {ALWAYS: "A", CONDITIONALLY: "c", BY_VM: "v", None: "."}
LEGEND = "A always answered, c depends on configuration or machine, v depends on the VM; +vm +vcpu can be enabled there"


def cell(support: Support | None) -> str:
    """Return a cell such as `A`, `c+vm` or `.+vcpu`; empty if the architecture does not handle the capability."""
    if support is None:
        return ""
    return MARKS[support.advertised] + "".join(f"+{scope}" for scope in support.scopes)


def vmm_columns(inventory: Inventory) -> list[str | None]:
    """Return the VMMs that have a column: each of several by its name; None is the one column of a single one."""
    return [*inventory.vmms] if len(inventory.vmms) > 1 else [None]


def uses(cap: Capability, vmm: str | None = None) -> str:
    """Return the uses of a VMM, or of all, in short: `2c 1e` is 2 checks and 1 enable; required at start is a check."""
    shown = [use for use in cap.vmm if vmm in {None, use.place.tree}]
    counts = Counter("e" if use.verb == "enable" else "c" for use in shown)
    return " ".join(f"{counts[letter]}{letter}" for letter in "ce" if counts[letter])


def findings(cap: Capability) -> str:
    """Return the number of findings by severity, such as `1E 2W 3N`."""
    counts = Counter(found.severity[0].upper() for found in cap.findings)
    return " ".join(f"{counts[letter]}{letter}" for letter in "EWN" if counts[letter])


def documented(cap: Capability) -> str:
    """Return the number of the section in api.rst; `~` if the capability is only mentioned."""
    section = cap.section
    if section is not None:
        return section.section or "yes"
    return "~" if cap.documentation else ""


def answered(cap: Capability) -> str:
    """Return the machines' answers on the system, `/` on a VM if different, `!` if they differ from the sources."""
    words = []
    for one in cap.machines:
        also = "" if one.vm is None or one.vm == one.system else f"/{one.vm}"
        words.append(f"{one.system}{also}{'!' if one.difference else ''}")
    return " ".join(words)


def traced(cap: Capability) -> str:
    """Return what a traced VMM did: `c` for a check, `e` for an enable, each with its answers, as in `c=1 e=0`."""
    return " ".join(f"{use.verb[:1]}={','.join(use.answers[:3]) or '?'}" for use in cap.traced)


def arguments(support: Support) -> str:
    """Return the arguments that enabling reads, such as `vm: args[0] (KVM_X_VALID), args[1]`."""
    said = []
    for enable in support.enables:
        read = ", ".join(f"args[{row.position}]" + (f" ({row.mask})" if row.mask else "") for row in enable.arguments)
        said.append(f"{enable.scope}: {read or 'no arguments'}")
    return "; ".join(dict.fromkeys(said))
