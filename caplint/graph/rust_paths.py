"""Paths of VMMs in Rust: from the program's entry to the site, and from its ioctl through the kernel."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from caplint.graph.bridges import Bridges
from caplint.graph.call_graph import Programs, Way
from caplint.graph.path_model import Path, Step
from caplint.graph.rust_ways import RustWays
from caplint.knowledge.capability_names import is_capability
from caplint.rust.spelling import as_cfg, as_rust

_USES = """
    SELECT verb, arch, scope, function, callee, condition, tree, path, line FROM all_vmm_use
    WHERE side = 'now' AND cap = ? AND path GLOB '*.rs' AND function IS NOT NULL
    ORDER BY verb <> 'check', tree, path, line
"""
_IOCTLS = """
    SELECT 'issue', arch, scope, function, callee, condition, tree, path, line FROM all_vmm_ioctl
    WHERE side = 'now' AND ioctl = ? AND path GLOB '*.rs' ORDER BY tree, path, line
"""
_UNREAD = "the function around it was not read"


def in_rust(programs: Programs) -> bool:
    """Return whether a VMM in view has Rust."""
    query = "SELECT EXISTS (SELECT 1 FROM file WHERE role = 'vmm' AND path GLOB '*.rs')"
    return bool(programs.session.connection.execute(query).fetchone()[0])


def rust_paths(
    programs: Programs, bridges: Bridges, ways: RustWays | None, question: tuple[str, str | None]
) -> Iterator[Path]:
    """Yield the paths of a capability or ioctl to each site in Rust that checks, enables or issues it, by architecture.

    The question is the name and an architecture, None for all. Without `ways` they begin at the site.
    """
    name, arch = question
    query = _USES if is_capability(name) else _IOCTLS
    for verb, own, scope, function, callee, condition, tree, path, line in programs.session.connection.execute(
        query, (name,)
    ).fetchall():
        if arch is not None and own not in {None, arch}:
            continue
        site = Step(tree, as_rust(callee), path, line, "direct", None, as_cfg(condition), name)
        wanted = [own or arch] if own or arch else bridges.architectures(name, verb, tree)
        for target in wanted or [None]:
            unread = replace(site, note=f"in {function}()")
            above = ways.to_place(programs.tree(tree), path, line, target) if ways is not None else []
            for way in _below(programs, bridges, (verb, name, scope), target):
                for before in above or [Way((), _UNREAD if ways is not None else "")]:
                    steps = (*before.steps, site if above else unread, *way.steps)
                    yield Path(verb, target, steps, before.broken, way.broken)


def _below(programs: Programs, bridges: Bridges, use: tuple[str, str, str], arch: str | None) -> Iterator[Way]:
    """Yield for each kernel the first path that leads to a case."""
    verb, name, scope = use
    kernels = programs.of_role("kernel")
    if arch is None or not kernels:
        yield Way((), "no kernel answers for it" if kernels else "no kernel is in view")
        return
    asked = "check" if verb == "require" else verb
    handlers = {"issue": "handles it", "enable": "has a case for it in its enable handlers"}
    missing = handlers.get(verb, "has a case for it in its check handlers")
    for kernel in kernels:
        way = next(bridges.from_ioctl(asked, kernel, arch, name, scope), None)
        yield way or Way((), f"no code of {arch} {missing}")
