"""Differences between two evaluated copies of the headers, remembered without lines and shown on those of today."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any
from unittest.mock import Mock

import pytest

from caplint.abi.types import StructMember
from caplint.abi.uapi_constants import UapiConstant
from caplint.abi.unit import IoctlNumber, Structure
from caplint.facts.store.store import FactStore
from caplint.link.uapi import layout_drift
from caplint.link.uapi.layout_drift import drift_of

KERNEL, OTHER = "include/uapi/linux/kvm.h", "linux-headers/linux/kvm.h"


def _units(path: str, line: int, *, size: int = 4, nr: int = 1, constant: int = 7, abis: str = "x86_64") -> str:
    """A structure, an ioctl and a constant, which begin on a line."""
    member = StructMember("cups", 0, size, None, None, f"__u{8 * size}", path, line + 1)
    unit = {
        "structures": [Structure("kvm_tea", "struct", size, size, path, line, 8, 1, [member])],
        "ioctls": [IoctlNumber("KVM_BREW", 0xAE00 + nr, "none", 0, nr, 0xAE, "", path, line + 4, 9)],
        "unknown": [],
        "constants": [UapiConstant("KVM_TEA_HOT", constant, "", "", path, line + 6, 10)],
    }
    return json.dumps(dict.fromkeys(abis.split(), unit))


@pytest.fixture
def store() -> Iterator[FactStore]:
    opened = FactStore(None)
    yield opened
    opened.close()


@pytest.fixture
def compared(monkeypatch: pytest.MonkeyPatch) -> Mock:
    """Count how often copies are compared."""
    watch = Mock(wraps=layout_drift._compared)
    monkeypatch.setattr(layout_drift, "_compared", watch)
    return watch


def _places(rows: list[list[Any]]) -> dict[str, tuple[object, ...]]:
    return {row[0]: tuple(row[6:12]) for row in rows}


def test_copies_that_differ_in_lines_alone_are_equal(store: FactStore, compared: Mock) -> None:
    assert drift_of(store, _units(KERNEL, 10), _units(KERNEL, 300)) == []
    compared.assert_not_called()


@pytest.mark.parametrize(
    ("change", "subject", "kind", "at"),
    [
        ({"size": 8}, "kvm_tea", "struct", (0, 8)), ({"nr": 2}, "KVM_BREW", "ioctl", (4, 9)),
        ({"constant": 8}, "KVM_TEA_HOT", "constant", (6, 10)),
    ],
)  # fmt: skip
def test_a_difference_with_both_places(
    store: FactStore, change: dict[str, Any], subject: str, kind: str, at: tuple[int, int]
) -> None:
    (row,) = drift_of(store, _units(KERNEL, 10), _units(OTHER, 20, **change))
    below, column = at
    assert row[:2] == [subject, kind]
    assert row[6:12] == [KERNEL, 10 + below, column, OTHER, 20 + below, column]


def test_a_remembered_difference_stands_on_todays_lines(store: FactStore, compared: Mock) -> None:
    """A patch that moves lines costs no comparison."""
    changes: dict[str, Any] = {"size": 8, "nr": 2, "constant": 8}
    first = drift_of(store, _units(KERNEL, 10), _units(OTHER, 20, **changes))
    again = drift_of(store, _units(KERNEL, 15), _units(OTHER, 2, **changes))
    assert compared.call_count == 1
    assert [row[:6] for row in again] == [row[:6] for row in first]
    assert _places(again) == {
        "kvm_tea": (KERNEL, 15, 8, OTHER, 2, 8), "KVM_BREW": (KERNEL, 19, 9, OTHER, 6, 9),
        "KVM_TEA_HOT": (KERNEL, 21, 10, OTHER, 8, 10),
    }  # fmt: skip
    assert again == drift_of(FactStore(None), _units(KERNEL, 15), _units(OTHER, 2, **changes))


def test_another_change_is_compared_anew(store: FactStore, compared: Mock) -> None:
    drift_of(store, _units(KERNEL, 10), _units(OTHER, 10, size=8))
    assert [row[0] for row in drift_of(store, _units(KERNEL, 10), _units(OTHER, 10, constant=9))] == ["KVM_TEA_HOT"]
    assert [row[0] for row in drift_of(store, _units(OTHER, 10, constant=9), _units(KERNEL, 10))] == ["KVM_TEA_HOT"]
    assert compared.call_count == 3


def test_one_difference_for_all_abis(store: FactStore) -> None:
    abis = "i386 x86_64"
    for _ in range(2):
        (row,) = drift_of(store, _units(KERNEL, 10, abis=abis), _units(OTHER, 20, constant=8, abis=abis))
        assert (row[0], row[3], row[4]) == ("KVM_TEA_HOT", "i386, x86_64", 1)
