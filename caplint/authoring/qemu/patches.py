"""Plan of QEMU's series."""

from __future__ import annotations

from caplint.authoring import uapi
from caplint.authoring.patch import PlannedPatch
from caplint.authoring.qemu import enable, msr, option, vmstate
from caplint.authoring.request import CapabilityRequest

_AREAS = {"x86": "target/i386/kvm", "arm64": "target/arm/kvm", "s390": "target/s390x/kvm", "powerpc": "target/ppc/kvm"}


def patches(request: CapabilityRequest) -> list[PlannedPatch]:
    """Return the patches of QEMU's series, in order: the state migrates before a guest can have it."""
    area = _area(request)
    found = [
        PlannedPatch(
            f"linux-headers: Placeholder for {request.name}",
            (
                f"{request.name} is in no released kernel yet. This patch stands for the update of the headers that"
                " brings it. It is not to be merged: run scripts/update-linux-headers.sh when a kernel has it.",
            ),
            (uapi.write,),
        )
    ]
    if request.register is not None:
        found.append(
            PlannedPatch(
                f"{area}: Get, set and migrate {request.register.name}",
                (
                    "Keep the register with the state of the vCPU, where the kernel gives it to guests. A subsection"
                    " of its own carries it to another QEMU, and is left out while the register is zero, so that"
                    " migration to a QEMU without it works until a guest has a value that would be lost there.",
                    f"Nothing gives it to guests yet; enabling {request.name} follows.",
                ),
                (msr.write, vmstate.write),
            )
        )
    if request.has_state:
        title, body = (
            f"{area}: Enable {request.name} on request",
            (
                f"Add an option for {request.name}, off by default. With it, QEMU asks the kernel for the capability,"
                f" {'enables it' if request.ioctl is None else f'issues {request.setter}'}, and does not start if the"
                " kernel lacks or refuses it.",
            ),
        )
    else:
        title, body = f"{area}: Ask for {request.name}", (f"Ask the kernel for {request.name} and keep the answer.",)
    found.append(PlannedPatch(title, body, (option.write, enable.write)))
    return found


def _area(request: CapabilityRequest) -> str:
    """Return the prefix of a subject: QEMU's directory, without `kvm` for several."""
    if request.is_generic or len(request.archs) > 1:
        return "accel/kvm"
    return _AREAS.get(request.archs[0], f"target/{request.archs[0]}/kvm")
