"""A further question asks the views that the first one kept; what is damaged or gone is linked again."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from conftest import kernel, qemu
from programs import CONFIG

from caplint.facts.store.store import FactStore
from caplint.graph.kept_views import RESULTS, keep, kept_trees
from caplint.session import open_session
from caplint.trees.detect import directory_tree
from caplint.trees.tree import Tree

FILES = {"accel/kvm/kvm-all.c": "int ask(KVMState *s)\n{\n    return kvm_check_extension(s, KVM_CAP_HLT);\n}\n"}
QUERIES = (
    "SELECT cap, path, line, arguments FROM all_vmm_use ORDER BY 1, 2, 3",
    "SELECT cap, arch, path, line, answer FROM cap_check ORDER BY 1, 2, 3, 4",
    "SELECT path, function, arch, verb, scope FROM handler ORDER BY 1, 2, 4",
    "SELECT tree, name, start FROM code_function WHERE side = 'now' AND tree = 'qemu' ORDER BY 1, 2, 3",
    "SELECT DISTINCT name FROM token_use ORDER BY 1",
    "SELECT nearest_cap('KVM_CAP_HALT')",
)


@pytest.fixture
def trees(tmp_path: Path) -> list[Tree]:
    return [directory_tree(str(kernel(tmp_path / "k"))), directory_tree(str(qemu(tmp_path / "q", FILES)))]


@pytest.fixture
def path(tmp_path: Path, trees: list[Tree]) -> Path:
    """Store in which the views of the trees are kept as `key`."""
    config = replace(CONFIG, cache=str(tmp_path / "cache"))
    assert config.store_path is not None
    session = open_session(trees, config, results=RESULTS)
    keep(session, "key")
    session.store.close()
    return config.store_path


def test_the_same_rows(path: Path, trees: list[Tree]) -> None:
    store = FactStore(path)
    kept = kept_trees(store, trees, "key")
    assert kept is not None
    session = open_session(trees, CONFIG, results=RESULTS)
    for query in QUERIES:
        rows = kept.connection.execute(query).fetchall()
        assert rows
        assert rows == session.connection.execute(query).fetchall()
    store.close()


@pytest.mark.parametrize(
    "damage",
    [
        "DELETE FROM memo WHERE name = 'graph views key'",
        "UPDATE memo SET value = '[' WHERE name = 'graph views key'",
        "UPDATE memo SET value = '[[], {}]' WHERE name = 'graph views key'",
        "UPDATE memo SET value = '3' WHERE name = 'graph views key'",
        """UPDATE memo SET value = replace(value, '"path"', '"path) AS SELECT 1; --"')""",
        "DELETE FROM blob WHERE id = (SELECT max(id) FROM blob WHERE functions)",
        "UPDATE blob SET oid = 'another' WHERE id = (SELECT max(id) FROM blob WHERE functions)",
    ],
)
def test_what_is_damaged_or_gone(path: Path, trees: list[Tree], damage: str) -> None:
    store = FactStore(path)
    store.connection.execute(damage)
    assert kept_trees(store, trees, "key") is None
    store.close()


def test_another_key(path: Path, trees: list[Tree]) -> None:
    store = FactStore(path)
    assert kept_trees(store, trees, "other") is None
    store.close()
