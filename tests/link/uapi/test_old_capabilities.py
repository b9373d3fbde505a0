"""old_cap: what every supported kernel defines."""

from __future__ import annotations

from pathlib import Path

import pytest
from conftest import UAPI, ask, bare_kernel

from caplint.config.settings import Config

HEADER = """\
#define KVM_CAP_ANCIENT 22
#define KVM_CAP_NESTED_STATE 157
#define KVM_CAP_XSAVE2 208
#define KVM_CAP_OURS 900
"""


@pytest.mark.parametrize(
    ("oldest", "names"),
    [
        ("", ""),
        ("4.19", "ANCIENT NESTED_STATE"),
        ("v5.16", "ANCIENT NESTED_STATE"),
        ("5.17", "ANCIENT NESTED_STATE XSAVE2"),
        ("6.1", "ANCIENT NESTED_STATE XSAVE2"),
    ],
)
def test_what_is_old(tmp_path: Path, oldest: str, names: str) -> None:
    config = Config(cache="none", jobs=1, oldest_kernel=oldest)
    found = ask([bare_kernel(tmp_path, {UAPI: HEADER})], "SELECT name FROM old_cap JOIN cap USING (name)", config)
    assert {name for (name,) in found} == {f"KVM_CAP_{name}" for name in names.split()}
