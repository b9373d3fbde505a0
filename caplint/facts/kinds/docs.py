"""Capabilities and MSRs named in KVM's documentation: reStructuredText, and plain text before Linux 5.7."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from caplint.facts.kinds.doc_structures import DocStructure, structures
from caplint.facts.store.records import BlindSpot, DocField, DocMention, DocSection, Token

_Found = DocMention | DocSection | DocField | DocStructure | BlindSpot | Token

# A name that ends a line on an underscore or hyphen goes on at the beginning of the next. A `*` may stand within one,
# but not before the next name.
_NAME = re.compile(
    r"\bKVM_CAP_(?:[A-Za-z0-9_]|\*(?!KVM_CAP_)|(?<=_)\n[ \t]+(?!KVM_CAP_)(?=[A-Z0-9_]+\b))+(?:\*(?=KVM_CAP_))?"
    r"|\bKVM_CAP_\*|\b(?:HV_X64_)?MSR_[A-Z]\w+"
)
_NUMBERED = re.compile(r"(\d+(?:\.\d+)*)\.?\s+(\S.*)\Z")
# A paragraph that consists of a section's number and name is a heading without underline: see 7.18 of linux 6.1.
_BARE_HEADING = re.compile(r"\d+(?:\.\d+)+ KVM_[A-Z0-9_]+\Z")
_UNDERLINE = re.compile(r"([=\-~^\"'`#*+.:_])\1{2,}\s*\Z")
_FIELD = re.compile(r"^[ \t]*:([A-Za-z][\w ()-]*?)s?:[ \t]*(.*)$", re.MULTILINE)
# Plain text has fields without a leading colon; other words before a colon are prose.
_PLAIN_FIELD = re.compile(r"^(Architecture|Capability|Parameter|Return|Target|Type)s?:[ \t]*(.*)$", re.MULTILINE)
# Headings of plain text have no underline. One that names nothing but capabilities and ioctls may follow text.
_PLAIN_HEADING = re.compile(r"\d+(?:\.\d+)+\.?[ \t]+[A-Z]\S*")
_PLAIN_NAMES = re.compile(r"\d+(?:\.\d+)+\.?(?:[ \t,/&]+(?:and[ \t]+)?KVM_[A-Z0-9_]+)+\s*\Z")
# One of the four arguments of KVM_ENABLE_CAP, with what the sentence goes on to say of it.
_ARGUMENT = re.compile(r"\bargs?\[([0-3])(?:\s*(?:-|\.{2,3})\s*([0-3]))?\][^.;\n]{0,200}(?:\n[^.;\n:][^.;\n]{0,200})?")
# What stands before it where it is declared (`__u64 args[2];`), or is a member of something else than the request
# (`run->hypercall.args[0]`): requests are variables named after their type or capability.
_DECLARED = re.compile(r"\b(?:_{0,2}[usbl]e?(?:8|16|32|64)|u?int\d*(?:_t)?|unsigned|long|char|size_t)\s+\Z")
_MEMBER = re.compile(r"(\w+)(?:\)|\[\w*\])?\s*(?:\.|->)\s*\Z")
_REQUEST = re.compile(r"cap|enable|\A(?:args?|req\w*|e|c|ec)\Z", re.IGNORECASE)
_BEFORE_ARGUMENT = 60
# When a capability must be enabled: the sentence says so for vCPUs, or names the error.
_SENTENCE = re.compile(r"[^.:;]{1,600}")
_ORDER = re.compile(
    r"\b(?:only|must|has to|have to|needs? to)\b.*\b(?:before|prior to)\b"
    r".*(?:\bcreat\w+\W.*\bvcpus?\b|\bvcpus?\b.*\bcreat)"
    r"|(?<!even )\b(?:if|once|when|after)\b(?: an?| any)? vcpus?"
    r" (?:ha(?:s|ve)|is|are|was|were)(?: already)?(?: been)? created",
    re.IGNORECASE,
)
_VCPU = re.compile(r"\bvcpu", re.IGNORECASE)
# A row of cpuid.rst: feature, bit, and what the bit tells a guest.
_FEATURE = re.compile(
    r"^(KVM_FEATURE_\w+)[ \t]+\d+[ \t]+([^\n]{1,200}(?:\n[ \t]+[^\s][^\n]{0,200}){0,8})", re.MULTILINE
)
_MSR_NUMBER = re.compile(r"\b0x[0-9a-fA-F]{2,8}\b")
_MSR = re.compile(r"\bmsrs?\b", re.IGNORECASE)
# Continuation lines of a field are indented.
_CONTINUED = re.compile(r"(?:\n[ \t]+(?!:)\S.*)*")
_PLACEHOLDER = re.compile(r"\*|_\Z|X{3}|\Z(?<=_[xyz])|FOO|[a-z]{3}")


@dataclass
class _OpenSection:
    start: int
    number: str | None = None
    title: str | None = None
    stop: int = 0
    fields: dict[str, str] = field(default_factory=dict)


def mentions(source: bytes) -> Iterator[_Found]:
    """Yield each capability and MSR once per section, headings, fields, structures, and the file's tokens."""
    return _mentions(source, _RST)


def plain_mentions(source: bytes) -> Iterator[_Found]:
    """Yield the same of a plain text, such as api.txt."""
    return _mentions(source, _PLAIN)


def _mentions(source: bytes, markup: _Markup) -> Iterator[_Found]:
    text = source.decode("utf-8", "replace")
    starts = [0, *(match.end() for match in re.finditer("\n", text))]
    sections = _sections(text, markup)
    begins = [section.start for section in sections]
    seen: set[tuple[str, int]] = set()
    counts: dict[str, list[int]] = {}
    for match in _NAME.finditer(text):
        name = re.sub(r"\s+", "", match.group())
        line = bisect_right(starts, match.start())
        column = match.start() - starts[line - 1] + 1
        if name.startswith("KVM_CAP_"):  # in documents the ledger counts only capabilities
            counts.setdefault(name.rstrip("*"), [0, line, column])[0] += 1
        index = bisect_right(begins, match.start()) - 1
        if (name, index) in seen:
            continue
        seen.add((name, index))
        section = sections[index]
        yield DocMention(
            name=name,
            line=line,
            column=column,
            section=section.number,
            title=section.title,
            heading=int(name in _NAME.findall(section.title or "")),
            pattern=int(bool(_PLACEHOLDER.search(name.removeprefix("KVM_CAP_")))),
            type=section.fields.get("type") or section.fields.get("target"),
            architectures=section.fields.get("architecture"),
            parameters=section.fields.get("parameter"),
        )
    for section in sections:
        if section.title:
            yield DocSection(section.number, section.title, bisect_right(starts, section.start))
        if section.title and "KVM_" in section.title:
            yield from _fields(text, section, starts, markup)
    yield from _feature_registers(text, starts)
    # Headings without a number are inside the section whose structure may go on behind them.
    numbered = [0, *(section.start for section in sections if section.number)]
    for start, stop in zip(numbered, [*numbered[1:], len(text)], strict=True):
        yield from structures(text, start, stop, bisect_right(starts, start), literal=markup.literal)
    for name, (count, line, column) in sorted(counts.items()):
        yield Token(name, "documentation", count, line, column)


def _feature_registers(text: str, starts: list[int]) -> Iterator[DocField]:
    """Yield the MSRs that the table of KVM's CPUID features names, each with its feature as title."""
    for match in _FEATURE.finditer(text):
        line = bisect_right(starts, match.start())
        numbers = {int(digits, 16) for digits in _MSR_NUMBER.findall(match.group(2)) if _MSR.search(match.group(2))}
        yield from (DocField(None, match.group(1), "msr", str(number), line) for number in sorted(numbers))


def _fields(text: str, section: _OpenSection, starts: list[int], markup: _Markup) -> Iterator[DocField]:
    for match in markup.field.finditer(text, section.start, section.stop):
        more = _CONTINUED.match(text, match.end(), section.stop)
        value = " ".join((match.group(2) + (more.group() if more else "")).split())
        line = bisect_right(starts, match.start(1))
        yield DocField(section.number, str(section.title), match.group(1).strip().lower(), value, line)
    if "KVM_CAP_" in str(section.title):
        yield from _arguments(text, section, starts)
        yield from _order(text, section, starts)


def _order(text: str, section: _OpenSection, starts: list[int]) -> Iterator[DocField]:
    """Yield the first sentence of a capability's section which says that it is enabled before vCPUs are created."""
    for match in (
        _SENTENCE.finditer(text, section.start, section.stop) if _VCPU.search(text, section.start, section.stop) else ()
    ):
        sentence = " ".join(match.group().split())
        if _ORDER.search(sentence):
            line = bisect_right(starts, match.end() - len(match.group().lstrip()))
            yield DocField(section.number, str(section.title), "order", sentence, line)
            return


def _arguments(text: str, section: _OpenSection, starts: list[int]) -> Iterator[DocField]:
    """Yield the first sentence of a capability's section about each argument."""
    told: set[int] = set()
    at = section.start
    while match := _ARGUMENT.search(text, at, section.stop):
        if _is_of_another(text[max(section.start, match.start() - _BEFORE_ARGUMENT) : match.start()]):
            at = match.start() + 1
            continue
        at = match.end()
        first, last = int(match.group(1)), int(match.group(2) or match.group(1))
        sentence = " ".join(match.group().partition("]")[2].split())
        for position in sorted({*range(first, last + 1)} - told):
            told.add(position)
            line = bisect_right(starts, match.start())
            yield DocField(section.number, str(section.title), "args", f"args[{position}] {sentence}".strip(), line)


def _is_of_another(before: str) -> bool:
    """Return whether `args[n]` behind this text declares an array, or is a member of something else than a request."""
    member = _MEMBER.search(before)
    if member is not None:
        return _REQUEST.search(member.group(1)) is None
    return _DECLARED.search(before) is not None


def _sections(text: str, markup: _Markup) -> list[_OpenSection]:
    """Return the sections of a file in order; the first is the text before any heading."""
    sections = [_OpenSection(0)]
    lines = text.split("\n")
    offset = 0
    for index, line in enumerate(lines):
        title = line.strip()
        if title and not line[0].isspace() and markup.heads(lines, index):
            numbered = _NUMBERED.match(title)
            sections[-1].stop = offset
            number, name = numbered.groups() if numbered else (None, title)
            sections.append(_OpenSection(offset, number, name))
        offset += len(line) + 1
    sections[-1].stop = len(text)
    for section in sections:
        for match in markup.field.finditer(text, section.start, section.stop):
            section.fields.setdefault(match.group(1).strip().lower(), match.group(2).strip())
    return sections


def _heads(lines: list[str], index: int) -> bool:
    """Tell whether a line of text is a heading."""
    above, following = _around(lines, index)
    if _UNDERLINE.match(following):
        return not _UNDERLINE.match(lines[index])
    return not above.strip() and not following.strip() and bool(_BARE_HEADING.match(lines[index].rstrip()))


def _heads_plain(lines: list[str], index: int) -> bool:
    """Tell whether a line of plain text is a heading: underlined, or numbered with text, a blank or a field below."""
    above, following = _around(lines, index)
    if _UNDERLINE.match(following):
        return not _UNDERLINE.match(lines[index])
    if following.strip() and not _PLAIN_FIELD.match(following):
        return False
    return bool((_PLAIN_NAMES if above.strip() else _PLAIN_HEADING).match(lines[index]))


def _around(lines: list[str], index: int) -> tuple[str, str]:
    return lines[index - 1] if index else "", lines[index + 1] if index + 1 < len(lines) else ""


@dataclass(frozen=True)
class _Markup:
    """Patterns of fields and headings of a kind of text."""

    field: re.Pattern[str]
    heads: Callable[[list[str], int], bool]
    literal: bool
    """Whether code stands in marked blocks."""


_RST = _Markup(_FIELD, _heads, literal=True)
_PLAIN = _Markup(_PLAIN_FIELD, _heads_plain, literal=False)
