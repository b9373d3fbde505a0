"""Comparison of two copies of the headers over all ABIs that both are evaluated for."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import chain
from typing import NamedTuple

from caplint.abi.abis import abi_named
from caplint.abi.constant_drift import constant_drifts
from caplint.abi.drift import BREAK, COMPATIBLE, Drift, drifts
from caplint.abi.uapi_constants import UapiConstant
from caplint.abi.unit import AbiUnit, IoctlNumber, Structure

_KINDS: dict[type, str] = {Structure: "struct", IoctlNumber: "ioctl", UapiConstant: "constant"}


class AbiDifference(NamedTuple):
    """Structure, ioctl or constant that differs on one or several ABIs."""

    subject: str
    kind: str
    """`struct`, `ioctl` or `constant`."""
    verdict: str
    abis: str
    """ABIs with this verdict, separated by commas."""
    everywhere: int
    """1: `abis` lists all ABIs that both copies are evaluated for."""
    changes: str
    kernel_path: str
    kernel_line: int
    kernel_column: int
    path: str
    line: int
    column: int


def differences(kernel: Mapping[str, AbiUnit], other: Mapping[str, AbiUnit]) -> list[AbiDifference]:
    """Return one difference per structure, ioctl or constant; the keys are ABIs of one architecture."""
    by_subject: dict[str, dict[str, Drift]] = {}
    shared = [name for name in kernel if name in other]
    for name in shared:
        for drift in chain(drifts(kernel[name], other[name]), constant_drifts(kernel[name], other[name])):
            by_subject.setdefault(drift.subject, {})[name] = drift
    return [_merged(by_abi, kernel, other, shared) for by_abi in by_subject.values()]


def _merged(
    by_abi: dict[str, Drift], kernel: Mapping[str, AbiUnit], other: Mapping[str, AbiUnit], shared: list[str]
) -> AbiDifference:
    verdicts = {
        name: COMPATIBLE if _only_padded(name, drift, by_abi, kernel, other) else drift.verdict
        for name, drift in by_abi.items()
    }
    verdict = BREAK if BREAK in verdicts.values() else COMPATIBLE
    names = [name for name in by_abi if verdicts[name] == verdict]
    drift = by_abi[names[0]]
    kind = _KINDS[type(drift.kernel)]
    changes = drift.summary
    if drift.verdict != verdict:
        changes = f"padding makes it the same for 32-bit and 64-bit programs in one of the two: {changes}"
    return AbiDifference(
        drift.subject, kind, verdict, ", ".join(names), int(len(names) == len(shared)), changes,
        drift.kernel.path, drift.kernel.line, drift.kernel.column,
        drift.other.path, drift.other.line, drift.other.column,
    )  # fmt: skip


def _only_padded(
    name: str, drift: Drift, by_abi: dict[str, Drift], kernel: Mapping[str, AbiUnit], other: Mapping[str, AbiUnit]
) -> bool:
    """Return whether a 32-bit layout differs only because one header spells out the padding of the 64-bit layout.

    A 64-bit kernel reads a 32-bit program's structures in its own layout, so the header without the padding was the
    broken one (Linux 6.9 fixed `struct kvm_sev_cmd` and similar structures in this way).
    """
    if (
        drift.renumbers
        or abi_named(name).bits == 64
        or not isinstance(drift.kernel, Structure)
        or not isinstance(drift.other, Structure)
    ):
        return False
    wide = [abi for abi in kernel if abi in other and abi_named(abi).bits == 64 and _alike(abi, name)]
    if not wide or any(abi in by_abi and by_abi[abi].verdict == BREAK for abi in wide):
        return False
    return any(
        _layout(mine) == _layout(_structure(units[wide[0]], drift.subject))
        for mine, units in ((drift.kernel, kernel), (drift.other, other))
    )


def _alike(abi: str, name: str) -> bool:
    return abi_named(abi).endian == abi_named(name).endian


def _structure(unit: AbiUnit, tag: str) -> Structure | None:
    return next((structure for structure in unit.structures if structure.tag == tag), None)


def _layout(structure: Structure | None) -> object:
    if structure is None:
        return None
    members = [(member.name, member.offset, member.size, member.bit_offset) for member in structure.members]
    return structure.size, members
