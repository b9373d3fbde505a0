"""Names of capabilities: what is one, and that no other module has a pattern of its own."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import caplint
from caplint.capability_names import capabilities_in, is_capability, is_portable_name, mentions_in


@pytest.mark.parametrize(
    ("text", "name", "portable"),
    [("KVM_CAP_X86", True, True), ("KVM_CAP_", False, False), ("KVM_CAP_A B", False, False),
     ("A_KVM_CAP_A", False, False),
     ("KVM_CAP_A\n", False, False), (f"KVM_CAP_{'A' * 101}", True, False), ("KVM_CAP_É", True, False)],
)  # fmt: skip
def test_names(text: str, name: bool, portable: bool) -> None:
    assert (is_capability(text), is_portable_name(text)) == (name, portable)


def test_mentions() -> None:
    assert capabilities_in("KVM_CAP_B, MY_KVM_CAP_C, KVM_CAP_A; KVM_CAP_B") == ["KVM_CAP_B", "KVM_CAP_A", "KVM_CAP_B"]
    assert mentions_in(b"\nx KVM_CAP_A\n(KVM_CAP_B)") == [("KVM_CAP_A", 3), ("KVM_CAP_B", 14)]


def test_no_other_module_has_a_pattern_of_its_own() -> None:
    root = Path(caplint.__file__).parent
    own = {
        path.relative_to(root).as_posix()
        for path in root.rglob("*.py")
        if re.search(r"KVM_CAP_\\w|startswith\(\"KVM_CAP_", path.read_text("utf-8"))
    }
    assert own == {"capability_names.py", "facts/docs.py"}  # the latter cuts no prefix: a document may break the line
