"""The call graph of Linux 6.12 and QEMU 10.0 against what a compiler saw of their x86 builds."""

from __future__ import annotations

import csv
import io
import re
import tarfile
from collections import defaultdict
from dataclasses import dataclass

import networkx as nx
import pytest
import real_trees

from caplint.facts.harvest import ExtractionSettings
from caplint.facts.store.store import FactStore
from caplint.graph.full_graph import whole
from caplint.graph.outlines import Outlines
from caplint.graph.path_model import ProgramFunction
from caplint.graph.program_index import Program, plain_type
from caplint.graph.tree_files import code_of

pytestmark = pytest.mark.corpus
corpus = real_trees.corpus

SUBSETS = {
    "linux-6.12": ("linux-6.12.107-x86", ("virt/kvm/", "arch/x86/kvm/")),
    "qemu-10.0": ("qemu-10.0-x86", ("accel/kvm/", "target/i386/kvm/")),
}
# Structures and members whose candidates must be exactly what the compiler saw in their initialisers.
TABLES = {
    "linux-6.12": [
        ("kvm_x86_ops", "get_msr"), ("kvm_x86_ops", "set_msr"), ("kvm_x86_ops", "vcpu_run"), ("kvm_x86_ops", "vm_init"),
        ("kvm_x86_nested_ops", "set_state"), ("kvm_pmu_ops", "rdpmc_ecx_to_pmc"), ("kvm_pmu_ops", "refresh"),
        ("kvm_io_device_ops", "read"), ("kvm_io_device_ops", "write"), ("file_operations", "unlocked_ioctl"),
        ("file_operations", "open"), ("kvm_device_ops", "set_attr"), ("kernel_param_ops", "set"),
    ],
    "qemu-10.0": [
        ("PropertyInfo", "set"), ("PropertyInfo", "get"), ("VMStateDescription", "needed"), ("MemoryRegionOps", "read"),
        ("VMStateDescription", "post_load"), ("FDMonOps", "wait"), ("evtchn_backend_ops", "notify"),
    ],
}  # fmt: skip


@dataclass
class Compared:
    """A graph, and what the compiler says."""

    program: Program
    graph: nx.DiGraph
    account: dict[str, list[dict[str, str]]]
    below: tuple[str, ...]

    def skipped(self, path: str, line: int) -> bool:
        """Whether the compiler's configuration leaves a line out."""
        return any(
            row["file"] == path and int(row["first_line"]) <= line <= int(row["last_line"])
            for row in self.account["skipped_regions"]
        )


@pytest.fixture(scope="module", params=SUBSETS)
def compared(request: pytest.FixtureRequest, corpus: real_trees.Corpus) -> Compared:
    """Both accounts of one program."""
    name = request.param
    real_trees.stated(name)
    if not real_trees.ACCOUNT.is_file():
        pytest.skip("no compiler's account is at hand")
    tag, below = SUBSETS[name]
    tables = ("edges", "edges_literal", "functions", "skipped_regions", "ops_init")
    with tarfile.open(real_trees.ACCOUNT) as archive:
        account = {table: _rows(archive, f"{tag}.{table}.tsv") for table in tables}
    tree, store = corpus.tree(name), FactStore(corpus.config.store_path)
    try:
        program = Program(
            Outlines(store, tree, code_of(tree, store), ExtractionSettings(corpus.config.repairs, corpus.config.jobs))
        )
        program.look_at_all()
    finally:
        store.close()
    return Compared(program, whole(program, "x86"), account, below)


def _rows(archive: tarfile.TarFile, name: str) -> list[dict[str, str]]:
    member = next(found for found in archive.getmembers() if found.name.endswith(name))
    handle = archive.extractfile(member)
    assert handle is not None
    text = io.TextIOWrapper(handle, "utf-8").read().removeprefix("#")
    return list(csv.DictReader(io.StringIO(text), delimiter="\t", quoting=csv.QUOTE_NONE))


def test_calls_that_the_compiler_saw_are_found(compared: Compared) -> None:
    """Those whose call is written in the caller, to functions that the tree defines."""
    ours = defaultdict(set)
    for caller, callee, edge in compared.graph.edges.data("edge"):
        if isinstance(callee, ProgramFunction) and edge.kind in {"direct", "macro"}:
            ours[caller.path, caller.name].add(callee.name)
    seen = [
        (row["file"], row["caller"], row["callee"])
        for row in compared.account["edges_literal"]
        if row["file"].startswith(compared.below) and row["kind"] == "direct" and row["spelled_at_call"] == "1"
        and row["callee"] in compared.program.definitions and row["callee_class"] != "builtin"
    ]  # fmt: skip
    missed = [place for place in seen if place[2] not in ours[place[:2]]]
    assert len(seen) > 900
    assert len(missed) <= 0.001 * len(seen), missed


def test_calls_that_are_found_the_compiler_saw(compared: Compared) -> None:
    known = {
        (row["file"], row["caller"], row["callee"]) for row in compared.account["edges"] if row["kind"] != "indirect"
    }
    functions = {(row["file"], row["function"]) for row in compared.account["functions"]}
    # The account names a header's functions only where something else made it look at them.
    ours = [
        (caller.path, caller.name, callee.name)
        for caller, callee, edge in compared.graph.edges.data("edge")
        if isinstance(callee, ProgramFunction) and isinstance(caller, ProgramFunction) and edge.kind == "direct"
        and caller.path.startswith(compared.below) and caller.path.endswith(".c")
        and (caller.path, caller.name) in functions and not compared.skipped(caller.path, edge.line)
    ]  # fmt: skip
    wrong = [place for place in ours if place not in known]
    assert len(ours) > 900
    assert len(wrong) <= 0.005 * len(ours), wrong


def test_candidates_of_pointers(compared: Compared) -> None:
    name = "qemu-10.0" if "accel/kvm/" in compared.below else "linux-6.12"
    files = {row["file"] for table in ("functions", "ops_init") for row in compared.account[table]}
    for slot in TABLES[name]:
        seen = {
            row["function"]
            for row in compared.account["ops_init"]
            if plain_type(row["vartype"]) == slot[0] and re.fullmatch(rf"(?:\[\d+\])?\.{slot[1]}", row["path"])
            and row["function"] in compared.program.definitions
        }  # fmt: skip
        edges = [(callee, compared.graph.edges[slot, callee]["edge"]) for callee in compared.graph.successors(slot)]
        ours = {
            callee.name
            for callee, edge in edges
            if isinstance(callee, ProgramFunction) and edge.path in files and not compared.skipped(edge.path, edge.line)
        }
        assert (slot, ours) == (slot, seen)
        assert seen
