"""Examples of rule pages, applied to the mini-trees: they must give exactly the findings that they mark."""

from __future__ import annotations

from pathlib import Path

import pytest

from caplint.config.settings import Config
from caplint.engine.rule_examples import BARE, Case, cases, laid_trees, machines_of, mini_trees, problem
from caplint.rules.page import Rule, load
from caplint.util import shipped_files
from caplint.util.errors import CaplintError

PAGE = """+++
code = "ZZZ901"
name = "tea"
severity = "note"
needs = ["kernel"]
since = "0.1.0"
+++
# T

```sql
SELECT tree, path, line, 1 AS column, name AS subject, NULL AS arch, NULL AS function, NULL AS severity, 'm' AS message,
       NULL AS related
FROM cap WHERE name GLOB 'KVM_CAP_TEA*'
```

## Bad

{bad}

## Good

{good}
"""
UAPI = "include/uapi/linux/kvm.h"
DIFF = """```diff {tree}
--- a/{path}
+++ b/{path}
@@ -75,4 +75,5 @@
 #define KVM_CAP_S390_CPU_TOPOLOGY 222
 #define KVM_CAP_DIRTY_LOG_RING_ACQ_REL 223
+{line}
\x20
 #endif
```"""
TEA = "#define KVM_CAP_TEA 300"
MARK = " /* !ZZZ901 */"
FILE = "```c {tree}:{path}{lines}\n{text}\n```"


def _diff(line: str, tree: str = "kernel", path: str = UAPI) -> str:
    return DIFF.format(tree=tree, path=path, line=line)


def _file(text: str, path: str = UAPI, lines: str = "", tree: str = "kernel") -> str:
    return FILE.format(tree=tree, path=path, lines=lines, text=text)


def _rule(directory: Path, bad: str = "", good: str = "") -> Rule:
    (directory / "a.md").write_text(PAGE.format(bad=bad, good=good), "utf-8")
    return load([directory])[0]


@pytest.fixture(scope="module")
def config(tmp_path_factory: pytest.TempPathFactory) -> Config:
    """Settings by which the unchanged files of the mini-trees are read only once."""
    return Config(cache=str(tmp_path_factory.mktemp("cache")), jobs=1)


def _problem(rule: Rule, kind: str, config: Config) -> str | None:
    """What is wrong with the first example of a kind."""
    return problem(next(case for case in cases(rule) if case.kind == kind), config)


def test_every_example_is_a_case_and_so_are_the_bare_trees(tmp_path: Path) -> None:
    bad = f"{_diff(TEA + MARK)}\n\n### Both\n\n{_diff(TEA + MARK)}\n\n{_file('int x;', 'virt/kvm/x.c')}"
    found = list(cases(_rule(tmp_path, bad, _file("int x;", "virt/kvm/x.c"))))
    assert [str(case) for case in found] == ["ZZZ901 bare 0", "ZZZ901 bad 1", "ZZZ901 bad 2", "ZZZ901 good 1"]
    assert [len(case.parts) for case in found] == [0, 1, 2, 1]
    assert found[0].kind == BARE


@pytest.mark.parametrize(
    ("kind", "examples", "said"),
    [
        ("bad", _diff(TEA + MARK), None),
        ("bad", _file(f"\n{TEA}\n", lines=" line=2"), None),
        ("bad", _diff("#define KVM_CAP_MILK 301" + MARK), f"ZZZ901 bad 1: expected kernel:{UAPI}:77, found nothing"),
        ("bad", _file(f"{TEA}\n{TEA}2{MARK}"), f"expected kernel:{UAPI}:2, found kernel:{UAPI}:1, kernel:{UAPI}:2"),
        ("good", _diff(TEA), f"ZZZ901 good 1: expected nothing, found kernel:{UAPI}:77"),
    ],
    ids=["a diff", "a named line", "nothing found", "one more", "found in a good one"],
)
def test_exactly_what_is_marked_is_found(
    tmp_path: Path, config: Config, kind: str, examples: str, said: str | None
) -> None:
    found = _problem(_rule(tmp_path, **{kind: examples}), kind, config)
    assert (found is None) if said is None else (said in str(found))


@pytest.mark.parametrize(
    ("kind", "examples", "said"),
    [
        ("bad", _diff(TEA), "ZZZ901 bad 1: marks no line"),
        ("good", _diff(TEA + MARK), "ZZZ901 good 1: marks a line, but only a bad example may"),
        ("bad", _diff(TEA + MARK, "xen"), "unknown mini-tree xen; write kernel or qemu or libvirt"),
        ("bad", _diff(TEA + MARK, path="no/such.h"), "no/such.h"),
    ],
)
def test_an_example_that_cannot_be_run_is_said(
    tmp_path: Path, config: Config, kind: str, examples: str, said: str
) -> None:
    assert said in str(_problem(_rule(tmp_path, **{kind: examples}), kind, config))


def test_a_query_that_fails_is_said_and_not_raised(tmp_path: Path, config: Config) -> None:
    text = PAGE.format(bad="", good="").replace("FROM cap ", "FROM no_such_view ")
    (tmp_path / "a.md").write_text(text, "utf-8")
    found = str(_problem(load([tmp_path])[0], BARE, config))
    assert "ZZZ901 bare 0: " in found
    assert "no_such_view" in found


def test_a_series_is_a_comparison_with_another(tmp_path: Path, config: Config) -> None:
    other = _diff("#define KVM_CAP_MILK 301").replace("diff kernel", "diff kernel series=other.mbox")
    (case,) = [case for case in cases(_rule(tmp_path, f"{_diff(TEA + MARK)}\n\n{other}")) if case.kind == "bad"]
    laid = laid_trees(case)
    assert [trees.series[0].label for trees in laid] == ["example", "other.mbox"]
    texts = [next(tree for tree in trees.trees if tree.name == "kernel").read(UAPI).decode() for trees in laid]
    assert [("TEA" in text, "MILK" in text) for text in texts] == [(True, False), (False, True)]
    assert problem(case, config) is None


def test_an_unknown_tree_cannot_be_laid(tmp_path: Path) -> None:
    rule = _rule(tmp_path, _diff(TEA + MARK, "xen"))
    assert len(laid_trees(Case(rule, "bad", 1))) == 1  # without its parts
    (bad,) = [each for each in cases(rule) if each.kind == "bad"]
    with pytest.raises(CaplintError, match="unknown mini-tree xen"):
        laid_trees(bad)


def test_records_of_machines_are_no_files_of_a_tree() -> None:
    rule = next(rule for rule in load([shipped_files.RULES]) if "machine" in rule.needs)
    case = next(case for case in cases(rule) if case.kind == "bad")
    (machine,) = machines_of(case)
    assert (machine.name, machine.arch, machine.release) == ("box", "x86", "6.1.0-mini")
    assert set(mini_trees()) == {"kernel", "qemu", "libvirt"}
    assert all(tree.name in mini_trees() for tree in laid_trees(case)[0].trees)
