"""Argument of a capability's own ioctl: nothing, or a structure with a value, for the kernel and its users alike."""

from __future__ import annotations

from collections.abc import Iterator

from caplint.authoring.request import CapabilityRequest

MEMBERS = ("value", "flags", "reserved[0]", "reserved[1]")
"""Expressions of the members, the value first. The others have to be 0, so that they can get a meaning later."""


def has_structure(request: CapabilityRequest) -> bool:
    """Return whether the ioctl takes a structure; otherwise its argument has to be 0."""
    return request.ioctl is not None and request.arguments.kind != "none"


def structure(request: CapabilityRequest) -> Iterator[str]:
    """Yield the definition of the structure, alike for programs of 32 and 64 bits; nothing without one."""
    if request.ioctl is None or not has_structure(request):
        return
    meaning = {
        "bool": "1 sets it, 0 clears it",
        "mask": f"bits of {request.name}",
        "size": "a number",
        "fd": "an eventfd",
    }[request.arguments.kind]
    yield f"struct {request.ioctl.struct} {{"
    yield f"\t__u64 value; /* {meaning} */"
    yield "\t__u64 flags; /* has to be 0 */"
    yield "\t__u64 reserved[2]; /* has to be 0 */"
    yield "};"


def definition(request: CapabilityRequest) -> Iterator[str]:
    """Yield the comment and the macro of the ioctl, and its structure; nothing without an ioctl."""
    ioctl = request.ioctl
    if ioctl is None:
        return
    yield f"/* Available with {request.name} */"
    number = f"{ioctl.number or 0:#x}"
    if has_structure(request):
        yield f"#define {ioctl.name} _IOW(KVMIO, {number}, struct {ioctl.struct})"
        yield ""
        yield from structure(request)
    else:
        yield f"#define {ioctl.name} _IO(KVMIO, {number})"
