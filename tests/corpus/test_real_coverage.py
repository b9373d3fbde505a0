"""The ledger of the real trees: every name is accounted for, nearly every function is understood.

What is expected is counted a second time, by regular expressions over the text alone.
"""

from __future__ import annotations

import re
from collections import Counter
from fnmatch import fnmatch

import pytest
import real_trees
from real_trees import KERNELS, VMMS, Corpus, bare, root, source

from caplint.c.tables import tables
from caplint.coverage.ledger import Ledger, read_ledger

pytestmark = pytest.mark.corpus
corpus = real_trees.corpus

TREES = (*KERNELS, *VMMS)
# Counted as bytes, comments and strings included, so that nothing can hide a loss.
CAPABILITY = re.compile(rb"(?<![A-Za-z0-9_])KVM_CAP_\w*")
REGISTER = re.compile(rb"(?<![A-Za-z0-9_])(?:MSR|HV_X64_MSR)_[A-Z0-9]\w*")
KVM_NAME = re.compile(rb"(?<![A-Za-z0-9_])KVM_\w+")
IOCTL = re.compile(rb"^[ \t]*#[ \t]*define[ \t]+(KVM_\w+)[ \t\\\n]+_IO\w*[ \t]*\([ \t]*KVMIO", re.MULTILINE)
RANGE = re.compile(r"\bcase\s+([^:;{}?]+?)\s*\.\.\.\s*([^:;{}]+?)\s*:")
LABEL = re.compile(r"\bcase\b([^:;{}?]+):")
CONDITION = re.compile(r"^[ \t]*#[ \t]*(?:if|ifdef|ifndef|elif)\b([^\n]*)", re.MULTILINE)
DIRECTIVE = re.compile(r"^[ \t]*#(?:[^\\\n]|\\.)*", re.MULTILINE | re.DOTALL)
# A function begins with a brace behind a parenthesis, on a line of its own or at the end of a line of file scope.
FUNCTION = re.compile(r"\)[\s\w]*\n\{|^[A-Za-z_][^\n;{}=]*\)[ \t\w]*\{", re.MULTILINE)
PASTE = re.compile(r"\bKVM_CAP_INFO\s*\(\s*(\w+)\s*\)")

SOUND = {"linux-6.12": 99.5, "linux-6.1": 99.5, "qemu-10.0": 99.3, "qemu-7.2": 99.3}
# What the expressions above count in the versions that were read; others have others, but not fewer by much.
FEWEST_RANGES = {"linux-6.12": 173, "linux-6.1": 140, "qemu-10.0": 14, "qemu-7.2": 14}
_TRACING_AND_ASSEMBLER = {"trace header", "assembler header"}


_ledgers: dict[str, Ledger] = {}


def _read(corpus: Corpus, tree: str) -> Ledger:
    """A tree's ledger, read once: nobody changes the sources while the tests run."""
    if tree not in _ledgers:
        with corpus.session(tree) as session:
            _ledgers[tree] = read_ledger(session.connection, session.trees, tables())
    return _ledgers[tree]


def _c_files(corpus: Corpus, tree: str) -> dict[str, tuple[str | None, int, int, int]]:
    """Path → architecture, blob, functions seen and functions damaged, of KVM's own files in a kernel."""
    with corpus.session(tree) as session:
        rows = session.connection.execute("""
            SELECT f.path, f.arch, b.id, b.functions, b.damaged FROM file f JOIN main.blob b ON b.id = f.blob
            WHERE b.language = 'c'
        """).fetchall()
    own = ("virt/kvm/*", "arch/*/kvm/*") if tree in KERNELS else ("*",)
    return {path: tuple(rest) for path, *rest in rows if any(fnmatch(path, glob) for glob in own)}


@pytest.mark.parametrize("tree", TREES)
def test_every_name_is_accounted_for(corpus: Corpus, tree: str) -> None:
    ledger = _read(corpus, tree)
    assert ledger.coverage.unaccounted == []
    assert {family.family: family.unaccounted for family in ledger.families} == {"capability": 0, "ioctl": 0, "MSR": 0}
    assert min(family.tokens for family in ledger.families) > 300
    assert sum(family.tokens for family in ledger.families) == ledger.coverage.total("tokens")


@pytest.mark.parametrize("tree", TREES)
def test_the_ledger_counts_what_a_search_counts(corpus: Corpus, tree: str) -> None:
    with corpus.session(tree) as session:
        read_ledger(session.connection, session.trees, tables())
        files = dict(session.connection.execute("SELECT path, arch FROM file"))
        headers = [path for (path,) in session.connection.execute("SELECT path FROM file WHERE header IS NOT NULL")]
        ledger = {
            (family, path): count
            for family, path, count in session.connection.execute(
                "SELECT family, path, sum(occurrences) FROM watched GROUP BY 1, 2"
            )
        }
    texts = {path: (root(tree) / path).read_bytes() for path in files}
    ioctls = {name for path in headers for name in IOCTL.findall(texts[path])}
    counted: Counter[tuple[str, str]] = Counter()
    for path, text in texts.items():
        counted["capability", path] = len(CAPABILITY.findall(text))
        counted["ioctl", path] = sum(name in ioctls for name in KVM_NAME.findall(text))
        # Elsewhere than on x86 MSR_ is a bit of the machine state register.
        if files[path] in {"x86", "generic", None}:
            counted["MSR", path] = len(REGISTER.findall(text))
    assert len(ioctls) > 90
    # Documents are read for capabilities alone, Kconfig files and makefiles for no names.
    counted = Counter(
        {key: n for key, n in counted.items() if n and (key[1].endswith((".c", ".h")) or key[0] == "capability")}
    )
    assert ledger == counted


@pytest.mark.parametrize("tree", TREES)
def test_labels_and_conditions_are_what_a_search_takes_for_them(corpus: Corpus, tree: str) -> None:
    with corpus.session(tree) as session:
        read_ledger(session.connection, session.trees, tables())
        paths = [path for (path,) in session.connection.execute("SELECT path FROM file WHERE path GLOB '*.[ch]'")]
        watched = {name for (name,) in session.connection.execute("SELECT DISTINCT name FROM watched")}
        ledger = dict(
            session.connection.execute("""
                SELECT kind, sum(occurrences) FROM token_use t WHERE kind IN ('case', 'condition')
                AND path GLOB '*.[ch]' AND name IN (SELECT name FROM watched) GROUP BY kind
            """)
        )
    counted = Counter({"case": 0, "condition": 0})
    for path in paths:
        text = bare(source(tree, path))
        code = DIRECTIVE.sub(lambda match: "\n" * match.group().count("\n"), text)
        for kind, pattern, where in (("case", LABEL, code), ("condition", CONDITION, text)):
            found = (word for match in pattern.finditer(where) for word in re.findall(r"\w+", match.group(1)))
            counted[kind] += sum(word in watched for word in found)
    assert {"case": 0, "condition": 0, **ledger} == counted


@pytest.mark.parametrize("tree", TREES)
def test_no_source_file_that_names_a_capability_is_left_out(corpus: Corpus, tree: str) -> None:
    """QEMU's tests, firmware and libraries, and what only programs under tools/ see, are left out on purpose."""
    apart = re.compile(r"(?:tools|samples|tests|roms|subprojects|linux-headers|include/standard-headers)/")
    top = root(tree)
    with corpus.session(tree) as session:
        read = {path for (path,) in session.connection.execute("SELECT path FROM file")}
    named = {
        str(path.relative_to(top))
        for path in top.rglob("*.[ch]")
        if path.is_file() and CAPABILITY.search(path.read_bytes())
    }
    assert {path for path in named - read if not apart.match(path)} == set()


@pytest.mark.parametrize("tree", VMMS)
def test_files_outside_the_obvious_folders_matter_too(corpus: Corpus, tree: str) -> None:
    expected = {"hw/ppc/pef.c", "hw/hyperv/hyperv.c", "target/i386/machine.c", "target/s390x/cpu_models.c"}
    memory = {"include/exec/memory.h", "include/system/memory.h"}
    with corpus.session(tree) as session:
        read = {path for (path,) in session.connection.execute("SELECT path FROM file")}
        enabled = session.connection.execute("SELECT cap FROM vmm_enable WHERE path = 'hw/ppc/pef.c'").fetchall()
    assert expected <= read
    assert memory & read
    assert ("KVM_CAP_PPC_SECURE_GUEST",) in enabled


@pytest.mark.parametrize("tree", TREES)
def test_nearly_every_function_is_understood_on_every_architecture(corpus: Corpus, tree: str) -> None:
    seen: Counter[str | None] = Counter()
    sound: Counter[str | None] = Counter()
    counted: Counter[str | None] = Counter()
    for path, (arch, _, functions, damaged) in _c_files(corpus, tree).items():
        code = DIRECTIVE.sub(lambda match: "\n" * match.group().count("\n"), bare(source(tree, path)))
        seen[arch] += functions
        sound[arch] += functions - damaged
        counted[arch] += len(FUNCTION.findall(code))
    assert len(seen) > 6
    assert sum(seen.values()) > 1000
    for arch in seen:
        assert sound[arch] >= SOUND[tree] / 100 * max(seen[arch], counted[arch]), arch
        # Neither count may find much that the other does not.
        assert abs(seen[arch] - counted[arch]) <= 0.01 * counted[arch], arch


@pytest.mark.parametrize("tree", TREES)
def test_few_bytes_are_blind(corpus: Corpus, tree: str) -> None:
    kinds = [entry for entry in _read(corpus, tree).kinds if entry.kind not in _TRACING_AND_ASSEMBLER]
    assert sum(entry.bytes for entry in kinds) > 1_000_000
    assert sum(entry.blind_bytes for entry in kinds) <= 0.0005 * sum(entry.bytes for entry in kinds)


@pytest.mark.parametrize("tree", TREES)
def test_every_case_range_has_both_ends(corpus: Corpus, tree: str) -> None:
    with corpus.session(tree) as session:
        found = session.connection.execute("""
            SELECT f.path, l.low, l.high FROM main.case_label l JOIN file f ON f.blob = l.blob WHERE l.low <> l.high
        """).fetchall()
        paths = [path for (path,) in session.connection.execute("SELECT path FROM file WHERE path GLOB '*.[ch]'")]
    counted = [
        (path, " ".join(low.split()), " ".join(high.split()))
        for path in paths
        for low, high in RANGE.findall(bare(source(tree, path)))
    ]
    assert sorted(found) == sorted(counted)
    assert len(counted) >= FEWEST_RANGES[tree]


@pytest.mark.parametrize("tree", VMMS)
def test_pasted_names_are_what_a_search_for_the_macro_finds(corpus: Corpus, tree: str) -> None:
    ledger = _read(corpus, tree)
    with corpus.session(tree) as session:
        paths = [path for (path,) in session.connection.execute("SELECT path FROM file WHERE path GLOB '*.[ch]'")]
    counted = [
        (path, f"KVM_CAP_{word}")
        for path in paths
        for word in PASTE.findall(DIRECTIVE.sub("", bare(source(tree, path))))
    ]
    assert sorted((entry.path, entry.name) for entry in ledger.coverage.pasted) == sorted(counted)
    assert {entry.macro for entry in ledger.coverage.pasted} == {"KVM_CAP_INFO"}
    for entry in ledger.coverage.pasted:
        assert entry.defined is not None
        path, line = entry.defined
        assert source(tree, path).splitlines()[line - 1].startswith("#define KVM_CAP_INFO(")
    assert ledger.families[0].kinds["pasted"] == len(counted) > 5


def test_explanations_are_of_every_kind(corpus: Corpus) -> None:
    kinds: set[str] = set()
    for tree in TREES:
        kinds |= set(_read(corpus, tree).families[0].kinds)
    assert kinds >= {
        "definition", "case", "argument", "comparison", "comment", "string", "documentation", "condition", "assignment",
        "ternary", "list entry", "macro body", "pasted",
    }  # fmt: skip
