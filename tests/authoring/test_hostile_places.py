"""Trees that mean harm: names and texts of theirs do no more in a series than others'."""

from __future__ import annotations

from pathlib import Path

import pytest
from conftest import UAPI, bare_kernel, git, lay
from written import SELFTESTS, contents, kernel, workshop, written

from caplint.authoring.kernel.numbers import settled
from caplint.authoring.request import parse
from caplint.authoring.series.compose import series
from caplint.authoring.series.mails import Sender, mails
from caplint.util.errors import CaplintError

SENDER = Sender("A Person <person@example.org>", 0)
HOST = "arch/x86/include/asm/kvm_host.h"
EVIL = "arch/x86/include/asm/kvm_\x1b[31m\n.h"
BELL = parse("KVM_CAP_X86_BELL", archs=["x86"], arguments="bool")


def test_a_path_with_controls_is_quoted_everywhere(tmp_path: Path) -> None:
    tree = kernel()
    tree = kernel({EVIL: tree.read(HOST), HOST: b"#define NOTHING 1\n"})
    with written(BELL, tree) as made:
        after = contents(made)
        files = mails(made, SENDER)
    assert EVIL in after
    text = b"".join(files.values())
    assert b"\x1b" not in text
    root = lay(tmp_path / "tree", {path: tree.read(path) for path in after if tree.exists(path)})
    for words in (("init", "-q"), ("add", "-A"), ("commit", "-q", "-m", "base")):
        git(root, *words)
    out = lay(tmp_path / "out", dict(files))
    git(root, "am", "-q", *(str(out / name) for name in sorted(files) if name[:4] != "0000"))
    assert (root / EVIL).read_bytes() == after[EVIL]


@pytest.mark.parametrize("bad", [b"\x1b[2J", b"\xff", b"\r", b"\0"])
def test_a_file_that_is_no_plain_text_is_not_edited(bad: bytes) -> None:
    text = kernel().read(HOST)
    with (
        pytest.raises(CaplintError, match="lacks the place"),
        written(BELL, kernel({HOST: b"/* " + bad + b" */\n" + text})),
    ):
        pass


def test_a_self_test_that_exists_is_not_replaced() -> None:
    path = f"{SELFTESTS}/x86_64/bell_test.c"
    with pytest.raises(CaplintError, match=f"{path} exists already"), written(BELL, kernel({path: b"int x;\n"})):
        pass


def test_names_that_are_taken_are_not_taken_again() -> None:
    text = kernel().read(HOST)
    member = text.replace(b"\tbool enable_pmu;\n", b"\tbool enable_pmu;\n\tbool bell_enabled;\n")
    told = r"struct kvm_arch has a member bell_enabled already, at arch/x86"
    with pytest.raises(CaplintError, match=told), written(BELL, kernel({HOST: member})):
        pass
    macro = text.replace(
        b"#define KVM_MAX_MCE_BANKS 4\n", b"#define KVM_MAX_MCE_BANKS 4\n#define kvm_bell_enabled(x) 0\n"
    )
    with pytest.raises(CaplintError, match="kvm_bell_enabled exists already"), written(BELL, kernel({HOST: macro})):
        pass


def test_numbers_without_bound_are_no_trouble() -> None:
    big = "9" * 5_000
    header = kernel().read(UAPI).replace(b"#define KVMIO", f"#define KVM_CAP_BIG {big}\n#define KVMIO".encode())
    flags = f"#define KVM_ARCH_FLAG_BIG {big}\n#define KVM_ARCH_FLAG_MTE_ENABLED 1\n".encode()
    arm = "arch/arm64/include/asm/kvm_host.h"
    text = kernel().read(arm).replace(b"#define KVM_ARCH_FLAG_MTE_ENABLED 1\n", flags)
    with written(parse("KVM_CAP_ARM_BELL", archs=["arm64"]), kernel({UAPI: header, arm: text})) as made:
        assert made.request.number == 224
        assert b"#define KVM_ARCH_FLAG_BELL_ENABLED 2\n" in made.workshop.sheet(arm).content


def test_an_empty_kernel_lacks_every_place(tmp_path: Path) -> None:
    request = parse("KVM_CAP_BELL")
    with workshop(bare_kernel(tmp_path, {})) as place, pytest.raises(CaplintError, match="lacks the place to define"):
        series(settled(request, place), place)
