"""What is read of the real api.rst, held against docutils, and what the rules say of it, to the last finding."""

from __future__ import annotations

import re
from collections import Counter
from functools import cache

import pytest
import real_trees
from docutils import nodes
from docutils.frontend import get_default_settings
from docutils.parsers.rst import Parser
from docutils.utils import new_document
from real_trees import API, KERNELS, PAIRS, Corpus, source, stated

from caplint.facts.kinds.docs import mentions
from caplint.facts.store.records import DocField, DocSection

pytestmark = pytest.mark.corpus
corpus = real_trees.corpus

OF_DOCUMENTATION = {"CAP503", "CAP504", "CAP505", "CAP507"}
_NUMBER = re.compile(r"(\d+(?:\.\d+)*)\.?\s+")

# What is meant as a heading or a field, and is text to reStructuredText: an underline or a blank line is missing.
MEANT_SECTIONS: dict[str, list[tuple[str, str]]] = {
    "linux-6.12": [],
    "linux-6.1": [("7.18", "KVM_CAP_MANUAL_DIRTY_LOG_PROTECT2")],
}
MEANT_FIELDS = {
    "linux-6.12": [("7.10", "return"), ("4.120", "capability")],
    "linux-6.1": [("7.10", "return"), ("8.35", "architecture"), ("8.35", "type"), ("8.35", "parameter")],
}
# Of values that stand below a blank line, which are tables of errors, nothing is read.
EMPTY = "return"

Row = tuple[str, str, str]
"""Severity, code, and the subject with its architecture; `KVM_` is left out."""

LACKING = [
    "ARM_SYSTEM_SUSPEND", "DIRTY_LOG_RING", "ENFORCE_PV_FEATURE_CPUID", "EXIT_HYPERCALL",
    "HYPERV_DIRECT_TLBFLUSH", "HYPERV_ENFORCE_CPUID", "HYPERV_SYNIC", "HYPERV_SYNIC2", "PPC_SECURE_GUEST",
    "S390_CPU_TOPOLOGY", "VM_COPY_ENC_CONTEXT_FROM",
]  # fmt: skip
BOTH: list[Row] = [
    ("warning", "CAP503", "4.71"),
    ("warning", "CAP504", "CAP_PPC_FWNMI"),
    ("warning", "CAP504", "GET_DEBUGREGS"),
    ("warning", "CAP504", "SET_DEBUGREGS"),
    ("warning", "CAP504", "GET_ONE_REG"),
    ("warning", "CAP504", "SET_ONE_REG"),
    ("warning", "CAP504", "GET_REGS"),  # riscv
    ("warning", "CAP504", "SET_REGS"),
    ("warning", "CAP504", "MEMORY_ENCRYPT_REG_REGION"),
    ("warning", "CAP504", "MEMORY_ENCRYPT_UNREG_REGION"),
    ("note", "CAP504", "GET_DEVICE_ATTR"),
    ("note", "CAP504", "HAS_DEVICE_ATTR"),
    ("note", "CAP504", "CAP_MANUAL_DIRTY_LOG_PROTECT2"),
    *(("note", "CAP504", name) for name in ("GET_FPU", "SET_FPU", "GET_SREGS", "SET_SREGS")),  # s390
    ("note", "CAP504", "TRANSLATE"),  # powerpc's Book E
    *(("note", "CAP504", f"CAP_PPC_{name}") for name in ("AIL_MODE_3", "RPT_INVALIDATE")),
    *(("note", "CAP505", f"CAP_{name}") for name in LACKING),
]
EXPECTED: dict[str, list[Row]] = {
    "linux-6.12": [
        *BOTH,
        ("warning", "CAP504", "CREATE_GUEST_MEMFD"),
        ("warning", "CAP504", "PRE_FAULT_MEMORY"),
        ("note", "CAP504", "CAP_DIRTY_LOG_RING_ACQ_REL"),  # loongarch
        ("note", "CAP504", "GET_DEVICE_ATTR"),  # loongarch, KVM_SET_DEVICE_ATTR too; the other one is of the descriptor
        ("note", "CAP504", "SET_GUEST_DEBUG"),
    ],
    "linux-6.1": [*BOTH, ("note", "CAP505", "CAP_VM_MOVE_ENC_CONTEXT_FROM")],
}


@cache
def parsed(kernel: str) -> nodes.document:
    settings = get_default_settings(Parser)
    settings.report_level, settings.halt_level = 5, 6
    settings.file_insertion_enabled = settings.raw_enabled = False
    document = new_document(API, settings)
    Parser().parse(source(kernel, API), document)
    return document


def _plain(text: str) -> str:
    return " ".join(re.sub(r"[`*\\]", "", text).split())


@pytest.mark.parametrize("kernel", KERNELS)
def test_sections_are_those_of_docutils(kernel: str) -> None:
    stated(kernel)
    theirs: Counter[tuple[str, int]] = Counter()
    for section in parsed(kernel).findall(nodes.section):
        title = section[0]
        theirs[_NUMBER.sub(r"\1 ", _plain(title.astext()), count=1), title.line - 1] += 1
    ours: Counter[tuple[str, int]] = Counter()
    for row in mentions(source(kernel, API).encode()):
        if isinstance(row, DocSection):
            ours[_plain(f"{row.number or ''} {row.title}"), row.line] += 1
    assert not theirs - ours
    assert [title for title, _ in ours - theirs] == [" ".join(entry) for entry in MEANT_SECTIONS[kernel]]


@pytest.mark.parametrize("kernel", KERNELS)
def test_fields_are_those_of_docutils(kernel: str) -> None:
    stated(kernel)
    theirs: Counter[tuple[str, str, int]] = Counter()
    for field in parsed(kernel).findall(nodes.field):
        name, body = field[0].astext(), field[1].astext()
        if "KVM_" in field.parent.parent[0].astext():
            theirs[name.lower().removesuffix("s"), _plain(body), field.line] += 1
    rows = [row for row in mentions(source(kernel, API).encode()) if isinstance(row, DocField)]
    fields = [row for row in rows if row.name not in {"args", "order"}]  # sentences are no fields
    ours = Counter((row.name, _plain(row.value), row.line) for row in fields)
    assert {name for name, _, _ in theirs - ours} <= {EMPTY}
    more = {line for _, value, line in ours - theirs if value}
    of_meant = {number for number, _ in MEANT_SECTIONS[kernel]}
    found = [(row.section, row.name) for row in fields if row.line in more and row.section not in of_meant]
    assert Counter(found) == Counter(MEANT_FIELDS[kernel])
    assert len(fields) > 600


@pytest.mark.parametrize("pair", PAIRS, ids="+".join)
def test_every_finding_of_documentation(corpus: Corpus, pair: tuple[str, str]) -> None:
    stated(*pair)
    found = [
        (entry.severity, entry.code, " ".join(filter(None, (entry.subject.removeprefix("KVM_"), entry.arch))))
        for entry in corpus.pair(*pair).findings
        if entry.code in OF_DOCUMENTATION
    ]
    assert Counter(found) == Counter(EXPECTED[pair[0]])
