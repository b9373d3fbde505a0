"""This machine's KVM against real sources: every difference has an explanation, and none is a finding."""

from __future__ import annotations

from typing import Any

import pytest
import real_trees
from real_trees import Corpus

from caplint.check import open_session
from caplint.errors import CaplintError
from caplint.machine import kvm
from caplint.machine.record import Machine
from caplint.rules import query_rows
from caplint.run_config import with_machines

pytestmark = pytest.mark.corpus
corpus = real_trees.corpus


@pytest.fixture(scope="module")
def machine() -> Machine:
    try:
        return kvm.ask()
    except CaplintError as error:
        pytest.skip(f"this machine's KVM cannot be asked: {error}")


def _ask(corpus: Corpus, name: str, machine: Machine, *queries: str) -> list[list[tuple[Any, ...]]]:
    """The rows of some queries over a kernel and a machine."""
    session = open_session([corpus.tree(name)], with_machines(corpus.config, (machine,)), narrow="KVM_CAP_")
    try:
        return [query_rows(session.connection, query)[1] for query in queries]
    finally:
        session.store.close()


@pytest.mark.parametrize("name", ["linux-6.12", "linux-6.1"])
def test_every_difference_is_explained(corpus: Corpus, machine: Machine, name: str) -> None:
    if machine.release.startswith(name.removeprefix("linux-") + "."):
        pytest.skip(f"this machine runs {machine.release}: of the same series, differences may be findings")
    differences, answering = _ask(
        corpus,
        name,
        machine,
        "SELECT number, cap, source, reason, why FROM machine_difference",
        "SELECT DISTINCT c.number, a.arch FROM cap c JOIN cap_answer a ON a.cap = c.name WHERE c.header = 'uapi'",
    )
    source_answers = {number for number, arch in answering if arch == machine.arch}
    machine_answers = {entry.number for entry in machine.answers if entry.system > 0 or (entry.vm or 0) > 0}
    # Not one is missing, and not one is too many.
    assert {row[0] for row in differences} == machine_answers ^ source_answers
    assert {row[0] for row in differences if row[2]} == source_answers - machine_answers
    for number, cap, _, reason, why in differences:
        assert reason in {"configuration", "run_time", "release"}, (number, cap, why)
        assert why


# What arch/x86/kvm/x86.c and virt/kvm/kvm_main.c of 6.12 say, read by hand.
_READ = {
    "KVM_CAP_HYPERV": ("configuration", "CONFIG_KVM_HYPERV"),
    "KVM_CAP_XEN_HVM": ("configuration", "CONFIG_KVM_XEN"),
    "KVM_CAP_SGX_ATTRIBUTE": ("configuration", "CONFIG_X86_SGX_KVM"),
    "KVM_CAP_MEMORY_ATTRIBUTES": ("configuration", "CONFIG_KVM_GENERIC_MEMORY_ATTRIBUTES"),
    "KVM_CAP_PRE_FAULT_MEMORY": ("run_time", "tdp_enabled"),
    "KVM_CAP_PMU_CAPABILITY": ("run_time", "enable_pmu"),
    "KVM_CAP_X86_NOTIFY_VMEXIT": ("run_time", "kvm_caps.has_notify_vmexit"),
    "KVM_CAP_TSC_CONTROL": ("run_time", "kvm_caps.has_tsc_control"),
    "KVM_CAP_HLT": ("unexplained", "always answers 1"),
    "KVM_CAP_USER_MEMORY": ("unexplained", "always answers 1"),
    "KVM_CAP_MCE": ("unexplained", "always answers KVM_MAX_MCE_BANKS"),
}


def test_a_machine_that_answers_nothing(corpus: Corpus) -> None:
    """Everything that the source answers differs then, each for the reason that stands in the source."""
    silent = Machine("silent", "6.12.107", "x86", 0, 1023, ())
    (rows,) = _ask(corpus, "linux-6.12", silent, "SELECT cap, reason, why FROM machine_difference")
    found = {cap: (reason, why) for cap, reason, why in rows}
    for cap, (reason, words) in _READ.items():
        assert found[cap][0] == reason, (cap, found[cap])
        assert words in found[cap][1]
