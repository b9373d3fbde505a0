"""Edits of the documentation, of attributes of devices, and of compat handlers: exactly the findings that follow."""

from __future__ import annotations

import pytest
import real_trees
from editing import NEW, Edit, Transform, brings_and_takes_exactly, every, laid_over, rows, swap
from real_trees import API, UAPI, Corpus

pytestmark = [pytest.mark.corpus, pytest.mark.edits]
corpus = real_trees.corpus

TRIPLE_FAULT = "\tstruct {\n\t\t__u8 pending;\n\t} triple_fault;\n"
PAYLOAD = "\t__u8 exception_has_payload;\n\t__u64 exception_payload;\n  };\n"
TPR_ACCESS = "\t\t\t__u32 pad;\n\t\t} tpr_access;"
WRITES = f"\t\t\t__u32 is_write;\n{TPR_ACCESS}"
SEV = "Documentation/virt/kvm/x86/amd-memory-encryption.rst"

STRUCTURES = [
    Edit(
        "the text prints the missing member",
        {API: swap(PAYLOAD, TRIPLE_FAULT + PAYLOAD)},
        removes=rows("note", "CAP508", "kvm_vcpu_events", "x86"),
    ),
    Edit(
        "the other architecture's structure is short of a member",
        {API: swap("\t\t__u64 serror_esr;\n", "")},
        adds=rows("note", "CAP508", "kvm_vcpu_events", "arm64"),
    ),
    Edit(
        "what is left out is said to be",
        {API: swap("\t__u8 exception_has_payload;\n", "\t__u8 exception_has_payload;\n\t...\n")},
        removes=rows("note", "CAP508", "kvm_vcpu_events", "x86"),
    ),
    Edit(
        "the header's member has another name",
        {UAPI: every(r"(struct kvm_enable_cap \{(?:.*\n)*?)\t__u64 args\[4\];", r"\1\t__u64 arguments[4];")},
        adds=rows("note", "CAP508", "kvm_enable_cap"),
    ),
    Edit(
        "a type of another width",
        {SEV: swap("                __u32 policy;   /* guest policy */", "                __u16 policy;")},
    ),
    Edit(
        "an exit loses a member",
        {
            API: swap(
                "\t\t\t__u32 is_write;\n\t\t\t__u32 pad;\n\t\t} tpr_access;", "\t\t\t__u32 pad;\n\t\t} tpr_access;"
            )
        },
    ),
]


@pytest.mark.parametrize("edit", STRUCTURES, ids=lambda edit: edit.name)
def test_an_edit_brings_and_takes_exactly(corpus: Corpus, edit: Edit) -> None:
    brings_and_takes_exactly(corpus, edit)


def _parts(corpus: Corpus, change: Transform, subject: str, arch: str | None) -> list[set[str]]:
    kernel, vmm = NEW
    tree = laid_over(corpus, kernel, {API: change}, lambda _: True)
    return [
        set(finding.parts)
        for finding in corpus.check(tree, corpus.tree(vmm)).findings
        if (finding.code, finding.subject, finding.arch) == ("CAP508", subject, arch)
    ]


def test_a_structure_that_gets_shorter_is_a_further_part(corpus: Corpus) -> None:
    latched = swap("\t\t__u8 latched_init;\n", "")
    assert _parts(corpus, latched, "kvm_vcpu_events", "x86") == [{"triple_fault", "smi.latched_init"}]
    run = swap(WRITES, TPR_ACCESS)
    [parts] = _parts(corpus, run, "kvm_run", None)
    assert {"tpr_access.is_write", "internal", "also s390_sieic.mask"} <= parts
