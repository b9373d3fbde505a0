"""Choice of the capabilities of a history by globs, with or without the prefix of their names."""

from __future__ import annotations

import pytest

from caplint.history.wanted import Wanted


@pytest.mark.parametrize(
    ("globs", "cap", "wanted"),
    [
        ((), "KVM_CAP_HLT", True),
        (("KVM_CAP_HLT",), "KVM_CAP_HLT", True),
        (("HLT",), "KVM_CAP_HLT", True),
        (("hlt",), "KVM_CAP_HLT", True),
        (("KVM_CAP_H*",), "KVM_CAP_HLT", True),
        (("S390_*", "H*"), "KVM_CAP_HLT", True),
        (("HL",), "KVM_CAP_HLT", False),
        (("LT",), "KVM_CAP_HLT", False),
        (("S390_*",), "KVM_CAP_HLT", False),
        (("",), "KVM_CAP_HLT", False),
    ],
)
def test_globs(globs: tuple[str, ...], cap: str, wanted: bool) -> None:
    assert Wanted(globs).has(cap) is wanted
