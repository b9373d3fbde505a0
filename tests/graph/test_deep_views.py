"""Views that need the call graph: empty until a deep check fills them, both from one reading of the programs."""

from __future__ import annotations

from pathlib import Path

from conftest import kernel, qemu
from programs import CONFIG, READING

from caplint.graph.deep_views import link_deep
from caplint.session import open_session
from caplint.trees.detect import directory_tree
from caplint.trees.tree import Tree

FILES = {
    "accel/kvm/kvm-all.c": """\
void show(KVMState *s)
{
    (void)kvm_vm_enable_cap(s, KVM_CAP_HLT, 0, 1);
}
int ask(KVMState *s)
{
    return kvm_check_extension(s, KVM_CAP_HLT);
}
""",
    "system/main.c": "int main(void)\n{\n    show(0);\n    return 0;\n}\n",
}


def test_both_views_are_filled(tmp_path: Path) -> None:
    trees: list[Tree] = [directory_tree(str(kernel(tmp_path / "k"))), directory_tree(str(qemu(tmp_path / "q", FILES)))]
    session = open_session(trees, CONFIG)
    uses = "SELECT function, reached FROM reaches WHERE kind = 'use' ORDER BY 1"
    ways = "SELECT cap, line, checked, route FROM enable_way"
    assert [session.connection.execute(query).fetchall() for query in (uses, ways)] == [[], []]
    link_deep(session, READING)
    assert session.connection.execute(uses).fetchall() == [("ask", 0), ("show", 1)]
    assert session.connection.execute(ways).fetchall() == [("KVM_CAP_HLT", 3, 0, "main(), show()")]
    session.store.close()
