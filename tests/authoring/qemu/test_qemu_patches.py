"""Plan of QEMU's series: the header's placeholder first, and the state migrates before a guest can have it."""

from __future__ import annotations

import pytest

from caplint.authoring import uapi
from caplint.authoring.qemu import enable, msr, option, vmstate
from caplint.authoring.qemu.patches import patches
from caplint.authoring.request import parse


def test_the_header_comes_first_and_is_not_to_be_merged() -> None:
    first, *others = patches(parse("KVM_CAP_NEW"))
    assert first.subject == "linux-headers: Placeholder for KVM_CAP_NEW"
    assert "It is not to be merged" in first.body[0]
    assert first.authors == (uapi.write,)
    assert not any(uapi.write in patch.authors for patch in others)


def test_a_register_migrates_before_it_is_enabled() -> None:
    plan = patches(parse("KVM_CAP_X86_NEW", archs=["x86"], register="NEW=0x1234"))
    assert [patch.subject for patch in plan[1:]] == [
        "target/i386/kvm: Get, set and migrate MSR_NEW", "target/i386/kvm: Enable KVM_CAP_X86_NEW on request",
    ]  # fmt: skip
    assert [patch.authors for patch in plan[1:]] == [(msr.write, vmstate.write), (option.write, enable.write)]
    assert "enabling KVM_CAP_X86_NEW follows" in plan[1].body[-1]


@pytest.mark.parametrize(
    ("archs", "area"),
    [
        ([], "accel/kvm"), (["x86", "s390"], "accel/kvm"), (["x86"], "target/i386/kvm"), (["arm64"], "target/arm/kvm"),
        (["s390"], "target/s390x/kvm"), (["powerpc"], "target/ppc/kvm"), (["mips"], "target/mips/kvm"),
    ],
)  # fmt: skip
def test_the_subject_names_the_directory(archs: list[str], area: str) -> None:
    assert patches(parse("KVM_CAP_NEW", archs=archs))[-1].subject == f"{area}: Enable KVM_CAP_NEW on request"


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({}, "asks the kernel for the capability, enables it, and does not start if the kernel lacks or refuses it."),
        ({"ioctl": "KVM_SET_NEW"}, "asks the kernel for the capability, issues KVM_SET_NEW, and does not start"),
        ({"scope": "none"}, "Ask the kernel for KVM_CAP_NEW and keep the answer."),
    ],
)
def test_the_message_says_what_is_done(options: dict[str, str], said: str) -> None:
    last = patches(parse("KVM_CAP_NEW", **options))[-1]
    assert said in last.body[0]
    assert ("on request" in last.subject) == (options.get("scope") != "none")
