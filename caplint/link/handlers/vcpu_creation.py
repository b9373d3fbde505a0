"""Reads of a VM's state while a vCPU is created: before the VM's list of vCPUs shows it, or after."""

from __future__ import annotations

import re
from collections import deque

from caplint.knowledge.kernel_idioms import kernel_idioms
from caplint.link.functions.callees import Helpers

# Maximum number of functions of one path that are read.
_MOST_FUNCTIONS = 200


def misses(helpers: Helpers, arch: str, state: str) -> bool:
    """Tell whether creation reads a member of the VM (`kvm->arch.x`) before the vCPU is on the list, and not after.

    Such a vCPU has the old state, and a walk over the list does not meet it.
    """
    idioms = kernel_idioms()
    return _reads(helpers, arch, idioms.vcpu_created, state) and not _reads(helpers, arch, idioms.vcpu_listed, state)


def _reads(helpers: Helpers, arch: str, first: str, state: str) -> bool:
    """Tell whether a function, or one in view that it calls, mentions the member."""
    mention = re.compile(rf"\b{re.escape(state)}\b")
    following, seen = deque([first]), {first}
    while following and len(seen) < _MOST_FUNCTIONS:
        for body in helpers.functions(following.popleft(), arch):
            if any(mention.search(row.text) for row in body.accesses):
                return True
            following += (name for name in body.calls_of if name not in seen)
            seen.update(body.calls_of)
    return False
