"""Cards of the names in a session: of capabilities from the inventory, of others from the tables."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from conftest import CHECK, HEADER, UAPI, X86, kernel, qemu

from caplint.config.settings import Config
from caplint.findings.finding import Finding, Location
from caplint.server.cards import Cards
from caplint.server.messages import NameCard
from caplint.session import Session, open_session
from caplint.trees.detect import directory_tree
from caplint.trees.tree import Tree

INDEX = "arch/x86/include/asm/msr-index.h"
POUR = f"{HEADER}#include <linux/ioctl.h>\n#include <asm/kvm.h>\n#define KVM_POUR _IO(0xAE, 0xda)\n"
LINUX = {UAPI: POUR, "arch/x86/include/uapi/asm/kvm.h": "", INDEX: "#define MSR_TEA 0x123\n"}
FINDING = Finding("CAP999", "made-up", "note", "KVM_CAP_HLT", None, None, "is odd", Location("kernel", UAPI, 2))


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Session]:
    root = tmp_path_factory.mktemp("cards")
    use = "int f(void) { return kvm_check_extension(s, KVM_CAP_HLT) + kvm_ioctl(s, KVM_POUR); }\n"
    trees: list[Tree] = [
        directory_tree(str(kernel(root / "k", LINUX))),
        directory_tree(str(qemu(root / "q", {"accel/kvm/kvm-all.c": use}))),
    ]
    opened = open_session(trees, Config(cache="none", jobs=1))
    yield opened
    opened.store.close()


def _line(text: str, start: str) -> int:
    return next(number for number, line in enumerate(text.splitlines(), 1) if line.strip().startswith(start))


def test_a_capability_has_the_lines_of_the_inventory_with_their_places(session: Session) -> None:
    card = Cards(session, [FINDING]).card("KVM_CAP_HLT")
    assert isinstance(card, NameCard)
    lines = dict(card.lines)
    assert card.title == "KVM_CAP_HLT"
    assert lines["number"] == f"1 (kernel:{UAPI}:2)"
    assert lines["answered"] == f"x86: always, 1 (kernel:{X86}:{_line(CHECK, 'case KVM_CAP_HLT')})"
    assert lines["used"].endswith("(qemu:accel/kvm/kvm-all.c:1)")
    assert lines["finding"] == f"note CAP999: is odd (kernel:{UAPI}:2)"


def test_findings_of_other_capabilities_are_not_on_the_card(session: Session) -> None:
    card = Cards(session, [FINDING]).card("KVM_CAP_IRQCHIP")
    assert card is not None
    assert "finding" not in dict(card.lines)


def test_an_ioctl_and_an_msr_have_cards_too(session: Session) -> None:
    cards = Cards(session, [])
    titles = [card.title for card in map(cards.card, ("KVM_POUR", "MSR_TEA")) if card]
    assert titles == ["KVM_POUR (ioctl)", "MSR_TEA = 0x123 (MSR)"]


@pytest.mark.parametrize("name", ["", "main", "KVM_CAP_GONE", "kvm_cap_hlt", "KVM_CAP_%", "\0", "K" * 100_000])
def test_other_names_have_none(session: Session, name: str) -> None:
    assert Cards(session, []).card(name) is None


def test_the_inventory_is_collected_once_and_only_for_a_capability(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    cards = Cards(session, [])
    with monkeypatch.context() as patched:
        patched.delattr("caplint.server.cards.collect")
        assert cards.card("KVM_POUR") is not None
    assert cards.card("KVM_CAP_HLT") is not None
    monkeypatch.delattr("caplint.server.cards.collect")
    assert cards.card("KVM_CAP_IRQCHIP") is not None


def test_two_kernels_whose_answers_would_mix_have_no_cards_of_capabilities(tmp_path: Path) -> None:
    trees = [directory_tree(str(kernel(tmp_path / name, LINUX))) for name in ("one", "two")]
    trees[1].name = "other"
    session = open_session([*trees], Config(cache="none", jobs=1))
    try:
        cards = Cards(session, [])
        assert cards.card("KVM_CAP_HLT") is None
        assert cards.card("KVM_POUR") is not None
    finally:
        session.store.close()
