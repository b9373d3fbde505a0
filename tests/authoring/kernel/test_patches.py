"""Plan of the kernel's series: which patches there are, in which order, and what their messages say."""

from __future__ import annotations

import pytest

from caplint.authoring import uapi
from caplint.authoring.kernel import check, docs, register, selftest, state
from caplint.authoring.kernel.patches import patches
from caplint.authoring.request import parse


def _subjects(name: str, **options: str) -> list[str]:
    return [patch.subject for patch in patches(parse(name, archs=["x86"], **options))]


def test_the_capability_and_its_test_are_two_patches() -> None:
    assert _subjects("KVM_CAP_X86_BELL") == [
        "KVM: x86: Add KVM_CAP_X86_BELL", "KVM: selftests: Test KVM_CAP_X86_BELL",
    ]  # fmt: skip


def test_a_register_is_emulated_before_a_guest_can_have_it() -> None:
    plan = patches(parse("KVM_CAP_X86_BELL", archs=["x86"], register="BELL=0x1234"))
    assert [patch.subject for patch in plan] == [
        "x86/msr-index: Add MSR_BELL", "KVM: x86: Emulate MSR_BELL",
        "KVM: x86: Add KVM_CAP_X86_BELL", "KVM: selftests: Test KVM_CAP_X86_BELL",
    ]  # fmt: skip
    assert [register.define in patch.authors for patch in plan] == [True, False, False, False]
    assert register.write in plan[1].authors
    assert "KVM_CAP_X86_BELL" in plan[0].body[0]


@pytest.mark.parametrize("more", [{}, {"register": "BELL=0x1234"}, {"ioctl": "KVM_SET_BELL"}, {"scope": "none"}])
def test_state_is_declared_once_and_no_later_than_it_is_used(more: dict[str, str]) -> None:
    plan = patches(parse("KVM_CAP_X86_BELL", archs=["x86"], **more))
    authors = [author for patch in plan for author in patch.authors]
    assert len(authors) == len(set(authors))
    adding = plan[-2].authors
    assert adding[0] is uapi.write, "other code uses the numbers"
    assert {check.write, docs.write} < set(adding)
    assert authors.index(state.write) < authors.index(check.write)
    assert plan[-1].authors == (selftest.write,)


@pytest.mark.parametrize(
    ("archs", "area"), [([], "KVM"), (["s390"], "KVM: s390"), (["s390", "x86"], "KVM"), (["arm64"], "KVM: arm64")]
)
def test_the_subject_names_the_architecture_if_it_is_one(archs: list[str], area: str) -> None:
    assert patches(parse("KVM_CAP_BELL", archs=archs))[0].subject == f"{area}: Add KVM_CAP_BELL"


@pytest.mark.parametrize(
    ("options", "said", "unsaid"),
    [
        ({}, "KVM_ENABLE_CAP on a VM enables it. Flags and arguments that are not known are refused, so that they can"
             " get a meaning later. So is enabling once vCPUs exist.", "ioctl"),
        ({"scope": "vcpu"}, "KVM_ENABLE_CAP on a vCPU enables it.", "once vCPUs exist"),
        ({"scope": "none"}, "KVM_CHECK_EXTENSION answers 1.", "KVM_ENABLE_CAP"),
        ({"ioctl": "KVM_SET_BELL"}, "KVM_SET_BELL on a VM sets it.", "KVM_ENABLE_CAP"),
        ({"ioctl": "KVM_SET_BELL"}, "So is the ioctl once vCPUs exist.", "enabling once"),
        ({"ioctl": "KVM_SET_BELL", "scope": "vcpu"}, "KVM_SET_BELL on a vCPU sets it.", "once vCPUs exist"),
        ({"answer": "mask", "arguments": "mask:A"}, "answers the set of bits that is valid.", "answers 1"),
        ({"answer": "count", "arguments": "size"}, "answers the largest valid number.", "answers 1"),
    ],
)  # fmt: skip
def test_the_message_says_what_the_code_does(options: dict[str, str], said: str, unsaid: str) -> None:
    message = " ".join(patches(parse("KVM_CAP_BELL", archs=["x86"], **options))[-2].body)
    assert said in message
    assert unsaid not in message


def test_the_test_says_how_it_sets_the_state() -> None:
    tests = {ioctl: patches(parse("KVM_CAP_BELL", ioctl=ioctl))[-1].body[0] for ioctl in (None, "KVM_SET_BELL")}
    asking = patches(parse("KVM_CAP_BELL", scope="none"))[-1].body[0]
    assert asking == "Ask for the capability, and look at the answer."
    assert tests[None].endswith("and look at what enabling does.")
    assert tests["KVM_SET_BELL"].endswith("and use KVM_SET_BELL.")
