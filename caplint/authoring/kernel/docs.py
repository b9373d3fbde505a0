"""Section of api.rst, in the chapter of its kind, with every field."""

from __future__ import annotations

import re
import textwrap
from collections import Counter
from collections.abc import Iterator

from caplint.authoring.ioctl_argument import has_structure, structure
from caplint.authoring.kernel.state import limit
from caplint.authoring.request import CapabilityRequest
from caplint.authoring.topic import Topic
from caplint.authoring.workshop import Workshop
from caplint.fixes.architecture_words import word_for
from caplint.fixes.chapters import chapter_end, chapter_for, chapter_of_ioctls

_WIDTH = 79


def write(request: CapabilityRequest, topic: Topic) -> None:
    """Document the capability, or its ioctl, at the end of the chapter that most of its kind are in."""
    workshop = topic.workshop
    if request.ioctl is not None:
        found, kind = chapter_of_ioctls(workshop.bench, workshop.tree.name), "ioctls"
    else:
        scope = request.scope if request.enabled else ""
        found, kind = chapter_for(workshop.bench, workshop.tree.name, scope), "capabilities of its kind"
    if found is None:
        raise workshop.lacks(f"to document {request.name}", f"no chapter of api.rst is about {kind}")
    path, chapter = found
    end = chapter_end(workshop.bench, (workshop.tree.name, path), chapter)
    if end is None:
        raise workshop.lacks(
            f"to document {request.name}", f"the sections of chapter {chapter} of {path} have no order"
        )
    text = _section(request, workshop, (path, end.number), workshop.lines(path)[: end.line])
    topic.below(path, end.line, ["", *[*text][:-1]], "section about it")
    topic.silent_decision(
        path,
        f"meaning of {request.stem}",
        "What is it for, and what must user space know?",
        "The section says what the code does, and no more.",
        f"{end.number} {_subject(request)}",
    )


def _subject(request: CapabilityRequest) -> str:
    """Return the name that the section is about."""
    return request.name if request.ioctl is None else request.ioctl.name


def _section(request: CapabilityRequest, workshop: Workshop, place: tuple[str, str], above: list[str]) -> Iterator[str]:
    path, number = place
    title = f"{number} {_subject(request)}"
    yield from (title, "-" * len(title), "")
    if request.ioctl is not None:
        yield f":Capability: {request.name}"
    words = [word_for(workshop.bench, (workshop.tree.name, path), arch) for arch in request.archs]
    yield f":Architectures: {'all' if request.is_generic else ', '.join(words)}"
    if request.has_state:
        yield _type(request.scope, above) if request.ioctl is None else f":Type: {request.scope} ioctl"
        yield from _field(f":Parameters: {_parameters(request)}")
        yield from _field(f":Returns: {_returns(request)}")
    yield ""
    for paragraph in _paragraphs(request):
        yield from textwrap.wrap(paragraph, _WIDTH, break_long_words=False, break_on_hyphens=False)
        yield ""
    if has_structure(request):
        yield from ("::", "", *(f"  {line}".expandtabs(8) for line in structure(request)), "")
    if request.arguments.bits:
        names = [(request.macro(bit.name), bit.position) for bit in request.arguments.bits]
        width = max(len(name) for name, _ in names)
        yield from ("The bits are::", "", *(f"  #define {name:{width}} (1ULL << {bit})" for name, bit in names), "")


def _type(scope: str, above: list[str]) -> str:
    """Return the field of the descriptor, as most sections above write it."""
    found = (line for line in above if re.fullmatch(rf":(Type|Target): {scope}", line, re.IGNORECASE))
    most = Counter(found).most_common(1)
    return most[0][0] if most else f":Type: {scope}"


def _field(text: str) -> list[str]:
    return textwrap.wrap(text, _WIDTH, subsequent_indent="          ", break_long_words=False, break_on_hyphens=False)


def _parameters(request: CapabilityRequest) -> str:
    if request.ioctl is not None:
        return f"struct {request.ioctl.struct} (in)" if has_structure(request) else "none"
    return {
        "none": "none",
        "bool": "args[0] is 1 to enable it, 0 to disable it",
        "mask": "args[0] is a set of the bits below",
        "size": f"args[0] is a number of up to {limit(request)}",
        "fd": "args[0] is the descriptor of an eventfd",
    }[request.arguments.kind]


def _returns(request: CapabilityRequest) -> str:
    if request.ioctl is not None:
        return "0 on success, -1 on error"
    wrong = ["flags", "other arguments", *["a VM with vCPUs"] * (request.scope == "vm")]
    other = ", -EBADF if args[0] is no open descriptor" if request.arguments.kind == "fd" else ""
    return f"0 on success, -EINVAL for {', '.join(wrong[:-1])} and {wrong[-1]}{other}"


def _of_ioctl(request: CapabilityRequest, owner: str) -> Iterator[str]:
    """Yield the description of the ioctl, and its errors."""
    if request.arguments.kind == "none":
        yield f"The ioctl affects the {owner}, and cannot be taken back. Its argument has to be 0."
        wrong = "an argument that is not 0"
    else:
        meaning = {
            "bool": "1 sets the state, 0 clears it",
            "mask": "a set of the bits below",
            "size": f"a number of up to {limit(request)}",
            "fd": "the descriptor of an eventfd",
        }[request.arguments.kind]
        yield f"The ioctl affects the {owner}. ``value`` is {meaning}; all other members have to be 0."
        wrong = "another value, or a member that has to be 0 and is not"
    late = ", or a VM with vCPUs" if request.scope == "vm" else ""
    yield f"It fails with EINVAL for {wrong}{late}{_other_errors(request)}."


def _other_errors(request: CapabilityRequest) -> str:
    told = ", with EFAULT if the structure cannot be read" if has_structure(request) else ""
    return told + (", with EBADF if the value is no open descriptor" if request.arguments.kind == "fd" else "")


def _paragraphs(request: CapabilityRequest) -> Iterator[str]:
    answer = {"yes": "1", "mask": "the set of the bits that it accepts", "count": "the largest number that it accepts"}
    if not request.has_state:
        answer |= {"mask": "a set of the bits below", "count": "a number"}
    yield f"KVM_CHECK_EXTENSION answers {answer[request.answer]} where this capability is available."
    owner = "vCPU" if request.scope == "vcpu" else "whole VM"
    if request.ioctl is not None:
        yield from _of_ioctl(request, owner)
    elif request.arguments.kind == "none" and request.enabled and request.register is None:
        yield f"Enabling it affects the {owner}; it cannot be disabled."
    if request.scope == "vm" and request.arguments.kind in {"bool", "mask", "size"}:
        yield "The last value counts that was set before the first vCPU was created."
    if request.register is not None:
        access = "read and write" if request.register.writable else "read"
        yield (
            f"Guests of a VM that has enabled it may {access} {request.register.name}. User space sets the register"
            " of each vCPU by KVM_SET_MSRS, and it is 0 before; it never holds the value of the host's processor."
        )
