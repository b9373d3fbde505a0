"""Definition of a new capability in a header of the UAPI, with the bits of its mask and its ioctl."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from conftest import UAPI, bare_kernel
from written import text, workshop

from caplint.authoring.request import CapabilityRequest, parse
from caplint.authoring.topic import Topic
from caplint.authoring.uapi import write
from caplint.util.errors import CaplintError

HEADER = """\
#ifndef A
#define A
#define KVMIO 0xAE
#define KVM_CAP_ONE 1
#define KVM_CAP_NINE 9
#ifdef B
#define KVM_CAP_FIVE 5
#endif
#define KVM_CAP_THREE 3
#define KVM_ONE _IO(KVMIO, 0x60)
#endif
"""


def _written(root: Path, request: CapabilityRequest, number: int, header: str = HEADER) -> tuple[str, list[str]]:
    """The header, and what people are asked."""
    request = replace(request, number=number, ioctl=request.ioctl and replace(request.ioctl, number=0x61))
    with workshop(bare_kernel(root, {UAPI: header})) as place:
        topic = Topic(place, "subject", [])
        write(request, topic)
        assert all(found.anchor in place.sheet(UAPI).lines[topic.line_of(found) - 1].text for found in topic.decisions)
        return text(topic, UAPI), [found.subject for found in topic.decisions]


PLAIN = parse("KVM_CAP_BELL")


@pytest.mark.parametrize(
    ("number", "above"),
    [
        (10, "#define KVM_CAP_NINE 9\n"), (1_000, "#define KVM_CAP_NINE 9\n"), (4, "#define KVM_CAP_THREE 3\n"),
        (2, "#define KVM_CAP_ONE 1\n"), (0, "#define KVM_CAP_ONE 1\n"),
        (6, "#define KVM_CAP_THREE 3\n"),  # not below one that only some architectures have
    ],
)  # fmt: skip
def test_it_stands_below_the_number_before_it(tmp_path: Path, number: int, above: str) -> None:
    found, asked = _written(tmp_path, PLAIN, number)
    assert found == HEADER.replace(above, f"{above}#define KVM_CAP_BELL {number}\n")
    assert asked == []


@pytest.mark.parametrize(("number", "asked"), [(234, ["number"]), (20_000, [])])
def test_people_are_asked_about_a_number_that_a_later_linux_gives_to_another(
    tmp_path: Path, number: int, asked: list[str]
) -> None:
    assert _written(tmp_path, PLAIN, number)[1] == asked


def test_bits_stand_at_the_end_of_the_header(tmp_path: Path) -> None:
    found, _ = _written(tmp_path, parse("KVM_CAP_BELL", arguments="mask:LOUD,KVM_BELL_SOFT=33"), 10)
    assert found.endswith(
        "_IO(KVMIO, 0x60)\n/* Bits of KVM_CAP_BELL */\n"
        "#define KVM_BELL_LOUD (1ULL << 0)\n#define KVM_BELL_SOFT (1ULL << 33)\n\n#endif\n"
    )


def test_an_ioctl_stands_behind_the_bits_of_its_value(tmp_path: Path) -> None:
    request = parse("KVM_CAP_BELL", arguments="mask:LOUD", ioctl="KVM_SET_BELL")
    found, asked = _written(tmp_path, request, 10)
    assert found.index("#define KVM_BELL_LOUD") < found.index("#define KVM_SET_BELL _IOW(KVMIO, 0x61, struct kvm_set")
    assert found.endswith("};\n\n#endif\n")
    assert asked == ["number of KVM_SET_BELL", "argument of KVM_SET_BELL"]


def test_an_ioctl_without_a_value_has_no_argument_to_decide_about(tmp_path: Path) -> None:
    found, asked = _written(tmp_path, parse("KVM_CAP_BELL", ioctl="KVM_SET_BELL"), 10)
    assert "#define KVM_SET_BELL _IO(KVMIO, 0x61)\n" in found
    assert asked == ["number of KVM_SET_BELL"]


@pytest.mark.parametrize("header", ["", "#define KVM_CAP_ONE OTHER\n", "#ifdef B\n#define KVM_CAP_ONE 1\n#endif\n"])
def test_a_header_without_capabilities_is_no_place(tmp_path: Path, header: str) -> None:
    with pytest.raises(CaplintError, match="lacks the place to define KVM_CAP_BELL: no header of the UAPI defines"):
        _written(tmp_path, PLAIN, 10, header)


@pytest.mark.parametrize(
    ("request_", "what"),
    [
        (parse("KVM_CAP_BELL", arguments="mask:LOUD"), "the bits"),
        (parse("KVM_CAP_BELL", ioctl="KVM_SET_BELL"), "KVM_SET_BELL"),
    ],
)
def test_without_a_guard_there_is_no_end(tmp_path: Path, request_: CapabilityRequest, what: str) -> None:
    with pytest.raises(CaplintError, match=f"lacks the place to define {what}: {UAPI} has no guard"):
        _written(tmp_path, request_, 10, "#define KVM_CAP_ONE 1\n")
