"""Handlers and their cases on real kernels, held against a plain lexical reading and a compiler's."""

from __future__ import annotations

import json
import re
import sqlite3
import tarfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
import real_trees
from real_trees import ACCOUNT, KERNELS, Corpus, bare, root, source, stated

pytestmark = pytest.mark.corpus
corpus = real_trees.corpus

CHECK = re.compile(r"\bkvm_\w*check_extension(?:_generic)?\b")
ENABLE = re.compile(r"\bkvm_(?:vm|vcpu)_ioctl_enable_cap(?:_generic)?\b")
CASE = re.compile(r"\bcase\s+(KVM_CAP_\w+)\s*:")
RANGE = re.compile(r"\bcase\s+([^:;{}]+?)\s*\.\.\.\s*([^:;{}]+?)\s*:")

Handlers = dict[tuple[str, str], frozenset[str]]
"""Path and function → the capabilities that it has cases for."""

CHECKED = {
    "linux-6.12": {
        "arch/arm64/kvm/arm.c": 42,
        "arch/loongarch/kvm/vm.c": 12,
        "arch/mips/kvm/mips.c": 10,
        "arch/mips/kvm/vz.c": 3,
        "arch/powerpc/kvm/powerpc.c": 51,
        "arch/riscv/kvm/vm.c": 14,
        "arch/s390/kvm/kvm-s390.c": 44,
        "arch/x86/kvm/x86.c": 101,
        "virt/kvm/kvm_main.c": 25,
    },
    "linux-6.1": {
        "arch/arm64/kvm/arm.c": 38,
        "arch/mips/kvm/mips.c": 10,
        "arch/mips/kvm/vz.c": 3,
        "arch/powerpc/kvm/powerpc.c": 51,
        "arch/riscv/kvm/vm.c": 13,
        "arch/s390/kvm/kvm-s390.c": 43,
        "arch/x86/kvm/x86.c": 94,
        "virt/kvm/kvm_main.c": 21,
    },
}
RANGES = {"linux-6.12": 173, "linux-6.1": 141}
# A range that is a macro's argument or a comment's is none; these files hold all of KVM.
KVM_FILES = ("virt/kvm/**/*.[ch]", "arch/*/kvm/**/*.[ch]")


def kvm_files(tree: str) -> Iterator[tuple[str, str]]:
    """Path and bare text of every file of KVM itself."""
    top = root(tree)
    for pattern in KVM_FILES:
        for path in sorted(top.glob(pattern)):
            relative = str(path.relative_to(top))
            yield relative, bare(source(tree, relative))


def matching(text: str, start: int, pair: str) -> int:
    """Offset behind the bracket that closes the one at `start`."""
    depth = 0
    for match in re.compile(f"[{re.escape(pair)}]").finditer(text, start):
        depth += 1 if match.group() == pair[0] else -1
        if depth == 0:
            return match.end()
    raise AssertionError(f"no bracket closes the one at {start}")


def bodies(text: str, name: re.Pattern[str]) -> Iterator[tuple[str, str]]:
    """Name and body of each function definition whose name matches."""
    for match in name.finditer(text):
        opening = re.compile(r"\s*\(").match(text, match.end())
        if opening is None:
            continue
        stop = matching(text, opening.end() - 1, "()")
        brace = re.compile(r"\s*\{").match(text, stop)
        if brace is not None and text.rfind("\n", 0, match.start()) >= text.rfind("}", 0, match.start()):
            yield match.group(), text[stop : matching(text, brace.end() - 1, "{}")]


def lexical(tree: str, name: re.Pattern[str]) -> Handlers:
    """The handlers that a reader with a search tool finds."""
    return {
        (path, function): frozenset(CASE.findall(body))
        for path, text in kvm_files(tree)
        if name.search(text)
        for function, body in bodies(text, name)
    }


def known(connection: sqlite3.Connection, verb: str) -> Handlers:
    """The same from the views."""
    view = {"check": "check_site", "enable": "enable_site"}[verb]
    rows = connection.execute(
        f"""SELECT h.path, h.function, c.cap FROM handler h
            LEFT JOIN {view} c ON c.path = h.path AND c.function = h.function AND c.kind = 'case'
            WHERE h.verb = ?""",
        (verb,),
    ).fetchall()
    found: dict[tuple[str, str], set[str]] = {}
    for path, function, cap in rows:
        found.setdefault((path, function), set()).update([cap] if cap else [])
    return {key: frozenset(caps) for key, caps in found.items()}


@pytest.mark.parametrize("kernel", KERNELS)
def test_check_handlers_answer_what_their_cases_say(corpus: Corpus, kernel: str) -> None:
    with corpus.session(kernel) as session:
        assert known(session.connection, "check") == lexical(kernel, CHECK)


@pytest.mark.parametrize("kernel", KERNELS)
def test_enable_handlers_accept_what_their_cases_say(corpus: Corpus, kernel: str) -> None:
    with corpus.session(kernel) as session:
        assert known(session.connection, "enable") == lexical(kernel, ENABLE)


@pytest.mark.parametrize("kernel", KERNELS)
def test_capabilities_per_check_handler_file(corpus: Corpus, kernel: str) -> None:
    stated(kernel)
    with corpus.session(kernel) as session:
        rows = session.connection.execute("SELECT path, count(DISTINCT cap) FROM check_site GROUP BY path")
        assert dict(rows.fetchall()) == CHECKED[kernel]


@pytest.mark.parametrize("kernel", KERNELS)
def test_a_capability_is_answered_once_per_handler(corpus: Corpus, kernel: str) -> None:
    """A comparison inside a case of several capabilities (s390's KVM_CAP_NR_VCPUS) is not a second site."""
    with corpus.session(kernel) as session:
        rows = session.connection.execute(
            "SELECT cap, arch FROM check_site GROUP BY path, function, cap HAVING count(*) > 1"
        )
        assert rows.fetchall() == []


@pytest.mark.parametrize("kernel", KERNELS)
def test_cases_that_answer_0_and_handlers_that_are_understood(corpus: Corpus, kernel: str) -> None:
    with corpus.session(kernel) as session:
        rows = session.connection.execute("SELECT cap, arch FROM check_site WHERE positive = 0 ORDER BY cap, arch")
        zeros = rows.fetchall()
        assert {("KVM_CAP_PPC_RMA", "powerpc"), ("KVM_CAP_PV_MMU", "x86")} <= set(zeros)
        assert session.connection.execute("SELECT function FROM handler WHERE understood = 0").fetchall() == []
        assert session.connection.execute("SELECT cap FROM enable_site WHERE succeeds = 0").fetchall() == []


def squeezed(text: str) -> str:
    return re.sub(r"\s+", "", text)


def lexical_ranges(tree: str) -> Counter[tuple[str, int, str, str]]:
    return Counter(
        (path, text.count("\n", 0, match.start(1)) + 1, squeezed(match.group(1)), squeezed(match.group(2)))
        for path, text in kvm_files(tree)
        for match in RANGE.finditer(text)
    )


@pytest.mark.parametrize("kernel", KERNELS)
def test_every_case_range_has_both_ends(corpus: Corpus, kernel: str) -> None:
    stated(kernel)
    with corpus.session(kernel) as session:
        rows = session.connection.execute(
            """SELECT f.path, l.line, l.low, l.high FROM file f JOIN main.case_label l ON l.blob = f.blob
               WHERE l.low <> l.high AND (f.path GLOB 'virt/kvm/*' OR f.path GLOB 'arch/*/kvm/*')"""
        ).fetchall()
    found = Counter((path, line, squeezed(low), squeezed(high)) for path, line, low, high in rows)
    assert sum(found.values()) == RANGES[kernel]
    assert found == lexical_ranges(kernel)


# The compiler's account.
SWITCHES = "linux-6.12.107-x86.switches_all.jsonl"
SKIPPED = "linux-6.12.107-x86.skipped_regions.tsv"
HANDLERS = "switch_cases.linux-6.12.107.json"
MACROS = {"linux-6.12": "macros.linux-6.12.107.json", "qemu-10.0": "macros.qemu-10.0.json"}
UAPI = {"linux-6.12": "uapi", "qemu-10.0": "vmm"}


@dataclass(frozen=True)
class Account:
    """The compiler's files by name."""

    files: dict[str, bytes]

    def data(self, name: str) -> Any:
        return json.loads(self.files[name])

    def lines(self, name: str) -> list[str]:
        return self.files[name].decode().splitlines()


@pytest.fixture(scope="module")
def account() -> Account:
    if not ACCOUNT.is_file():
        pytest.skip("no compiler's account of these sources beside this checkout")
    stated("linux-6.12", "qemu-10.0")
    files = {}
    wanted = {SWITCHES, SKIPPED, HANDLERS, *MACROS.values()}
    with tarfile.open(ACCOUNT) as archive:
        for member in archive:
            name = member.name.rpartition("/")[2]
            content = archive.extractfile(member) if name in wanted else None
            if content is not None:
                files[name] = content.read()
    return Account(files)


Label = tuple[str, str, int, str]
"""Path, function, line and text of a case."""


def label(path: str, function: str, line: int, text: str) -> Label:
    return path, function, line, squeezed(text)


def handler_labels(account: Account) -> set[Label]:
    return {
        label(place["file"], function, line, text)
        for function, places in account.data(HANDLERS)["x86"].items()
        if CHECK.fullmatch(function) or ENABLE.fullmatch(function)
        for place in places
        for switch in place["switches"]
        for _, _, text, line in switch["cases"]
    }


def skipped_lines(account: Account) -> set[tuple[str, int]]:
    """Lines that the compiler's configuration leaves out."""
    found = set()
    for line in account.lines(SKIPPED):
        if not line.startswith("#") and line.strip():
            path, first, last, *_ = line.split("\t")
            found |= {(path, number) for number in range(int(first), int(last) + 1)}
    return found


def labels(connection: sqlite3.Connection, where: str) -> set[Label]:
    rows = connection.execute(
        f"""SELECT f.path, l.function, l.line, l.low || iif(l.low = l.high, '', '...' || l.high)
            FROM file f JOIN main.case_label l ON l.blob = f.blob WHERE l.low IS NOT NULL AND {where}"""
    )
    return {label(*row) for row in rows}


def test_x86_handlers_have_the_cases_that_a_compiler_sees(corpus: Corpus, account: Account) -> None:
    with corpus.session("linux-6.12") as session:
        places = "f.path IN ('arch/x86/kvm/x86.c', 'virt/kvm/kvm_main.c')"
        found = {entry for entry in labels(session.connection, places) if CHECK.fullmatch(entry[1])}
        found |= {entry for entry in labels(session.connection, places) if ENABLE.fullmatch(entry[1])}
    seen, skipped = handler_labels(account), skipped_lines(account)
    assert len(seen) > 150
    assert seen - found == set()
    assert {entry for entry in found - seen if (entry[0], entry[2]) not in skipped} == set()


def compiled_labels(account: Account) -> Iterator[Label]:
    """Every case of KVM's own files that is written there and not made by a macro."""
    written = {path: bare(source("linux-6.12", path)).splitlines() for path, _ in kvm_files("linux-6.12")}
    for line in account.lines(SWITCHES):
        switch = json.loads(line)
        for _, _, text, number in switch["cases"]:
            path = switch["file"]
            if path in written and squeezed("case" + text) in squeezed(written[path][number - 1]):
                yield label(path, switch["function"], number, text)


def test_all_switches_have_the_cases_that_a_compiler_sees(corpus: Corpus, account: Account) -> None:
    with corpus.session("linux-6.12") as session:
        found = labels(session.connection, "(f.path GLOB 'virt/kvm/*' OR f.path GLOB 'arch/x86/kvm/*')")
    seen = set(compiled_labels(account))
    assert len(seen) > 1500
    assert seen - found == set()


@pytest.mark.parametrize("tree", MACROS)
def test_numbers_are_those_that_a_compiler_computes(corpus: Corpus, account: Account, tree: str) -> None:
    with corpus.session(tree) as session:
        numbers = dict(
            session.connection.execute("SELECT name, number FROM cap WHERE header = ?", (UAPI[tree],)).fetchall()
        )
    for arch, seen in account.data(MACROS[tree]).items():
        caps = {name: value for name, value in seen["cap"].items() if name in numbers}
        assert caps == {name: numbers[name] for name in caps}, arch
        assert seen["cap"].keys() - numbers.keys() <= {"KVM_CAP_PMU_VALID_MASK"}, arch


@pytest.mark.parametrize("tree", MACROS)
def test_conditions_tell_which_capabilities_an_architecture_has(corpus: Corpus, account: Account, tree: str) -> None:
    query = """
        SELECT c.name FROM cap c WHERE c.header = :header AND EXISTS (
            SELECT 1 FROM (
                SELECT '1' AS text UNION
                SELECT 'defined(' || m.name || ')' FROM file f JOIN main.macro m ON m.blob = f.blob
                WHERE f.header = :header AND f.arch = :arch AND m.name GLOB '__KVM_HAVE_*'
            ) given WHERE implies(given.text, c.condition))"""
    with corpus.session(tree) as session:
        for arch, seen in account.data(MACROS[tree]).items():
            rows = session.connection.execute(query, {"header": UAPI[tree], "arch": arch})
            assert {name for (name,) in rows} == seen["cap"].keys() - {"KVM_CAP_PMU_VALID_MASK"}, arch
