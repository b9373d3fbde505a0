"""Names of members that only reserve space."""

from __future__ import annotations

import pytest

from caplint.abi.reserved import is_reserved


@pytest.mark.parametrize(
    "name",
    ["pad", "pad1", "pad_2", "__pad", "padding", "reserved", "reserve", "reserved2", "_rsvd", "resv", "res", "unused",
     "dummy", "spare", "fill", "filler", "pad[]", "u.pad", "a.b.reserved", "pad_", "__reserved3[]"],
)  # fmt: skip
def test_reserved(name: str) -> None:
    assert is_reserved(name)


@pytest.mark.parametrize(
    "name",
    ["", "padded", "pads", "result", "resource", "reservedx", "Pad", "apad", "pad.x", "pad1a", "fillers", "respond",
     "unused_flag", "pad[1]", "pad\n"],
)  # fmt: skip
def test_not_reserved(name: str) -> None:
    assert not is_reserved(name)
