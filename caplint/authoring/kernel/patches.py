"""Plan of the kernel's series."""

from __future__ import annotations

from caplint.authoring import uapi
from caplint.authoring.kernel import check, docs, enable, ioctl, register, release, selftest, state
from caplint.authoring.patch import Author, PlannedPatch
from caplint.authoring.request import CapabilityRequest


def patches(request: CapabilityRequest) -> list[PlannedPatch]:
    """Return the patches of the kernel's series, in order; the kernel builds and works after each."""
    area = "KVM" if len(request.archs) > 1 or request.is_generic else f"KVM: {request.archs[0]}"
    answer: tuple[Author, ...] = (uapi.write, enable.write, ioctl.write, release.write, check.write, docs.write)
    found = []
    if request.register is not None:
        name = request.register.name
        found += [
            PlannedPatch(
                f"x86/msr-index: Add {name}",
                (f"KVM will emulate this register for virtual machines that enable {request.name}.",),
                (register.define,),
            ),
            PlannedPatch(
                f"KVM: x86: Emulate {name}",
                (
                    f"Keep a value of {name} for each vCPU. User space reads and writes it at any time, so that a"
                    " vCPU can be saved and restored; a guest has access only if its VM has enabled a capability,"
                    " which the next patch adds. Until then nothing changes for guests.",
                ),
                (state.write, register.write),
            ),
        ]
    else:
        answer = (uapi.write, state.write, *answer[1:])
    return [
        *found,
        PlannedPatch(f"{area}: Add {request.name}", _message(request), answer),
        PlannedPatch(
            f"KVM: selftests: Test {request.name}",
            (_message_of_test(request),),
            (selftest.write,),
        ),
    ]


def _message_of_test(request: CapabilityRequest) -> str:
    """Return the message of the patch that adds the self-test."""
    if not request.has_state:
        return "Ask for the capability, and look at the answer."
    used = "look at what enabling does" if request.ioctl is None else f"use {request.setter}"
    return f"Ask for the capability, provoke each request that must be refused, and {used}."


def _message(request: CapabilityRequest) -> tuple[str, ...]:
    """Return the message of the patch that adds the capability."""
    answer = {"yes": "1", "mask": "the set of bits that is valid", "count": "the largest valid number"}
    told = f"Let user space ask for {request.name}: KVM_CHECK_EXTENSION answers {answer[request.answer]}."
    if not request.has_state:
        return (told,)
    descriptor = "VM" if request.scope == "vm" else "vCPU"
    if request.ioctl is not None:
        refused = "Values that are not known are refused, so that they can get a meaning later."
        if request.scope == "vm":
            refused += " So is the ioctl once vCPUs exist."
        return (told, f"{request.setter} on a {descriptor} sets it. {refused}")
    refused = "Flags and arguments that are not known are refused, so that they can get a meaning later."
    if request.scope == "vm":
        refused += " So is enabling once vCPUs exist."
    return (told, f"KVM_ENABLE_CAP on a {descriptor} enables it. {refused}")
