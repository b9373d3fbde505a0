"""Since when Linux has a capability, from the shipped data."""

from __future__ import annotations

import re
import tomllib

import pytest

from caplint.knowledge.load import data_files, knowledge


@pytest.mark.parametrize(
    ("cap", "number", "since"),
    [
        ("KVM_CAP_X86_GUEST_MODE", 238, "v6.11"),
        ("KVM_CAP_X86_USER_SPACE_MSR", 188, "v5.10"),
        ("KVM_CAP_IRQCHIP", 0, "<= v4.6"),
        ("KVM_CAP_S390_HPAGE_1M", 156, "<= v5.0"),
        ("KVM_CAP_IRQCHIP", 1, None),  # somebody's own number
        ("KVM_CAP_OURS", 500, None),
        ("KVM_CAP_IRQCHIP", None, None),
    ],
)
def test_since(cap: str, number: int | None, since: str | None) -> None:
    assert knowledge().since(cap, number) == since


def test_the_tables_share_no_name_and_no_number() -> None:
    data = tomllib.loads(data_files()["capabilities.toml"])
    tables = [data["introduced"], data["present_in"]]
    numbers = [entry["number"] for table in tables for entry in table.values()]
    assert len(numbers) == len(set(numbers))
    assert not tables[0].keys() & tables[1].keys()
    assert all(re.fullmatch(r"v\d+\.\d+", entry["release"]) for table in tables for entry in table.values())
