"""Call paths as text, as data and for Graphviz, from paths made by hand."""

from __future__ import annotations

import io
import json

import pytest

from caplint.graph.path_cache import Question
from caplint.graph.path_model import Path, Step
from caplint.report import paths as report
from caplint.report.style import Style

MAIN = Step("qemu", "main", "main.c", 1, "entry", defined="main.c:1")
ASK = Step("qemu", "ask", "main.c", 7, "direct", defined="kvm.c:3")
IOCTL = Step("linux", "kvm_vm_ioctl", "kvm_main.c", 9, "ioctl", note="KVM_CHECK_EXTENSION", defined="kvm_main.c:9")
CASE = Step("linux", "check", "x86.c", 20, "case", "KVM_CAP_A", "CONFIG_A", "returns 1")


@pytest.mark.parametrize(
    ("step", "line"),
    [
        (MAIN, "main  qemu:main.c:1"),
        (ASK, "-> ask  qemu:main.c:7"),
        (IOCTL, "=> KVM_CHECK_EXTENSION kvm_vm_ioctl  linux:kvm_main.c:9"),
        (CASE, "-> case KVM_CAP_A  linux:x86.c:20  (returns 1, if CONFIG_A)"),
        (Step("q", "f", "a.c", 1, "macro", "KVM_RUN"), "-> f  q:a.c:1  (under case KVM_RUN)"),
        (
            Step("q", "f", "a.c", 1, "table", note="ops.run", sure="field", why="not the one"),
            "~> f  q:a.c:1  (ops.run, by the member's name only, not the one)",
        ),
        (
            Step("q", "f", "a.c", 1, "registered", note="keep"),
            "~> f  q:a.c:1  (keep, keeps it for somebody else to call)",
        ),
        (Step("q", "f", "a.c", 1, "callback"), "~> f  q:a.c:1"),
        (Step("l", "f", "a.c", 1, "rpc", note="REMOTE_PROC_F"), "=> f  l:a.c:1  (REMOTE_PROC_F)"),
        (Step("q", "main", "a.c", 1, "exec", note="executes the VMM"), "=> main  q:a.c:1  (executes the VMM)"),
        (Step("q\x1b", "f\u202e", "a\n.c", 1, "direct"), "-> f\\u202e  q\\x1b:a\\x0a.c:1"),
    ],
)
def test_a_step(step: Step, line: str) -> None:
    assert list(report.text("KVM_CAP_A", [Path("check", None, (step,))]))[1] == "  " + line


@pytest.mark.parametrize(
    ("verb", "arch", "head"),
    [
        ("check", "x86", "KVM_CAP_A checked on x86"),
        ("enable", None, "KVM_CAP_A enabled"),
        ("require", "s390", "KVM_CAP_A required on s390"),
        ("issue", None, "KVM_CAP_A issued"),
        ("reach", None, "KVM_CAP_A reached"),
    ],
)
def test_the_head_of_a_path(verb: str, arch: str | None, head: str) -> None:
    assert next(report.text("KVM_CAP_A", [Path(verb, arch, (MAIN,))])) == head


def test_paths_that_are_broken_and_separated() -> None:
    broken = Path("check", None, (MAIN, ASK), "no caller", "no case")
    assert list(report.text("KVM_CAP_A", [broken, broken])) == [
        *(block := ["KVM_CAP_A checked", "  !! no caller", "  main  qemu:main.c:1", "    -> ask  qemu:main.c:7",
                    "      !! no case"]), "", *block,
    ]  # fmt: skip


@pytest.mark.parametrize(("name", "verb"), [("KVM_CAP_A", "checks or enables"), ("KVM_RUN", "issues")])
def test_no_path(name: str, verb: str) -> None:
    assert list(report.text(name, [])) == [f"{name}: no VMM in view {verb} it"]


def test_path_data() -> None:
    found = report.as_object("KVM_CAP_A", "x86", [Path("check", "x86", (MAIN, CASE), "", "no case")])
    assert (found["version"], found["cap"], found["arch"], found["broken"]) == (1, "KVM_CAP_A", "x86", [["no case"]])
    (path,) = found["paths"]
    assert [step["defined"] for step in path] == ["main.c:1", None]
    assert (path[1]["case"], path[1]["condition"], path[1]["note"]) == ("KVM_CAP_A", "CONFIG_A", "returns 1")


def test_a_graph_of_two_paths_shares_their_steps() -> None:
    whole = Path("check", None, (MAIN, ASK, IOCTL, CASE))
    found = list(report.dot([whole, Path("check", None, (MAIN, ASK), "", "no case")]))
    assert found[0] == "digraph paths {"
    assert found[-1] == "}"
    edges = [line.strip() for line in found if " -> " in line]
    assert edges == [
        '"qemu main main.c:1" -> "qemu ask kvm.c:3" [style=solid];',
        '"qemu ask kvm.c:3" -> "linux kvm_vm_ioctl kvm_main.c:9" [style=bold, label="KVM_CHECK_EXTENSION"];',
        '"linux kvm_vm_ioctl kvm_main.c:9" -> "linux case KVM_CAP_A x86.c:20" [style=solid];',
        '"qemu ask kvm.c:3" -> "!! no case" [style=dotted];',
    ]
    assert sum("subgraph" in line for line in found) == 2
    assert sum("[label=" in line for line in found) == 5


def test_a_graph_of_a_path_without_a_beginning() -> None:
    found = "\n".join(report.dot([Path("check", None, (ASK,), 'no "caller"')]))
    assert '"!! no \\"caller\\"" -> "qemu ask kvm.c:3" [style=dotted];' in found
    assert [line for line in report.dot([Path("check", None, (), "", "no case")]) if " -> " in line] == []


def test_the_writers_agree_with_the_parts() -> None:
    answer = report.PathAnswer(Question("KVM_CAP_A", "x86", None, 1), [Path("check", "x86", (MAIN,))])
    outs = []
    for write in (report.write_text, report.write_json, report.write_dot):
        out = io.StringIO()
        write(answer, out, Style())
        outs.append(out.getvalue())
    assert outs[0] == "KVM_CAP_A checked on x86\n  main  qemu:main.c:1\n"
    assert json.loads(outs[1]) == report.as_object("KVM_CAP_A", "x86", answer[1])
    assert outs[2] == "\n".join(report.dot(answer[1])) + "\n"


@pytest.mark.parametrize("width", [30, 40, 72])
def test_a_deep_tree_fits_a_narrow_terminal(width: int) -> None:
    steps = tuple(
        Step("qemu", f"function_{n}", "accel/kvm/kvm-all.c", n, "direct", note="a note") for n in range(1, 40)
    )
    lines = list(report.text("KVM_CAP_A", [Path("check", None, steps, "above", "below")], width))
    assert max(map(len, lines[1:])) <= width
    heads = [len(line) - len(line.lstrip()) for line in lines if line.lstrip().startswith(("->", "!!"))]
    assert heads == sorted(heads)
    assert heads[0] < heads[-1] <= width // 2


def test_a_legend_explains_the_signs_that_are_there() -> None:
    assert list(report.legend([Path("check", None, (MAIN,))])) == []
    empty, *signs = report.legend([Path("check", None, (MAIN, ASK, IOCTL), "", "x")])
    assert (empty, [line.split()[0] for line in signs]) == ("", ["->", "=>", "!!"])
