"""Paths of VMMs in Rust: the site, and behind its ioctl the kernel; nothing before it, as the graph has no Rust."""

from __future__ import annotations

from collections.abc import Iterator

from caplint.graph.bridges import Bridges
from caplint.graph.call_graph import Programs, Way
from caplint.graph.path_model import Path, Step
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
_NOT_FOLLOWED = "the call graph does not follow Rust"


def in_rust(programs: Programs) -> bool:
    """Return whether a VMM in view has Rust."""
    query = "SELECT EXISTS (SELECT 1 FROM file WHERE role = 'vmm' AND path GLOB '*.rs')"
    return bool(programs.session.connection.execute(query).fetchone()[0])


def rust_paths(programs: Programs, bridges: Bridges, name: str, arch: str | None) -> Iterator[Path]:
    """Yield the paths from each site in Rust that checks, enables or issues it, by architecture."""
    query = _USES if is_capability(name) else _IOCTLS
    for verb, own, scope, function, callee, condition, tree, path, line in programs.session.connection.execute(
        query, (name,)
    ).fetchall():
        if arch is not None and own not in {None, arch}:
            continue
        site = Step(tree, as_rust(callee), path, line, "direct", None, as_cfg(condition), f"in {function}()")
        wanted = [own or arch] if own or arch else bridges.architectures(name, verb, tree)
        for target in wanted or [None]:
            for way in _below(programs, bridges, (verb, name, scope), target):
                yield Path(verb, target, (site, *way.steps), _NOT_FOLLOWED, way.broken)


def _below(programs: Programs, bridges: Bridges, use: tuple[str, str, str], arch: str | None) -> Iterator[Way]:
    """Yield the way in each kernel: the first that leads to a case."""
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
