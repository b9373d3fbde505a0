"""Section of api.rst about a new capability or ioctl: its chapter, its number, its fields and its words."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from conftest import UAPI, bare_kernel
from written import fresh, kernel, new_lines, text, workshop

from caplint.authoring.kernel.docs import write
from caplint.authoring.request import CapabilityRequest, parse
from caplint.authoring.topic import Topic
from caplint.authoring.workshop import Workshop
from caplint.util.errors import CaplintError

API = "Documentation/virt/kvm/api.rst"


@pytest.fixture(scope="module")
def mini() -> Iterator[Workshop]:
    with workshop(kernel()) as place:
        yield place


def _written(place: Workshop, request: CapabilityRequest) -> tuple[Topic, list[str]]:
    """The patch, and the lines of the section."""
    topic = fresh(place)
    write(request, topic)
    assert set(topic.files) == {API}
    return topic, new_lines(topic)


def _section(place: Workshop, **options: str) -> list[str]:
    return _written(place, parse("KVM_CAP_X86_BELL", archs=["x86"], **options))[1]


def test_a_section_has_every_field(mini: Workshop) -> None:
    assert _section(mini, arguments="bool") == [
        "",
        "7.15 KVM_CAP_X86_BELL",
        "---------------------",
        "",
        ":Architectures: x86",
        ":Type: vm",
        ":Parameters: args[0] is 1 to enable it, 0 to disable it",
        ":Returns: 0 on success, -EINVAL for flags, other arguments and a VM with vCPUs",
        "",
        "KVM_CHECK_EXTENSION answers 1 where this capability is available.",
        "",
        "The last value counts that was set before the first vCPU was created.",
    ]


@pytest.mark.parametrize(
    ("options", "title", "below"),
    [
        ({}, "7.15 KVM_CAP_X86_BELL", "8. Other capabilities"),
        ({"scope": "vcpu"}, "6.3 KVM_CAP_X86_BELL", "7. Capabilities that can be enabled on a machine"),
        ({"scope": "none"}, "8.7 KVM_CAP_X86_BELL", ""),
        ({"ioctl": "KVM_SET_BELL"}, "4.8 KVM_SET_BELL", "5. The kvm_run structure"),
    ],
)
def test_it_ends_the_chapter_of_its_kind(mini: Workshop, options: dict[str, str], title: str, below: str) -> None:
    topic, _ = _written(mini, parse("KVM_CAP_X86_BELL", archs=["x86"], **options))
    lines = text(topic, API).splitlines()
    at = lines.index(title)
    assert lines[at - 1] == ""
    assert lines[at + 1] == "-" * len(title)
    rest = [line for line in lines[at + 2 :] if line[:2] in {"5.", "6.", "7.", "8."} and "KVM_CAP" not in line]
    assert rest[:1] == ([below] if below else [])
    (decision,) = topic.decisions
    assert (decision.subject, lines[topic.line_of(decision) - 1]) == ("meaning of BELL", title)


def test_what_is_only_asked_for_has_no_type(mini: Workshop) -> None:
    fields = [line for line in _section(mini, scope="none") if line.startswith(":")]
    assert fields == [":Architectures: x86"]


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"arguments": "size"}, ":Parameters: args[0] is a number of up to KVM_X86_BELL_MAX"),
        ({"arguments": "fd"}, ":Parameters: args[0] is the descriptor of an eventfd"),
        ({"arguments": "mask:LOUD"}, ":Parameters: args[0] is a set of the bits below"),
        ({}, ":Parameters: none"),
        ({}, "Enabling it affects the whole VM; it cannot be disabled."),
        ({"scope": "vcpu"}, "Enabling it affects the vCPU; it cannot be disabled."),
        ({"scope": "vcpu"}, ":Returns: 0 on success, -EINVAL for flags and other arguments"),
        ({"answer": "count", "arguments": "size"}, "KVM_CHECK_EXTENSION answers the largest number that it accepts"),
        ({"answer": "count", "scope": "none"}, "KVM_CHECK_EXTENSION answers a number where this"),
        ({"register": "PPIN=0x4f:ro"}, "Guests of a VM that has enabled it may read MSR_PPIN. User space"),
        ({"register": "PPIN=0x4f:rw"}, "Guests of a VM that has enabled it may read and write MSR_PPIN. User"),
        ({"ioctl": "KVM_SET_BELL"}, ":Capability: KVM_CAP_X86_BELL"),
        ({"ioctl": "KVM_SET_BELL"}, ":Type: vm ioctl"),
        ({"ioctl": "KVM_SET_BELL", "arguments": "bool"}, ":Parameters: struct kvm_set_bell (in)"),
        ({"ioctl": "KVM_SET_BELL", "arguments": "bool"}, "    __u64 value; /* 1 sets it, 0 clears it */".lstrip()),
        ({"ioctl": "KVM_SET_BELL"}, "fails with EINVAL for an argument that is not 0, or a VM with vCPUs."),
        ({"ioctl": "KVM_SET_BELL", "arguments": "fd"}, "with EFAULT if the structure cannot be read, with EBADF if"),
        ({"ioctl": "KVM_SET_BELL", "scope": "vcpu"}, "fails with EINVAL for an argument that is not 0."),
    ],
)
def test_what_the_code_does_is_told(mini: Workshop, options: dict[str, str], words: str) -> None:
    assert words in " ".join(line.strip() for line in _section(mini, **options))


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"arguments": "bool"}, True),
        ({"arguments": "mask:LOUD", "ioctl": "KVM_SET_BELL"}, True),
        ({"arguments": "bool", "scope": "vcpu"}, False),
        ({"arguments": "fd"}, False),
        ({}, False),
    ],
)
def test_values_of_a_vm_count_until_it_has_vcpus(mini: Workshop, options: dict[str, str], told: bool) -> None:
    text = " ".join(line.strip() for line in _section(mini, **options))
    assert ("The last value counts that was set before the first vCPU was created." in text) is told


def test_a_descriptor_that_is_closed_is_an_error_of_its_own(mini: Workshop) -> None:
    found = " ".join(line.strip() for line in _section(mini, arguments="fd"))
    assert "a VM with vCPUs, -EBADF if args[0] is no open descriptor" in found


def test_bits_are_listed_below_each_other(mini: Workshop) -> None:
    found = _section(mini, arguments="mask:LOUD,SOFTER=5", answer="mask")
    assert found[-4:] == [
        "The bits are::", "", "  #define KVM_X86_BELL_LOUD   (1ULL << 0)", "  #define KVM_X86_BELL_SOFTER (1ULL << 5)",
    ]  # fmt: skip


@pytest.mark.parametrize(
    "options", [{"arguments": "fd"}, {"ioctl": "KVM_SET_BELL", "arguments": "fd"}, {"register": "PPIN=0x4f:rw"}]
)
def test_lines_are_as_wide_as_the_others(mini: Workshop, options: dict[str, str]) -> None:
    assert all(len(line) <= 80 for line in _section(mini, **options))


def test_architectures_have_the_words_of_the_file(mini: Workshop) -> None:
    _, all_of_them = _written(mini, parse("KVM_CAP_BELL"))
    assert ":Architectures: all" in all_of_them
    _, some = _written(mini, parse("KVM_CAP_BELL", archs=["s390", "x86"]))
    assert ":Architectures: x86, s390" in some


CAPS = "#define KVM_CAP_A 1\n#define KVM_CAP_B 2\n"
ENABLE = """\
int kvm_vm_ioctl_enable_cap(struct kvm *kvm, struct kvm_enable_cap *cap)
{
	switch (cap->cap) {
	case KVM_CAP_A:
		return 0;
	default:
		return -EINVAL;
	}
}
"""
CHAPTER = "7. Capabilities of VMs\n======================\n\n"


def _small(root: Path, documentation: str) -> list[str]:
    files = {UAPI: CAPS, "arch/x86/kvm/x86.c": ENABLE, API: documentation}
    with workshop(bare_kernel(root, files)) as place:
        return _section(place)


def test_the_type_is_written_as_above(tmp_path: Path) -> None:
    section = "7.1 KVM_CAP_A\n-------------\n\n:Architectures: x86\n:Target: VM\n\nIt rings.\n"
    assert ":Target: VM" in _small(tmp_path, CHAPTER + section)


@pytest.mark.parametrize("documentation", ["", "1. Other\n========\n\nKVM_CAP_A and KVM_CAP_B.\n"])
def test_without_a_chapter_of_its_kind_there_is_no_place(tmp_path: Path, documentation: str) -> None:
    with pytest.raises(CaplintError, match=r"no chapter of api\.rst is about capabilities of its kind"):
        _small(tmp_path, documentation)


def test_without_a_chapter_of_ioctls_there_is_no_place(tmp_path: Path) -> None:
    section = "7.1 KVM_CAP_A\n-------------\n\n:Architectures: x86\n\nIt rings.\n"
    with (
        workshop(bare_kernel(tmp_path, {UAPI: CAPS, "arch/x86/kvm/x86.c": ENABLE, API: CHAPTER + section})) as place,
        pytest.raises(CaplintError, match=r"no chapter of api\.rst is about ioctls"),
    ):
        _section(place, ioctl="KVM_SET_BELL")
