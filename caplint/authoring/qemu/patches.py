"""Plan of QEMU's series."""

from __future__ import annotations

from caplint.authoring.patch import PlannedPatch
from caplint.authoring.request import CapabilityRequest


def patches(request: CapabilityRequest) -> list[PlannedPatch]:  # noqa: ARG001 - until it has authors
    """Return the patches of QEMU's series, in order."""
    return []
