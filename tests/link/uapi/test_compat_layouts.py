"""Rows for ioctls that a 32-bit program passes with another layout, remembered under the key of their layouts."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from caplint.abi.types import StructMember
from caplint.abi.unit import IoctlNumber, Structure
from caplint.facts.store.store import FactStore
from caplint.link.uapi.compat_layouts import compat_rows
from caplint.link.uapi.rows import CompatIoctlRow

PATH = "include/uapi/linux/kvm.h"
PLACE = ("now", "linux", "x86")


def _unit(pointer: int, number: int) -> dict[str, object]:
    """A structure that holds a pointer, and the ioctl that carries it."""
    member = StructMember("leaves", 0, pointer, None, None, "void *", PATH, 11)
    return {
        "structures": [Structure("kvm_tea", "struct", pointer, pointer, PATH, 10, 8, 1, [member])],
        "ioctls": [IoctlNumber("KVM_BREW", number, "write", pointer, 1, 0xAE, "struct kvm_tea", PATH, 14, 9)],
        "unknown": [],
        "constants": [],
    }


WIDE, NARROW = _unit(8, 0x4008AE01), _unit(4, 0x4004AE01)
UNITS = json.dumps({"any": WIDE, "i386": NARROW, "x86_64": WIDE})


@pytest.fixture
def store() -> Iterator[FactStore]:
    opened = FactStore(None)
    yield opened
    opened.close()


def test_an_ioctl_whose_argument_holds_a_pointer(store: FactStore) -> None:
    """The layouts for any ABI take no part: they are those of no program."""
    (row,) = compat_rows(store, "key", UNITS, PLACE)
    assert (row.side, row.tree, row.arch, row.ioctl, row.abi, row.path, row.line) == (
        *PLACE, "KVM_BREW", "i386", PATH, 14
    )  # fmt: skip
    assert (row.renumbers, row.nr, row.names) == (1, 1, "[]")
    assert "leaves" in row.change


def test_equal_layouts_have_none(store: FactStore) -> None:
    assert list(compat_rows(store, "key", json.dumps({"i386": WIDE, "x86_64": WIDE}), PLACE)) == []
    assert list(compat_rows(store, "other", json.dumps({"x86_64": WIDE}), PLACE)) == []


def test_what_was_computed_is_remembered_under_its_key(store: FactStore) -> None:
    first = list(compat_rows(store, "key", UNITS, PLACE))
    other = ("base", "linux", "x86")
    assert list(compat_rows(store, "key", "no JSON", other)) == [row._replace(side="base") for row in first]
    with pytest.raises(ValueError, match="Expecting value"):
        list(compat_rows(store, "another key", "no JSON", PLACE))
    assert all(isinstance(row, CompatIoctlRow) for row in first)
