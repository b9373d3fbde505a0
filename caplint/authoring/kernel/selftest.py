"""Self-test: a program that asks for the capability, provokes each refusal and enables it; and its Makefile line."""

from __future__ import annotations

import re
from collections.abc import Iterator

from caplint.authoring.kernel.selftest_program import program
from caplint.authoring.request import CapabilityRequest
from caplint.authoring.topic import Topic
from caplint.authoring.workshop import Workshop
from caplint.knowledge.load import knowledge
from caplint.link.docs.selftest_builds import MAKEFILES

_HEADERS = ("include/kvm_util.h", "include/kvm_util_base.h", "include/test_util.h")
_NEEDED = (
    "kvm_has_cap",
    "vm_check_cap",
    "vm_create_barebones",
    "vm_create_with_one_vcpu",
    "__vm_ioctl",
    "__vcpu_ioctl",
)
_BUILT = re.compile(r"TEST_GEN_PROGS_(\w+)\s*\+?=\s*(?:([\w-]+)/)?([\w-]+)")
_FOLDERS = ("x86_64", "aarch64", "s390x")
"""Folders of tests that do not have the name of their architecture in Linux."""
_COMMON = "COMMON"
"""Word of the variable for tests that all architectures build."""


def write(request: CapabilityRequest, topic: Topic) -> None:
    """Write the program beside the architecture's other tests, and have the Makefile build it."""
    workshop = topic.workshop
    root = next((path for path in workshop.tree.project.selftests if workshop.tree.exists(path)), None)
    if root is None:
        _none(request, topic, "it has no self-tests")
        return
    lacking = [name for name in _NEEDED if name not in _text(workshop, root)]
    makefiles = [path for name in MAKEFILES if workshop.lines(path := f"{root}/{name}")]
    if makefiles and lacking:
        raise workshop.lacks("for a self-test", f"no header of {root}/include has {lacking[0]}")
    built = [row for path in makefiles for row in _built(workshop, path)]
    archs = set(request.archs)
    one = next(iter(archs)) if len(archs) == 1 and not request.is_generic else None
    name = f"{request.member}_test"
    of_one = [folder for _, _, word, folder in built if folder and one and knowledge().architecture(word) == one]
    folder = of_one[0] if of_one else _folder(workshop, root, one) if one else ""
    lines = list(_lines(built, request, folder))
    if makefiles and not lines:
        _none(request, topic, f"{makefiles[0]} builds none of {', '.join(request.archs)}")
        return
    path = "/".join(part for part in (root, folder, f"{name}.c") if part)
    calls = "\n".join(workshop.lines(f"{root}/include/ucall_common.h"))
    text = program(request, _processor(workshop, root, folder), calls)
    topic.create(path, text, "self-test of each answer and refusal")
    for makefile, line, variable in lines:
        word = f"{folder}/{name}" if folder else name
        topic.below(makefile, line, [f"TEST_GEN_PROGS_{variable} += {word}"], "builds the self-test")


def _none(request: CapabilityRequest, topic: Topic, why: str) -> None:
    """Tell in the cover letter that there is no self-test."""
    question = f"How is {request.name} tested? This tree has no place for a self-test: {why}."
    path = topic.workshop.written[0]
    topic.silent_decision(path, "self-test", question, "The series has none.", f"{request.name} {request.number}")


def _built(workshop: Workshop, path: str) -> Iterator[tuple[str, int, str, str]]:
    """Yield file, line, word of the variable, and folder of the tests that a Makefile builds."""
    for number, text in enumerate(workshop.lines(path), 1):
        if match := _BUILT.fullmatch(text):
            yield path, number, match[1], match[2] or ""


def _lines(
    built: list[tuple[str, int, str, str]], request: CapabilityRequest, folder: str
) -> Iterator[tuple[str, int, str]]:
    """Yield file, line and word of the variable below whose last test, in the same folder if any, a new one belongs."""
    words = dict.fromkeys(word for _, _, word, _ in built)
    if request.is_generic:
        chosen = [_COMMON] if _COMMON in words else [word for word in words if knowledge().architecture(word)]
    else:
        chosen = [word for word in words if knowledge().architecture(word) in request.archs]
    for word in chosen:
        own = [row for row in built if row[2] == word]
        path, line, _, _ = max(own, key=lambda row: (row[3] == folder, row[1]))
        yield path, line, word


def _text(workshop: Workshop, root: str) -> str:
    return "\n".join(line for name in _HEADERS for line in workshop.lines(f"{root}/{name}"))


def _processor(workshop: Workshop, root: str, folder: str) -> str:
    """Return the text of the header for an architecture's processors; empty if there is none."""
    return "\n".join(workshop.lines(f"{root}/include/{folder}/processor.h")) if folder else ""


def _folder(workshop: Workshop, root: str, arch: str) -> str:
    """Return the folder of an architecture's tests; empty if there is none."""
    words = (word for word in (arch, *_FOLDERS) if knowledge().architecture(word) == arch)
    return next((word for word in words if workshop.tree.exists(f"{root}/{word}")), "")
