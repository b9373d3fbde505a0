"""Fields of a capability's section, as far as the code alone tells their values."""

from __future__ import annotations

from pathlib import Path

import pytest
from bench import API, Rows, bench

from caplint.fixes.section_facts import answered_architectures, argument_facts, enabled_facts, told
from caplint.fixes.workbench import Workbench

CAP = "KVM_CAP_TEA"
ENABLE, ANSWER = "cap_enable(tree, cap, arch, scope, hands_on)", "cap_answer(tree, cap, arch)"
HANDLER, ARGUMENT = "handler(tree, verb, arch, understood)", "cap_argument(tree, cap, position, mask)"


def _bench(root: Path, enabled: Rows = [], arguments: Rows = [], handlers: Rows = [], answers: Rows = []) -> Workbench:  # noqa: B006
    tables = {
        ENABLE: [("kernel", CAP, *row) for row in enabled],
        ANSWER: [("kernel", CAP, *row) for row in answers],
        HANDLER: [("kernel", *row) for row in handlers],
        ARGUMENT: [("kernel", CAP, *row) for row in arguments],
    }
    return bench(root, {API: ":Architectures: ppc, x86\n"}, tables)


X86: Rows = [("x86", "vm", 0)]


@pytest.mark.parametrize(
    ("enabled", "arguments", "fields"),
    [
        (X86, [], {"Type": "vm", "Architectures": "x86", "Parameters": "none"}),
        ([("generic", "vm", 0)], [], {"Type": "vm", "Architectures": "all", "Parameters": "none"}),
        # In the words of the file, in the project's order
        ([("powerpc", "vcpu", 0)], [], {"Type": "vcpu", "Architectures": "ppc", "Parameters": "none"}),
        ([("s390", "vm", 0), ("x86", "vm", 0)], [], {"Type": "vm", "Architectures": "x86, s390", "Parameters": "none"}),
        # Architectures beside the generic code: which of them is not told.
        ([("generic", "vm", 0), ("x86", "vm", 0)], [], {"Type": "vm", "Parameters": "none"}),
        # Two descriptors, or none
        ([("x86", "vm", 0), ("x86", "vcpu", 0)], [], {}),
        ([], [], {}),
        # Arguments: sets of named bits are told, another one only people know.
        (X86, [(0, "A | B")],
         {"Type": "vm", "Architectures": "x86", "Parameters": "args[0] is a set of the bits A, B"}),
        (X86, [(1, "A"), (0, "B")],
         {"Type": "vm", "Architectures": "x86",
          "Parameters": "args[0] is a set of bits of B; args[1] is a set of bits of A"}),
        (X86, [(0, None)], {"Type": "vm", "Architectures": "x86"}),
        (X86, [(0, "A"), (1, None)], {"Type": "vm", "Architectures": "x86"}),
        ([("x86", "vm", 1)], [], {"Type": "vm", "Architectures": "x86"}),
        ([("x86", "vm", 0), ("s390", "vm", 1)], [], {"Type": "vm", "Architectures": "x86, s390"}),
    ],
)  # fmt: skip
def test_fields_of_what_is_enabled(tmp_path: Path, enabled: Rows, arguments: Rows, fields: dict[str, str]) -> None:
    assert enabled_facts(_bench(tmp_path, enabled, arguments), ("kernel", API), CAP) == fields


@pytest.mark.parametrize(
    ("handlers", "told_at_all"),
    [([("enable", "s390", 0)], False), ([("enable", "s390", 1)], True), ([("check", "s390", 0)], True)],
)
def test_a_handler_that_is_not_understood_may_enable_it_too(tmp_path: Path, handlers: Rows, told_at_all: bool) -> None:
    assert bool(enabled_facts(_bench(tmp_path, X86, handlers=handlers), ("kernel", API), CAP)) is told_at_all


@pytest.mark.parametrize(
    ("arguments", "facts"),
    [
        ([(0, "A")], {"args[0]": "bits of A"}),
        ([(0, "A"), (0, "A")], {"args[0]": "bits of A"}),
        ([(0, "A"), (0, "B")], {}),
        ([(0, "A"), (0, None)], {}),
        ([(0, "3")], {}),
        ([(0, "A | 3")], {}),
        ([(0, "~A")], {}),
        ([(2, "A | B | C")], {"args[2]": "the bits A, B, C"}),
        ([], {}),
    ],
)
def test_arguments(tmp_path: Path, arguments: Rows, facts: dict[str, str]) -> None:
    assert argument_facts(_bench(tmp_path, arguments=arguments), "kernel", CAP) == facts


CHECKS: Rows = [("check", "x86", 1), ("check", "powerpc", 1), ("check", "generic", 1), ("enable", "s390", 1)]


@pytest.mark.parametrize(
    ("answers", "words"),
    [([("x86",), ("powerpc",)], "all"), ([("x86",)], "x86"), ([("powerpc",)], "ppc"), ([], "")],
)
def test_architectures_that_answer(tmp_path: Path, answers: Rows, words: str) -> None:
    """All that have a handler of checks are all; the generic one is no architecture."""
    found = _bench(tmp_path, handlers=CHECKS, answers=answers)
    assert answered_architectures(found, ("kernel", API), CAP) == words


@pytest.mark.parametrize(("mask", "words"), [("A", "bits of A"), ("A | B", "the bits A, B")])
def test_bits_as_words(mask: str, words: str) -> None:
    assert told(mask) == words
