"""Requests to KVM in the log of `strace -f -e trace=ioctl,openat,close`, with the kernel's answers.

Lines have the forms that strace(1) documents, with or without process, time stamp, `-y` and `-X`. A descriptor's scope
follows from `-y`, else from the call that returned it. strace does not show the argument of KVM_ENABLE_CAP, so that the
capability is known only if another tracer writes it: `{cap=KVM_CAP_X`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from caplint.knowledge.capability_names import NAME

LONGEST_LINE = 64_000
"""Bytes of a line; the rest of a longer one is not read."""
_MOST = 20_000
_HEAD = re.compile(r"(?:\[pid\s+(\d{1,9})\]\s*|(\d{1,9})\s+(?=[\d<a-z]))?(?:[\d:.]{5,20}\s+)?")
_COMMENT = re.compile(r" ?/\*[^*]*\*/")
_CALL = re.compile(r"(ioctl|openat|open|close|dup)\((.*)\Z")
_RESUMED = re.compile(r"<\.\.\. (\w+) resumed>(.*)\Z")
_UNFINISHED = "<unfinished ...>"
_RESULT = re.compile(r"\)\s*=\s*(-?\d{1,19}|0x[0-9a-f]{1,16})(?:<([^<>]*)>)?(?:\s{1,20}(E[A-Z0-9]+))?")
_DESCRIPTOR = re.compile(r"(\d{1,9})(?:<((?:[^<>]|<[^<>]*>)*)>)?,\s*(.*)\Z")
_REQUEST = re.compile(
    r"(?:(KVM_\w+)|_IOC\([^,]*,\s*(?:KVMIO|0xae),\s*(0x[0-9a-f]{1,4}|0|[1-9]\d{0,4}),[^)]*\)|(0x[0-9a-f]{1,16}))",
    re.ASCII,
)
_ARGUMENT = re.compile(rf",\s*(?:\{{[^}}]*?\bcap=)?({NAME}|0x[0-9a-f]{{1,8}}|0|[1-9]\d{{0,8}})\b(?!\w)", re.ASCII)
_BY_NUMBER = {0x01: "KVM_CREATE_VM", 0x03: "KVM_CHECK_EXTENSION", 0x41: "KVM_CREATE_VCPU", 0xA3: "KVM_ENABLE_CAP"}
_OPENED = {"KVM_CREATE_VM": "vm", "KVM_CREATE_VCPU": "vcpu"}
_VERBS = {"KVM_CHECK_EXTENSION": "check", "KVM_ENABLE_CAP": "enable"}
_KINDS = (("kvm-vcpu", "vcpu"), ("kvm-vm", "vm"), ("/dev/kvm", "system"))


@dataclass
class TracedRequest:
    """Requests for one capability of one kind on one scope's descriptors."""

    cap: str
    """Name, number as written, or empty where the log does not tell."""
    verb: str
    scope: str
    first: int
    """Line of the log."""
    times: int = 0
    answers: list[str] = field(default_factory=list)
    """Different answers in order: numbers and names of errors."""


@dataclass
class StraceLog:
    """Requests to KVM that a log shows, and the number of lines that were read or not understood."""

    requests: dict[tuple[str, str, str], TracedRequest] = field(default_factory=dict)
    """Capability, verb and scope → requests, in the order of the first of each."""
    lines: int = 0
    unread: int = 0
    """Lines with a request to KVM that is not understood, or that was never finished."""
    _scopes: dict[str, str] = field(default_factory=dict)
    _open: dict[tuple[str, str], str] = field(default_factory=dict)

    def read(self, lines: Iterable[str]) -> None:
        """Read lines in order."""
        for text in lines:
            self.lines += 1
            self._line(text)
        self.unread += sum("KVM_" in rest for rest in self._open.values())
        self._open.clear()

    def _line(self, text: str) -> None:
        head = _HEAD.match(text)
        process = (head.group(1) or head.group(2) or "") if head else ""
        rest = _COMMENT.sub("", text[head.end() if head else 0 :].rstrip("\r\n"))
        if resumed := _RESUMED.match(rest):
            name, end = resumed.groups()
            begun = self._open.pop((process, name), None)
            if begun is None:
                self.unread += name == "ioctl" and "KVM_" in end
                return
            rest = begun + end
        call = _CALL.match(rest)
        if call is None:
            return
        if (begun := rest.rstrip()).endswith(_UNFINISHED):
            if len(self._open) < _MOST:
                self._open[process, call.group(1)] = begun.removesuffix(_UNFINISHED).rstrip()
            return
        self._call(call.group(1), call.group(2))

    def _call(self, name: str, rest: str) -> None:
        result = None
        for result in _RESULT.finditer(rest):  # noqa: B007 - the last one is the call's
            pass
        if name in {"open", "openat"}:
            if result is not None and '"/dev/kvm"' in rest:
                self._note(result, "system")
        elif name == "close":
            self._scopes.pop(rest.partition(")")[0].partition("<")[0], None)
        elif name == "ioctl" and (descriptor := _DESCRIPTOR.match(rest)) is not None:
            self._ioctl(descriptor.group(1), descriptor.group(2), descriptor.group(3), result)

    def _note(self, result: re.Match[str], scope: str) -> None:
        if not result.group(1).startswith("-") and len(self._scopes) < _MOST:
            self._scopes[result.group(1)] = scope

    def _ioctl(self, descriptor: str, shown: str | None, rest: str, result: re.Match[str] | None) -> None:
        match = _REQUEST.match(rest)
        if match is None:
            return
        number = match.group(2) or match.group(3)
        name = match.group(1) or _named(int(number, 0), whole=match.group(3) is not None)
        if name in _OPENED and result is not None:
            self._note(result, _OPENED[name])
        if name not in _VERBS:
            return
        if result is None:
            self.unread += 1
            return
        argument = _ARGUMENT.match(rest, match.end())
        cap = argument.group(1) if argument is not None else ""
        if name == "KVM_ENABLE_CAP" and "cap=" not in rest:
            cap = ""  # the address of a structure
        scope = next((kind for word, kind in _KINDS if shown is not None and word in shown), None)
        self._count(cap, _VERBS[name], scope or self._scopes.get(descriptor, "unknown"), result)

    def _count(self, cap: str, verb: str, scope: str, result: re.Match[str]) -> None:
        key = (cap, verb, scope)
        if key not in self.requests:
            if len(self.requests) >= _MOST:
                self.unread += 1
                return
            self.requests[key] = TracedRequest(cap, verb, scope, self.lines)
        request = self.requests[key]
        request.times += 1
        answer = result.group(3) or result.group(1)
        if answer not in request.answers and len(request.answers) < 10:
            request.answers.append(answer)


def _named(number: int, *, whole: bool) -> str:
    """Return the name of an ioctl by its number, or by the number field alone."""
    if whole and number >> 8 & 0xFF != 0xAE:
        return ""
    return _BY_NUMBER.get(number & 0xFF, "")
