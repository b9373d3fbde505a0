"""Names of model-specific registers, told from other words of a command line and from labels of cases."""

from __future__ import annotations

import re

# Names of KVM's UAPI, such as KVM_CAP_MSR_PLATFORM_INFO and KVM_GET_MSR_INDEX_LIST, are none.
_NAME = re.compile(r"(?!KVM_)(?:[A-Z0-9_]*_)?MSR_\w+\Z", re.ASCII)


def is_msr(name: str) -> bool:
    """Tell whether a word is the name of an MSR, such as `MSR_IA32_TSC` or `HV_X64_MSR_GUEST_OS_ID`."""
    return _NAME.match(name) is not None
