"""A cache never answers for other code: its keys name all that decides a value, and a changed copy proves it."""

from __future__ import annotations

import ast
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path

import pytest
from conftest import age

from caplint.util import code_identity, shipped_files
from caplint.util.code_identity import FACTS, LAYOUTS, LINKS, STAMPS, closure, imported, library

PACKAGE = Path(code_identity.__file__).parents[1]
ENTRIES = {"facts": FACTS, "links": LINKS, "layouts": LAYOUTS, "stamps": STAMPS, "words": ("caplint.graph.outlines",)}


def _nodes(body: list[ast.stmt]) -> Iterator[ast.Import | ast.ImportFrom]:
    """The imports of a module, within functions too, but for those that only types need."""
    for statement in body:
        if isinstance(statement, ast.If) and ast.unparse(statement.test) == "TYPE_CHECKING":
            yield from _nodes(statement.orelse)
        elif isinstance(statement, ast.Import | ast.ImportFrom):
            yield statement
        else:
            yield from _nodes(
                [inner for inner in ast.walk(statement) if isinstance(inner, ast.Import | ast.ImportFrom)]
            )


def _names(path: str) -> set[str]:
    found: set[str] = set()
    for node in _nodes(ast.parse((PACKAGE / path).read_text("utf-8")).body):
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        else:
            assert node.level == 0, f"{path}: a relative import"
            module = node.module or ""
            found.update([module, *(f"{module}.{alias.name}" for alias in node.names)])
    return found


def _module(name: str) -> str | None:
    parts = name.split(".")[1:]
    for path in (Path(*parts).with_suffix(".py") if parts else None, Path(*parts, "__init__.py")):
        if path is not None and (PACKAGE / path).is_file():
            return str(path)
    return None


def _reached(entries: tuple[str, ...]) -> set[str]:
    """The modules that are reached from some, by Python's own parser."""
    found: set[str] = set()
    pending = list(entries)
    while pending:
        name = pending.pop()
        path = _module(name) if name.partition(".")[0] == "caplint" else None
        if path is not None and path not in found:
            found.add(path)
            pending += [name.rpartition(".")[0], *_names(path)]
    return found


def _wrong(entries: tuple[str, ...]) -> set[str]:
    """What is in one closure and not in the other."""
    return {path for path in closure(*entries) if path.endswith(".py")} ^ _reached(entries)


@pytest.mark.parametrize("entries", ENTRIES.values(), ids=ENTRIES)
def test_what_is_named_is_what_is_imported(entries: tuple[str, ...]) -> None:
    assert _wrong(entries) == set()


def test_every_import_is_read_as_python_reads_it() -> None:
    for file in PACKAGE.rglob("*.py"):
        path = str(file.relative_to(PACKAGE))
        assert code_identity._imports(path) == _names(path), path


def test_a_module_that_is_missing_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Imports within functions are left out."""
    code_identity._imports.cache_clear()
    monkeypatch.setattr(
        code_identity, "_IMPORT", re.compile(code_identity._IMPORT.pattern.replace(rb"^[ \t]*", rb"^", 1), re.MULTILINE)
    )
    try:
        assert _wrong(FACTS) >= {"facts/workers.py"} or _wrong(LINKS)
    finally:
        code_identity._imports.cache_clear()


def test_nothing_else_is_loaded_by_name() -> None:
    """Modules that are loaded by a made-up name are in no closure: only commands, formats and workers' programs are."""
    found = {
        str(file.relative_to(PACKAGE))
        for file in PACKAGE.rglob("*.py")
        if re.search(r"import_module\(|__import__\(", file.read_text("utf-8"))
    }
    assert found == {"cli/main.py", "matrix/processes.py", "report/__init__.py"}
    assert not any(found & closure(*entries) for entries in ENTRIES.values())


# Reads a tree, then what is to be loaded for one cache, and says what that loaded.
LOADED = """
import sys
from pathlib import Path
from caplint.util import shipped_files
from caplint.config.settings import Config
from caplint.trees.detect import directory_tree
{before}
known = set(sys.modules)
{after}
print(*(name for name in sys.modules if name.split(".")[0] == "caplint" and name not in known))
"""
SESSION = """
from caplint.session import open_session
from caplint.engine import check
from caplint.rules import page
from caplint.coverage import summary
from caplint.config import settings
from caplint.engine import baseline
from caplint.findings import finding
from caplint.engine import outcome
"""
RUN_FACTS = """
from caplint.c.tables import Repairs
from caplint.facts import harvest as module
from caplint.facts.store.store import FactStore
store = FactStore(None)
for name in ("linux", "qemu"):
    tree = directory_tree(str(shipped_files.FIXTURES / name))
    wanted = [(tree, file) for file in tree.files(store)]
    module.harvest(store, wanted, module.ExtractionSettings(Repairs(), 1), lambda *_: None)
"""
RUN_LINKS = (
    RUN_FACTS
    + """
from caplint.link.core.loaded_trees import Loaded
from caplint.link.linking import RunScope
from caplint.link.linker import link
trees = [directory_tree(str(shipped_files.FIXTURES / name)) for name in ("linux", "qemu")]
reading = module.ExtractionSettings(Repairs(), 1)
loaded = [Loaded(tree, tree.files(store), []) for tree in trees]
rows = module.harvest(store, [(e.tree, f) for e in loaded for f in e.files], reading, lambda *_: None)
link(store, loaded, rows, reading, RunScope())
store.connection.execute("SELECT count(*) FROM struct_layout").fetchone()
"""
)
RUN_LAYOUTS = """
from caplint.link.uapi.layouts import layouts_of
from caplint.abi.evaluation_pool import _evaluate
from caplint.abi.sources import HeaderSet, gather
tree = directory_tree(str(shipped_files.FIXTURES / "linux"))
place = HeaderSet("include/uapi/linux/kvm.h", "arch/x86/include/uapi/asm/kvm.h")
assert "kvm_enable_cap" in _evaluate(gather(place, lambda path: tree.read_or_none(path)), ["x86_64"])
"""


@pytest.mark.parametrize(
    ("entries", "code"),
    [(FACTS, RUN_FACTS), (LINKS, RUN_LINKS), (LAYOUTS, RUN_LAYOUTS)],
    ids=["facts", "links", "layouts"],
)
def test_what_a_run_loads_is_named(entries: tuple[str, ...], code: str) -> None:
    """In a fresh process; what was loaded before is for reading trees."""
    program = LOADED.format(before="", after=code)
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    modules = {_module(name) for name in done.stdout.split()}
    assert len(modules) > 10
    assert modules - closure(*entries) == set()


def test_data_is_named_with_the_modules_beside_it() -> None:
    assert {"c/tables.toml", "facts/store/schema.sql"} <= closure(*FACTS)
    assert {"abi/abis.toml", "abi/headers/linux/types.h", "abi/fallback/asm/ptrace.h"} <= closure(*LAYOUTS)
    assert {"link/core/views.sql", "link/msr/views.sql", "knowledge/data/msrs.toml"} <= closure(*LINKS)
    assert "link/core/views.sql" not in closure(*FACTS)
    assert not any(path.startswith(("report/", "cli/", "inventory/")) for path in closure(*LINKS))


def test_libraries_are_named_with_their_versions() -> None:
    packages = metadata.packages_distributions()
    whole = imported(str(file.relative_to(PACKAGE)) for file in PACKAGE.rglob("*.py"))
    assert {"pcpp", "pycparser", "pysat", "tree_sitter", "tree_sitter_c", "networkx"} <= set(whole)
    for name in whole:
        (distribution,) = packages[name]
        wanted = f"{re.sub('[-.]', '_', distribution)}-{metadata.version(distribution)}.dist-info"
        assert re.sub("[-.]", "_", library(name).lower()) == re.sub("[-.]", "_", wanted.lower())
    assert {"pcpp", "tree_sitter", "tree_sitter_c", "pysat"} <= set(imported(closure(*FACTS)))
    assert {"pycparser", "pcpp"} <= set(imported(closure(*LAYOUTS)))


def test_another_library_or_python_is_another_name(monkeypatch: pytest.MonkeyPatch) -> None:
    names = {code_identity.code_identity.__wrapped__(*FACTS)}
    for target, value in ((sys, "version"), (code_identity, "library")):
        with monkeypatch.context() as patched:
            patched.setattr(target, value, "another" if value == "version" else lambda _: "another")
            names.add(code_identity.code_identity.__wrapped__(*FACTS))
    with monkeypatch.context() as patched:
        patched.setattr("_sqlite3.sqlite_version", "another")
        names.add(code_identity.code_identity.__wrapped__(*FACTS))
    assert len(names) == 4


def test_a_module_that_is_not_there() -> None:
    with pytest.raises(LookupError, match=r"unknown module among caplint\.nowhere"):
        closure("caplint.nowhere")


# All rows of all views and tables but for the numbers of the store's rows, what a check finds, and a way.
DUMP = """
import hashlib, os, sys
from dataclasses import replace
from pathlib import Path
from caplint.util import code_identity
code_identity._RACY_NS = 0
from caplint.util import shipped_files
from caplint.engine.check import check
from caplint.session import open_session
from caplint.cli.main import main
from caplint.config.settings import Config
from caplint.engine.outcome_cache import recalled
from caplint.rules.page import load
from caplint.trees.detect import directory_tree
os.environ["NO_COLOR"] = "1"

def dump():
    config = Config(cache=os.environ["CAPLINT_CACHE"], jobs=1)
    trees = [directory_tree(sys.argv[1]), directory_tree(sys.argv[2])]
    assert not code_identity.code_identity().startswith("changing")
    rules = load([shipped_files.RULES])
    outcome = recalled(trees, rules, config, lambda: check(trees, rules, config))
    print(replace(outcome, trees=[], rules=[], seconds=0.0))
    session = open_session(trees, config)
    names = session.connection.execute("SELECT name FROM sqlite_temp_schema WHERE type IN ('table', 'view') ORDER BY 1")
    for (name,) in names.fetchall():
        columns = [row[1] for row in session.connection.execute(f'PRAGMA temp.table_info("{name}")')]
        numbers = ("blob", "condition", "id", "site")
        chosen = ", ".join(f'"{c}"' for c in columns if c.split(":")[0] not in numbers) or "1"
        rows = map(repr, session.connection.execute(f'SELECT {chosen} FROM temp."{name}"'))
        print(name, *sorted(rows), sep="\\n")
    session.store.close()
    main(["path", "KVM_CAP_MIPS_FPU", "--kernel", sys.argv[1], "--qemu", sys.argv[2], "--output-format", "json"])

for cache in sys.argv[3:]:
    os.environ["CAPLINT_CACHE"] = cache
    with open(os.environ["OUT"] + str(sys.argv.index(cache)), "w") as out:
        pid = os.fork()
        if not pid:
            os.dup2(out.fileno(), 1)
            dump()
            sys.stdout.flush()
            os._exit(0)
        assert os.waitpid(pid, 0)[1] == 0
"""
_WRAP = "\n_was = {name}\ndef {name}(*given, **named):\n    {body}\n"
# One of each layer: module, and what is put behind it or (old, new) in it.
MUTATIONS: dict[str, str | tuple[str, str]] = {
    "c/formula.py": _WRAP.format(name="text", body="return _was(*given).replace('CONFIG_', 'CONFIX_')"),
    "c/tables.toml": "\n# another table\n",
    "facts/kinds/cases.py": _WRAP.format(
        name="cases", body="return (row._replace(line=row.line + 1000) for row in _was(*given))"
    ),
    "facts/store/store.py": (
        "facts.functions, facts.damaged, _today()",
        "facts.functions + 1, facts.damaged, _today()",
    ),
    "facts/kinds/outline.py": _WRAP.format(
        name="outline", body="found = _was(*given)\n    return found._replace(text=found.text.replace('kvm', 'kvn'))"
    ),
    "trees/directory.py": (
        "interesting = knowledge().is_interesting(content)",
        "interesting = b'KVM_CAP_MIPS' not in content",
    ),
    "knowledge/globs.py": _WRAP.format(
        name="_translate", body="return _was(*given).replace('Documentation', 'Dokumentation')"
    ),
    "knowledge/load.py": (
        "    def architecture_of(self, project: Project, path: str) -> str | None:",
        "    def architecture_of(self, project: Project, path: str) -> str | None:\n"
        "        found = self._architecture_of(project, path)\n"
        "        return 'x86' if found == 's390' else found\n\n"
        "    def _architecture_of(self, project: Project, path: str) -> str | None:",
    ),
    "knowledge/data/msrs.toml": "\n# another table\n",
    "values/c_integers.py": _WRAP.format(
        name="literal", body="found = _was(*given)\n    return found._replace(value=found.value + 1)"
    ),
    "link/handlers/exits.py": _WRAP.format(name="succeeds", body="return 0"),
    "link/handlers/views.sql": "\n-- another view\n",
    "abi/layout.py": _WRAP.format(name="_up", body="return _was(*given) + 8"),
    "rules/query.py": _WRAP.format(name="run", body="return iter(list(_was(*given))[1:])"),
    "coverage/summary.py": _WRAP.format(name="_most_first", body="return {}"),
    "findings/finding.py": _WRAP.format(name="supersede", body="return list(_was(*given))[:-1]"),
    "graph/call_graph.py": _WRAP.format(name="_label", body="return 'elsewhere'"),
    "graph/outlines.py": (
        'for word in texts.get(rows[file.oid, NAME_INDEX], "").split():',
        'for word in texts.get(rows[file.oid, NAME_INDEX], "").split()[::2]:',
    ),
}


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An installed copy, with a kernel whose s390 has a faulty case, and the cache of the copy as it is."""
    place = tmp_path_factory.mktemp("copy")
    shutil.copytree(PACKAGE, place / "caplint", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copytree(shipped_files.RULES, place / "rules")
    shutil.copytree(shipped_files.FIXTURES, place / "fixtures")
    for path, old, new in (
        (
            "linux/arch/s390/kvm/kvm-s390.c",
            "switch (cap->cap) {",
            "switch (cap->cap) {\n\tcase KVM_CAP_HLT:\n\t\treturn 0;",
        ),
        ("qemu/linux-headers/linux/kvm.h", "KVM_CAP_HALT_POLL 182", "KVM_CAP_HALT_POLL 181"),
    ):
        file = place / "fixtures" / path
        text = file.read_text("utf-8")
        assert old in text
        file.write_text(text.replace(old, new, 1), "utf-8")
    age(place / "fixtures")
    _dumps(place)
    return place


def _dumps(place: Path, caches: tuple[str, ...] = ("cache", "none")) -> list[str]:
    """What the copy says with each cache."""
    where = [str(place / cache) if cache != "none" else cache for cache in caches]
    trees = [str(place / "fixtures" / name) for name in ("linux", "qemu")]
    environment = {**os.environ, "PYTHONPATH": str(place), "OUT": str(place / "out"), "PYTHONHASHSEED": "0"}
    words = [sys.executable, "-c", DUMP, *trees, *where]
    done = subprocess.run(words, env=environment, cwd=place, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return [(place / f"out{3 + number}").read_text() for number in range(len(caches))]


@pytest.fixture(scope="module")
def truth(copy: Path) -> str:
    warm, cold = _dumps(copy)
    assert warm == cold
    assert len(cold) > 100_000
    assert "CAP201" in cold
    assert "CAP101" in cold
    return cold


@pytest.mark.parametrize("path", MUTATIONS)
def test_changed_code_is_never_answered_for_by_what_was_kept(copy: Path, truth: str, path: str) -> None:
    file = copy / "caplint" / path
    change, source = MUTATIONS[path], file.read_text("utf-8")
    old, new = change if isinstance(change, tuple) else ("", change)
    assert source.count(old) == 1 or not old
    file.write_text(source.replace(old, new) if old else source + new, "utf-8")
    try:
        warm, cold = _dumps(copy)
    finally:
        file.write_text(source, "utf-8")
    assert warm == cold
    if not new.startswith(("\n#", "\n--")):
        assert cold != truth, "the change changes nothing"


def test_code_that_is_younger_than_the_process_is_known_by_no_other_process(monkeypatch: pytest.MonkeyPatch) -> None:
    """A running program may be that of the file as it was before."""
    uncached = code_identity.code_identity.__wrapped__
    newest = max(max(code_identity._package()[path].stamp[1:3]) for path in closure(*STAMPS))
    racy = code_identity._RACY_NS
    for started, changing in ((newest + racy + 1, False), (newest + racy, True), (newest - 1, True)):
        monkeypatch.setattr(code_identity, "_STARTED_NS", started)
        name = uncached(*STAMPS)
        assert name.startswith(code_identity.CHANGING) == changing
        assert (str(os.getpid()) in name) >= changing
