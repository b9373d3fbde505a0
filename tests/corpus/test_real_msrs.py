"""The MSRs that the real handlers answer for, held against a compiler's account of the same switches."""

from __future__ import annotations

import json
import tarfile
from collections.abc import Iterator
from typing import Any

import pytest
import real_trees
from real_trees import ACCOUNT, Corpus, stated

pytestmark = pytest.mark.corpus
corpus = real_trees.corpus

SWITCHES = "linux-6.12.107-x86.switches_all.jsonl"
FUNCTIONS = ["kvm_get_msr_common", "kvm_set_msr_common", "vmx_get_msr", "vmx_set_msr", "svm_get_msr", "svm_set_msr"]


@pytest.fixture(scope="module")
def switches() -> dict[str, set[tuple[int, int]]]:
    """By function: the values of all its cases, as a compiler computed them; ranges from their first to their last."""
    if not ACCOUNT.is_file():
        pytest.skip("no compiler's account of these sources beside this checkout")
    stated("linux-6.12")
    found: dict[str, set[tuple[int, int]]] = {}
    for entry in _lines():
        if entry["function"] in FUNCTIONS and entry["cond"] in {
            "msr_info->index",
            "msr",
            "msr_index",
            "msr->index",
            "ecx",
        }:
            found.setdefault(entry["function"], set()).update((low, high) for low, high, *_ in entry["cases"])
    return found


def _lines() -> Iterator[dict[str, Any]]:
    with tarfile.open(ACCOUNT) as archive:
        for member in archive:
            content = archive.extractfile(member) if member.name.endswith(SWITCHES) else None
            if content is not None:
                yield from map(json.loads, content.read().decode().splitlines())


@pytest.mark.parametrize("function", FUNCTIONS)
def test_the_registers_of_a_switch(corpus: Corpus, switches: dict[str, set[tuple[int, int]]], function: str) -> None:
    with corpus.session("linux-6.12") as session:
        rows = session.connection.execute(
            "SELECT number, last FROM all_msr_site WHERE side = 'now' AND function = ? AND kind = 'case'", (function,)
        ).fetchall()
    assert len(switches[function]) > 10
    assert {(low, high) for low, high in rows} == switches[function]


def test_every_register_has_a_number(corpus: Corpus) -> None:
    for kernel in ("linux-6.12", "linux-6.1"):
        with corpus.session(kernel) as session:
            for query in (
                "SELECT msr FROM all_msr_site WHERE number IS NULL OR last IS NULL",
                "SELECT msr FROM all_msr_saved WHERE number IS NULL",
            ):
                assert session.connection.execute(query).fetchall() == []
