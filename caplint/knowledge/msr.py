"""Model-specific registers: their handlers, lists and storage."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from caplint.knowledge.globs import Globs, compile_globs


@dataclass(frozen=True)
class MsrKnowledge:
    """Table `[msr]`: model-specific registers."""

    architecture: str
    prefixes: tuple[str, ...]
    selectors: list[str]
    requests: list[str]
    values: list[str]
    results: list[str]
    saved: list[str]
    vendor_filtered: list[str]
    """Lists that a vendor's module filters."""
    vendor_filter: str
    """Field of the function with which it does."""
    filters: list[str]
    """Functions that filter the MSR lists at run time."""
    features: list[str]
    probes: list[str]
    """Functions that get each element of a list of MSRs."""
    feature_probes: list[str]
    """Functions among them that get the elements of lists of features."""
    functions: dict[str, list[str]]
    """Verb (get, set, feature) → names of handlers."""
    fields: dict[str, list[str]]
    """Verb → fields of tables through which handlers are called."""
    roots: list[tuple[str, re.Pattern[str]]]
    """Structure that holds state, and the pattern at the end of expressions that lead to it."""
    vmm_calls: dict[str, int]
    """Function of a VMM that takes an MSR → index of that argument."""
    vmm_requests: dict[str, str]
    """Ioctl that reads or writes MSRs → verb (get, put)."""
    vmm_functions: dict[str, Globs]
    """Verb (get, put) → names of the VMM's functions for it."""
    index_list: str
    feature_list: str
    cpuid: re.Pattern[str]
    """Expressions of a VMM that tell what the vCPU's CPUID offers."""
    passthrough: dict[str, tuple[int, int, list[str]]]
    """Function that grants a guest access to an MSR → index of the MSR, index of the mode, modes that allow writing."""
    switching: list[str]
    """Functions that write an MSR on the processor, or schedule the write for entry and exit."""
    switched_lists: list[str]
    """Arrays of MSRs that are switched between host and guest."""
    switched: dict[str, str]
    """MSR → other mechanism that switches it."""
    directions: dict[str, dict[str, str]]
    """`read_only` and `write_only` → MSR → source."""
    everywhere: dict[str, str]
    """MSR of a list → reason why every processor has it."""
    elsewhere: dict[str, str]
    """MSR → other mechanism that saves its value."""
    by_vmm: dict[str, str]
    """MSR → reason why VMMs save it although no list names it."""
    companions: dict[str, str]
    """MSR that no list names → listed MSR with which VMMs save it."""
    capabilities: dict[str, list[str]]
    """Capability → its MSRs."""
    ways: dict[str, list[str]]
    """Verb → functions with which an access begins, for all vendors."""
    tables: dict[str, str]
    """Last part of an expression that leads to a table of a vendor's functions → the table's structure."""
    wrapped: dict[str, list[str]]
    """Macro that names a function in such a table → possible beginnings of the function's name."""
    vendors: dict[str, re.Pattern[str]]
    """Vendor's module → pattern in the paths of its files."""
    feature_tests: frozenset[str]
    """Functions that test a feature of the guest, which their last argument names."""
    feature_members: frozenset[str]
    """Members whose bits are features of the guest."""
    enforced: frozenset[str]
    """Members that tell whether features are enforced."""
    lookups: dict[str, list[str]]
    """Function that finds registers in a list of run time → arrays and functions that name the list's registers."""
    assumed: dict[str, str]
    """Function that decides without being about the register, and is taken not to hold → reason."""
    exits: list[str]
    """Functions that handle the exits of a guest."""
    guest_accesses: dict[str, list[str]]
    """`get`, `set` → the guest's instruction, and the function that emulates it."""
    host_accesses: dict[str, list[str]]
    """`get`, `set`, `feature` → the ioctl that accesses MSRs, and the kernel function that receives it."""


def msr_of(data: dict[str, Any]) -> MsrKnowledge:
    """Build the object from the tables of msrs.toml."""
    handlers, vmm, ways, guest = data["handlers"], data["vmm"], data["ways"], data["features_of_guest"]
    return MsrKnowledge(
        architecture=data["architecture"],
        prefixes=tuple(data["prefixes"]),
        selectors=data["selectors"],
        requests=data["requests"],
        values=data["values"],
        results=data["results"],
        saved=data["saved"],
        vendor_filtered=data["vendor_filtered"],
        vendor_filter=data["vendor_filter"],
        filters=data["filters"],
        features=data["features"],
        probes=data["probes"],
        feature_probes=data["feature_probes"],
        functions={verb: entry["functions"] for verb, entry in handlers.items()},
        fields={verb: entry["fields"] for verb, entry in handlers.items()},
        roots=[(name, re.compile(rf"(?:{pattern})")) for name, ends in data["state"].items() for pattern in ends],
        vmm_calls=vmm["calls"],
        vmm_functions={verb: compile_globs(vmm[verb]) for verb in ("get", "put")},
        vmm_requests=vmm["requests"],
        index_list=vmm["index_list"],
        feature_list=vmm["feature_list"],
        cpuid=re.compile("|".join(vmm["cpuid"])),
        passthrough={name: (entry[0], entry[1], entry[2]) for name, entry in data["passthrough"].items()},
        switching=data["switching"],
        switched_lists=data["switched_lists"],
        switched=data["switched"],
        directions={verb: data[verb] for verb in ("read_only", "write_only")},
        everywhere=data["everywhere"],
        elsewhere=data["elsewhere"],
        by_vmm=data["by_vmm"],
        companions=data["companions"],
        capabilities=data["capabilities"],
        ways={verb: ways[verb] for verb in ("get", "set")},
        tables=ways["tables"],
        wrapped=ways["wrapped"],
        vendors={name: re.compile(pattern) for name, pattern in data["vendors"].items()},
        feature_tests=frozenset(guest["calls"]),
        feature_members=frozenset(guest["members"]),
        enforced=frozenset(guest["enforced"]),
        lookups=data["lookups"],
        assumed=data["assumed_false"],
        exits=data["paths"]["exits"],
        guest_accesses=data["paths"]["guest"],
        host_accesses=data["paths"]["host"],
    )
