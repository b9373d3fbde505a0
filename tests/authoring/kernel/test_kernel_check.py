"""Answer to KVM_CHECK_EXTENSION: a label in the longest list of those that answer 1, or a case of its own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from conftest import UAPI, X86, bare_kernel
from written import MAIN, fresh, kernel, text, workshop

from caplint.authoring.kernel.check import write
from caplint.authoring.request import CapabilityRequest, parse
from caplint.authoring.topic import Topic
from caplint.authoring.workshop import Workshop
from caplint.util.errors import CaplintError

CAPS = "".join(f"#define KVM_CAP_{letter} {number}\n" for number, letter in enumerate("ABCDEFG", 1))
HEAD = "int kvm_vm_ioctl_check_extension(struct kvm *kvm, long ext)\n{\n\tint r;\n\n\tswitch (ext) {\n"
END = "\tdefault:\n\t\tr = 0;\n\t}\n\treturn r;\n}\n"
YES = "\t\tr = 1;\n\t\tbreak;\n"
BELL = "\tcase KVM_CAP_BELL:\n"
PLAIN = parse("KVM_CAP_BELL", archs=["x86"])


@pytest.fixture(scope="module")
def mini() -> Iterator[Workshop]:
    with workshop(kernel()) as place:
        yield place


def _labels(letters: str) -> str:
    return "".join(f"\tcase KVM_CAP_{letter}:\n" for letter in letters)


def _added(root: Path, cases: str, request: CapabilityRequest = PLAIN, end: str = END) -> str:
    """The cases with the new one."""
    with workshop(bare_kernel(root, {UAPI: CAPS, X86: HEAD + cases + end})) as place:
        topic = Topic(place, "subject", [])
        write(request, topic)
        return text(topic, X86).removeprefix(HEAD).removesuffix(end)


def test_a_yes_joins_the_longest_list_of_those_that_answer_1(tmp_path: Path) -> None:
    cases = [_labels("AB"), YES, _labels("CDE"), YES, _labels("FG"), YES]
    assert _added(tmp_path, "".join(cases)) == "".join([*cases[:3], BELL, *cases[3:]])


def test_a_list_with_conditions_inside_is_one_list(tmp_path: Path) -> None:
    cases = [_labels("AB"), YES, _labels("C"), "#ifdef CONFIG_D\n", _labels("D"), "#endif\n", _labels("E"), YES]
    assert _added(tmp_path, "".join(cases)) == "".join([*cases[:7], BELL, YES])


@pytest.mark.parametrize(
    "cases",
    [
        _labels("A") + YES,  # one label is no list
        _labels("AB") + "\t\tr = kvm->max;\n\t\tbreak;\n",
        _labels("AB") + "\t\t/* always */\n" + YES,  # the answer does not follow the labels
        _labels("A") + "\tcase KVM_CAP_B: /* why */\n" + YES,
    ],
)
def test_without_a_list_a_yes_gets_a_case_of_its_own(tmp_path: Path, cases: str) -> None:
    assert _added(tmp_path, cases) == cases + BELL + YES


def test_a_new_case_leaves_labels_with_the_code_of_default(tmp_path: Path) -> None:
    cases = _labels("AB") + "\t\tr = 2;\n\t\tbreak;\n"
    assert _added(tmp_path, cases, end="\tcase KVM_CAP_C:\n" + END) == cases + BELL + YES


@pytest.mark.parametrize(
    ("request_", "answer"),
    [
        (parse("KVM_CAP_BELL", archs=["x86"], answer="mask", arguments="mask:LOUD"), "KVM_BELL_VALID_MASK"),
        (parse("KVM_CAP_BELL", archs=["x86"], answer="count", arguments="size"), "KVM_BELL_MAX"),
        (parse("KVM_CAP_BELL", archs=["x86"], scope="none", answer="count"), "KVM_BELL_MAX"),
    ],
)
def test_another_answer_is_no_yes(tmp_path: Path, request_: CapabilityRequest, answer: str) -> None:
    cases = _labels("AB") + YES
    assert _added(tmp_path, cases, request_) == f"{cases}{BELL}\t\tr = {answer};\n\t\tbreak;\n"


def test_bits_that_can_be_enabled_and_are_not_answered(tmp_path: Path) -> None:
    request = parse("KVM_CAP_BELL", archs=["x86"], arguments="mask:FAR=40")
    assert _added(tmp_path, _labels("AB") + YES, request) == _labels("AB") + BELL + YES


def test_each_architecture_answers_by_its_own_handler(mini: Workshop) -> None:
    topic = fresh(mini)
    write(parse("KVM_CAP_BELL", archs=["s390", "x86"]), topic)
    assert set(topic.files) == {X86, "arch/s390/kvm/kvm-s390.c"}
    assert f"\tcase KVM_CAP_SGX_ATTRIBUTE:\n#endif\n{BELL}" not in text(topic, X86)
    assert f"\tcase KVM_CAP_S390_IRQCHIP:\n{BELL}\t\tanswer = 1;\n" in text(topic, "arch/s390/kvm/kvm-s390.c")


def test_shared_code_answers_for_all(mini: Workshop) -> None:
    topic = fresh(mini)
    write(parse("KVM_CAP_BELL"), topic)
    assert set(topic.files) == {MAIN}
    assert f"\tcase KVM_CAP_HALT_POLL:\n{BELL}\t\treturn 1;\n" in text(topic, MAIN)


def test_cases_that_return_are_followed(mini: Workshop) -> None:
    topic = fresh(mini)
    write(parse("KVM_CAP_BELL", answer="count", arguments="size"), topic)
    assert f"{BELL}\t\treturn KVM_BELL_MAX;\n\tdefault: /* the architecture may know it */\n" in text(topic, MAIN)


def test_an_architecture_without_a_handler_lacks_the_place(mini: Workshop) -> None:
    with pytest.raises(CaplintError, match="to answer for KVM_CAP_BELL: no check handler of riscv has a switch"):
        write(parse("KVM_CAP_BELL", archs=["riscv"]), fresh(mini))
