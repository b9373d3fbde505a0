"""Release of a descriptor that a VM holds, and the header that declares its functions."""

from __future__ import annotations

from caplint.authoring.kernel.ioctl import ioctl_switch
from caplint.authoring.kernel.state import state
from caplint.authoring.request import CapabilityRequest
from caplint.authoring.style import switch
from caplint.authoring.topic import Topic
from caplint.knowledge.load import GENERIC

_HEADER = "linux/eventfd.h"
# Where a VM ends: its vCPUs are gone, and its own memory is not.
_CALLS = """
    SELECT f.path, k.line, k.arguments ->> 0 FROM file f JOIN main.call k ON k.blob = f.blob
    JOIN main.condition c ON c.id = k.condition AND c.text = '1'
    WHERE f.tree = ?1 AND coalesce(f.arch, 'generic') = ?2 AND k.function = ?3 AND k.callee = ?4
      AND f.path LIKE '%.c' ORDER BY f.path, k.line
"""
_INCLUDES = """
    SELECT i.path, i.line FROM file f JOIN main.include i ON i.blob = f.blob
    JOIN main.condition c ON c.id = i.condition AND c.text = '1'
    WHERE f.tree = ?1 AND f.path = ?2 AND i.system ORDER BY i.line
"""


def write(request: CapabilityRequest, topic: Topic) -> None:
    """Release the eventfd of each architecture's VM where the VM is destroyed."""
    for arch in request.archs if request.arguments.kind == "fd" else ():
        function, callee = ("kvm_arch_destroy_vm", "kvm_destroy_vcpus")
        if arch == GENERIC:
            function, callee = ("kvm_destroy_vm", "kvm_arch_destroy_vm")
        rows = topic.workshop.rows(_CALLS, arch, function, callee)
        rows = [row for row in rows if topic.workshop.line(row[0], row[1]).strip() == f"{callee}({row[2]});"]
        if not rows:
            raise topic.workshop.lacks("to release the descriptor", f"{function}() of {arch} does not call {callee}()")
        path, line, owner = rows[-1]
        held = state(request, topic.workshop, arch).read(owner)
        space = topic.workshop.line(path, line)
        indent = space[: len(space) - len(space.lstrip())]
        new = [f"{indent}if ({held})", f"{indent}\teventfd_ctx_put({held});"]
        topic.below(path, line, new, "releases the descriptor with the VM")
        for place in sorted({path, _setting(request, topic, arch) or path}):
            _include(topic, place)


def _setting(request: CapabilityRequest, topic: Topic, arch: str) -> str | None:
    """Return the file whose code takes the descriptor."""
    if request.ioctl is not None:
        return ioctl_switch(request, topic.workshop, arch).cases.path
    found = switch(topic.workshop, "enable", arch, request.scope)
    return found.path if found is not None else None


def _include(topic: Topic, path: str) -> None:
    """Include the header, above the first one of its kind whose name is greater."""
    rows = topic.workshop.rows(_INCLUDES, path)
    kernel = [row for row in rows if row[0].startswith("linux/")]
    if not kernel:
        raise topic.workshop.lacks(f"to include {_HEADER}", f"{path} includes no header of linux/")
    if any(name == _HEADER for name, _ in rows):
        return
    line = next((line for name, line in kernel if name > _HEADER), None)
    text = [f"#include <{_HEADER}>"]
    if line is not None:
        topic.above(path, line, text, "declares the functions of the descriptor")
    else:
        topic.below(path, kernel[-1][1], text, "declares the functions of the descriptor")
