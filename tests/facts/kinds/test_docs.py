"""Capabilities named in reStructuredText, with the section and its fields."""

from __future__ import annotations

import pytest

from caplint.facts.extract import extract
from caplint.facts.kinds.docs import mentions
from caplint.facts.store.records import DocField, DocMention, DocSection, Token

PAGE = """\
Before KVM_CAP_EARLY.

4.1 KVM_GET_API_VERSION
=======================

:Capability: KVM_CAP_BASIC
:Architectures: x86, arm64
:Type: system ioctl
:Parameters: none

KVM_CAP_BASIC and KVM_CAP_VERY_
  LONG.

7.2 KVM_CAP_S390_USER_SIGP
--------------------------

:Architecture: s390
:Target: VM

KVM_CAP_S390_* and KVM_CAP_S390_USER_SIGP again.

Appendix
~~~~~~~~
KVM_CAP_BASIC
"""


def _mentions(text: str) -> list[DocMention]:
    return [record for record in extract(text.encode(), "rst").records if isinstance(record, DocMention)]


def test_mentions() -> None:
    version = ("4.1", "KVM_GET_API_VERSION", 0, 0, "system ioctl", "x86, arm64", "none")
    sigp = ("7.2", "KVM_CAP_S390_USER_SIGP")
    assert _mentions(PAGE) == [
        DocMention("KVM_CAP_EARLY", 1, 8, None, None, 0, 0, None, None, None),
        DocMention("KVM_CAP_BASIC", 6, 14, *version),
        DocMention("KVM_CAP_VERY_LONG", 11, 19, *version),
        DocMention("KVM_CAP_S390_USER_SIGP", 14, 5, *sigp, 1, 0, "VM", "s390", None),
        DocMention("KVM_CAP_S390_*", 20, 1, *sigp, 0, 1, "VM", "s390", None),
        DocMention("KVM_CAP_BASIC", 24, 1, None, "Appendix", 0, 0, None, None, None),
    ]


def test_ledger() -> None:
    tokens = [record for record in extract(PAGE.encode(), "rst").records if isinstance(record, Token)]
    assert tokens == [
        Token("KVM_CAP_BASIC", "documentation", 3, 6, 14),
        Token("KVM_CAP_EARLY", "documentation", 1, 1, 8),
        Token("KVM_CAP_S390_", "documentation", 1, 20, 1),
        Token("KVM_CAP_S390_USER_SIGP", "documentation", 2, 14, 5),
        Token("KVM_CAP_VERY_LONG", "documentation", 1, 11, 19),
    ]


# Text; name and whether it stands for several.
NAMES = [
    ("KVM_CAP_XSAVE2.", [("KVM_CAP_XSAVE2", 0)]),
    ("KVM_CAP_XXX", [("KVM_CAP_XXX", 1)]),
    ("KVM_CAP_FOO", [("KVM_CAP_FOO", 1)]),
    ("KVM_CAP_PPC_*", [("KVM_CAP_PPC_*", 1)]),
    ("KVM_CAP_*", [("KVM_CAP_*", 1)]),
    ("``KVM_CAP_A``, (KVM_CAP_B)", [("KVM_CAP_A", 0), ("KVM_CAP_B", 0)]),
    ("KVM_CAP_A_\n\n  B", [("KVM_CAP_A_", 1)]),
    ("KVM_CAP_A_\n  lower", [("KVM_CAP_A_", 1)]),
    ("KVM_CAP_A\n  B", [("KVM_CAP_A", 0)]),
    ("KVM_CAP_A KVM_CAP_A", [("KVM_CAP_A", 0)]),
    ("MY_KVM_CAP_A KVM_CAPS", []),
    ("\xff KVM_CAP_A", [("KVM_CAP_A", 0)]),
    ("", []),
]


@pytest.mark.parametrize(("text", "names"), NAMES)
def test_names(text: str, names: list[tuple[str, int]]) -> None:
    assert [(row.name, row.pattern) for row in _mentions(text)] == names


# A heading; section, title and whether it names the capability.
HEADINGS = [
    ("7.2 KVM_CAP_A\n-------------", ("7.2", "KVM_CAP_A", 1)),
    ("7.2. KVM_CAP_A\n^^^^^^^^^^^^^^", ("7.2", "KVM_CAP_A", 1)),
    ("8 Other\n=======", ("8", "Other", 0)),
    ("4.10.1 Other\r\n============\r\n", ("4.10.1", "Other", 0)),
    ("=====\n1. Other\n=====", ("1", "Other", 0)),
    ("Other\n--", (None, None, 0)),
    ("  Other\n-----", (None, None, 0)),
    # The underline was forgotten.
    ("7.2 KVM_CAP_A", ("7.2", "KVM_CAP_A", 1)),
    ("7.2 KVM_CAP_A is text", (None, None, 0)),
    ("See section\n7.2 KVM_CAP_A", (None, None, 0)),
    # Whole names only.
    ("7.2 KVM_CAP_A2\n--------------", ("7.2", "KVM_CAP_A2", 0)),
    ("7.2 KVM_CAP_B/KVM_CAP_A\n-----------------------", ("7.2", "KVM_CAP_B/KVM_CAP_A", 1)),
]


@pytest.mark.parametrize(("heading", "section"), HEADINGS)
def test_headings(heading: str, section: tuple[str | None, str | None, int]) -> None:
    row = _mentions(f"{heading}\n\nKVM_CAP_A\n")[-1]
    assert (row.section, row.title, row.heading) == section


def test_a_name_that_is_left_open_does_not_swallow_the_next() -> None:
    found = mentions(b"KVM_CAP_PPC_\n  KVM_CAP_X KVM_CAP_LONG_\n  NAME")
    names = [record.name for record in found if isinstance(record, DocMention)]
    assert names == ["KVM_CAP_PPC_", "KVM_CAP_X", "KVM_CAP_LONG_NAME"]


def test_a_form_feed_ends_no_line() -> None:
    found = mentions(b"a\f\n4.1 KVM_X\n=====\n\fKVM_CAP_X\n")
    (mention,) = (record for record in found if isinstance(record, DocMention))
    assert (mention.line, mention.section) == (4, "4.1")


def test_fields_of_sections_that_name_kvm() -> None:
    text = (
        "4.1 KVM_RUN\n-----------\n\n:Capability: KVM_CAP_A,\n             KVM_CAP_B for a VM\n:Type: vcpu ioctl\n"
        ":Returns: 0\n\nText.\n\nNotes\n-----\n\n:Capability: none\n"
    )
    found = [record for record in mentions(text.encode()) if isinstance(record, DocField)]
    assert [(field.section, field.title, field.name, field.value, field.line) for field in found] == [
        ("4.1", "KVM_RUN", "capability", "KVM_CAP_A, KVM_CAP_B for a VM", 4),
        ("4.1", "KVM_RUN", "type", "vcpu ioctl", 6),
        ("4.1", "KVM_RUN", "return", "0", 7),
    ]


def test_every_heading_is_a_section() -> None:
    found = [record for record in mentions(PAGE.encode()) if isinstance(record, DocSection)]
    assert found == [
        DocSection("4.1", "KVM_GET_API_VERSION", 3),
        DocSection("7.2", "KVM_CAP_S390_USER_SIGP", 14),
        DocSection(None, "Appendix", 22),
    ]


def test_a_star_ends_where_the_next_name_begins() -> None:
    text = "KVM_CAP_A*KVM_CAP_B KVM_CAP_*_C KVM_CAP_*KVM_CAP_D*"
    assert [mention.name for mention in _mentions(text)] == [
        "KVM_CAP_A*", "KVM_CAP_B", "KVM_CAP_*_C", "KVM_CAP_*", "KVM_CAP_D*",
    ]  # fmt: skip


PLAIN = """\
4. API description
------------------

  Capability: which KVM extension provides this ioctl.

4.1 KVM_GET_API_VERSION

Capability: basic
Architectures: all
Type: system ioctl
Parameters: none
Returns: the version,
    never 0

Note: KVM_CAP_EARLY is older.
4.2. KVM_CREATE_VM, KVM_CREATE_VCPU

Values of 4.3 and more are refused:
 6.1 KVM_CAP_INDENTED

2.6 GHz are enough
for it.

6.74 KVM_CAP_SYNC_REGS
Architectures: s390, x86
Target: vcpu

4.44 A heading of words

KVM_CAP_LATE
"""


def test_plain_text_has_headings_without_underline_and_fields_without_colon() -> None:
    records = extract(PLAIN.encode(), "text").records
    assert [record for record in records if isinstance(record, DocSection)] == [
        DocSection("4", "API description", 1),
        DocSection("4.1", "KVM_GET_API_VERSION", 6),
        DocSection("4.2", "KVM_CREATE_VM, KVM_CREATE_VCPU", 16),
        DocSection("6.74", "KVM_CAP_SYNC_REGS", 24),
        DocSection("4.44", "A heading of words", 28),
    ]
    assert [record for record in records if isinstance(record, DocField)] == [
        DocField("4.1", "KVM_GET_API_VERSION", "capability", "basic", 8),
        DocField("4.1", "KVM_GET_API_VERSION", "architecture", "all", 9),
        DocField("4.1", "KVM_GET_API_VERSION", "type", "system ioctl", 10),
        DocField("4.1", "KVM_GET_API_VERSION", "parameter", "none", 11),
        DocField("4.1", "KVM_GET_API_VERSION", "return", "the version, never 0", 12),
        DocField("6.74", "KVM_CAP_SYNC_REGS", "architecture", "s390, x86", 25),
        DocField("6.74", "KVM_CAP_SYNC_REGS", "target", "vcpu", 26),
    ]
    named = [record for record in records if isinstance(record, DocMention)]
    assert [(record.name, record.section, record.heading) for record in named] == [
        ("KVM_CAP_EARLY", "4.1", 0),
        ("KVM_CAP_INDENTED", "4.2", 0),
        ("KVM_CAP_SYNC_REGS", "6.74", 1),
        ("KVM_CAP_LATE", "4.44", 0),
    ]


@pytest.mark.parametrize(
    ("sentence", "told"),
    [
        ("This can only be enabled before any vCPUs are created.", True),
        ("It must be enabled by the VMM before creating\nany VCPUs.", True),
        ("It has to be done prior to the creation of vCPUs.", True),
        (":Returns: 0 on success, -EBUSY if a VCPU has already been created", True),
        ("Fails once vCPUs were created.", True),
        ("It can be enabled even if VCPUs were already created.", False),
        ("It allows to say how many there are prior to the creation of vCPUs.", False),
        ("It must be enabled before the VM runs.", False),
        ("This must be read. Before a vCPU is created, nothing happens.", False),
    ],
)
def test_when_a_capability_is_enabled(sentence: str, told: bool) -> None:
    text = f"7.1 KVM_CAP_A\n-------------\n\n:Type: vm\n\n{sentence}\n"
    fields = [found for found in mentions(text.encode()) if isinstance(found, DocField) and found.name == "order"]
    assert len(fields) == told


def test_registers_of_features() -> None:
    text = (
        "KVM_FEATURE_A    3    clock at msrs\n                      0x4b564d00 and 0x4b564d01\n\n"
        "KVM_FEATURE_B    4    nothing at 0x12\n\nKVM_FEATURE_C    5    writing to msr 0x4b564d01.\n"
    )
    fields = [found for found in mentions(text.encode()) if isinstance(found, DocField)]
    assert [(field.title, int(field.value)) for field in fields] == [
        ("KVM_FEATURE_A", 0x4B564D00),
        ("KVM_FEATURE_A", 0x4B564D01),
        ("KVM_FEATURE_C", 0x4B564D01),
    ]


def test_long_sentences_take_little_time() -> None:
    hostile = b"7.1 KVM_CAP_A\n-------------\n\n" + b"must before vcpu only create " * 20_000
    list(mentions(hostile + b"\n\nKVM_FEATURE_A 1 msr " + b"\n 0x11" * 20_000))


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (":Parameters: args[0] is a mask", ["args[0] is a mask"]),
        ("Set cap.args[1] to 1.", ["args[1] to 1"]),
        ("Set kvm_enable_cap->args[1] to 1.", ["args[1] to 1"]),
        ("``vm_cap[i].args[2]`` counts", ["args[2] `` counts"]),
        ("*args[3]*, the last", ["args[3] *, the last"]),
        ("args[1-2] are sizes", ["args[1] are sizes", "args[2] are sizes"]),
        ("    __u64 args[2];  // rbx, rcx", []),
        ("    unsigned long args[3];", []),
        ("    uint64_t args[1] = { 0 };", []),
        ("    __le32\targs[2];", []),
        ("args[6] of the hypercall", []),
        ("run->hypercall.args[0] is rbx", []),
        ("system_event . args[1] holds", []),
        ("(*run).tdx.args[2] holds", []),
        ("    __u64 args[4];\n\nargs[0] is the mode", ["args[0] is the mode"]),
        ("run->hypercall.args[0] goes where args[0] says.", ["args[0] says"]),
    ],
)
def test_arguments_are_those_of_the_request(text: str, told: list[str]) -> None:
    page = f"7.1 KVM_CAP_A\n-------------\n\n{text}\n"
    found = [record for record in mentions(page.encode()) if isinstance(record, DocField)]
    assert [field.value for field in found if field.name == "args"] == told
