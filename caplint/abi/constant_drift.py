"""Constants of which two evaluations of KVM's headers for one ABI have different values."""

from __future__ import annotations

from collections.abc import Iterator

from caplint.abi.drift import BREAK, Drift
from caplint.abi.sources import RUST
from caplint.abi.uapi_constants import UapiConstant
from caplint.abi.unit import AbiUnit
from caplint.knowledge.numberings import is_bound, numbering_of

# From this value on, a number is written in hexadecimal.
_WIDE = 4096


def constant_drifts(kernel: AbiUnit, other: AbiUnit) -> Iterator[Drift]:
    """Yield the constants that both have with different values; what bounds or counts others may differ."""
    others = {constant.name: constant for constant in other.constants}
    for constant in kernel.constants:
        twin = others.get(constant.name)
        if twin is None or _is_same(constant, twin) or is_bound(constant.name):
            continue
        # linux/kvm.h gives some a value only where the architecture's header does not, but no exit, command or device.
        # Of bindings in Rust nobody knows which of the two it was.
        same = not twin.path.endswith(RUST) and _is_generic(twin.path) == _is_generic(constant.path)
        if same or numbering_of(constant.name, constant.enum) is not None:
            change = f"{_written(twin.value)}, not {_written(constant.value)}"
            yield Drift(constant.name, BREAK, (change,), constant, twin)


def _is_same(constant: UapiConstant, twin: UapiConstant) -> bool:
    """Tell whether two constants have one value; bindgen may write one that has no sign with a sign."""
    signed = twin.path.endswith(RUST) and twin.value < 0
    return constant.value - twin.value in ({0, 1 << 32, 1 << 64} if signed else {0})


def _is_generic(path: str) -> bool:
    return path.endswith("linux/kvm.h")


def _written(value: int) -> str:
    return str(value) if -_WIDE < value < _WIDE else f"{value:#x}"
