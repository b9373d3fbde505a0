"""Facts of expanded macros in the snapshot: beside the file that invokes them, kept, and made again."""

from __future__ import annotations

from pathlib import Path

from conftest import UAPI, X86, ask, bare_kernel, lay

from caplint.config.settings import Config
from caplint.facts.store.store import FactStore
from caplint.rules.query import query_rows
from caplint.session import open_session
from caplint.trees.detect import directory_tree
from caplint.trees.overlay import OverlayTree

HOST = "arch/x86/include/asm/kvm_host.h"
OPS = "arch/x86/include/asm/kvm-my-ops.h"
ACCESSOR = "#define ACCESSOR(f) \\\n\tstatic inline int get_##f(struct v *v) { return v->f; }\n"
FUNCTIONS = "SELECT path, name FROM code_function ORDER BY 1, 2"
FILES = "SELECT path, arch, header, expanded FROM all_file WHERE path = '{}' ORDER BY expanded"


def _functions(root: Path, config: Config) -> list[str]:
    session = open_session([directory_tree(str(root))], config)
    try:
        return [name for (name,) in query_rows(session.connection, "SELECT name FROM code_function")[1]]
    finally:
        session.store.close()


def _kept(tmp_path: Path) -> tuple[Path, Config, Path]:
    """Return a tree that makes one function, the settings of a run, and the store that it leaves."""
    root = lay(tmp_path / "tree", {UAPI: "", "virt/kvm/kvm_main.c": "", HOST: ACCESSOR, X86: "ACCESSOR(one)\nint x;\n"})
    config = Config(cache=str(tmp_path / "cache"), jobs=1)
    assert _functions(root, config) == ["get_one"]
    assert config.store_path is not None
    return root, config, config.store_path


def test_made_code_stands_beside_the_file_that_invokes_it(tmp_path: Path) -> None:
    own = "arch/x86/include/uapi/asm/kvm.h"
    tree = bare_kernel(tmp_path, {own: ACCESSOR + "ACCESSOR(one)\n", X86: "int x;\n"})
    assert ask([tree], FILES.format(own)) == [(own, "x86", "uapi", 0), (own, "x86", None, 1)]
    assert ask([tree], FILES.format(X86)) == [(X86, "x86", None, 0)]


def test_a_function_that_is_made_again_whole_is_named_once(tmp_path: Path) -> None:
    text = "#define OP(f) set(f);\nvoid update(void)\n{\n#include <asm/kvm-my-ops.h>\n#include <asm/kvm-my-ops.h>\n}\n"
    tree = bare_kernel(tmp_path, {OPS: "OP(run)\n", X86: text})
    assert ask([tree], "SELECT path, function FROM superseded") == [(X86, "update")]
    assert ask([tree], FUNCTIONS) == [(X86, "update")]


def test_the_unpatched_side_has_its_own(tmp_path: Path) -> None:
    base = bare_kernel(tmp_path, {HOST: ACCESSOR, X86: "ACCESSOR(one)\nint x;\n"})
    patched = OverlayTree(base, {HOST: ACCESSOR.replace("get_##f", "fetch_##f").encode()})
    query = """SELECT s.side, d.name FROM all_file s JOIN main.function d ON d.blob = s.blob
               WHERE s.expanded ORDER BY 1"""
    assert ask([patched], query) == [("base", "get_one"), ("now", "fetch_one")]


def test_what_an_expansion_hides_is_named(tmp_path: Path) -> None:
    text = "#define OP(f) { f, 1 },\nstruct x list[] = {\n#include <asm/kvm-my-ops.h>\n};\n"
    query = "SELECT path, line, reason FROM unexpanded"
    ((path, line, reason),) = ask([bare_kernel(tmp_path, {OPS: "OP(run)\n", X86: text})], query)
    assert (path, line) == (X86, 3)
    assert reason.startswith("in the macro expansion")


def test_made_facts_follow_their_definitions(tmp_path: Path) -> None:
    root, config, _ = _kept(tmp_path)
    assert _functions(root, config) == ["get_one"]
    (root / HOST).write_text(ACCESSOR.replace("get_##f", "fetch_##f"))
    assert _functions(root, config) == ["fetch_one"]


def test_made_facts_that_the_store_has_lost_are_made_again(tmp_path: Path) -> None:
    root, config, path = _kept(tmp_path)
    store = FactStore(path)
    store.connection.execute("DELETE FROM main.blob WHERE language = 'expanded'")
    store.close()
    assert _functions(root, config) == ["get_one"]
