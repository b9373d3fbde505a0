"""flag_promise: what api.rst says of an ioctl's flags, in many wordings."""

from __future__ import annotations

from pathlib import Path

import pytest
from conftest import UAPI, ask, bare_kernel

API = "Documentation/virt/kvm/api.rst"
HEADER = """\
#define KVM_TEA _IOW(KVMIO, 0x10, struct kvm_tea)
#define KVM_CUP _IOWR(KVMIO, 0x11, struct kvm_cup)
#define KVM_POT _IO(KVMIO, 0x12)
"""
PROMISED = {
    "must": "The flags must be zero.",
    "must 0": "flags must be 0.",
    "currently": "``flags`` must currently be zero.",
    "has to": "The field flags has to be zero.",
    "set to": "All flags have to be set to 0",
    "in a comment": "::\n\n  struct kvm_tea {\n\t__u32 flags; /* must be zero */\n  };",
    "unknown": "Unknown flags are refused with EINVAL.",
    "any": "Setting any bits other than these returns -EINVAL.",
    "undefined": "Undefined bits make it fail, -EINVAL",
    "two lines": "flags that are not listed here\nmust be zero",
}
NOT_PROMISED = {
    "another field": "The padding must be zero.",
    "a member": "tea.flags->x must be zero",
    "another sentence": "It has flags. The rest must be zero.",
    "no demand": "flags may be zero or more.",
    "another value": "flags must be 1.",
    "far away": "flags " + "and more " * 20 + "must be zero",
    "nothing": "",
}


def _section(title: str, text: str) -> str:
    return f"{title}\n{'-' * len(title)}\n\n{text}\n\n"


def _found(root: Path, api: str) -> list[tuple[object, ...]]:
    return ask(
        [bare_kernel(root, {UAPI: HEADER, API: api})], "SELECT ioctl, struct, line FROM flag_promise ORDER BY line"
    )


@pytest.mark.parametrize("api", [PROMISED, NOT_PROMISED], ids=["promised", "not promised"])
def test_wordings(tmp_path: Path, api: dict[str, str]) -> None:
    """Each wording has a section of its own, so that one document holds all."""
    sections = [_section(f"4.{number} KVM_TEA", text) for number, text in enumerate(api.values(), 1)]
    found = _found(tmp_path, "".join(sections))
    begins = [sum(section.count("\n") for section in sections[:number]) for number in range(len(sections) + 1)]
    told = [
        sum(begins[number] < int(str(line)) <= begins[number + 1] for _, _, line in found)
        for number in range(len(sections))
    ]
    assert dict(zip(api, told, strict=True)) == dict.fromkeys(api, int(api is PROMISED))
    assert {row[:2] for row in found} <= {("KVM_TEA", "kvm_tea")}


def test_the_section_decides_whose_flags_they_are(tmp_path: Path) -> None:
    text = (
        _section("4.1 KVM_TEA and KVM_CUP", "The flags must be zero.")
        + _section("4.2 KVM_POT", "The flags must be zero.")
        + _section("4.3 KVM_CAP_TEA", "The flags must be zero.")
        + _section("KVM_TEA", "The flags must be zero.")
        + _section("4.4 KVM_CUP", "See there.") + _section("Flags", "The flags must be zero.")
    )  # fmt: skip
    assert _found(tmp_path, text) == [("KVM_TEA", "kvm_tea", 4), ("KVM_CUP", "kvm_cup", 4)]
