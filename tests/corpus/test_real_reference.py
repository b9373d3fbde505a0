"""A vendor's kernel, made of Linux 6.1, held against Linux 6.12 as its reference."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
import real_trees
from real_trees import UAPI, Corpus, root, shipped_rules, source

from caplint.engine.check import check
from caplint.findings.finding import Finding
from caplint.trees.detect import parse_tree
from caplint.trees.directory import DirectoryTree
from caplint.trees.overlay import OverlayTree

pytestmark = pytest.mark.corpus
corpus = real_trees.corpus

LAST = "#define KVM_CAP_DIRTY_LOG_RING_ACQ_REL 223\n"
CODES = ("CAP101", "CAP102", "CAP105", "CAP107")


def vendor(corpus: Corpus, change: Callable[[str], str], *ranges: tuple[int, int]) -> dict[str, list[Finding]]:
    """What the rules on numbers and layouts find in 6.1 with a change, against 6.12; by subject."""
    kernel = OverlayTree(corpus.tree("linux-6.1"), {UAPI: change(source("linux-6.1", UAPI)).encode()}).without_base()
    upstream = parse_tree(f"upstream=reference:{root('linux-6.12')}")
    assert isinstance(upstream, DirectoryTree)
    rules = [rule for rule in shipped_rules() if rule.code in CODES]
    outcome = check([kernel, upstream], rules, replace(corpus.config, vendor_range=ranges))
    found: dict[str, list[Finding]] = {}
    for finding in outcome.findings:
        if finding.severity != "note":
            found.setdefault(finding.subject.removeprefix("KVM_CAP_"), []).append(finding)
    return found


def defining(*lines: str) -> Callable[[str], str]:
    def apply(text: str) -> str:
        assert text.count(LAST) == 1
        return text.replace(LAST, LAST + "".join(f"#define KVM_CAP_{line}\n" for line in lines))

    return apply


def test_a_kernel_that_is_only_older_is_clean(corpus: Corpus) -> None:
    assert vendor(corpus, lambda text: text) == {}


def test_a_number_of_the_vendors_own_range_is_free(corpus: Corpus) -> None:
    found = vendor(corpus, defining("PPIN 250", "APERFMPERF 500"), (500, 599))
    assert set(found) == {"PPIN"}
    (finding,) = found["PPIN"]
    assert (finding.code, finding.severity, finding.place.path) == ("CAP105", "warning", UAPI)
    # What 6.12 gave away is taken: the next free number is that behind its last.
    assert finding.message.startswith("takes 250; the next free number is 239")
    assert "no vendor-range" in finding.message


def test_without_a_range_both_leave_a_gap(corpus: Corpus) -> None:
    found = vendor(corpus, defining("PPIN 250", "APERFMPERF 500"))
    assert {name: [entry.code for entry in entries] for name, entries in found.items()} == {
        "PPIN": ["CAP105"], "APERFMPERF": ["CAP105"],
    }  # fmt: skip


def test_a_number_that_upstream_has_since_given_away(corpus: Corpus) -> None:
    found = vendor(corpus, defining("PPIN 224"), (500, 599))
    assert {finding.code for finding in found["PPIN"]} >= {"CAP102"}
    (collision,) = [finding for finding in found["PPIN"] if finding.code == "CAP102"]
    assert collision.related[0].place.tree == "upstream"
    assert "KVM_CAP_S390_PROTECTED_ASYNC_DISABLE" in collision.message


def test_a_capability_that_upstream_took_under_another_number(corpus: Corpus) -> None:
    found = vendor(corpus, defining("MEMORY_FAULT_INFO 224"))
    assert "CAP101" in {finding.code for finding in found["MEMORY_FAULT_INFO"]}


def test_the_next_free_number_is_taken_in_silence(corpus: Corpus) -> None:
    assert vendor(corpus, defining("PPIN 239")) == {}


def test_a_structure_that_the_vendor_has_changed(corpus: Corpus) -> None:
    found = vendor(
        corpus,
        lambda text: text.replace(
            "\t__u32 gsi;\n\t__u32 flags;\n\t__u32 resamplefd;", "\t__u64 gsi;\n\t__u32 flags;\n\t__u32 resamplefd;"
        ),
    )
    assert {name: [entry.code for entry in entries] for name, entries in found.items()} == {"kvm_irqfd": ["CAP107"]}
    assert found["kvm_irqfd"][0].place.path == UAPI
    assert found["kvm_irqfd"][0].related[0].place.tree == "upstream"
