"""Paths inside a kernel: from the function that receives an ioctl down to the case, where no VMM comes before it."""

from __future__ import annotations

from collections.abc import Iterator

from caplint.graph.bridges import Bridges
from caplint.graph.call_graph import Programs
from caplint.graph.path_model import Path
from caplint.graph.rust_paths import in_rust
from caplint.knowledge.capability_names import is_capability


def kernel_paths(programs: Programs, bridges: Bridges, name: str, arch: str | None) -> Iterator[Path]:
    """Yield the paths to the cases of a capability or ioctl, by architecture; no VMM in view uses it."""
    is_cap = is_capability(name)
    if not programs.of_role("vmm"):
        above = "no VMM is in view"
    else:
        above = f"no VMM in view {'checks or enables' if is_cap else 'issues'} it"
        above += f" on {arch}" if arch else ""
        above += "" if is_cap or not in_rust(programs) else "; calls of kvm-ioctls' methods in Rust are not followed"
    for verb in ("check", "enable") if is_cap else ("issue",):
        for kernel in programs.of_role("kernel"):
            for target_arch in bridges.serving(verb, name):
                if arch in {None, target_arch}:
                    for way in bridges.from_ioctl(verb, kernel, target_arch, name):
                        yield Path(verb, target_arch, way.steps, above, way.broken)
