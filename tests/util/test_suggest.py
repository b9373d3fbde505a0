"""Suggestions for misspelt words, and how error messages give them."""

from __future__ import annotations

import pytest

from caplint.util.suggest import close_match, hint, nearest, suggestion


@pytest.mark.parametrize(
    ("word", "near"), [("kernle", "kernel"), ("vm", "vmm"), ("zzz", None), ("kernel", "kernel"), ("", None)]
)
def test_close_match(word: str, near: str | None) -> None:
    assert close_match(word, ("kernel", "vmm", "manager")) == near
    assert close_match(word, ()) is None


def test_ends_of_messages() -> None:
    assert hint("vmm", "roles are …") == "; did you mean vmm?"
    assert hint(None, "roles are …") == "; roles are …"
    assert hint(None) == ""
    assert suggestion("pth", ["path"], prefix="trees.") == "; did you mean trees.path?"
    assert suggestion("zzz", ["path"], prefix="trees.", otherwise="known are path") == "; known are path"
    assert suggestion("zzz", ["path"]) == ""


def test_names_of_a_family_are_compared_by_their_words() -> None:
    assert nearest("KVM_CAP_SPLIT_IRQCHIP", ["KVM_CAP_IRQCHIP", "KVM_CAP_IRQCHIP_SPLIT"]) == "KVM_CAP_IRQCHIP_SPLIT"


def test_a_name_that_differs_in_underscores_only_is_the_nearest() -> None:
    names = ["KVM_CAP_MANUAL_DIRTY_LOG_PROTECT", "KVM_CAP_MANUAL_DIRTY_LOG_PROTECT2"]
    assert nearest("KVM_CAP_MANUAL_DIRTY_LOG_PROTECT_2", names) == names[1]
    assert nearest("KVM_CAP_MANUAL_DIRTY_LOG_PRO_TECT", names) == names[0]
