"""Plan of the kernel's series."""

from __future__ import annotations

from caplint.authoring.kernel import check, docs, enable, release, state, uapi
from caplint.authoring.patch import Patch
from caplint.authoring.request import CapabilityRequest


def patches(request: CapabilityRequest) -> list[Patch]:
    """Return the patches of the kernel's series, in order: each leaves a kernel that works."""
    area = "KVM" if len(request.archs) > 1 or request.is_generic else f"KVM: {request.archs[0]}"
    return [
        Patch(
            f"{area}: Add {request.name}",
            (f"Let user space ask for {request.name}.",),
            (uapi.write, state.write, enable.write, release.write, check.write, docs.write),
        ),
    ]
